"""Examples of the five shapes, and their files.

Every origin makes these, every shape reads these; one JSON object a line, UTF-8, in the order of the benchmark.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xstilts.formats import atomic, text


@dataclass(frozen=True, slots=True)
class SentencePair:
    """Two sentences and a label (classification). `label` is None where the source hides it."""

    id: str
    first: str
    second: str
    label: str | None


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """Words and one tag each (tagging); `tags` is None where the source hides them."""

    id: str
    words: tuple[str, ...]
    tags: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A gold answer: `context[start:start + len(text)] == text`, in characters."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a context (span). No answers means that the context does not answer it (SQuAD v2)."""

    id: str
    context: str
    question: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A prompt and its continuations (choice). `label` is the index of the right one, None where hidden."""

    id: str
    prompt: str
    choices: tuple[str, ...]
    label: int | None


@dataclass(frozen=True, slots=True)
class ParallelSentences:
    """A foreign sentence and its English translation (retrieval).

    A sentence without a known counterpart has its other side None (BUCC's comparable corpora). Row order is
    the file order of the source; ids are the benchmark's, or the 0-based line number where it has none.
    """

    source_id: str | None
    source: str | None
    target_id: str | None
    target: str | None


Example = SentencePair | TaggedSentence | Question | Choice | ParallelSentences

SHAPES: dict[str, type[Example]] = {
    "classification": SentencePair,
    "tagging": TaggedSentence,
    "span": Question,
    "choice": Choice,
    "retrieval": ParallelSentences,
}


def label_counts(examples: Iterable[Example]) -> dict[str, int]:
    """How often each label, tag or right choice (its number) stands in a training set; none of answers or retrieval."""
    seen: Counter[str] = Counter()
    for example in examples:
        match example:
            case SentencePair() | Choice():
                seen.update([] if example.label is None else [str(example.label)])
            case TaggedSentence():
                seen.update(example.tags or ())
    return dict(sorted(seen.items()))


def _build(kind: type[Example], row: dict[str, Any]) -> Example:
    for name in ("words", "tags", "choices"):
        if row.get(name) is not None and name in kind.__dataclass_fields__:
            row[name] = tuple(row[name])
    if kind is Question:
        row["answers"] = tuple(Answer(**answer) for answer in row["answers"])
    return kind(**row)


def read(path: Path, shape: str) -> list[Example]:
    """Read the examples of one shape from a JSON-lines file.

    Raises:
        ValueError: a line is not JSON or lacks a field; the message names file and line.
    """
    return list(iterate(path, shape))


def iterate(path: Path, shape: str) -> Iterator[Example]:
    """As `read`, one example at a time."""
    kind = SHAPES[shape]
    for number, line in text.lines(path):
        try:
            yield _build(kind, json.loads(line))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ValueError(
                f"{path}, line {number}: not a {kind.__name__} ({error}); the file is damaged: "
                f"delete it and run `dvc repro` again"
            ) from error


def write(path: Path, examples: Iterable[Example]) -> int:
    """Write examples, one JSON object a line; the file appears whole or not at all. Returns their number."""
    count = 0
    with atomic.file(Path(path)) as aside, aside.open("w", encoding="utf-8", newline="\n") as lines:
        for example in examples:
            lines.write(json.dumps(asdict(example), ensure_ascii=False) + "\n")
            count += 1
    return count
