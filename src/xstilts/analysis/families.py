"""The family view: shrunken family means, the correlation across families, Indo-European against the rest.

Separate because the question says "language (family)", and because what families can show is little: XTREME has
fourteen, six of them with one language, so that Indo-European against the rest never has a p below 1/14.
"""

import math
from dataclasses import dataclass

import numpy as np

from xstilts.analysis import estimates, family_null
from xstilts.analysis.cells import Cell
from xstilts.analysis.estimates import Array
from xstilts.analysis.measure import INDO_EUROPEAN
from xstilts.analysis.predictors import Predictor
from xstilts.analysis.sample import FAMILIES_LEAST

LEAST = 4  # languages below which no family mean is shrunk


@dataclass(frozen=True)
class Family:
    """One row of families.csv."""

    study: str
    intermediate: str
    target: str
    metric: str
    outcome: str
    family: str
    languages: int
    codes: tuple[str, ...]
    mean: float
    shrunken: float
    low: float
    high: float
    distance: float


@dataclass(frozen=True)
class Contrast:
    """One row of family_contrasts.csv."""

    study: str
    intermediate: str
    target: str
    outcome: str
    families: int
    r_across_families: float
    r_low: float
    r_high: float
    indo_european: float
    rest: float
    difference: float
    p_permutation: float
    p_floor: float


def view(cell: Cell, outcome: str, predictor: Predictor) -> tuple[list[Family], Contrast | None]:
    """Family means of one cell, and the contrast; no contrast with fewer than two families."""
    values = cell.outcome(outcome)
    keep = [i for i, value in enumerate(values) if not math.isnan(value)]
    codes, gains = tuple(cell.codes[i] for i in keep), values[keep]
    members = np.array(family_null.families(codes))
    names = sorted(set(members.tolist()))
    shrunken = _shrunken(codes, gains, members, names)
    rows = []
    for place, name in enumerate(names):
        inside = tuple(code for code, member in zip(codes, members, strict=True) if member == name)
        known = [code for code in inside if code in predictor.values]
        rows.append(
            Family(
                cell.study,
                cell.intermediate,
                cell.target,
                cell.metric,
                outcome,
                name,
                len(inside),
                inside,
                float(gains[members == name].mean()),
                *shrunken[place],
                float(predictor.mean(known).mean()) if known else math.nan,
            )
        )
    return rows, _contrast(cell, outcome, rows) if len(rows) > 1 else None


def _shrunken(
    codes: tuple[str, ...], gains: Array, members: Array, names: list[str]
) -> list[tuple[float, float, float]]:
    """Best linear unbiased prediction of mean + family effect at the mean shares, with its 95 % interval.

    The interval takes the shares as known (Searle, Casella and McCulloch 1992, section 7.3), so it is a little short.
    """
    if len(codes) < LEAST or len(names) < FAMILIES_LEAST or estimates.constant(gains):
        return [(math.nan, math.nan, math.nan)] * len(names)
    fitted = family_null.fit(codes, gains)
    inverse = np.linalg.inv(fitted.covariance)
    of_family = float(fitted.likelihood * fitted.variances @ fitted.structure.weights[:, 0])
    mean = float(inverse.sum(axis=0) @ gains / inverse.sum())
    found = []
    for name in names:
        link = of_family * (members == name)
        prediction = mean + float(link @ inverse @ (gains - mean))
        left = of_family - float(link @ inverse @ link)
        left += (1 - float((inverse @ link).sum())) ** 2 / float(inverse.sum())
        reach = 1.959963984540054 * math.sqrt(max(left, 0.0))
        found.append((prediction, prediction - reach, prediction + reach))
    return found


def _contrast(cell: Cell, outcome: str, rows: list[Family]) -> Contrast:
    placed = [row for row in rows if not math.isnan(row.distance)]
    x, y = (np.array([getattr(row, name) for row in placed]) for name in ("distance", "mean"))
    r, _ = estimates.estimate(x, y, "pearson")
    interval = estimates.around(r, estimates.standard_error(r, len(placed), "pearson"))
    means = {row.family: row.mean for row in rows}
    differences = {name: mean - _others(means, name) for name, mean in means.items()}
    observed = differences.get(INDO_EUROPEAN, math.nan)
    extreme = sum(abs(value) >= abs(observed) - 1e-12 for value in differences.values())
    return Contrast(
        cell.study,
        cell.intermediate,
        cell.target,
        outcome,
        len(rows),
        r,
        interval.low,
        interval.high,
        means.get(INDO_EUROPEAN, math.nan),
        _others(means, INDO_EUROPEAN),
        observed,
        math.nan if math.isnan(observed) else extreme / len(rows),
        1 / len(rows),
    )


def _others(means: dict[str, float], name: str) -> float:
    rest = [mean for family, mean in means.items() if family != name]
    return math.fsum(rest) / len(rest)
