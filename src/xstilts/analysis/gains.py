"""Score with intermediate training minus score without: same study, target, language, metric, seed.

Separate from the statistics because a gain is a fact about two runs. Points everywhere; English is kept here and left
out where gains are correlated.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.formats import fields, learned, tables
from xstilts.formats.runs import BASELINE, RunKey, Score, counted

# The metric that is correlated, in order of preference (XTREME reports F1 where a task has both).
HEADLINE = ("f1", "accuracy")

# Per cent right by chance, where a test set has a fixed number of equally frequent answers. PAWS-X and the like are
# not balanced: there the recorded majority score says more, and replaces this number.
CHANCE_LEVELS = {
    "xnli": 100 / 3,
    "pawsx": 50.0,
    "xcopa": 50.0,
    "xstorycloze": 50.0,
    "xwinograd": 50.0,
    "siqa": 100 / 3,
}

RETRIEVAL = ("tatoeba",)  # one of as many sentences as there are examples
NOTHING = ("f1", "exact_match")  # metrics of which a predictor without skill gets none

Chances = Mapping[tuple[str, str, str], float]  # (target, metric, language) → points of a predictor without skill


@dataclass(frozen=True, order=True)
class Gain:
    """One pair of runs in one language.

    Attributes:
        study, intermediate, training, target, metric, language, seed: the key; never the baseline.
        headline: whether this is the metric that is correlated.
        before: score of the baseline with the same seed, points.
        after: score with intermediate training, points.
        gain: after - before, points.
        error_reduction: share of the remaining error that is gone, per cent; NaN where before is 100.
        spare_before: mean of the baseline's seeds that no intermediate is paired with; NaN without such seeds.
        examples: test examples behind each value, 0 where unknown.
        chance: points of a predictor without skill; NaN where undefined.
        learned: whether the trainings behind both scores learned anything (`formats.learned`), as far as is known.
    """

    study: str
    intermediate: str
    training: str
    target: str
    metric: str
    language: str
    seed: int
    headline: bool
    before: float
    after: float
    gain: float
    error_reduction: float
    spare_before: float
    examples: int
    chance: float
    learned: bool = True


def error_reduction(before: float, after: float) -> float:
    """100 · (after - before) / (100 - before); NaN where nothing is left to gain."""
    return 100 * (after - before) / (100 - before) if before < 100 else math.nan


def headline(metrics: Iterable[str]) -> str:
    """The metric to correlate: F1, else accuracy, else the first by name."""
    names = sorted(metrics)
    return next((name for name in HEADLINE if name in names), names[0])


def problems(scores: Sequence[Score], *, levels: bool = False) -> list[tuple[int, str]]:
    """What makes scores unusable: outside 0–100, given twice, or without their baseline; by place in the sequence.

    Args:
        scores: of any studies.
        levels: whether scores themselves are looked at, which need no baseline.
    """
    scores = scores if levels else counted(scores)
    found = [
        (place, f"value {score.value} is outside 0–100; scores are points")
        for place, score in enumerate(scores)
        if not 0 <= score.value <= 100
    ]
    seen: dict[tuple[object, ...], int] = {}
    for place, score in enumerate(scores):
        key = (*_pairing(score), score.intermediate)
        if key in seen:
            found.append((place, f"given twice: {score.study} {score.key} {score.metric}/{score.language}"))
        seen.setdefault(key, place)
    if levels:
        return sorted(found)
    paired = {_pairing(score) for score in scores if score.intermediate == BASELINE}
    for place, score in enumerate(scores):
        if _pairing(score) not in paired:
            name = f"{score.study} {score.key.baseline} {score.metric}/{score.language}"
            found.append((place, f"missing baseline: no score {name}; a gain needs `{BASELINE}` with the same seed"))
    return sorted(found)


def chances(records: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], float]:
    """What a predictor without skill scores, by target, metric and language, from score records."""
    found = {}
    for record in records:
        for name, value in record.get("majority", {}).items():
            metric, _, language = name.rpartition("/")
            found[record["target"], metric, language] = float(value)
    return found


def failures(records: Iterable[Mapping[str, Any]]) -> frozenset[tuple[str, RunKey]]:
    """Study and key of the runs that rest on a training which learned nothing, from score records."""
    return frozenset(
        (record["study"], RunKey(record["intermediate"], record["target"], record["seed"]))
        for record in records
        if learned.lost(record["training_run"])
    )


def judged(gains: Sequence[Gain]) -> list[Gain]:
    """The gains that verdicts may rest on: those of a study whose trainings learned, or all where none did."""
    some = {gain.study for gain in gains if gain.learned}
    return [gain for gain in gains if gain.learned or gain.study not in some]


def _pairing(score: Score | Gain) -> tuple[object, ...]:
    return score.study, score.target, score.metric, score.language, score.seed


def pair(
    scores: Sequence[Score], chances: Chances | None = None, failed: Collection[tuple[str, RunKey]] = ()
) -> list[Gain]:
    """The gain of every score with intermediate training, sorted.

    Args:
        scores: all studies together, the baseline `none` among them.
        chances: points of a predictor without skill, where recorded; otherwise the chance level of the task.
        failed: study and key of the runs whose trainings learned nothing.

    Raises:
        ValueError: scores that cannot be used, all listed (the first twenty in the message), or nothing but baselines.
    """
    scores = counted(scores)
    found = problems(scores)
    if found:
        shown = "\n".join(f"  {text}" for _, text in found[:20])
        raise ValueError(f"{len(found)} unusable score(s):\n{shown}")
    treated = [score for score in scores if score.intermediate != BASELINE]
    if not treated:
        raise ValueError(f"{len(scores)} scores and no intermediate but `{BASELINE}`: there is no gain to compute")
    before = {_pairing(score): score for score in scores if score.intermediate == BASELINE}
    metrics: dict[tuple[str, str], set[str]] = defaultdict(set)
    for score in treated:
        metrics[score.study, score.target].add(score.metric)
    spare = _spare(scores)
    known = chances or {}
    without = frozenset(failed)
    gains = []
    for score in treated:
        base = before[_pairing(score)]
        where = (score.study, score.target, score.metric, score.language)
        gains.append(
            Gain(
                study=score.study,
                intermediate=score.intermediate,
                training=score.training,
                target=score.target,
                metric=score.metric,
                language=score.language,
                seed=score.seed,
                headline=score.metric == headline(metrics[score.study, score.target]),
                before=base.value,
                after=score.value,
                gain=score.value - base.value,
                error_reduction=error_reduction(base.value, score.value),
                spare_before=spare.get(where, math.nan),
                examples=min(score.examples, base.examples),
                chance=known.get((score.target, score.metric, score.language), chance_level(score)),
                learned=not {(score.study, score.key), (score.study, score.key.baseline)} & without,
            )
        )
    return sorted(gains)


def chance_level(score: Score) -> float:
    """Points of a predictor without skill where nothing is recorded; NaN where it is not known.

    One of the classes where they are balanced, one of the sentences where one is looked for, nothing for F1 and exact
    match.
    """
    if score.metric in NOTHING:
        return 0.0
    if score.metric != "accuracy":
        return math.nan
    if score.target in RETRIEVAL and score.examples > 0:
        return 100 / score.examples
    return CHANCE_LEVELS.get(score.target, math.nan)


def levels(scores: Sequence[Score], chances: Chances | None = None) -> list[Gain]:
    """Scores themselves as gains over nothing, sorted: the baseline is an arm like every other, and `before` is 0.

    Args:
        scores: all studies together.
        chances: as in `pair`.

    Raises:
        ValueError: a value outside 0–100, or a score given twice.
    """
    found = [text for _, text in problems(scores, levels=True)]
    if found:
        shown = "\n".join(f"  {text}" for text in found[:20])
        raise ValueError(f"{len(found)} unusable score(s):\n{shown}")
    metrics: dict[tuple[str, str], set[str]] = defaultdict(set)
    for score in scores:
        metrics[score.study, score.target].add(score.metric)
    known = chances or {}
    return sorted(
        Gain(
            study=score.study,
            intermediate=score.intermediate,
            training=score.training,
            target=score.target,
            metric=score.metric,
            language=score.language,
            seed=score.seed,
            headline=score.metric == headline(metrics[score.study, score.target]),
            before=0.0,
            after=score.value,
            gain=score.value,
            error_reduction=score.value,
            spare_before=math.nan,
            examples=score.examples,
            chance=known.get((score.target, score.metric, score.language), chance_level(score)),
        )
        for score in scores
    )


def _spare(scores: Sequence[Score]) -> dict[tuple[str, str, str, str], float]:
    """Mean baseline of the seeds that no intermediate uses, by (study, target, metric, language)."""
    paired: dict[tuple[str, str], set[int]] = defaultdict(set)
    for score in scores:
        if score.intermediate != BASELINE:
            paired[score.study, score.target].add(score.seed)
    values: dict[tuple[str, str, str, str], list[float]] = defaultdict(list)
    for score in scores:
        if score.intermediate == BASELINE and score.seed not in paired[score.study, score.target]:
            values[score.study, score.target, score.metric, score.language].append(score.value)
    return {key: math.fsum(found) / len(found) for key, found in values.items()}


def write(path: Path, gains: Iterable[Gain]) -> None:
    """Write gains as CSV."""
    tables.write_csv(path, Gain, gains)


def read(path: Path) -> list[Gain]:
    """Read what `write` wrote.

    Raises:
        ValueError: other columns, a gain given twice, or a value that none can have; the message names the lines.
    """
    readers = dict.fromkeys(("error_reduction", "spare_before", "chance"), fields.or_nan(fields.number))
    return tables.read(path, Gain, lambda row: (*_pairing(row), row.intermediate), readers)
