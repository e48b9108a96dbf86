"""Every defensible analysis of one cell at once: distances × outcomes × covariates × languages × methods.

Methods: Pearson and Spearman with naive intervals, regression on the family tree, regression with areas.

Separate because it answers one reproach only: that the analysis shown was chosen among many for its result (Simonsohn,
Simmons and Nelson 2020). Slopes of the two regressions are standardised like a correlation.
"""

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from xstilts.analysis import estimates, phylogeny
from xstilts.analysis.cells import Cell
from xstilts.analysis.estimates import Array
from xstilts.analysis.measure import INDO_EUROPEAN
from xstilts.analysis.predictors import COMPARED, PRIMARY, Predictor, latin, log_cc100
from xstilts.analysis.slope import standardised
from xstilts.languages import table as languages

COVARIATES = ("none", "log_cc100", "latin", "log_cc100+latin")
LANGUAGES = ("all", "without_indo_european", "pretrained_only")
METHODS = ("pearson", "spearman")
MODEL_LEAST = 6  # languages beyond the covariates for a model of what languages share


@dataclass(frozen=True)
class Specification:
    """One row of specification.csv."""

    study: str
    intermediate: str
    target: str
    outcome: str
    distance: str
    covariates: str
    languages: str
    method: str
    n: int
    estimate: float
    low: float
    high: float
    p_naive: float
    same_sign: bool
    primary: bool


@dataclass(frozen=True)
class _Part:
    """One outcome of one cell on some of the languages of one distance, as values and as ranks.

    Every array has shape (languages,); `columns` are the covariates by name.
    """

    codes: tuple[str, ...]
    x: Array
    y: Array
    columns: dict[str, Array]

    @functools.cached_property
    def ranked(self) -> "_Part":
        columns = {name: estimates.ranks(column) for name, column in self.columns.items()}
        return _Part(self.codes, estimates.ranks(self.x), estimates.ranks(self.y), columns)


def _part(cell: Cell, outcome: str, predictor: Predictor, subset: str) -> _Part:
    values, usable = cell.outcome(outcome), cell.usable()
    keep = [
        i
        for i, code in enumerate(cell.codes)
        if code in predictor.values and usable[i] and not math.isnan(values[i]) and _chosen(code, subset)
    ]
    codes = tuple(cell.codes[i] for i in keep)
    return _Part(codes, predictor.mean(codes), values[keep], {"log_cc100": log_cc100(codes), "latin": latin(codes)})


def _chosen(code: str, subset: str) -> bool:
    language = languages.get(code)
    if subset == "without_indo_european":
        return language.family != INDO_EUROPEAN
    return subset == "all" or language.pretrained


def curve(cell: Cell, outcome: str, predictors: list[Predictor]) -> list[Specification]:
    """All specifications of one cell and outcome; those without an estimate are left out.

    Returns:
        Nothing where the primary specification has no estimate: there is no sign to agree with.
    """
    main = next(predictor for predictor in predictors if predictor.name == PRIMARY)
    reference = partial(cell, outcome, main, "none", "all", "pearson")[1]
    if math.isnan(reference):
        return []
    rows = []
    for predictor in predictors:
        parts = {subset: _part(cell, outcome, predictor, subset) for subset in LANGUAGES}
        for choice in itertools.product(COVARIATES, LANGUAGES, METHODS):
            covariates, subset, method = choice
            n, r, freedom = _partial(parts[subset], covariates, method)
            if math.isnan(r):
                continue
            interval = estimates.around(r, estimates.standard_error(r, freedom + 2, method))
            key = (cell.study, cell.intermediate, cell.target, outcome, predictor.name, *choice)
            first = (predictor.name, *choice) == (PRIMARY, "none", "all", "pearson")
            rows.append(
                Specification(*key, n, r, interval.low, interval.high, _p(r, freedom), r * reference > 0, first)
            )
        if predictor.name in COMPARED:
            rows += _modelled(cell, outcome, predictor, parts["all"], reference)
    return rows


def _modelled(cell: Cell, outcome: str, predictor: Predictor, part: _Part, reference: float) -> list[Specification]:
    """Slopes of two models of what languages share, on all languages."""
    rows = []
    for covariates, model in itertools.product(("none", "log_cc100+latin"), phylogeny.MODELS):
        columns = [column for name, column in part.columns.items() if name in covariates and np.ptp(column) > 0]
        n = part.x.size
        if n < len(columns) + MODEL_LEAST or estimates.constant(part.x) or estimates.constant(part.y):
            continue
        x, y = standardised(part.x), standardised(part.y)
        value, error, p, reach = phylogeny.slope(part.codes, x, y, columns, model)
        key = (cell.study, cell.intermediate, cell.target, outcome, predictor.name, covariates, "all", model)
        ends = (value - reach * error, value + reach * error)
        rows.append(Specification(*key, n, value, *ends, p, value * reference > 0, False))
    return rows


def partial(
    cell: Cell, outcome: str, predictor: Predictor, covariates: str, subset: str, method: str
) -> tuple[int, float, int]:
    """Languages, partial correlation and degrees of freedom; NaN with fewer than one degree of freedom.

    Spearman's is the partial correlation of ranks.
    """
    return _partial(_part(cell, outcome, predictor, subset), covariates, method)


def _partial(part: _Part, covariates: str, method: str) -> tuple[int, float, int]:
    n, names = part.x.size, [name for name in part.columns if name in covariates]
    freedom = n - 2 - len(names)
    if freedom < 1:
        return n, math.nan, freedom
    used = part.ranked if method == "spearman" else part
    columns = [np.ones(n), *(used.columns[name] for name in names)]
    x, y = _rest(np.stack([used.x, used.y], axis=1), np.stack(columns, axis=1)).T
    length = float(np.sqrt((x @ x) * (y @ y)))
    return n, float(np.clip(x @ y / length, -1, 1)) if length > 1e-9 else math.nan, freedom


def _rest(values: Array, columns: Array) -> Array:
    return np.asarray(values - columns @ np.linalg.lstsq(columns, values, rcond=None)[0])


def _p(r: float, freedom: int) -> float:
    if abs(r) >= 1 - 1e-12:
        return 0.0
    return 2 * float(special.stdtr(freedom, -abs(r) * math.sqrt(freedom / (1 - r**2))))
