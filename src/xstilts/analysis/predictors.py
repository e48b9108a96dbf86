"""The distances that gains are compared with: their role, their values, and the spread of those that are predicted.

Separate because which distance is primary is fixed here, before any result (docs/statistics.md).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from xstilts.analysis import estimates
from xstilts.analysis.estimates import Array
from xstilts.distances.from_english import Distance
from xstilts.distances.imputation import ImputedDistance
from xstilts.languages import table as languages

PRIMARY = "syntactic"
IMPUTED = "syntactic_imputed"
# The four operationalisations whose signs a verdict compares.
COMPARED = ("syntactic", "syntactic_zero_filled", "syntactic_knn", "grambank")
ROLES = {
    "syntactic": "primary",
    "syntactic_zero_filled": "sensitivity",
    "syntactic_knn": "sensitivity",
    "grambank": "sensitivity",
    "syntactic_imputed": "sensitivity",
    "geographic": "sensitivity",
    "phonological": "exploratory",
    "inventory": "exploratory",
    "genetic": "description",
}


@dataclass(frozen=True)
class Predictor:
    """One distance from English.

    Attributes:
        name: as in distances.csv.
        values: language → the values to use, one, or one per imputation; a language without a usable value is absent.
        known: language → number of features known of it.
        spread: language → imputed values of the same distance, empty where there are none.
    """

    name: str
    values: dict[str, tuple[float, ...]]
    known: dict[str, int]
    spread: dict[str, tuple[float, ...]]

    @property
    def role(self) -> str:
        """primary, sensitivity, exploratory or description."""
        return ROLES[self.name]

    def matrix(self, codes: Sequence[str]) -> Array:
        """Shape (imputations, languages); one row where nothing is imputed."""
        if not codes:
            return np.empty((1, 0))
        return np.array([self.values[code] for code in codes]).T

    def mean(self, codes: Sequence[str]) -> Array:
        """Shape (languages,)."""
        return np.asarray(self.matrix(codes).mean(axis=0))

    def imputations(self, codes: Sequence[str]) -> Array:
        """Imputed values, shape (imputations, languages); (0, languages) where a language has none."""
        if not all(code in self.spread for code in codes):
            return np.empty((0, len(codes)))
        return np.array([self.spread[code] for code in codes]).T


@dataclass(frozen=True)
class Coverage:
    """What one distance stands on; the columns of coverage.csv. English is left out."""

    distance: str
    role: str
    languages: int
    missing: tuple[str, ...]
    r_known: float
    r_log_cc100: float
    r_kilometres: float
    distinct: int
    note: str


def log_cc100(codes: Sequence[str]) -> Array:
    """log10 of the CC-100 size in GiB plus 0.05, which places the languages that XLM-R never saw; (languages,)."""
    return np.log10([languages.get(code).cc100 + 0.05 for code in codes])


def latin(codes: Sequence[str]) -> Array:
    """1 for Latin script, else 0; shape (languages,)."""
    return np.array([float(languages.get(code).latin) for code in codes])


def load(rows: Iterable[Distance], imputed: Iterable[ImputedDistance] = ()) -> list[Predictor]:
    """The predictors of the analysis, in the order of `ROLES`; other distances in the rows are not analysed.

    Args:
        rows: distances from English.
        imputed: syntactic distance of completed feature vectors; without it nothing is said about its spread.

    Raises:
        ValueError: no primary distance, or languages with different numbers of imputations.
    """
    values: dict[str, dict[str, tuple[float, ...]]] = defaultdict(dict)
    known: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        if row.distance in ROLES and row.language != languages.ENGLISH:
            known[row.distance][row.language] = row.known
            if row.value is not None:
                values[row.distance][row.language] = (row.value,)
    if not values[PRIMARY]:
        raise ValueError(f"no language has a {PRIMARY!r} distance: run `dvc repro distances`")
    drawn: dict[str, dict[int, float]] = defaultdict(dict)
    for imputation in imputed:
        if imputation.language != languages.ENGLISH:
            drawn[imputation.language][imputation.imputation] = imputation.value
    if len({tuple(sorted(numbers)) for numbers in drawn.values()}) > 1:
        raise ValueError("the languages have different imputations; write imputed_distances.csv anew")
    spread = {code: tuple(numbers[key] for key in sorted(numbers)) for code, numbers in drawn.items()}
    values[IMPUTED], known[IMPUTED] = dict(spread), known[PRIMARY]
    return [
        Predictor(name, values[name], known[name], spread if name in (PRIMARY, IMPUTED) else {})
        for name in ROLES
        if values[name]
    ]


def coverage(predictors: Sequence[Predictor], codes: Sequence[str]) -> list[Coverage]:
    """How each distance goes along with documentation, pretraining size and place, over the languages studied."""
    place = next((predictor for predictor in predictors if predictor.name == "geographic"), None)
    rows = []
    for predictor in predictors:
        have = [code for code in codes if code in predictor.values]
        missing = tuple(code for code in codes if code not in predictor.values)
        x = predictor.mean(have)
        known = np.array([float(predictor.known.get(code, 0)) for code in have])
        both = [code for code in have if place and code in place.values]
        kilometres = place.mean(both) if place and place is not predictor else np.empty(0)
        documented = _r(x, known)
        rows.append(
            Coverage(
                predictor.name,
                predictor.role,
                len(have),
                missing,
                documented,
                _r(x, log_cc100(have)),
                _r(predictor.mean(both), kilometres) if kilometres.size else math.nan,
                len(set(x.tolist())),
                "goes along with how much is known of a language" if abs(documented) > 0.5 else "",
            )
        )
    return rows


def _r(x: Array, y: Array) -> float:
    return estimates.estimate(x, y, "pearson")[0]
