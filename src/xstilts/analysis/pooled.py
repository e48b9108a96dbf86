"""All targets of an intermediate in one mixed model, and the intermediates of a study tested together.

gain ~ distance [+ log CC-100 + Latin script + spare baseline] + target
       + (1|family) + (1|genus) + (1|language) + (0 + distance|target),
the gain of each target in its own standard deviations, so that the slope reads like a correlation. Separate because
its null is joint: all intermediates share the baseline's noise, so "ten of twelve are negative" is not ten
confirmations. Draws keep the correlation between intermediates, and p_max_t compares with the largest of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from xstilts.analysis import family_null as null
from xstilts.analysis import influence
from xstilts.analysis import reml as mixed
from xstilts.analysis.cells import ALL, Cell
from xstilts.analysis.estimates import Array
from xstilts.analysis.measure import LeftOut, reach
from xstilts.analysis.predictors import COMPARED, PRIMARY, Predictor
from xstilts.analysis.rows import Table, table, unit
from xstilts.analysis.sample import FAMILIES_LEAST
from xstilts.analysis.settings import Analysis

ADJUSTMENTS = ("unadjusted", "adjusted")


@dataclass(frozen=True)
class Pooled:
    """One row of pooled.csv; docs/results.md says what each column is."""

    study: str
    intermediate: str
    outcome: str
    distance: str
    adjustment: str
    primary: bool
    targets: int
    languages: int
    rows: int
    slope: float = math.nan
    slope_low: float = math.nan
    slope_high: float = math.nan
    absent_low: float = math.nan
    absent_high: float = math.nan
    slope_units: float = math.nan
    p_naive: float = math.nan
    p_family: float = math.nan
    p_max_t: float = math.nan
    sd_family: float = math.nan
    sd_genus: float = math.nan
    sd_language: float = math.nan
    sd_slope: float = math.nan
    sd_residual: float = math.nan
    covariates: tuple[str, ...] = ()
    same_sign_lofo: bool = False
    same_sign_distances: int = 0
    distances_compared: int = 0
    imputation_sd: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Prepared:
    """One intermediate's table with its null fit: what the joint draws need."""

    row: Pooled
    table: Table
    null: mixed.Fit
    test: mixed.Statistic

    def whitened(self) -> Array:
        """Null residuals of unit variance, shape (rows,)."""
        fixed = self.table.fixed(np.zeros(len(self.table.codes)), self.row.adjustment == "adjusted")[0][:, 1:]
        rest = self.table.gains - fixed @ mixed.projection(self.null.covariance, fixed)[1] @ self.table.gains
        white = np.linalg.pinv(mixed.root(self.null.covariance)) @ rest
        return np.asarray(white / white.std())


def study_models(
    groups: dict[str, list[Cell]],
    outcome: str,
    predictors: Sequence[Predictor],
    settings: Analysis,
    rng: np.random.Generator,
) -> tuple[list[Pooled], list[LeftOut]]:
    """Every intermediate of one study, both adjustments; `all` is tested on its own.

    Args:
        groups: intermediate → its cells, one per target.
        outcome: points or error_reduction.
        predictors: of them the primary one is modelled; the compared ones and the imputations qualify it.
        settings: draws and levels.
        rng: of the joint draws.
    """
    by_name = {predictor.name: predictor for predictor in predictors}
    rows: list[Pooled] = []
    left: list[LeftOut] = []
    for adjustment in ADJUSTMENTS:
        models = [prepare(cells, outcome, by_name, adjustment, settings) for cells in groups.values()]
        ready = [model for model in models if isinstance(model, Prepared)]
        rows += [model for model in models if isinstance(model, Pooled)]
        ratios = joint_ratios([model for model in ready if model.row.intermediate != ALL], settings.draws, rng)
        largest = np.max([np.abs(drawn) for drawn in ratios.values()], axis=0) if ratios else np.empty(0)
        for model in ready:
            name = model.row.intermediate
            alone = name == ALL
            drawn = joint_ratios([model], settings.draws, rng)[name] if alone else ratios[name]
            rows.append(tested(model, by_name, drawn, None if alone else largest))
            left += _left_out(model, rows[-1], by_name[PRIMARY]) if model.row.primary else []
    return rows, left


def prepare(
    cells: Sequence[Cell], outcome: str, predictors: dict[str, Predictor], adjustment: str, settings: Analysis
) -> Prepared | Pooled:
    """Fit the null of one intermediate; a row without numbers, and with the reason, where nothing can be tested."""
    data = table(cells, outcome, predictors[PRIMARY])
    distinct = sorted(set(data.codes))
    row = Pooled(
        study=cells[0].study,
        intermediate=cells[0].intermediate,
        outcome=outcome,
        distance=PRIMARY,
        adjustment=adjustment,
        primary=adjustment == "adjusted",
        targets=len(set(data.targets)),
        languages=len(distinct),
        rows=len(data.codes),
    )
    if len(distinct) < settings.minimum or len(set(null.families(tuple(distinct)))) < FAMILIES_LEAST:
        return replace(
            row, note=f"{len(distinct)} languages over all targets, fewer than {settings.minimum}: not tested"
        )
    x = unit(predictors[PRIMARY], data.codes)
    fixed, covariates = data.fixed(x, adjustment == "adjusted")
    effects = data.effects(x)
    fitted = mixed.fit(data.gains, fixed[:, 1:], tuple(effects.values()))
    spreads = {
        f"sd_{name}": math.sqrt(value) for name, value in zip([*effects, "residual"], fitted.components, strict=True)
    }
    row = replace(row, covariates=covariates, **spreads)  # type: ignore[arg-type]
    return Prepared(row, data, fitted, mixed.statistic(fitted.covariance, fixed, 0, tuple(effects.values())))


def joint_ratios(models: Sequence[Prepared], draws: int, rng: np.random.Generator) -> dict[str, Array]:
    """Slope over error of joint draws from the nulls, by intermediate, shape (draws,).

    The correlation between intermediates is that of their whitened null residuals on common rows.
    """
    if not models:
        return {}
    keys = sorted({key for model in models for key in model.table.keys})
    place = {key: i for i, key in enumerate(keys)}
    picks = [[place[key] for key in model.table.keys] for model in models]
    white = np.full((len(models), len(keys)), np.nan)
    for i, model in enumerate(models):
        white[i, picks[i]] = model.whitened()
    mixing = mixed.root(_correlations(white))
    noise = np.einsum("ij,jdk->idk", mixing, rng.standard_normal((len(models), draws, len(keys))))
    ratios = {}
    for i, model in enumerate(models):
        values, errors = model.test.slopes(noise[i][:, picks[i]] @ mixed.root(model.null.covariance))
        ratios[model.row.intermediate] = values / errors
    return ratios


def _correlations(white: Array) -> Array:
    known = ~np.isnan(white)
    filled = np.where(known, white, 0.0)
    counts = np.maximum(known.astype(float) @ known.T.astype(float), 1)
    matrix = filled @ filled.T / counts
    scale = np.sqrt(np.diagonal(matrix))
    matrix = np.clip(matrix / scale[:, None] / scale[None, :], -1, 1)
    values, vectors = np.linalg.eigh(matrix)
    matrix = (vectors * np.maximum(values, 1e-6)) @ vectors.T  # pairwise rows may leave it indefinite
    scale = np.sqrt(np.diagonal(matrix))
    return np.asarray(matrix / scale[:, None] / scale[None, :])


def tested(model: Prepared, predictors: dict[str, Predictor], drawn: Array, largest: Array | None) -> Pooled:
    """Slope, intervals and p of one intermediate from its draws."""
    values, errors = model.test.slopes(model.table.gains[None])
    value, error = float(values[0]), float(errors[0])
    fitted = influence.Weighted(model.table, model.null.covariance, model.row.adjustment == "adjusted")
    spread = influence.imputation_sd(fitted, predictors[PRIMARY])
    wide, narrow = (reach(value, math.hypot(error, spread), drawn, level) for level in (0.95, 0.9))
    signs = [influence.with_distance(fitted, predictors[name]) for name in COMPARED if name in predictors]
    left = influence.without_families(fitted, predictors[PRIMARY])
    return replace(
        model.row,
        slope=value,
        slope_low=wide.low,
        slope_high=wide.high,
        absent_low=narrow.low,
        absent_high=narrow.high,
        slope_units=influence.in_units(fitted, predictors[PRIMARY], value),
        p_naive=2 * float(stats.norm.sf(abs(value / error))),
        p_family=null.p_value(value / error, drawn),
        p_max_t=math.nan if largest is None else null.p_value(value / error, largest),
        same_sign_lofo=all(found * value > 0 for found in left.values()),
        same_sign_distances=sum(found * value > 0 for found in signs),
        distances_compared=sum(not math.isnan(found) for found in signs),
        imputation_sd=spread,
    )


def _left_out(model: Prepared, row: Pooled, predictor: Predictor) -> list[LeftOut]:
    """The slope without each family, and with all, for leave_one_family_out.csv."""
    key = (row.study, row.intermediate, ALL, row.outcome, predictor.name)
    distinct = sorted(set(model.table.codes))
    members = dict(zip(distinct, null.families(tuple(distinct)), strict=True))
    fitted = influence.Weighted(model.table, model.null.covariance, row.adjustment == "adjusted")
    rows = [LeftOut(*key, "", (), len(distinct), row.slope, math.nan, math.nan)]
    for family, slope in influence.without_families(fitted, predictor).items():
        gone = tuple(code for code in distinct if members[code] == family)
        rows.append(LeftOut(*key, family, gone, len(distinct) - len(gone), slope, math.nan, math.nan))
    return rows
