"""How much of the spread of gains over languages is not noise: seeds, and the sample of test examples.

Separate because an effect is judged on the scale of true gains: noise makes every standardised slope smaller, and a
slope that noise has made small is not absent. The estimate is from the variance over seeds. What the sample of examples
adds has only an upper limit where predictions are not compared (two independent runs, examples right or wrong as a
whole); it enters the lower limit, at which effects are judged absent.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from xstilts.analysis.cells import Cell
from xstilts.analysis.estimates import Array

LEAST_LANGUAGES = 3
LEVEL = 0.95  # of the lower limit


@dataclass(frozen=True)
class Reliability:
    """Share of the variance of gains over languages that is not noise.

    Attributes:
        value: the estimate from seeds, 0 to 1; NaN where it is not known (one seed).
        low: its lower 95 % limit (one-sided), less the most that the sample of examples can take, 0 to 1.
        sampling: the most of the variance that the sample of examples makes; NaN where their number is not known.
        note: what it rests on, or why it is not known.
    """

    value: float
    low: float
    sampling: float
    note: str

    @property
    def known(self) -> bool:
        """Whether there is an estimate."""
        return not math.isnan(self.value)

    @property
    def ceiling(self) -> float:
        """The largest standardised slope that noise leaves possible; NaN where unknown."""
        return math.sqrt(self.value) if self.known else math.nan


def of(cell: Cell, outcome: str, keep: list[int]) -> Reliability:
    """Reliability of one outcome of a cell over some of its languages.

    What shifts all languages of a run together moves no slope and is taken out first.

    Args:
        cell: with the gains of each seed.
        outcome: the scale; noise in points is carried over by its slope at each language's score.
        keep: places of the languages.
    """
    factors = cell.slopes(outcome)[keep]
    seeds = cell.seed_gains[keep] * factors[:, None]
    complete = seeds[~np.isnan(seeds).any(axis=1)]
    rows, columns = complete.shape
    total = float(cell.outcome(outcome)[keep].var(ddof=1)) if len(keep) > 1 else 0.0
    if rows < LEAST_LANGUAGES or not total > 0:
        return Reliability(math.nan, math.nan, math.nan, "too few languages")
    sampled = _sampling(cell, keep, factors) / total
    if columns < 2:
        return Reliability(math.nan, math.nan, sampled, "one seed: the noise of training is not known")
    rest = complete - complete.mean(axis=1, keepdims=True) - complete.mean(axis=0, keepdims=True) + complete.mean()
    noise = float((rest**2).sum() / ((rows - 1) * (columns - 1)) / columns) / total
    most = 0.0 if math.isnan(sampled) else sampled
    worst = float(stats.f.ppf(LEVEL, rows - 1, (rows - 1) * (columns - 1)))
    words = "seeds and test examples" if not math.isnan(sampled) else "seeds; the number of test examples is not known"
    return Reliability(max(0.0, 1 - noise), max(0.0, 1 - worst * noise - most), sampled, words)


def _sampling(cell: Cell, keep: list[int], factors: Array) -> float:
    """Mean variance of the outcome over samples of examples, two independent runs; NaN where a size is unknown."""
    sizes = cell.examples[keep]
    if (sizes <= 0).any():
        return math.nan
    shares = [np.clip(side[keep] / 100, 0, 1) for side in ([cell.after] if cell.levels else [cell.before, cell.after])]
    points = sum(share * (1 - share) for share in shares) * 1e4 / sizes
    return float((points * factors**2).mean())


def pooled(parts: list[tuple[Reliability, int]]) -> Reliability:
    """Of a slope pooled over targets: the squared mean of their ceilings, weighed by languages; unknown counts as 0.

    Args:
        parts: reliability and number of languages of each target.
    """
    total = sum(count for _, count in parts)
    known = [(part, count) for part, count in parts if part.known]
    if not known:
        return Reliability(math.nan, math.nan, math.nan, "one seed: the noise of training is not known")
    value, low = (
        (sum(math.sqrt(getattr(part, name)) * count for part, count in known) / total) ** 2 for name in ("value", "low")
    )
    silent = total - sum(count for _, count in known)
    note = f"{silent} of {total} gains have one seed and count as noise" if silent else "seeds and test examples"
    return Reliability(value, low, math.nan, note)
