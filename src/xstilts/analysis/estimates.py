"""Coefficients and intervals that treat languages as independent draws, for one sample or for many at once.

Separate because these are textbook numbers, checked against scipy; what families do to them is in `null`. A
coefficient of fewer than three points, or of a constant, is NaN: it is not defined, and zero would be a claim.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Array = NDArray[np.float64]

METHODS = ("pearson", "spearman", "kendall")
LEAST = 3  # points below which no coefficient is defined
TINY = 1e-12
MANY = 2000  # values from which sorting is faster than comparing all pairs


@dataclass(frozen=True)
class Interval:
    """A closed interval; both ends are NaN where it is not defined."""

    low: float
    high: float

    def inside(self, bound: float) -> bool:
        """Whether the whole interval lies in (-bound, bound); false where it is not defined."""
        return -bound < self.low and self.high < bound


NOWHERE = Interval(float("nan"), float("nan"))


def constant(values: Array) -> bool:
    """Whether the values do not vary beyond rounding error."""
    return bool(np.ptp(values) <= TINY * max(1.0, float(np.abs(values).max())))


def estimate(x: Array, y: Array, method: str) -> tuple[float, float]:
    """One coefficient and the p-value that assumes independent languages.

    Args:
        x: shape (languages,).
        y: shape (languages,), same order.
        method: pearson, spearman or kendall (tau-b: ties are corrected for).

    Returns:
        The coefficient and its two-sided naive p; NaN twice for fewer than three points or a constant. A perfect
        Pearson of three points has p from Student's t like every other.

    Raises:
        ValueError: the lengths differ, a value is missing, or there is no such method.
    """
    if x.shape != y.shape:
        raise ValueError(f"{x.size} distances and {y.size} gains: one of each per language is needed")
    if np.isnan(x).any() or np.isnan(y).any():
        raise ValueError("a distance or a gain is missing (NaN); drop the language before correlating")
    if x.size < LEAST or constant(x) or constant(y):
        return float("nan"), float("nan")
    functions = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}
    if method not in functions:
        raise ValueError(f"no method {method!r}; known: {', '.join(METHODS)}")
    result: Any = functions[method](x, y)
    return float(result.statistic), float(result.pvalue)


@functools.cache
def quantile(level: float) -> float:
    """Of the standard normal distribution."""
    return float(special.ndtri(level))


def standard_error(value: float, n: float, method: str) -> float:
    """Standard error of atanh(coefficient) for n independent languages.

    Pearson: Fisher 1921. Spearman: Bonett and Wright 2000. Kendall: Fieller, Hartley and Pearson 1957. NaN where n is
    too small.
    """
    if method == "kendall":
        return float(np.sqrt(0.437 / (n - 4))) if n > 4 else float("nan")
    if n <= 3:
        return float("nan")
    factor = 1 + value**2 / 2 if method == "spearman" else 1.0
    return float(np.sqrt(factor / (n - 3)))


def around(value: float, error: float, level: float = 0.95) -> Interval:
    """The interval of a coefficient whose Fisher z has this standard error."""
    if np.isnan(value) or np.isnan(error):
        return NOWHERE
    if abs(value) >= 1 - TINY:
        return Interval(value, value)
    reach = quantile((1 + level) / 2) * error
    center = np.arctanh(value)
    return Interval(float(np.tanh(center - reach)), float(np.tanh(center + reach)))


def bootstrap(x: Array, y: Array, method: str, *, draws: int, rng: np.random.Generator) -> Interval:
    """Bias-corrected and accelerated 95 % interval over languages (Efron 1987), as `scipy.stats.bootstrap` computes it.

    It is no remedy for families (it covers 85–90 % at n ≤ 14 instead of 95 %); it is shown beside the others.
    """
    n = x.size
    value, _ = estimate(x, y, method)
    if np.isnan(value) or abs(value) >= 1 - TINY or draws < 1:
        return NOWHERE
    picks = rng.integers(0, n, (draws, n))
    sample = pairs(x[picks], y[picks], method)
    sample = sample[~np.isnan(sample)]
    others = np.array([np.delete(np.arange(n), k) for k in range(n)])
    jackknife = pairs(x[others], y[others], method)
    if np.isnan(jackknife).any() or not sample.size:
        return NOWHERE
    deviation = jackknife.mean() - jackknife
    spread = (deviation**2).sum()
    acceleration = (deviation**3).sum() / (6 * spread**1.5) if spread > 0 else 0.0
    below = ((sample < value).sum() + (sample <= value).sum()) / (2 * sample.size)
    edge = 0.5 / sample.size  # all draws on one side: the bias is at least this far out, not infinite
    bias = special.ndtri(np.clip(below, edge, 1 - edge))
    tails = special.ndtri([0.025, 0.975])
    levels = special.ndtr(bias + (bias + tails) / (1 - acceleration * (bias + tails)))
    low, high = np.percentile(sample, 100 * levels)
    return Interval(float(low), float(high))


def pairs(x: Array, y: Array, method: str) -> Array:
    """Row-wise coefficients; shape (draws, languages) twice → (draws,). A constant row gives NaN."""
    return np.asarray(np.einsum("dl,dl->d", unit(x, method), unit(y, method)))


def unit(values: Array, method: str) -> Array:
    """What a coefficient is the product of: standardised values, ranks, or signs of pairs; NaN where constant."""
    if method == "kendall":
        return signs(values)
    return standardise(ranks(values) if method == "spearman" else values)


def ranks(values: Array) -> Array:
    """Average ranks within each row."""
    if values.size > MANY:
        return np.asarray(stats.rankdata(values, axis=-1), dtype=np.float64)
    first, second = values[..., :, None], values[..., None, :]
    return np.asarray((first > second).sum(axis=-1) + ((first == second).sum(axis=-1) + 1) / 2)


def standardise(values: Array) -> Array:
    """Rows centred and scaled to length one, so that a product of two is a correlation; a constant row becomes NaN."""
    centred = values - values.mean(axis=-1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    scale = np.abs(values).max(axis=-1, keepdims=True)
    length = np.where(length <= TINY * np.maximum(scale, 1.0), np.nan, length)
    return np.asarray(centred / length)


def signs(values: Array) -> Array:
    """Signs of all pairs' differences, of length one: a product of two is tau-b; (…, n) → (…, n(n-1)/2)."""
    first, second = _pairs_of(values.shape[-1])
    sign = np.sign(values[..., first] - values[..., second])
    length = np.sqrt((sign**2).sum(axis=-1, keepdims=True))
    return np.asarray(sign / np.where(length == 0, np.nan, length))


@functools.cache
def _pairs_of(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(n, 1)


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p-values (Benjamini and Hochberg 1995); NaN stays NaN and is not counted."""
    values = np.asarray(p, dtype=np.float64)
    known = ~np.isnan(values)
    adjusted = np.full(values.shape, np.nan)
    if known.any():
        adjusted[known] = stats.false_discovery_control(values[known], method="bh")
    return [float(value) for value in adjusted]


def smallest_detectable(n: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The |r| that a two-sided t test finds with this power among n independent languages; NaN for n ≤ 3.

    The expected Fisher z is atanh(r) + r / (2 (n - 1)) (Cohen 1988, section 12.7).
    """
    if not n > 3:
        return float("nan")
    t = float(special.stdtrit(n - 2, 1 - alpha / 2))
    reach = np.arctanh(t / np.sqrt(t**2 + n - 2)) + quantile(power) / np.sqrt(n - 3)
    found = optimize.brentq(lambda r: np.arctanh(r) + r / (2 * (n - 1)) - reach, 0.0, 1 - 1e-12)
    return float(found)
