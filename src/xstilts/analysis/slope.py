"""The slope of gain on distance given what families and areas do: generalised least squares, and what one row decides.

Separate because it is the statistic that verdicts rest on, for cells. The covariance is the mean over the grid of
`family_null`; slope over error is compared with the same ratio on draws from that grid, so that p, interval and
smallest detectable slope come from one distribution.
"""

import functools
from dataclasses import dataclass

import numpy as np

from xstilts.analysis import family_null
from xstilts.analysis.estimates import Array


@dataclass(frozen=True)
class SlopeModel:
    """A linear model of the gains of some languages, weighed by one covariance.

    Attributes:
        columns: fixed effects, shape (languages, effects).
        weights: coefficients = weights · gains, shape (effects, languages).
        projection: residuals in the metric of the covariance, shape (languages, languages).
        spread: covariance of the coefficients per unit of scale, shape (effects, effects).
    """

    columns: Array
    weights: Array
    projection: Array
    spread: Array

    @property
    def freedom(self) -> int:
        """Languages beyond the coefficients."""
        return int(self.columns.shape[0] - self.columns.shape[1])

    def estimates(self, gains: Array, column: int = 1) -> tuple[Array, Array]:
        """One coefficient and its standard error for each row; shape (draws, languages) → (draws,) twice."""
        squares = np.maximum(np.einsum("dl,dl->d", gains @ self.projection, gains), 1e-300)
        return gains @ self.weights[column], np.sqrt(squares / self.freedom * self.spread[column, column])

    def ratios(self, gains: Array, column: int = 1) -> Array:
        """Coefficient over error, shape (draws,)."""
        values, errors = self.estimates(gains, column)
        return np.asarray(values / errors)

    def without(self, gains: Array, places: list[int], column: int = 1) -> tuple[float, float]:
        """Coefficient and error when some languages are left out, the covariance of the others unchanged.

        Leaving out is the same as giving each of them an effect of its own. NaN twice where nothing is left to
        estimate.
        """
        block = self.projection[np.ix_(places, places)]
        freedom = self.freedom - len(places)
        if freedom < 1 or np.linalg.cond(block) > 1e10:
            return float("nan"), float("nan")
        residuals = self.projection @ gains
        inner = np.linalg.solve(block, residuals[places])
        part = self.weights[:, places]
        value = float(self.weights[column] @ gains - part[column] @ inner)
        squares = max(float(gains @ residuals - residuals[places] @ inner), 1e-300)
        spread = self.spread[column, column] + part[column] @ np.linalg.solve(block, part[column])
        return value, float(np.sqrt(squares / freedom * spread))

    def deviations(self, gains: Array) -> Array:
        """Each gain's distance from what the others predict, in standard deviations without it; (languages,)."""
        residuals, leverage = self.projection @ gains, np.maximum(np.diagonal(self.projection), 1e-12)
        squares = np.maximum(gains @ residuals - residuals**2 / leverage, 1e-300) / (self.freedom - 1)
        return np.asarray(residuals / np.sqrt(leverage * squares))

    def without_each(self, gains: Array, column: int = 1) -> tuple[Array, Array]:
        """Coefficient and error without each single language, shape (languages,) twice."""
        residuals, leverage = self.projection @ gains, np.maximum(np.diagonal(self.projection), 1e-12)
        inner = residuals / leverage
        values = self.weights[column] @ gains - self.weights[column] * inner
        squares = np.maximum(gains @ residuals - residuals * inner, 1e-300)
        spread = self.spread[column, column] + self.weights[column] ** 2 / leverage
        return np.asarray(values), np.asarray(np.sqrt(squares / (self.freedom - 1) * spread))


@dataclass(frozen=True)
class Tested:
    """One coefficient with its Monte Carlo distribution.

    Attributes:
        value, error: in the unit of the gains per unit of the column.
        ratios: |coefficient| over error on draws from the null, sorted, shape (draws,).
    """

    value: float
    error: float
    ratios: Array

    def widened(self, spread: float) -> "Tested":
        """The same with another source of error, independent of the first."""
        return Tested(self.value, float(np.hypot(self.error, spread)), self.ratios)

    @property
    def p(self) -> float:
        """Two-sided Monte Carlo p of no slope."""
        return family_null.p_value(self.value / self.error, self.ratios)

    def critical(self, level: float = 0.95) -> float:
        """The ratio that this share of the draws stays below."""
        return float(np.quantile(self.ratios, level))

    def reach(self, level: float = 0.95) -> tuple[float, float]:
        """The interval of the level."""
        width = self.critical(level) * self.error
        return self.value - width, self.value + width

    def detectable(self, power: float = 0.8) -> float:
        """The slope that a test at .05 finds with this power (the ratio of a real slope is taken as normal)."""
        from scipy import special

        return (self.critical() + float(special.ndtri(power))) * self.error


def model(covariance: Array, columns: Array) -> SlopeModel:
    """Prepare a linear model.

    Args:
        covariance: of the languages, shape (languages, languages).
        columns: fixed effects, shape (languages, effects).

    Raises:
        ValueError: the columns depend on each other, or there are no more languages than columns.
    """
    rows, count = columns.shape
    if rows <= count or np.linalg.matrix_rank(columns) < count:
        raise ValueError(f"{rows} languages for {count} fixed effects, or effects that repeat each other: no slope")
    inverse = np.linalg.inv(covariance)
    inner = inverse @ columns
    spread = np.linalg.inv(columns.T @ inner)
    weights = spread @ inner.T
    return SlopeModel(columns, np.asarray(weights), np.asarray(inverse - inner @ weights), np.asarray(spread))


def with_intercept(*columns: Array) -> Array:
    """Ones, and the columns beside them; shape (languages, 1 + columns)."""
    return np.column_stack([np.ones(len(columns[0])), *columns])


def decomposed(codes: tuple[str, ...], x: Array) -> tuple[Array, Array]:
    """Distance within and between families (Mundlak 1978): deviation from the family's mean, and that mean."""
    members = family_null.same(family_null.families(codes))
    between = members @ x / members.sum(axis=1)
    return x - between, between


def bend(x: Array) -> Array:
    """What of the squared distance is not linear in it, of unit standard deviation, shape (languages,)."""
    columns = with_intercept(x)
    square = x**2
    rest = square - columns @ np.linalg.lstsq(columns, square, rcond=None)[0]
    scale = rest.std(ddof=1)
    return np.asarray(rest / scale if scale > 1e-9 else rest)


def standardised(values: Array) -> Array:
    """Mean 0 and sample standard deviation 1 along the last axis."""
    return np.asarray((values - values.mean(axis=-1, keepdims=True)) / values.std(axis=-1, ddof=1, keepdims=True))


@functools.lru_cache(maxsize=512)
def columns_of(codes: tuple[str, ...], distances: tuple[float, ...]) -> dict[str, Array]:
    """The fixed effects of the three questions: a line, a bend, within and between families.

    Args:
        codes: the languages.
        distances: one each, in any unit; they are standardised here.
    """
    x = standardised(np.array(distances))
    within, between = decomposed(codes, x)
    return {
        "line": with_intercept(x),
        "bend": with_intercept(x, bend(x)),
        "families": with_intercept(within, between),
    }
