"""Checkpoint folders without torch: the card that says what a checkpoint is, and the training of an empty mixture.

A checkpoint folder holds `encoder/` (a transformers configuration with its `tokenizer.json`, and the weights: whole, or
as a difference from those of `checkpoints/pretrained`), `heads/<task>.safetensors` and, written last, `card.json`. The
next phase opens only `encoder/`, so that every phase starts with a fresh head. Nothing in it tells time or place: the
same training gives the same bytes.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xstilts.formats import atomic, fingerprints

CARD = "card.json"
BASE = "pretrained"


def read_card(folder: Path) -> dict[str, Any]:
    """What a checkpoint says of itself; a folder with a card is complete, or its weights were dropped.

    Raises:
        ValueError: there is no card.
    """
    path = Path(folder) / CARD
    if not path.exists():
        raise ValueError(f"{path} does not exist: the checkpoint is not there or not complete; run: dvc repro")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def check(folder: Path) -> dict[str, Any]:
    """The card, after every file of the checkpoint was compared with it, and those of the base it rests on.

    Raises:
        ValueError: a file is missing or has other bytes, or the base is; the message names it.
    """
    card = read_card(folder)
    if dropped(folder, card):
        raise ValueError(
            f"{folder} has no weights any more: `xstilts drop-targets` deleted them after their predictions were made. "
            f"To train it again: dvc repro --force --single-item {_stage(Path(folder), card)}"
        )
    _compare(folder, card, card["weights"])
    if card.get("base"):
        base = base_of(folder, card["base"])
        above = read_card(base)
        _compare(base, above, _encoder_weights(above))
    return card


def dropped(folder: Path, card: Mapping[str, Any]) -> bool:
    """Whether nothing but the card is left of a checkpoint (see `dropping`)."""
    return bool(card["weights"]) and [path.name for path in Path(folder).iterdir()] == [CARD]


def _stage(folder: Path, card: Mapping[str, Any]) -> str:
    return f"{card['kind']}@{'-'.join([*folder.absolute().parts[-3:-1], str(card['seed'])])}"


def _compare(folder: Path, card: Mapping[str, Any], names: Mapping[str, str]) -> None:
    for name in names:
        path = Path(folder) / name
        expected = card["weights"][name]
        found = fingerprints.of_file(path) if path.exists() else "nothing"
        if found != expected:
            raise ValueError(
                f"{path} is damaged: its card says sha256 {expected}, found {found}; "
                "delete the folder and run `dvc checkout` or `dvc repro`"
            )


def weights_of(folder: Path) -> str:
    """The fingerprint of a checkpoint's encoder weights: what a difference names its base by."""
    return fingerprints.of(_encoder_weights(read_card(folder)))


def _encoder_weights(card: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: digest
        for name, digest in card["weights"].items()
        if name.startswith("encoder/") and name.endswith(".safetensors")
    }


def base_of(folder: Path, weights: str) -> Path:
    """The checkpoint that a difference is added to: the nearest folder `pretrained` beside it or above it.

    Args:
        folder: the checkpoint that is stored as a difference.
        weights: the fingerprint of the base's weights that it names.

    Raises:
        ValueError: there is no such folder, or its weights are others.
    """
    above = [parent / BASE for parent in Path(folder).absolute().parents]
    found = next((base for base in above if (base / CARD).exists()), None)
    if found is None:
        raise ValueError(
            f"{folder} is stored as a difference from the pretrained encoder, and no folder {BASE}/ with a {CARD} is "
            "beside it or above it. Bring it: dvc checkout, dvc pull or dvc repro, with the target pretrained; to "
            "carry an encoder elsewhere: xstilts export"
        )
    there = weights_of(found)
    if there != weights:
        raise ValueError(
            f"{folder} is stored as a difference from an encoder with weights {weights[:12]}, but {found} has "
            f"{there[:12]}: the pretrained encoder was made anew or is another. Train again: dvc repro"
        )
    return found


def parent(start: Path) -> str:
    """The fingerprint of the training that a checkpoint folder came from."""
    return str(read_card(start)["fingerprint"])


def finish(aside: Path, output: Path, card: Mapping[str, Any]) -> dict[str, Any]:
    """Write the card of a checkpoint that was written aside, and move the folder into place."""
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    whole = {**card, "weights": {path.relative_to(aside).as_posix(): fingerprints.of_file(path) for path in files}}
    (aside / CARD).write_text(json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    atomic.place(aside, output)
    return whole


def inherit(start: Path, output: Path, *, name: str, seed: int, recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The training of an empty mixture: the encoder that it starts from, byte for byte."""
    card = read_card(start)
    identity = {"kind": "intermediate", "name": name, "seed": seed, "parent": card["fingerprint"]}
    folder = atomic.aside(output)
    shutil.copytree(start / "encoder", folder / "encoder")
    return finish(
        folder,
        output,
        {
            **identity,
            "fingerprint": fingerprints.of(identity),
            "recipe": dict(recipe),
            "parameters": {**card["parameters"], "seed": seed, "steps": 0},
            "heads": {},
            "unlearned": [],
            "final": {"steps": 0.0},
        },
    )
