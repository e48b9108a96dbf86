"""What the pooled slope owes to one family, one language, one operationalisation of distance, to predicted features.

Separate because these are slopes without tests: the covariance of the fit stays, languages or distances change.
"""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from xstilts.analysis.estimates import Array
from xstilts.analysis.predictors import Predictor
from xstilts.analysis.reml import Statistic
from xstilts.analysis.rows import ModelRows, scaled, unit
from xstilts.languages import table as languages


@dataclass(frozen=True)
class Weighted:
    """A table with the covariance of its fit.

    Attributes:
        table: the rows.
        covariance: shape (rows, rows).
        adjusted: whether covariates enter.
        test: the slope in the first column, on all rows.
    """

    table: ModelRows
    covariance: Array
    adjusted: bool
    test: Statistic

    @functools.cached_property
    def inverse(self) -> Array:
        """Of the whole covariance."""
        return np.asarray(np.linalg.inv(self.covariance))

    def slope(self, x: Array, rows: list[int]) -> float:
        """GLS slope on x, shape (rows,), of some of the rows; NaN where x does not vary."""
        part = self.table.part(rows)
        if len(rows) < 4 or np.ptp(x[rows]) == 0:
            return math.nan
        fixed, _ = part.fixed(x[rows], self.adjusted)
        whole = len(rows) == len(self.covariance)
        inverse = self.inverse if whole else np.linalg.inv(self.covariance[np.ix_(rows, rows)])
        inner = inverse @ fixed
        return float((np.linalg.pinv(fixed.T @ inner) @ inner.T)[0] @ part.gains)

    def without(self, rows: list[int]) -> tuple[float, float]:
        """The slope without some rows, and by what its standard error grows; NaN twice where none is left."""
        block = self.test.projection[np.ix_(rows, rows)]
        if len(self.table.codes) - len(rows) < 4 or np.linalg.cond(block) > 1e10:
            return math.nan, math.nan
        weights = self.test.weights[0, rows]
        inner = np.linalg.solve(block, self.test.projection[rows] @ self.table.gains)
        own = float(self.test.weights[0] @ self.covariance @ self.test.weights[0])
        grown = own + float(weights @ np.linalg.solve(block, weights))
        return float(self.test.weights[0] @ self.table.gains - weights @ inner), math.sqrt(grown / own)


def with_distance(fitted: Weighted, predictor: Predictor) -> float:
    """The slope on another distance, over the rows that it covers."""
    rows = [i for i, code in enumerate(fitted.table.codes) if code in predictor.values]
    if len(rows) < 4:
        return math.nan
    x = np.zeros(len(fitted.table.codes))
    x[rows] = unit(predictor, [fitted.table.codes[i] for i in rows])
    return fitted.slope(x, rows)


def without_families(fitted: Weighted) -> dict[str, float]:
    """The slope without each family, in the unit of the whole table; none where no slope is left."""
    return {name: value for name, (value, _) in _without(fitted, lambda code: languages.get(code).family).items()}


def without_languages(fitted: Weighted) -> Mapping[str, tuple[float, float]]:
    """The slope without each language, and by what its standard error grows."""
    return _without(fitted, str)


def _without(fitted: Weighted, label: Callable[[str], str]) -> dict[str, tuple[float, float]]:
    labels = [label(code) for code in fitted.table.codes]
    found = {}
    for name in sorted(set(labels)):
        value, grown = fitted.without([i for i, one in enumerate(labels) if one == name])
        if not math.isnan(value):
            found[name] = (value, grown)
    return found


def imputation_sd(fitted: Weighted, predictor: Predictor) -> float:
    """√((1 + 1/M) · variance of the slope over imputations) (Rubin 1987); 0 without imputations."""
    names = sorted(set(fitted.table.codes))
    drawn = predictor.imputations(names)
    if len(drawn) < 2:
        return 0.0
    x = np.stack([scaled(values, names, fitted.table.codes) for values in drawn])  # (imputations, rows)
    others = fitted.table.fixed(np.zeros(x.shape[1]), fitted.adjusted)[0][:, 1:]
    inner = fitted.inverse @ others
    matrix = fitted.inverse - inner @ np.linalg.pinv(others.T @ inner) @ inner.T
    loaded = x @ matrix
    slopes = (loaded @ fitted.table.gains) / (loaded * x).sum(axis=1)
    return math.sqrt((1 + 1 / len(slopes)) * float(np.var(slopes, ddof=1)))


def unit_of(fitted: Weighted, predictor: Predictor, step: float) -> float:
    """A standardised slope of one in outcome units per step of distance, at the mean spread of the targets' gains."""
    spread = float(predictor.mean(sorted(set(fitted.table.codes))).std(ddof=1))
    scales = dict(zip(fitted.table.targets, fitted.table.scales.tolist(), strict=True))
    return step * float(np.mean(list(scales.values()))) / spread
