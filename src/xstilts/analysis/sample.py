"""The languages of one cell that have a gain and a distance and are neither at the floor nor at the ceiling.

Separate because which languages enter a number is decided here and nowhere else.
"""

import functools
import math
from dataclasses import dataclass

from xstilts.analysis import estimates, family_null
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
        places: of these languages in the cell.
        gains: shape (languages,).
        variances: what each language's own variance may follow; None where it is the same for all.
        floor, ceiling: languages left out since nothing was learned there, or nothing is left to gain.
    """

    codes: tuple[str, ...]
    places: list[int]
    gains: Array
    variances: tuple[float, ...] | None
    floor: int
    ceiling: int

    @functools.cached_property
    def families(self) -> list[str]:
        """The family of each language."""
        return family_null.families(self.codes)

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


def take(cell: Cell, outcome: str, predictor: Predictor) -> Sample:
    """The sample of one cell, outcome and distance.

    Args:
        cell: English is not in it.
        outcome: one of `cells.OUTCOMES`.
        predictor: languages without a value are left out, and so are gains that are not defined, and languages at
            the floor or the ceiling before and after.
    """
    gains, usable, low = cell.outcome(outcome), cell.usable(), cell.near_chance()
    near = [i for i, code in enumerate(cell.codes) if code in predictor.values]
    keep = [i for i in near if usable[i] and not math.isnan(gains[i])]
    function = cell.variance_function(outcome)
    floor = sum(bool(low[i]) for i in near)
    return Sample(
        tuple(cell.codes[i] for i in keep),
        keep,
        gains[keep],
        None if function is None else tuple(function[keep].tolist()),
        floor,
        sum(not usable[i] for i in near) - floor,
    )


def flags(cell: Cell, part: Sample, value: float, settings: Analysis) -> tuple[str, ...]:
    """What a reader must know before reading the number."""
    found = {
        "few_languages": len(part.codes) < settings.minimum,
        "constant": math.isnan(value),
        "near_chance": part.floor > 0,
        "near_ceiling": part.ceiling > 0,
        "single_seed": cell.seeds < 2,
        "unseen": any(not languages.get(code).pretrained for code in part.codes),
    }
    return tuple(name for name, holds in found.items() if holds)
