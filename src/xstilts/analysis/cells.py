"""One study × intermediate × target: its languages, their gains, and how much of them is seed noise.

Separate because everything after it (coefficients, models, families) works on arrays with one value per language.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from xstilts.analysis.estimates import Array
from xstilts.analysis.gains import Gain
from xstilts.languages import table as languages

NDBool = NDArray[np.bool_]

ALL = "all"
OUTCOMES = ("points", "error_reduction", "log_odds")
UNKNOWN_TEST_SIZE = 500  # examples assumed where their number is not given, for the noise of chance
CEILING = 99.0  # points
FLOOR = 2.0  # points above chance that count as none, where the noise of chance is smaller (F1: chance is 0)


@dataclass(frozen=True)
class Cell:
    """One intermediate on one target; `intermediate` = all is the mean over a study's intermediates.

    Attributes:
        codes: languages, English left out, sorted.
        before: mean over seeds, points, shape (languages,).
        after: likewise.
        spare: mean of unpaired baseline seeds, NaN where there are none, shape (languages,).
        seed_gains: gain of each seed, NaN where a seed lacks a language, shape (languages, seeds).
        chance: points of chance, NaN where undefined, shape (languages,).
        examples: test examples, 0 where unknown, shape (languages,).
        levels: whether scores themselves are looked at: `before` is 0 then and means nothing.
    """

    study: str
    intermediate: str
    target: str
    metric: str
    codes: tuple[str, ...]
    before: Array
    after: Array
    spare: Array
    seed_gains: Array
    chance: Array
    examples: Array
    levels: bool = False

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The scales that this cell is judged on; of scores, points and error left are one."""
        return ("points", "log_odds") if self.levels else OUTCOMES

    @property
    def subject(self) -> str:
        """What may follow distance."""
        return "score" if self.levels else "gain"

    @property
    def seeds(self) -> int:
        """How many seeds there are."""
        return int(self.seed_gains.shape[1])

    def outcome(self, name: str) -> Array:
        """Gain per language: `points`, `error_reduction` in per cent of the remaining error, or `log_odds`.

        The reduction is the ratio of the means over seeds: a mean of ratios grows with the noise of the baseline.
        Log-odds are of the mean scores, half an example kept from either end.

        Raises:
            ValueError: no such outcome.
        """
        if name not in OUTCOMES:
            raise ValueError(f"no outcome {name!r}; known: {', '.join(OUTCOMES)}")
        gain = self.after - self.before
        if name == "points":
            return gain
        if name == "log_odds":
            change = self._log_odds(self.after)
            return change if self.levels else np.asarray(change - self._log_odds(self.before))
        left = np.where(self.before < 100, 100 - self.before, np.nan)
        return np.asarray(100 * gain / left)

    def _share(self, scores: Array) -> Array:
        """Scores as shares of the examples, strictly between 0 and 1."""
        size = np.where(self.examples > 0, self.examples, UNKNOWN_TEST_SIZE)
        return np.asarray((scores / 100 * size + 0.5) / (size + 1))

    def _log_odds(self, scores: Array) -> Array:
        share = self._share(scores)
        return np.asarray(np.log(share / (1 - share)))

    def slopes(self, name: str) -> Array:
        """Change of each language's outcome per point of gain, shape (languages,): what noise is multiplied by."""
        if name == "points":
            return np.ones(len(self.codes))
        if name == "error_reduction":
            return 100 / np.maximum(100 - self.before, 1.0)
        share = self._share(self.after if self.levels else (self.before + self.after) / 2)
        return np.asarray(1 / (100 * share * (1 - share)))

    def variance_function(self, name: str) -> Array | None:
        """What a language's own variance may follow, up to scale and power; None in points.

        A score's sampling variance goes with e(1 - e) of its error e, so that of a gain is much alike over languages;
        that of gain / e goes with (1 - e) / e, that of a log-odds with 1 / (e(1 - e)). The power is fitted.
        """
        if name == "points":
            return None
        if name == "error_reduction":
            return 1 / np.maximum(100 - self.before, 1.0)
        share = self._share(self.after if self.levels else self.before)
        return np.asarray(1 / (share * (1 - share)))

    def errors(self) -> Array:
        """Standard error over seeds of each gain in points, pooled over the languages; NaN with one seed."""
        spread = _pooled_variance(self.seed_gains)
        counts = (~np.isnan(self.seed_gains)).sum(axis=1)
        return np.asarray(np.sqrt(spread / counts))

    def near_chance(self) -> NDBool:
        """Languages whose scores before and after are on average not above chance (`chance`).

        The larger of the two would keep those that noise has lifted once.
        """
        likely = chance_reach(self.chance, self.examples)
        scores = self.after if self.levels else (self.before + self.after) / 2
        return np.asarray(scores <= likely)  # NaN compares as false

    def near_ceiling(self) -> NDBool:
        """Languages with nothing left to gain: before and after at least 99 points."""
        return np.asarray((self.after if self.levels else np.minimum(self.before, self.after)) >= CEILING)

    def usable(self) -> NDBool:
        """Languages that are neither at the floor nor at the ceiling, before and after: only these enter a test."""
        return np.asarray(~(self.near_chance() | self.near_ceiling()))

    def unseen(self) -> tuple[str, ...]:
        """Languages that XLM-R's pretraining data do not hold."""
        return tuple(code for code in self.codes if not languages.get(code).pretrained)


def _pooled_variance(seed_gains: Array) -> float:
    centred = seed_gains - np.nanmean(seed_gains, axis=1, keepdims=True)
    freedom = int((~np.isnan(seed_gains)).sum()) - len(seed_gains)
    return float(np.nansum(centred**2) / freedom) if freedom > 0 else math.nan


def build(
    gains: Sequence[Gain], *, english: bool = False, headline_only: bool = True, levels: bool = False
) -> list[Cell]:
    """The cells of all studies, sorted; a study with several intermediates gets the mean of them as `all`.

    Args:
        gains: as `gains.pair` gives them.
        english: whether English stays (for display); it is never correlated.
        headline_only: whether secondary metrics are left out.
        levels: whether the gains are scores themselves.
    """
    groups: dict[tuple[str, str, str, str], list[Gain]] = defaultdict(list)
    for gain in gains:
        if (gain.headline or not headline_only) and (english or gain.language != languages.ENGLISH):
            groups[gain.study, gain.target, gain.metric, gain.intermediate].append(gain)
    cells = [_cell(key, rows) for key, rows in groups.items()]
    columns: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        columns[cell.study, cell.target, cell.metric].append(cell)
    intermediates: dict[str, set[str]] = defaultdict(set)
    for cell in cells:
        intermediates[cell.study].add(cell.intermediate)
    for column in columns.values():
        if len(intermediates[column[0].study]) > 1:
            mean = _mean(column)
            if mean.codes:
                cells.append(mean)
    cells = [replace(cell, levels=levels) for cell in cells]
    return sorted(cells, key=lambda cell: (cell.study, cell.intermediate, cell.target, cell.metric))


def unlearned(gains: Sequence[Gain], study: str) -> frozenset[str]:
    """Targets of a study on which no arm is above chance: nothing is learned there that could be transferred.

    In English, before and after, means over seeds, within two standard errors of chance; where a target has no
    English, in every language. A target stays where chance is not known, or where it is all there is.
    """
    found: dict[str, list[bool]] = defaultdict(list)
    targets = {gain.target for gain in gains if gain.study == study}
    for cell in build([gain for gain in gains if gain.study == study], english=True):
        chance = cell.near_chance()
        english = [place for place, code in enumerate(cell.codes) if code == languages.ENGLISH]
        found[cell.target].append(bool(chance[english].all() if english else chance.all()))
    none = frozenset(target for target, arms in found.items() if all(arms))
    return none if none != targets else frozenset()


def chance_reach(chance: Array, examples: Array) -> Array:
    """What chance may reach: its expected score and two standard errors of sampling, at least `FLOOR` points.

    Args:
        chance: the expected score, points, any shape; NaN where it is not known.
        examples: test examples, the same shape; 0 where their number is not known.
    """
    size = np.where(examples > 0, examples, UNKNOWN_TEST_SIZE)
    return np.asarray(chance + np.maximum(2 * np.sqrt(chance * np.maximum(100 - chance, 0) / size), FLOOR))


def _cell(key: tuple[str, str, str, str], rows: list[Gain]) -> Cell:
    study, target, metric, intermediate = key
    codes = tuple(sorted({row.language for row in rows}))
    seeds = sorted({row.seed for row in rows})
    place = {(code, seed): (i, j) for i, code in enumerate(codes) for j, seed in enumerate(seeds)}
    before = np.full((len(codes), len(seeds)), np.nan)
    after = before.copy()
    spare, chance, examples = (np.full(len(codes), fill) for fill in (np.nan, np.nan, 0.0))
    for row in rows:
        i, j = place[row.language, row.seed]
        before[i, j], after[i, j] = row.before, row.after
        spare[i], chance[i], examples[i] = row.spare_before, row.chance, row.examples
    return Cell(
        study,
        intermediate,
        target,
        metric,
        codes,
        np.nanmean(before, axis=1),
        np.nanmean(after, axis=1),
        spare,
        after - before,
        chance,
        examples,
    )


def _mean(column: list[Cell]) -> Cell:
    """The mean over intermediates, on the languages that all of them have."""
    codes = tuple(sorted(set.intersection(*(set(cell.codes) for cell in column))))
    picks = [[cell.codes.index(code) for code in codes] for cell in column]

    def average(name: str) -> Array:
        parts = [getattr(cell, name)[pick] for cell, pick in zip(column, picks, strict=True)]
        return np.asarray(np.mean(parts, axis=0))

    alike = len({cell.seeds for cell in column}) == 1
    first = column[0]
    return Cell(
        first.study,
        ALL,
        first.target,
        first.metric,
        codes,
        average("before"),
        average("after"),
        first.spare[picks[0]],
        average("seed_gains") if alike else (average("after") - average("before"))[:, None],
        first.chance[picks[0]],
        first.examples[picks[0]],
    )
