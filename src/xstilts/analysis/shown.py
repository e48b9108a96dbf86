"""What is shown and not tested: every language's gain, the best intermediate by English, the size of each study.

Separate because English is part of it, and so are the secondary metrics.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from xstilts.analysis.cells import ALL, Cell
from xstilts.analysis.gains import Gain
from xstilts.analysis.predictors import Predictor
from xstilts.distances.from_english import Distance
from xstilts.languages import table as languages


@dataclass(frozen=True)
class Point:
    """One row of points.csv."""

    study: str
    intermediate: str
    target: str
    metric: str
    headline: bool
    language: str
    name: str
    family: str
    genus: str
    script: str
    latin: bool
    cc100: float
    english: bool
    pretrained: bool
    seeds: int
    before: float
    after: float
    gain: float
    gain_low: float
    gain_high: float
    gain_se: float
    error_reduction: float
    error_reduction_se: float
    examples: int
    chance: float
    marks: tuple[str, ...]
    distance: float
    shared: int
    known: int
    used: bool


@dataclass(frozen=True)
class SelectionRow:
    """One row of selection.csv."""

    study: str
    target: str
    metric: str
    chosen: str
    chosen_on: str
    english_before: float
    english_after: float
    mean_before: float
    mean_after: float
    best: str
    best_after: float
    none_chosen: bool


@dataclass(frozen=True)
class StudyRow:
    """One row of studies.csv."""

    study: str
    intermediates: int
    targets: int
    languages: int
    seeds: tuple[str, ...]
    scores: int
    spare_seeds: bool
    tested_cells: int
    note: str


def points(cell: Cell, headline: bool, predictor: Predictor, coverage: dict[str, Distance]) -> list[Point]:
    """The languages of one cell.

    Args:
        cell: with English.
        headline: whether its metric is the one that is correlated.
        predictor: the primary distance.
        coverage: its row in distances.csv, by language.
    """
    errors, counts = cell.errors(), (~np.isnan(cell.seed_gains)).sum(axis=1)
    freedom = int(counts.sum()) - len(cell.codes)
    wide = float(stats.t.ppf(0.975, freedom)) if freedom > 0 else math.nan
    chance, ceiling, usable = cell.near_chance(), cell.near_ceiling(), cell.usable()
    reductions = cell.outcome("error_reduction")
    rows = []
    for i, code in enumerate(cell.codes):
        language, english = languages.get(code), code == languages.ENGLISH
        gain, error = float(cell.after[i] - cell.before[i]), float(errors[i])
        marks = {"near_chance": chance[i], "near_ceiling": ceiling[i], "unseen": not language.pretrained}
        left = 100 - float(cell.before[i])
        known = coverage.get(code)
        rows.append(
            Point(
                study=cell.study,
                intermediate=cell.intermediate,
                target=cell.target,
                metric=cell.metric,
                headline=headline,
                language=code,
                name=language.name,
                family=language.family,
                genus=language.genus,
                script=language.script,
                latin=language.latin,
                cc100=language.cc100,
                english=english,
                pretrained=language.pretrained,
                seeds=int(counts[i]),
                before=float(cell.before[i]),
                after=float(cell.after[i]),
                gain=gain,
                gain_low=gain - wide * error,
                gain_high=gain + wide * error,
                gain_se=error,
                error_reduction=float(reductions[i]),
                error_reduction_se=100 * error / left if left > 0 else math.nan,
                examples=int(cell.examples[i]),
                chance=float(cell.chance[i]),
                marks=tuple(name for name, holds in marks.items() if holds),
                distance=predictor.values[code][0] if code in predictor.values else math.nan,
                shared=known.shared if known else 0,
                known=known.known if known else 0,
                used=headline
                and not english
                and code in predictor.values
                and bool(usable[i])
                and not math.isnan(reductions[i]),
            )
        )
    return rows


def selection(column: Sequence[Cell]) -> SelectionRow | None:
    """The intermediate that English would choose for one target; None without English or other languages.

    Args:
        column: all intermediates of one study, target and metric, with English.
    """
    shared = set.intersection(*(set(cell.codes) for cell in column)) - {languages.ENGLISH}
    if not shared or not all(languages.ENGLISH in cell.codes for cell in column):
        return None

    def mean(cell: Cell, side: str) -> float:
        values = getattr(cell, side)
        return float(np.mean([values[cell.codes.index(code)] for code in sorted(shared)]))

    def english(cell: Cell, side: str) -> float:
        return float(getattr(cell, side)[cell.codes.index(languages.ENGLISH)])

    chosen = max(column, key=lambda cell: english(cell, "after"))
    best = max(column, key=lambda cell: mean(cell, "after"))
    return SelectionRow(
        chosen.study,
        chosen.target,
        chosen.metric,
        chosen.intermediate,
        "english",
        english(chosen, "before"),
        english(chosen, "after"),
        mean(chosen, "before"),
        mean(chosen, "after"),
        best.intermediate,
        mean(best, "after"),
        english(chosen, "after") <= english(chosen, "before"),
    )


def selections(cells: Sequence[Cell]) -> list[SelectionRow]:
    """One row per study, target and headline metric where English was scored."""
    columns: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.intermediate != ALL:
            columns[cell.study, cell.target, cell.metric].append(cell)
    return [row for key in sorted(columns) if (row := selection(columns[key])) is not None]


def unlearned(rows: Sequence[Gain]) -> list[str]:
    """A sentence on the gains of a study that rest on a training which learned nothing; none where there are none."""
    failed = sorted({f"{row.intermediate}/{row.target}/seed{row.seed}" for row in rows if not row.learned})
    if not failed:
        return []
    shown = ", ".join(failed[:8]) + (f" and {len(failed) - 8} more" if len(failed) > 8 else "")
    kept = all(not row.learned for row in rows)
    judged = "judged all the same, as no training of this study learned" if kept else "shown and left out of verdicts"
    return [f"a training did not learn (its validation loss ended no lower than a guess's), {judged}: {shown}"]


def study(name: str, gains: Sequence[Gain], tested_cells: int, remarks: Sequence[str] = ()) -> StudyRow:
    """What one study consists of; the remarks become part of its note."""
    rows = [gain for gain in gains if gain.study == name]
    seeds = {
        target: {row.seed for row in rows if row.target == target} for target in sorted({row.target for row in rows})
    }
    single = [target for target, found in seeds.items() if len(found) == 1]
    notes = [f"one run per cell in {', '.join(single)}: seed noise and noise ceiling are unknown there"] * bool(single)
    notes += [*unlearned(rows), *remarks]
    return StudyRow(
        study=name,
        intermediates=len({row.intermediate for row in rows}),
        targets=len(seeds),
        languages=len({row.language for row in rows}),
        seeds=tuple(f"{target}:{len(found)}" for target, found in seeds.items()),
        scores=len(rows),
        spare_seeds=any(not math.isnan(row.spare_before) for row in rows),
        tested_cells=tested_cells,
        note="; ".join(notes),
    )
