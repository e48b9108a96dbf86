"""A task's folder below `data/`: its card and its examples.

What trains or predicts opens this folder and never the task file, so that a new task or another origin touches
nothing that is already there.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from xstilts.formats import atomic, examples
from xstilts.formats.examples import Example

CARD = "task.json"
HEAD = "head.json"  # what a training needs of the card: nothing that test data could change


@dataclass(frozen=True)
class Card:
    """What a prepared task says of itself: see `tasks.Task`.

    `files` maps a split to the SHA-256 of its file, `label_counts` the labels of the English training set to how often
    each stands there (see `examples.label_counts`).
    """

    name: str
    shape: str
    scorer: str
    metrics: tuple[str, ...]
    labels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    training: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    label_counts: Mapping[str, int] = field(default_factory=dict)


def read_card(folder: Path) -> Card:
    """The card of a prepared task.

    Raises:
        ValueError: the folder has none; the message names the stage that makes it.
    """
    path = Path(folder) / CARD
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; run: dvc repro prepare@{Path(folder).name}") from None
    for name in ("metrics", "labels", "languages"):
        row[name] = tuple(row[name])
    return Card(**row)


def read_head(folder: Path) -> Card:
    """The part of a card that a training may see: name, shape, scorer, metrics, labels and their counts."""
    path = Path(folder) / HEAD
    if not path.exists():
        raise ValueError(f"{path} does not exist; run: dvc repro prepare@{Path(folder).name}")
    row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Card(**fields)


def read(folder: Path, split: str) -> list[Example]:
    """The examples of one split (`train`, `test/deu`, …), in file order."""
    return examples.read(_file(folder, split), read_head(folder).shape)


def read_if_any(folder: Path, split: str) -> list[Example]:
    """As `read`, but an empty list where the task has no such split (Kazakh has no UDPOS validation set)."""
    return read(folder, split) if _file(folder, split).exists() else []


def write(folder: Path, card: Card, splits: Mapping[str, Iterable[Example]]) -> Card:
    """Write a task's splits and, last, its card: a folder with a card is complete. Returns the card as written."""
    with atomic.whole(Path(folder)) as aside:
        counts, files = {}, {}
        for split in sorted(splits):
            rows = list(splits[split])
            counts[split] = examples.write(_file(aside, split), rows)
            if split == "train":
                card = replace(card, label_counts=examples.label_counts(rows))
            files[split] = sha256(_file(aside, split))
        write_head(aside, card)
        row = asdict(card) | {"counts": counts, "files": files}
        (aside / CARD).write_text(json.dumps(row, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return read_card(folder)


def write_head(folder: Path, card: Card) -> None:
    """Write the part of a card that a training may see."""
    row = {name: getattr(card, name) for name in ("name", "shape", "scorer", "metrics", "labels", "label_counts")}
    (Path(folder) / HEAD).write_text(json.dumps(row, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def text_files(folder: Path) -> dict[str, Path]:
    """The MLM text below a folder, by language (ISO 639-3)."""
    return {path.stem: path for path in sorted(Path(folder).glob("*.txt"))}


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file, without their ends."""
    with Path(path).open(encoding="utf-8", newline="\n") as rows:
        for row in rows:
            yield row.rstrip("\n")


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _file(folder: Path, split: str) -> Path:
    return Path(folder) / f"{split}.jsonl"
