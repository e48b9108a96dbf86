"""The checks that need all rows of a task, and what is cut afterwards."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from xstilts.formats.examples import Example, ParallelSentences, Question, SentencePair, TaggedSentence
from xstilts.preparation import Prepared
from xstilts.preparation.rows import IN_PRINTED_SIZE, UNALIGNED, Notes, texts
from xstilts.tasks.task import Task

# A question whose answer is nowhere in its context cannot be learned from; more of them than this is a damaged file.
UNALIGNED_SHARE = 0.01


def finish(
    task: Task,
    splits: Mapping[str, list[Example]],
    source: dict[str, Any],
    settings: Mapping[str, Any],
    counts: Mapping[str, int],
    notes: Mapping[str, Notes],
) -> Prepared:
    """Number, count, compare and cut the splits of a task: the checks that need all of its rows.

    Raises:
        ValueError: a split has more or fewer rows than the data set (`data.allow_count_mismatch` lifts this),
            question ids repeat, or two languages have the same test set.
    """
    whole = {split: numbered(examples) for split, examples in splits.items()}
    for split, examples in whole.items():
        if not examples:
            raise ValueError(f"{task.name}: no rows in {split}")
        _check_ids(task, split, examples)
        _check_unaligned(task, split, examples, notes[split])
    mismatches = _check_counts(task, whole, counts, settings, notes)
    _check_distinct(task, whole)
    said = {split: note.summary() for split, note in notes.items() if note.summary()}
    known = source | {"splits": said, "count_mismatches": mismatches, "limits": dict(settings.get("limits") or {})}
    if task.shape == "tagging" and not task.labels:
        known["labels"] = list(_derived_labels(whole["train"], whole.get("validation", ())))
    return Prepared(
        splits={split: _limited(task, split, examples, settings) for split, examples in whole.items()},
        source={name: value for name, value in known.items() if value},
    )


def numbered(examples: list[Example]) -> list[Example]:
    """The same examples; those of shapes whose sources have no ids are named by their 0-based position."""
    if not examples or not isinstance(examples[0], SentencePair | TaggedSentence):
        return examples
    return [replace(example, id=str(index)) for index, example in enumerate(examples)]  # type: ignore[arg-type]


def _check_ids(task: Task, split: str, examples: list[Example]) -> None:
    if isinstance(examples[0], Question):
        repeated = [id_ for id_, count in Counter(row.id for row in examples).items() if count > 1]  # type: ignore[union-attr]
        if repeated:
            raise ValueError(
                f"{task.name} {split}: {len(repeated)} question ids occur more than once, first {repeated[0]!r}; "
                "expected every id once. Is a file there twice, or its languages mixed?"
            )


def _check_unaligned(task: Task, split: str, examples: list[Example], notes: Notes) -> None:
    lost = notes.dropped[UNALIGNED]
    if lost > UNALIGNED_SHARE * (len(examples) + lost):
        raise ValueError(
            f"{task.name} {split}: {lost} of {len(examples) + lost} questions have no answer in their context; "
            f"expected {UNALIGNED_SHARE:.0%} at most. The file is damaged or its text was normalised"
        )


def _check_counts(
    task: Task,
    whole: Mapping[str, list[Example]],
    counts: Mapping[str, int],
    settings: Mapping[str, Any],
    notes: Mapping[str, Notes],
) -> dict[str, str]:
    """The splits whose number of rows is not the data set's, if the settings allow them."""
    allowed = settings.get("allow_count_mismatch") or ()
    wrong = {}
    for split, expected in counts.items():
        if split in whole:
            found = _counted(whole[split]) + sum(notes[split].dropped[reason] for reason in IN_PRINTED_SIZE)
            if found != expected:
                wrong[split] = f"{found:,} rows, expected {expected:,}"
    if wrong and allowed is not True and task.name not in allowed:
        listed = "; ".join(f"{split}: {text}" for split, text in wrong.items())
        raise ValueError(
            f"{task.name}: {listed}. Truncated, partial or another version? Get the files that the task names "
            f"({task.metadata.get('obtain', task.metadata.get('homepage', 'see its task file'))}), "
            f"or, if it is meant, set data.allow_count_mismatch: [{task.name}] in params.yaml"
        )
    return wrong


def _counted(examples: list[Example]) -> int:
    """The rows that a data set's printed size counts: of comparable corpora only the gold pairs."""
    if isinstance(examples[0], ParallelSentences):
        return sum(row.source_id is not None and row.target_id is not None for row in examples)  # type: ignore[union-attr]
    return len(examples)


def _check_distinct(task: Task, whole: Mapping[str, list[Example]]) -> None:
    """Two languages' test sets may share names and numbers, but not most of their rows."""
    seen = {split: {texts(example) for example in examples} for split, examples in whole.items() if "test/" in split}
    splits = sorted(seen)
    for index, one in enumerate(splits):
        for other in splits[index + 1 :]:
            shared = len(seen[one] & seen[other])
            if (one[5:], other[5:]) in task.alike:
                continue
            if 2 * shared > min(len(seen[one]), len(seen[other])):
                raise ValueError(
                    f"{task.name}: {one} and {other} share {shared} of {len(seen[one])} rows; expected another "
                    "text in each language. One file was copied over the other"
                )


def _derived_labels(train: Iterable[Example], validation: Iterable[Example]) -> tuple[str, ...]:
    """The tags of the training data, the most frequent first, ties in the order of the alphabet.

    Tags that only the validation data have come last: CCGbank's has some, and its loss needs a place for them.
    """
    counts = Counter(tag for example in train for tag in example.tags)  # type: ignore[union-attr]
    others = {tag for example in validation for tag in example.tags}  # type: ignore[union-attr]
    return (*sorted(counts, key=lambda tag: (-counts[tag], tag)), *sorted(others - counts.keys()))


def limit(settings: Mapping[str, Any], task: str, split: str) -> int | None:
    """Rows kept of a split: `data.limits` has a number for a kind of split, and of a task's own that goes before it."""
    limits = settings.get("limits") or {}
    kind = split.partition("/")[0]
    own: int | None = (limits.get(task) or {}).get(kind, limits.get(kind))
    return own


def _limited(task: Task, split: str, examples: list[Example], settings: Mapping[str, Any]) -> list[Example]:
    """At most `data.limits` rows of a split, drawn with a fixed seed, in their order."""
    most = limit(settings, task.name, split)
    if most is None or len(examples) <= most:
        return examples
    drawn = sorted(random.Random(0).sample(range(len(examples)), most))
    return [examples[index] for index in drawn]
