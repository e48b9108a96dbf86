"""The languages of one cell that have a gain and a distance, with draws from the null fitted to them.

Separate because drawing is what costs: every coefficient, and every distance that covers the same languages, is
compared with the same draws.
"""

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from xstilts.analysis import estimates, slope
from xstilts.analysis import family_null as null
from xstilts.analysis.cells import Cell
from xstilts.analysis.estimates import Array
from xstilts.analysis.predictors import Predictor
from xstilts.analysis.settings import Analysis
from xstilts.languages import table as languages

FAMILIES_LEAST = 3  # below it family variance cannot be told from language variance


@dataclass(frozen=True)
class Sample:
    """One outcome of one cell on the languages of one distance.

    Attributes:
        codes: shape (languages,).
        gains: shape (languages,).
        weights: precision of each gain up to scale; None for equal ones.
        fitted: the null; None where nothing is tested.
        drawn: gains under the null, shape (draws, languages); no rows where nothing is tested.
    """

    codes: tuple[str, ...]
    gains: Array
    weights: tuple[float, ...] | None
    fitted: null.Null | None
    drawn: Array

    @functools.cached_property
    def families(self) -> list[str]:
        """The family of each language."""
        return null.families(self.codes)

    @functools.cached_property
    def units(self) -> dict[str, Array]:
        """The draws as `estimates.unit` makes them, by method."""
        return {method: estimates.unit(self.drawn, method) for method in estimates.METHODS}

    @functools.cached_property
    def products(self) -> Array:
        """The draws as `slope.slopes` wants them."""
        return slope.products(self.drawn)

    def without(self, family: str) -> list[int]:
        """Places of the languages of other families."""
        return [place for place, name in enumerate(self.families) if name != family]

    def note(self, settings: Analysis) -> str:
        """Why nothing is tested; empty where something is."""
        n, families = len(self.codes), len(set(self.families))
        if n < estimates.LEAST:
            return f"{n} languages: no coefficient is defined"
        if estimates.constant(self.gains):
            return "the gain is constant: no coefficient is defined"
        if n < settings.minimum:
            return f"{n} languages, fewer than {settings.minimum}: shown, not tested"
        if families < FAMILIES_LEAST:
            return f"{families} families, fewer than {FAMILIES_LEAST}: shown, not tested"
        return ""


def take(
    cell: Cell,
    outcome: str,
    predictor: Predictor,
    settings: Analysis,
    rng: np.random.Generator,
    seen: dict[object, Sample],
) -> Sample:
    """The sample of one cell, outcome and distance.

    Args:
        cell: English is not in it.
        outcome: points or error_reduction.
        predictor: languages without a value are left out, and so are gains that are not defined.
        settings: number of draws and languages.
        rng: consumed by new draws only.
        seen: samples of the same cell and outcome, by their languages; a new one is added.
    """
    gains = cell.outcome(outcome)
    keep = [i for i, code in enumerate(cell.codes) if code in predictor.values and not math.isnan(gains[i])]
    codes, values = tuple(cell.codes[i] for i in keep), gains[keep]
    if codes not in seen:
        precision = cell.precision(outcome)
        weights = None if precision is None else tuple(precision[keep].tolist())
        seen[codes] = _draw(Sample(codes, values, weights, None, np.empty((0, len(codes)))), settings, rng)
    return seen[codes]


def _draw(empty: Sample, settings: Analysis, rng: np.random.Generator) -> Sample:
    if empty.note(settings):
        return empty
    fitted = null.fit(empty.codes, empty.gains, None if empty.weights is None else np.array(empty.weights))
    return replace(empty, fitted=fitted, drawn=fitted.draw(settings.draws, rng))


def flags(cell: Cell, part: Sample, value: float, settings: Analysis) -> tuple[str, ...]:
    """What a reader must know before reading the number."""
    chance = dict(zip(cell.codes, cell.near_chance(), strict=True))
    found = {
        "few_languages": len(part.codes) < settings.minimum,
        "constant": math.isnan(value),
        "near_chance": bool(part.codes) and 2 * sum(chance[code] for code in part.codes) >= len(part.codes),
        "single_seed": cell.seeds < 2,
        "unseen": any(not languages.get(code).pretrained for code in part.codes),
    }
    return tuple(name for name, holds in found.items() if holds)
