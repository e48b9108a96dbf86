"""Typology beside what the data themselves say: token overlap, tokenizer fertility, CC-100 size, script.

Separate because it asks another question than the verdict: which of these tells most about a gain, alone and
with the others in one model. Predictors as in Muller et al. 2022 (arXiv 2212.01757).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from xstilts.analysis import estimates, family_null, reml
from xstilts.analysis.cells import Cell
from xstilts.analysis.estimates import Array
from xstilts.analysis.predictors import PRIMARY, Predictor, latin, log_cc100
from xstilts.analysis.sample import FAMILIES_LEAST
from xstilts.formats import csv_rows, fields
from xstilts.languages import table as languages

LEAST_FREEDOM = 3  # languages beyond the coefficients

Measured = Mapping[tuple[str, str], tuple[float, float]]  # (target, language) → token overlap, fertility


@dataclass(frozen=True)
class Coefficient:
    """One row of predictors.csv."""

    study: str
    intermediate: str
    target: str
    outcome: str
    predictor: str
    model: str
    n: int
    estimate: float
    low: float
    high: float
    p_naive: float
    r2: float
    note: str


def read(path: Path) -> dict[tuple[str, str], tuple[float, float]]:
    """Read overlap with English (per cent) and fertility (tokens a word) by target and language.

    Raises:
        ValueError: a column is missing, unknown or there twice, an unknown language, a number out of its range, or a
            target and language given twice; the message names file and lines.
    """
    table = csv_rows.read(path, ("target", "language", "overlap", "fertility"))
    rows = csv_rows.built(table, _read_row, lambda row: row[:2])
    return {(target, code): (overlap, fertility) for target, code, overlap, fertility in rows}


def _read_row(row: Mapping[str, str]) -> tuple[str, str, float, float]:
    if not row["target"].strip():
        raise ValueError("target is empty; allowed: a target of the scores")
    return (
        row["target"].strip(),
        languages.parse(row["language"].strip()).code,
        csv_rows.field(row, "overlap", fields.between(0, 100)),
        csv_rows.field(row, "fertility", fields.between(0, math.inf)),
    )


def compare(cell: Cell, outcome: str, predictor: Predictor, measured: Measured) -> list[Coefficient]:
    """GLS coefficients of every predictor alone and of all together, with family, genus and area in the covariance.

    Args:
        cell: English is not in it.
        outcome: points or error_reduction.
        predictor: the primary distance.
        measured: may be empty.
    """
    values = cell.outcome(outcome)
    usable = cell.usable()
    keep = [
        i for i, code in enumerate(cell.codes) if code in predictor.values and usable[i] and not math.isnan(values[i])
    ]
    codes, gains = tuple(cell.codes[i] for i in keep), values[keep]
    if (
        len(codes) < LEAST_FREEDOM + 2
        or len(set(family_null.families(codes))) < FAMILIES_LEAST
        or estimates.constant(gains)
    ):
        return []
    columns = {PRIMARY: predictor.mean(codes), "log_cc100": log_cc100(codes), "latin": latin(codes)}
    if all((cell.target, code) in measured for code in codes):
        overlap, fertility = zip(*(measured[cell.target, code] for code in codes), strict=True)
        columns |= {"overlap": np.array(overlap), "fertility": np.array(fertility)}
    columns = {name: _scaled(column) for name, column in columns.items() if np.ptp(column) > 0}
    covariance = family_null.fit(codes, gains).covariance
    rows = []
    for name, column in columns.items():
        rows += _model(cell, outcome, {name: column}, "alone", _scaled(gains), covariance)
    return rows + _model(cell, outcome, columns, "together", _scaled(gains), covariance)


def _scaled(values: Array) -> Array:
    return np.asarray((values - values.mean()) / values.std(ddof=1))


def _model(
    cell: Cell, outcome: str, columns: dict[str, Array], model: str, gains: Array, covariance: Array
) -> list[Coefficient]:
    fixed = np.stack([np.ones_like(gains), *columns.values()], axis=1)
    freedom = gains.size - fixed.shape[1]
    key = (cell.study, cell.intermediate, cell.target, outcome)
    if freedom < LEAST_FREEDOM or np.linalg.matrix_rank(fixed) < fixed.shape[1]:
        note = f"{gains.size} languages are too few for {fixed.shape[1]} coefficients, or predictors repeat each other"
        nan = math.nan
        return [Coefficient(*key, name, model, gains.size, nan, nan, nan, nan, nan, note) for name in columns]
    matrix, solution = reml.projection(covariance, fixed)
    total = float(gains @ reml.projection(covariance, fixed[:, :1])[0] @ gains)
    rest = float(gains @ matrix @ gains)
    slopes = solution @ gains
    errors = np.sqrt(np.diagonal(solution @ covariance @ solution.T) * rest / freedom)
    reach = stats.t.ppf(0.975, freedom) * errors
    p = 2 * stats.t.sf(np.abs(slopes / errors), freedom)
    return [
        Coefficient(
            *key,
            name,
            model,
            gains.size,
            float(slopes[i]),
            float(slopes[i] - reach[i]),
            float(slopes[i] + reach[i]),
            float(p[i]),
            1 - rest / total,
            "",
        )
        for i, name in enumerate(columns, start=1)
    ]
