"""Checkpoint folders without torch: the card that says what a checkpoint is, and the training of an empty mixture.

A checkpoint folder holds `encoder/` (a plain transformers model with its `tokenizer.json`), `heads/<task>.safetensors`
and, written last, `card.json`. The next phase opens only `encoder/`, so that every phase starts with a fresh head.
Nothing in it tells time or place: the same training gives the same bytes.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from xstilts import fingerprints
from xstilts.params import Recipe

CARD = "card.json"


def read_card(folder: Path) -> dict[str, Any]:
    """What a checkpoint says of itself; a folder with a card is complete.

    Raises:
        ValueError: there is no card.
    """
    path = Path(folder) / CARD
    if not path.exists():
        raise ValueError(f"{path} does not exist: the checkpoint is not there or not complete; run: dvc repro")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def check(folder: Path) -> dict[str, Any]:
    """The card, after every file of the checkpoint was compared with it.

    Raises:
        ValueError: a file is missing or has other bytes; the message names it.
    """
    card = read_card(folder)
    for name, expected in card["weights"].items():
        path = Path(folder) / name
        found = fingerprints.of_file(path) if path.exists() else "nothing"
        if found != expected:
            raise ValueError(
                f"{path} is damaged: its card says sha256 {expected}, found {found}; "
                "delete the folder and run `dvc checkout` or `dvc repro`"
            )
    return card


def parent(start: Path) -> str:
    """The fingerprint of the training that a checkpoint folder came from."""
    return str(read_card(start)["fingerprint"])


def finish(aside: Path, output: Path, card: Mapping[str, Any]) -> dict[str, Any]:
    """Write the card of a checkpoint that was written aside, and move the folder into place."""
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    whole = {**card, "weights": {path.relative_to(aside).as_posix(): fingerprints.of_file(path) for path in files}}
    (aside / CARD).write_text(json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    shutil.rmtree(output, ignore_errors=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    aside.rename(output)
    return whole


def aside(output: Path) -> Path:
    """An empty folder beside the one to be written."""
    folder = output.with_name(output.name + ".partial")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def inherit(start: Path, output: Path, *, name: str, seed: int, recipe: Recipe) -> dict[str, Any]:
    """The training of an empty mixture: the encoder that it starts from, byte for byte."""
    card = read_card(start)
    identity = {"kind": "intermediate", "name": name, "seed": seed, "parent": card["fingerprint"]}
    folder = aside(output)
    shutil.copytree(start / "encoder", folder / "encoder")
    return finish(
        folder,
        output,
        {
            **identity,
            "fingerprint": fingerprints.of(identity),
            "recipe": asdict(recipe),
            "parameters": {**card["parameters"], "seed": seed, "steps": 0},
            "heads": {},
            "final": {"steps": 0.0},
        },
    )
