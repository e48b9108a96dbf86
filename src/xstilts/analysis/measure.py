"""One cell, one outcome, one distance: every coefficient, interval and p that is printed of it.

Separate because this is where the tested slope and the textbook coefficients are put side by side. The slope has the
test; r, rho and tau describe, with naive intervals.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from xstilts.analysis import estimates, family_null, reliability, slope
from xstilts.analysis.cells import Cell
from xstilts.analysis.coefficients import SLOPE, Correlation, FamilyQuestion, LeftOut
from xstilts.analysis.estimates import NOWHERE, Array
from xstilts.analysis.predictors import PRIMARY, Predictor, latin, log_cc100
from xstilts.analysis.sample import Sample, flags
from xstilts.analysis.settings import Analysis
from xstilts.analysis.slope import SlopeModel, Tested, standardised

INDO_EUROPEAN = "Indo-European"
NAN = math.nan
EDGE = 1 - 1e-9  # atanh of one is infinite
STEP = 0.1  # of distance, for slopes in outcome units
OUTLIER = 3.5  # standard deviations from what the other languages predict
LONE = 0.8  # of the critical value of a test at .1 that is left without any single language
QUESTIONS = {"within": ("families", 1), "between": ("families", 2), "bend": ("bend", 2)}  # fixed effects and column


@dataclass(frozen=True)
class Measured:
    """The rows that one cell, outcome and distance add to each table."""

    correlations: list[Correlation]
    questions: list[FamilyQuestion]
    left_out: list[LeftOut]


def coefficient(x: Array, y: Array, method: str) -> float:
    """The coefficient of y with x; with several rows of x (imputations), the mean of Fisher's z.

    Args:
        x: shape (imputations, languages).
        y: shape (languages,).
        method: pearson, spearman or kendall.

    Returns:
        NaN for fewer than three languages or a constant.
    """
    if y.size < estimates.LEAST:
        return NAN
    products = estimates.unit(y, method) @ estimates.unit(x, method).T
    if products.size == 1:
        return float(np.clip(products[0], -1, 1))
    return float(np.tanh(np.arctanh(np.clip(products, -EDGE, EDGE)).mean()))


def measure(
    cell: Cell, outcome: str, predictor: Predictor, part: Sample, settings: Analysis, rng: np.random.Generator
) -> Measured:
    """Pearson, Spearman, Kendall and the tested slope; of the primary distance also what qualifies it.

    Args:
        cell: English is not in it.
        outcome: one of `cells.OUTCOMES`.
        predictor: the distance.
        part: its languages (`sample.take`).
        settings: draws, levels, the least number of languages.
        rng: of the draws and the bootstrap.
    """
    rows = [_plain(cell, outcome, predictor, part, method, settings) for method in estimates.METHODS]
    if predictor.name == PRIMARY:
        rows = [_resampled(row, predictor, part, settings, rng) for row in rows]
    empty = _plain(cell, outcome, predictor, part, SLOPE, settings)
    if not empty.tested:
        return Measured([*rows, empty], [], [])
    row, questions, left = _tested(empty, cell, predictor, part, settings, rng)
    return Measured([*rows, row], questions, left)


def _plain(
    cell: Cell, outcome: str, predictor: Predictor, part: Sample, method: str, settings: Analysis
) -> Correlation:
    """What is known without the null; of the slope nothing but the sample."""
    n, value, p_naive, without = len(part.codes), NAN, NAN, NAN
    outside = part.without(INDO_EUROPEAN)
    if method != SLOPE and n >= estimates.LEAST:
        value = coefficient(predictor.matrix(part.codes), part.gains, method)
        p_naive = estimates.estimate(predictor.mean(part.codes), part.gains, method)[1]
        if len(outside) >= 4:
            codes = [part.codes[i] for i in outside]
            without = coefficient(predictor.matrix(codes), part.gains[outside], method)
    fisher = estimates.around(value, estimates.standard_error(value, n, method))
    varies = n > 0 and not estimates.constant(predictor.mean(part.codes))
    reason = part.note(settings)
    return Correlation(
        study=cell.study,
        intermediate=cell.intermediate,
        target=cell.target,
        metric=cell.metric,
        outcome=outcome,
        distance=predictor.name,
        method=method,
        role=predictor.role,
        n=n,
        families=len(set(part.families)),
        estimate=value,
        fisher_low=fisher.low,
        fisher_high=fisher.high,
        p_naive=p_naive,
        without_indo_european=without,
        n_without_indo_european=len(outside),
        floor=part.floor,
        ceiling=part.ceiling,
        tested=method == SLOPE and not reason and varies,
        flags=flags(cell, part, 0.0 if varies and not estimates.constant(part.gains) else NAN, settings),
        note=reason if reason or varies else "the distance is constant: no coefficient is defined",
    )


def _resampled(
    row: Correlation, predictor: Predictor, part: Sample, settings: Analysis, rng: np.random.Generator
) -> Correlation:
    """Add the bootstrap interval of r or rho."""
    found = NOWHERE
    if row.method != "kendall" and row.n >= settings.minimum:
        x = predictor.mean(part.codes)
        found = estimates.bootstrap(x, part.gains, row.method, draws=settings.bootstrap, rng=rng)
    return replace(row, bootstrap_low=found.low, bootstrap_high=found.high)


def _tested(
    row: Correlation, cell: Cell, predictor: Predictor, part: Sample, settings: Analysis, rng: np.random.Generator
) -> tuple[Correlation, list[FamilyQuestion], list[LeftOut]]:
    """The slope in standard deviations of the gain per standard deviation of the distance, from one distribution."""
    gains, spread = standardised(part.gains), float(part.gains.std(ddof=1))
    x = predictor.mean(part.codes)
    columns = slope.columns_of(part.codes, tuple(x.tolist()))
    fitted = family_null.fit(part.codes, gains, columns["line"], part.variances)
    plan = slope.model(fitted.covariance, columns["line"])
    drawn = fitted.draw(settings.draws, rng)
    imputed = _imputation_sd(plan, fitted.covariance, predictor, part, gains)
    found = _test(plan, gains, drawn, 1).widened(imputed)
    per_step = STEP * spread / float(x.std(ddof=1))  # outcome units per step of distance and unit of slope
    low, high = found.reach()
    narrow = found.reach(0.9)
    family, genus, area = fitted.shares.tolist()
    row = replace(
        row,
        estimate=found.value,
        family_low=low,
        family_high=high,
        absent_low=narrow[0],
        absent_high=narrow[1],
        units=per_step * found.value,
        units_low=per_step * low,
        units_high=per_step * high,
        unit=per_step,
        p_family=found.p,
        smallest_detectable=found.detectable(),
        family_share=family,
        genus_share=genus,
        area_share=area,
        adjusted=_adjusted(fitted, part.codes, gains, columns["line"]),
        imputation_sd=imputed,
    )
    if predictor.name != PRIMARY:
        return row, [], []
    trust = reliability.of(cell, row.outcome, part.places)
    row = replace(row, reliability=trust.value, reliability_low=trust.low, noise_ceiling=trust.ceiling)
    left = _left_out(row, plan, part, gains, found)
    outside = next((one.estimate for one in left if one.family == INDO_EUROPEAN), NAN)
    row = replace(row, without_indo_european=outside if row.n_without_indo_european >= 4 else NAN)
    return _with_left_out(row, left, plan, part, gains, found), _questions(row, fitted, columns, gains, drawn), left


def _test(plan: SlopeModel, gains: Array, drawn: Array, column: int) -> Tested:
    value, error = plan.estimates(gains[None], column)
    return Tested(float(value[0]), float(error[0]), np.sort(np.abs(plan.ratios(drawn, column))))


def _questions(
    row: Correlation, fitted: family_null.Null, columns: dict[str, Array], gains: Array, drawn: Array
) -> list[FamilyQuestion]:
    """Slopes within and between families (Mundlak 1978), and the bend; without those that cannot be estimated."""
    found = []
    for question, (name, column) in QUESTIONS.items():
        try:
            plan = slope.model(fitted.covariance, columns[name])
        except ValueError:  # one language a family, or no two distances apart: there is nothing to decompose
            continue
        test = _test(plan, gains, drawn, column)
        key = (row.study, row.intermediate, row.target, row.outcome, question)
        found.append(FamilyQuestion(*key, test.value, *test.reach(), *test.reach(0.9), test.p))
    return found


def _adjusted(fitted: family_null.Null, codes: tuple[str, ...], gains: Array, line: Array) -> float:
    """The slope given CC-100 size and script; NaN where these leave nothing to estimate."""
    covariates = [column for column in (log_cc100(codes), latin(codes)) if np.ptp(column) > 0]
    try:
        return float(slope.model(fitted.covariance, np.column_stack([line, *covariates])).weights[1] @ gains)
    except ValueError:
        return NAN


def _left_out(row: Correlation, plan: SlopeModel, part: Sample, gains: Array, found: Tested) -> list[LeftOut]:
    """The slope with each family left out in turn, and with none; intervals at the critical value of the whole."""
    wide = found.critical()
    rows = []
    for family in ["", *sorted(set(part.families))]:
        places = [place for place, name in enumerate(part.families) if name == family]
        value, error = plan.without(gains, places) if places else (found.value, found.error)
        gone = tuple(part.codes[place] for place in places)
        key = (row.study, row.intermediate, row.target, row.outcome, row.distance)
        rows.append(LeftOut(*key, family, gone, row.n - len(gone), value, value - wide * error, value + wide * error))
    return rows


def _with_left_out(
    row: Correlation, left: list[LeftOut], plan: SlopeModel, part: Sample, gains: Array, found: Tested
) -> Correlation:
    """Add the extremes of leaving out a family or a language, and what is left of the claim without outliers."""
    known = [one for one in left if one.family and not math.isnan(one.estimate)]
    far = max(known, key=lambda one: abs(one.estimate - row.estimate), default=None)
    sign = float(np.sign(found.value))
    values, errors = plan.without_each(gains)
    weakest = int(np.argmin(sign * values / errors))
    outliers = np.flatnonzero(np.abs(plan.deviations(gains)) > OUTLIER).tolist()
    strength = sign * float((values / errors)[weakest]) / (LONE * found.critical(0.9))
    if outliers:
        strength = min(strength, sign * _refitted(plan, part, gains, outliers) / found.critical())
    return replace(
        row,
        lofo_low=min((one.estimate for one in known), default=NAN),
        lofo_high=max((one.estimate for one in known), default=NAN),
        lofo_family=far.family if far else "",
        lolo_low=float(values.min()),
        lolo_high=float(values.max()),
        lolo_language=part.codes[outliers[0] if outliers else weakest],
        lolo_strength=strength,
        outliers=tuple(part.codes[place] for place in outliers),
    )


def _refitted(plan: SlopeModel, part: Sample, gains: Array, gone: list[int]) -> float:
    """Slope over error without some languages, fitted anew: an outlier makes languages look less alike."""
    keep = [place for place in range(len(part.codes)) if place not in gone]
    codes = tuple(part.codes[place] for place in keep)
    variances = None if part.variances is None else tuple(part.variances[place] for place in keep)
    columns = plan.columns[keep]
    if np.ptp(columns[:, 1]) == 0 or estimates.constant(gains[keep]):
        return 0.0
    again = slope.model(family_null.fit(codes, gains[keep], columns, variances).covariance, columns)
    return float(again.ratios(gains[keep][None])[0])


def _imputation_sd(plan: SlopeModel, covariance: Array, predictor: Predictor, part: Sample, gains: Array) -> float:
    """√((1 + 1/M) · variance of the slope over imputations) (Rubin 1987); 0 without imputations."""
    drawn = predictor.imputations(part.codes)
    if len(drawn) < 2:
        return 0.0
    inverse = np.linalg.inv(covariance)
    x = standardised(drawn)
    inner, ones = x @ inverse, inverse.sum(axis=0)
    own, cross, total = (inner * x).sum(axis=1), x @ ones, ones.sum()
    values = (inner @ gains - cross * (ones @ gains) / total) / (own - cross**2 / total)
    return math.sqrt((1 + 1 / len(values)) * float(values.var(ddof=1)))
