"""One cell, one outcome, one distance: every coefficient, interval and p that is printed of it.

Separate because this is where the textbook numbers and the family-aware ones are put side by side.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from xstilts.analysis import estimates, slope
from xstilts.analysis import family_null as null
from xstilts.analysis.cells import Cell
from xstilts.analysis.estimates import NOWHERE, Array, Interval
from xstilts.analysis.predictors import COMPARED, Predictor
from xstilts.analysis.sample import Sample, flags
from xstilts.analysis.settings import Analysis

SLOPE = "slope"
INDO_EUROPEAN = "Indo-European"
NAN = math.nan
EDGE = 1 - 1e-9  # atanh of one is infinite


@dataclass(frozen=True)
class Correlation:
    """One row of correlations.csv; docs/results.md says what each column is."""

    study: str
    intermediate: str
    target: str
    metric: str
    outcome: str
    distance: str
    method: str
    role: str
    n: int
    families: int
    estimate: float
    fisher_low: float = NAN
    fisher_high: float = NAN
    bootstrap_low: float = NAN
    bootstrap_high: float = NAN
    family_low: float = NAN
    family_high: float = NAN
    absent_low: float = NAN
    absent_high: float = NAN
    p_naive: float = NAN
    p_family: float = NAN
    q: float = NAN
    n_effective: float = NAN
    smallest_detectable: float = NAN
    noise_ceiling: float = NAN
    family_share: float = NAN
    genus_share: float = NAN
    lofo_low: float = NAN
    lofo_high: float = NAN
    lofo_family: str = ""
    without_indo_european: float = NAN
    n_without_indo_european: int = 0
    imputation_sd: float = 0.0
    tested: bool = False
    flags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class LeftOut:
    """One row of leave_one_family_out.csv; `family` is empty where none is left out."""

    study: str
    intermediate: str
    target: str
    outcome: str
    distance: str
    family: str
    languages: tuple[str, ...]
    n: int
    estimate: float
    low: float
    high: float


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
    return float(_combined(estimates.unit(y, method) @ estimates.unit(x, method).T))


def _combined(products: Array) -> Array:
    """One coefficient from those of several imputations, along the last axis."""
    if products.shape[-1] == 1:
        return np.asarray(np.clip(products[..., 0], -1, 1))
    return np.asarray(np.tanh(np.arctanh(np.clip(products, -EDGE, EDGE)).mean(axis=-1)))


def leave_out(cell: Cell, outcome: str, predictor: Predictor, part: Sample) -> list[LeftOut]:
    """Pearson with each family left out in turn, and with none."""
    rows = []
    for family in ["", *sorted(set(part.families))]:
        keep = part.without(family)
        codes = [part.codes[i] for i in keep]
        r = coefficient(predictor.matrix(codes), part.gains[keep], "pearson")
        interval = estimates.around(r, estimates.standard_error(r, len(keep), "pearson"))
        gone = tuple(code for code in part.codes if code not in codes)
        key = (cell.study, cell.intermediate, cell.target, outcome, predictor.name)
        rows.append(LeftOut(*key, family, gone, len(keep), r, interval.low, interval.high))
    return rows


def correlate(
    cell: Cell, outcome: str, predictor: Predictor, part: Sample, settings: Analysis, rng: np.random.Generator
) -> list[Correlation]:
    """Pearson, Spearman, Kendall and the family-aware slope; q stays empty, since it needs the whole grid."""
    rows = []
    for method in (*estimates.METHODS, SLOPE):
        row = _plain(cell, outcome, predictor, part, method, settings)
        if row.tested and method == SLOPE:
            row = _with_slope(row, predictor, part)
        elif row.tested:
            row = _with_null(row, predictor, part, settings, rng)
        rows.append(row)
    return rows


def _plain(
    cell: Cell, outcome: str, predictor: Predictor, part: Sample, method: str, settings: Analysis
) -> Correlation:
    """What is known without the null; of the slope nothing but the sample."""
    n, value, p_naive, left = len(part.codes), NAN, NAN, dict[str, float]()
    if method != SLOPE and n >= estimates.LEAST:
        value = coefficient(predictor.matrix(part.codes), part.gains, method)
        p_naive = estimates.estimate(predictor.mean(part.codes), part.gains, method)[1]
        left = _left(predictor, part, method)
    fisher = estimates.around(value, estimates.standard_error(value, n, method))
    outside, varies = len(part.without(INDO_EUROPEAN)), n > 0 and not estimates.constant(predictor.mean(part.codes))
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
        noise_ceiling=cell.noise_ceiling(),
        family_share=part.fitted.family_share if part.fitted else NAN,
        genus_share=part.fitted.genus_share if part.fitted else NAN,
        lofo_low=min(left.values(), default=NAN),
        lofo_high=max(left.values(), default=NAN),
        lofo_family=max(left, key=lambda name: abs(left[name] - value), default=""),
        without_indo_european=left.get(INDO_EUROPEAN, NAN) if outside >= 4 else NAN,
        n_without_indo_european=outside,
        tested=part.fitted is not None and varies,
        flags=flags(cell, part, 0.0 if varies and not estimates.constant(part.gains) else NAN, settings),
        note=reason if reason or varies else "the distance is constant: no coefficient is defined",
    )


def _left(predictor: Predictor, part: Sample, method: str) -> dict[str, float]:
    found = {}
    for family in sorted(set(part.families)):
        keep = part.without(family)
        value = coefficient(predictor.matrix([part.codes[i] for i in keep]), part.gains[keep], method)
        if not math.isnan(value):
            found[family] = value
    return found


def _with_null(
    row: Correlation, predictor: Predictor, part: Sample, settings: Analysis, rng: np.random.Generator
) -> Correlation:
    """Add p, interval and effective number of languages from the draws, and the bootstrap."""
    matrix = predictor.matrix(part.codes)
    drawn = _combined(part.units[row.method] @ estimates.unit(matrix, row.method).T)
    floor = 1 / math.sqrt(row.n - 3)
    deviation = max(float(np.arctanh(np.clip(drawn, -EDGE, EDGE)).std()), floor)
    spread = _imputation_sd(predictor, part, row.method)
    error = NAN if row.method == "kendall" else math.hypot(deviation, spread)
    family, absent = estimates.around(row.estimate, error), estimates.around(row.estimate, error, 0.9)
    again = row.method != "kendall" and predictor.name in COMPARED
    mean = predictor.mean(part.codes)
    resampled = (
        estimates.bootstrap(mean, part.gains, row.method, draws=settings.bootstrap, rng=rng) if again else NOWHERE
    )
    effective = 3 + 1 / deviation**2
    return replace(
        row,
        bootstrap_low=resampled.low,
        bootstrap_high=resampled.high,
        family_low=family.low,
        family_high=family.high,
        absent_low=absent.low,
        absent_high=absent.high,
        p_family=null.p_value(row.estimate, drawn),
        n_effective=effective,
        smallest_detectable=estimates.smallest_detectable(effective, alpha=settings.alpha),
        imputation_sd=spread,
    )


def _imputation_sd(predictor: Predictor, part: Sample, method: str) -> float:
    """√((1 + 1/M) · variance over imputations) of Fisher's z (Rubin 1987); 0 without imputations."""
    drawn = predictor.imputations(part.codes)
    if len(drawn) < 2 or method == "kendall":
        return 0.0
    products = estimates.unit(drawn, method) @ estimates.unit(part.gains, method)
    return _rubin(np.arctanh(np.clip(products, -EDGE, EDGE)))


def _rubin(values: Array) -> float:
    return math.sqrt((1 + 1 / values.size) * float(values.var(ddof=1))) if values.size > 1 else 0.0


def standardised(values: Array) -> Array:
    """Mean 0 and sample standard deviation 1 along the last axis."""
    return np.asarray((values - values.mean(axis=-1, keepdims=True)) / values.std(axis=-1, ddof=1, keepdims=True))


def _with_slope(row: Correlation, predictor: Predictor, part: Sample) -> Correlation:
    """Add the family-aware slope, in standard deviations of the gain per standard deviation of the distance."""
    gains = standardised(part.gains)[None]
    plan = _plan(part, predictor.mean(part.codes))
    ratios = slope.slopes(plan, part.drawn, part.products).ratios
    observed = slope.slopes(plan, gains)
    imputed = [slope.slopes(_plan(part, x), gains).values[0] for x in predictor.imputations(part.codes)]
    spread = _rubin(np.array(imputed))
    value, error = float(observed.values[0]), float(observed.errors[0])
    family, absent = (reach(value, math.hypot(error, spread), ratios, level) for level in (0.95, 0.9))
    return replace(
        row,
        estimate=value,
        family_low=family.low,
        family_high=family.high,
        absent_low=absent.low,
        absent_high=absent.high,
        p_family=null.p_value(float(observed.ratios[0]), ratios),
        imputation_sd=spread,
    )


def _plan(part: Sample, x: Array) -> slope.Design:
    return slope.design(part.codes, tuple(standardised(x).tolist()), part.weights)


def reach(value: float, error: float, ratios: Array, level: float) -> Interval:
    """An interval of `error` times the quantile of the drawn |ratios| on both sides."""
    width = float(np.quantile(np.abs(ratios), level)) * error
    return Interval(value - width, value + width)
