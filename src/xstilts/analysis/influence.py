"""What the pooled slope owes to one family, to one operationalisation of distance, to predicted features.

Separate because these are slopes without tests: the covariance of the null fit stays, languages or distances change.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np

from xstilts.analysis.estimates import Array
from xstilts.analysis.predictors import Predictor
from xstilts.analysis.rows import Table, scaled, unit
from xstilts.languages import table as languages


@dataclass(frozen=True)
class Weighted:
    """A table with the covariance of its null fit.

    Attributes:
        table: the rows.
        covariance: shape (rows, rows).
        adjusted: whether covariates enter.
    """

    table: Table
    covariance: Array
    adjusted: bool

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


def with_distance(fitted: Weighted, predictor: Predictor) -> float:
    """The slope on another distance, over the rows that it covers."""
    rows = [i for i, code in enumerate(fitted.table.codes) if code in predictor.values]
    if len(rows) < 4:
        return math.nan
    x = np.zeros(len(fitted.table.codes))
    x[rows] = unit(predictor, [fitted.table.codes[i] for i in rows])
    return fitted.slope(x, rows)


def without_families(fitted: Weighted, predictor: Predictor) -> dict[str, float]:
    """The slope without each family, in the unit of the whole table; none where no slope is left."""
    families = [languages.get(code).family for code in fitted.table.codes]
    x = unit(predictor, fitted.table.codes)
    found = {}
    for family in sorted(set(families)):
        slope = fitted.slope(x, [i for i, name in enumerate(families) if name != family])
        if not math.isnan(slope):
            found[family] = slope
    return found


def imputation_sd(fitted: Weighted, predictor: Predictor) -> float:
    """√((1 + 1/M) · variance of the slope over imputations) (Rubin 1987); 0 without imputations."""
    names = sorted(set(fitted.table.codes))
    rows = list(range(len(fitted.table.codes)))
    drawn = predictor.imputations(names)
    slopes = [fitted.slope(scaled(values, names, fitted.table.codes), rows) for values in drawn]
    return math.sqrt((1 + 1 / len(slopes)) * float(np.var(slopes, ddof=1))) if len(slopes) > 1 else 0.0


def in_units(fitted: Weighted, predictor: Predictor, slope: float) -> float:
    """A standardised slope in outcome units per 0.1 of distance, at the mean spread of the targets' gains."""
    spread = float(predictor.mean(sorted(set(fitted.table.codes))).std(ddof=1))
    scales = dict(zip(fitted.table.targets, fitted.table.scales.tolist(), strict=True))
    return 0.1 * slope * float(np.mean(list(scales.values()))) / spread
