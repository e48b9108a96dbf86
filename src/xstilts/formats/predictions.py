"""A run's folder below `predictions/`: rows by language, and the card of what predicted them.

The card makes scoring independent of how a target was trained: it needs neither a checkpoint nor a training set.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xstilts.formats import atomic, checkpoints, fingerprints

CARD = "card.json"


@dataclass(frozen=True)
class PredictionCard:
    """What predicted.

    Attributes:
        training: the task whose English training set the target started from, empty for retrieval.
        fingerprint: of the training that made the predictions; for retrieval, of the encoder's.
        encoder: the fingerprint of the training that made the encoder which the target started from.
        parameters: what an experimenter varies: the recipe or the settings of retrieval, and bf16 where it is on.
        checkpoint: path and sha256 of the card of the checkpoint.
        unlearned: the kinds of the trainings behind it that did not learn (see `learned`).
        label_counts: of the English training set (see `examples.label_counts`).
    """

    training: str
    fingerprint: str
    encoder: str
    parameters: Mapping[str, Any]
    checkpoint: Mapping[str, str]
    unlearned: tuple[str, ...]
    label_counts: Mapping[str, int]


def card_of(checkpoint: Path, training: str, settings: Mapping[str, Any]) -> PredictionCard:
    """The card of predictions made with a checkpoint.

    Args:
        checkpoint: the folder of a target training; for retrieval, of an intermediate training.
        training: the task that a target training learned, empty for retrieval.
        settings: of the prediction, beside the recipe of a training.
    """
    card = checkpoints.read_card(checkpoint)
    path = checkpoint / checkpoints.CARD
    return PredictionCard(
        training=training,
        fingerprint=card["fingerprint"],
        encoder=card["parent"] if training else card["fingerprint"],
        parameters={"recipe": card["recipe"], **settings} if training else dict(settings),
        checkpoint={"path": path.as_posix(), "sha256": fingerprints.of_file(path)},
        unlearned=tuple(card.get("unlearned", ())),
        label_counts=card["heads"][training]["label_counts"] if training else {},
    )


def write_rows(files: Mapping[str, Iterable[Mapping[str, Any]]], folder: Path) -> None:
    """Write predictions into a folder that is there, one file a stem."""
    for stem, rows in files.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{stem}.jsonl").write_text(text, encoding="utf-8", newline="\n")


def write(files: Mapping[str, Iterable[Mapping[str, Any]]], card: PredictionCard, output: Path) -> None:
    """Write predictions, one file a stem, and their card; the folder appears whole or not at all."""
    with atomic.whole(output) as aside:
        write_rows(files, aside)
        text = json.dumps(asdict(card), ensure_ascii=False, indent=1, sort_keys=True)
        (aside / CARD).write_text(text + "\n", encoding="utf-8")


def read_card(folder: Path) -> PredictionCard:
    """The card of a run's predictions.

    Raises:
        ValueError: there is none.
    """
    path = Path(folder) / CARD
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist: the run has no predictions; run: dvc repro -f predict") from None
    return PredictionCard(**{**row, "unlearned": tuple(row["unlearned"])})
