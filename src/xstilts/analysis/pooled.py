"""All targets of an intermediate in one mixed model, and the intermediates of a study tested together.

gain ~ distance [+ log CC-100 + Latin script + spare baseline] + target
       + (1|family) + (1|genus) + (1|area) + (1|language) + (0 + distance|target),
the gain of each target in its own standard deviations, so that the slope reads like a correlation. Separate because
its null is joint: all intermediates share the baseline's noise, so "ten of twelve are negative" is not ten
confirmations. Draws keep the correlation between intermediates, and p_max_t compares with the largest of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from xstilts.analysis import family_null, influence, reml
from xstilts.analysis.cells import ALL, Cell
from xstilts.analysis.coefficients import FamilyQuestion, LeftOut, Pooled
from xstilts.analysis.estimates import Array
from xstilts.analysis.measure import LONE, STEP
from xstilts.analysis.predictors import COMPARED, PRIMARY, Predictor
from xstilts.analysis.rows import ModelRows, table, unit
from xstilts.analysis.sample import FAMILIES_LEAST
from xstilts.analysis.settings import Analysis
from xstilts.analysis.slope import Tested

ADJUSTMENTS = ("unadjusted", "adjusted")
ASKED = {"within": ("families", 0), "between": ("families", 1), "bend": ("bend", 1)}  # fixed effects and column


@dataclass(frozen=True)
class PooledFit:
    """One intermediate's table with its fit: what the joint draws need.

    Attributes:
        row: what is known before the test.
        table: the rows.
        fitted: the covariance.
        tests: question (line, bend, families) → its coefficients; all but the line for the primary model only.
        root: symmetric square root of the covariance.
        white: residuals of unit variance, shape (rows,).
    """

    row: Pooled
    table: ModelRows
    fitted: reml.Fit
    tests: dict[str, reml.Statistic]
    root: Array
    white: Array


@dataclass(frozen=True)
class Drawn:
    """|coefficient| over error of joint draws from the null, by question and column, each shape (draws,)."""

    ratios: dict[tuple[str, int], Array]


@dataclass(frozen=True)
class Models:
    """The rows that the models of one study and outcome add to each table."""

    pooled: list[Pooled]
    questions: list[FamilyQuestion]
    left_out: list[LeftOut]


def study_models(
    groups: dict[str, list[Cell]],
    outcome: str,
    predictors: Sequence[Predictor],
    settings: Analysis,
    rng: np.random.Generator,
) -> Models:
    """Every intermediate of one study, both adjustments; `all` is tested on its own.

    Args:
        groups: intermediate → its cells, one per target.
        outcome: one of `cells.OUTCOMES`.
        predictors: of them the primary one is modelled; the compared ones and the imputations qualify it.
        settings: draws and levels.
        rng: of the joint draws.
    """
    by_name = {predictor.name: predictor for predictor in predictors}
    found = Models([], [], [])
    for adjustment in ADJUSTMENTS:
        models = [prepare(cells, outcome, by_name, adjustment, settings) for cells in groups.values()]
        ready = [model for model in models if isinstance(model, PooledFit)]
        found.pooled.extend(model for model in models if isinstance(model, Pooled))
        single = [model for model in ready if model.row.intermediate != ALL]
        drawn = joint_draws(single, settings.draws, rng)
        largest = np.max([one.ratios["line", 0] for one in drawn], axis=0) if drawn else np.empty(0)
        for model, ratios in zip(single, drawn, strict=True):
            _add(found, model, by_name, ratios, largest)
        for model in (model for model in ready if model.row.intermediate == ALL):
            _add(found, model, by_name, joint_draws([model], settings.draws, rng)[0], None)
    return found


def _add(
    found: Models, model: PooledFit, predictors: dict[str, Predictor], drawn: Drawn, largest: Array | None
) -> None:
    weighted = influence.Weighted(
        model.table, model.fitted.covariance, model.row.adjustment == "adjusted", model.tests["line"]
    )
    row = tested(model, weighted, predictors, drawn, largest)
    found.pooled.append(row)
    if row.primary:
        found.questions.extend(_questions(model, drawn))
        found.left_out.extend(_left_out(row, weighted))


def prepare(
    cells: Sequence[Cell], outcome: str, predictors: dict[str, Predictor], adjustment: str, settings: Analysis
) -> PooledFit | Pooled:
    """Fit one intermediate; a row without numbers, and with the reason, where nothing can be tested."""
    data = table(cells, outcome, predictors[PRIMARY])
    distinct = sorted(set(data.codes))
    primary = adjustment == "adjusted"
    row = Pooled(
        study=cells[0].study,
        intermediate=cells[0].intermediate,
        outcome=outcome,
        distance=PRIMARY,
        adjustment=adjustment,
        primary=primary,
        targets=len(set(data.targets)),
        languages=len(distinct),
        rows=len(data.codes),
        reliability=data.reliability.value,
        reliability_low=data.reliability.low,
        floor=data.floor,
        ceiling=data.ceiling,
    )
    if len(distinct) < settings.minimum or len(set(family_null.families(tuple(distinct)))) < FAMILIES_LEAST:
        return replace(
            row, note=f"{len(distinct)} languages over all targets, fewer than {settings.minimum}: not tested"
        )
    x = unit(predictors[PRIMARY], data.codes)
    fixed, covariates = data.fixed(x, primary)
    reach, fitted = _fit(data, fixed, x)
    spreads = {
        f"sd_{name}": math.sqrt(value)
        for name, value in zip([*fitted.effects.names, "residual"], fitted.components, strict=True)
    }
    row = replace(row, covariates=covariates, area_km=reach, **spreads)  # type: ignore[arg-type]
    questions = ("line", "bend", "families") if primary else ("line",)
    tests = {name: reml.statistic(fitted, data.fixed(x, primary, name)[0]) for name in questions}
    root = reml.root(fitted.covariance)
    rest = data.gains - fixed @ (tests["line"].weights @ data.gains)
    white = np.linalg.solve(root, rest)
    return PooledFit(row, data, fitted, tests, root, np.asarray(white / white.std()))


def _fit(data: ModelRows, fixed: Array, x: Array) -> tuple[float, reml.Fit]:
    """The likeliest range of areas and power of the residual's variance, and their fit."""
    powers = family_null.POWERS if data.variances is not None else family_null.POWERS[:1]
    first = [reml.fit(data.gains, fixed, data.effects(x, family_null.RANGES[0], power)) for power in powers]
    best = max(range(len(powers)), key=lambda place: first[place].log_likelihood)
    fits = {family_null.RANGES[0]: first[best]}
    for reach in family_null.RANGES[1:]:
        fits[reach] = reml.fit(data.gains, fixed, data.effects(x, reach, powers[best]))
    reach = max(fits, key=lambda one: fits[one].log_likelihood)
    return reach, fits[reach]


def joint_draws(models: Sequence[PooledFit], draws: int, rng: np.random.Generator) -> list[Drawn]:
    """Joint draws from the nulls, one for each model.

    The correlation between intermediates is that of their whitened residuals on common rows.
    """
    if not models:
        return []
    keys = sorted({key for model in models for key in model.table.keys})
    place = {key: i for i, key in enumerate(keys)}
    picks = [[place[key] for key in model.table.keys] for model in models]
    white = np.full((len(models), len(keys)), np.nan)
    for i, model in enumerate(models):
        white[i, picks[i]] = model.white
    mixing = reml.root(_correlations(white))
    noise = np.tensordot(mixing, rng.standard_normal((len(models), draws, len(keys))), axes=1)
    found = []
    for i, model in enumerate(models):
        values = noise[i][:, picks[i]] @ model.root
        ratios = {}
        for question, test in model.tests.items():
            components = test.components(values)
            columns = (0,) if question == "line" else (0, 1)
            for column in columns:
                estimates, errors = test.estimates(values, column, components)
                ratios[question, column] = np.abs(estimates / errors)
        found.append(Drawn(ratios))
    return found


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


def _test(model: PooledFit, question: str, column: int, drawn: Drawn) -> Tested:
    value, error = model.tests[question].estimates(model.table.gains[None], column)
    return Tested(float(value[0]), float(error[0]), np.sort(drawn.ratios[question, column]))


def tested(
    model: PooledFit,
    weighted: influence.Weighted,
    predictors: dict[str, Predictor],
    drawn: Drawn,
    largest: Array | None,
) -> Pooled:
    """Slope, intervals and p of one intermediate from its draws."""
    spread = influence.imputation_sd(weighted, predictors[PRIMARY])
    found = _test(model, "line", 0, drawn).widened(spread)
    signs = [influence.with_distance(weighted, predictors[name]) for name in COMPARED if name in predictors]
    left = influence.without_families(weighted)
    alone = influence.without_languages(weighted)
    sign = math.copysign(1, found.value)
    strength = {code: sign * value / (found.error * grown) for code, (value, grown) in alone.items()}
    weakest = min(strength, key=lambda code: strength[code], default="")
    scale = influence.unit_of(weighted, predictors[PRIMARY], STEP)
    wide, narrow = found.reach(), found.reach(0.9)
    return replace(
        model.row,
        slope=found.value,
        slope_low=wide[0],
        slope_high=wide[1],
        absent_low=narrow[0],
        absent_high=narrow[1],
        slope_units=scale * found.value,
        unit=scale,
        p_naive=2 * float(stats.norm.sf(abs(found.value / found.error))),
        p_family=found.p,
        p_max_t=math.nan if largest is None else family_null.p_value(found.value / found.error, largest),
        smallest_detectable=found.detectable(),
        same_sign_lofo=all(value * found.value > 0 for value in left.values()),
        lolo_language=weakest,
        lolo_strength=strength[weakest] / (LONE * found.critical(0.9)) if weakest else math.nan,
        same_sign_distances=sum(value * found.value > 0 for value in signs),
        distances_compared=sum(not math.isnan(value) for value in signs),
        imputation_sd=spread,
    )


def _questions(model: PooledFit, drawn: Drawn) -> list[FamilyQuestion]:
    """Slopes within and between families, and the bend; nothing where families cannot be told apart."""
    row, rows = model.row, []
    x = model.tests["families"].weights
    for question, (name, column) in ASKED.items():
        if name == "families" and not np.abs(x[:2]).max(axis=1).all():
            continue
        test = _test(model, name, column, drawn)
        key = (row.study, row.intermediate, ALL, row.outcome, question)
        rows.append(FamilyQuestion(*key, test.value, *test.reach(), *test.reach(0.9), test.p))
    return rows


def _left_out(row: Pooled, weighted: influence.Weighted) -> list[LeftOut]:
    """The slope without each family, and with all, for leave_one_family_out.csv."""
    key = (row.study, row.intermediate, ALL, row.outcome, row.distance)
    distinct = sorted(set(weighted.table.codes))
    members = dict(zip(distinct, family_null.families(tuple(distinct)), strict=True))
    rows = [LeftOut(*key, "", (), len(distinct), row.slope, row.slope_low, row.slope_high)]
    for family, value in influence.without_families(weighted).items():
        gone = tuple(code for code in distinct if members[code] == family)
        rows.append(LeftOut(*key, family, gone, len(distinct) - len(gone), value, math.nan, math.nan))
    return rows
