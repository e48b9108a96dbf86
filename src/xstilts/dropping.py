"""`xstilts drop-targets`: delete target checkpoints whose predictions are made, from the work folder and DVC's cache.

A grid of XLM-R Large writes hundreds of gigabytes of them, and nothing reads one after its predictions. What DVC knows
of them stays in dvc.lock, so that `dvc repro --allow-missing` goes on without them and trains none of them again.
"""

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from xstilts import params
from xstilts.params import StartsFrom

LOCK = Path("dvc.lock")
CACHE = Path(".dvc/cache")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--cache", type=Path, default=CACHE, help="DVC's cache, as `dvc cache dir` says (.dvc/cache)")
    parser.add_argument("--yes", action="store_true", help="delete; without it, only say what would go")


def run(arguments: argparse.Namespace) -> int:
    """Say what can go, or delete it.

    Raises:
        ValueError: there is no dvc.lock here, or params.yaml is faulty.
    """
    if not LOCK.exists():
        raise ValueError(f"{LOCK} is not here: run this in the repository, after `dvc repro`")
    stages: Mapping[str, Any] = yaml.safe_load(LOCK.read_text(encoding="utf-8"))["stages"]
    start = params.load().starts_from
    chosen = [path for path in _targets(stages) if _predicted(path, stages, start)]
    files = {file for path in chosen for file in path.rglob("*") if file.is_file()}
    objects = _objects(stages, chosen, arguments.cache)
    size = sum(file.stat().st_size for file in files) + sum(file.stat().st_size for file in objects)
    verb = "deleted" if arguments.yes else "would delete (with --yes)"
    if arguments.yes:
        for file in objects:
            file.unlink()
        for path in chosen:
            shutil.rmtree(path, ignore_errors=True)
    print(f"{verb}: {len(chosen)} target checkpoints, {size / 2**30:,.1f} GiB, links counted twice")  # noqa: T201
    if arguments.yes:
        print("from now on: dvc repro --allow-missing")  # noqa: T201
    return 0


def _targets(stages: Mapping[str, Any]) -> list[Path]:
    outs = (out["path"] for name, stage in stages.items() if name.startswith("target@") for out in stage["outs"])
    return [Path(path) for path in outs if path.startswith("checkpoints/")]


def _predicted(checkpoint: Path, stages: Mapping[str, Any], start: StartsFrom) -> bool:
    """Whether every target that starts from this training has been predicted with the checkpoint as it is."""
    intermediate, training, seed = checkpoint.parts[-3:]
    targets = {training} & {*start.itself} | {*getattr(start, training, ())}
    wanted = {Path("predictions", intermediate, target, seed) for target in targets}
    digest = {
        out["md5"] for stage in stages.values() for out in stage.get("outs", ()) if Path(out["path"]) == checkpoint
    }
    made = {
        Path(out["path"])
        for name, stage in stages.items()
        if name.startswith("predict")
        and any(Path(dep["path"]) == checkpoint and {dep["md5"]} == digest for dep in stage["deps"])
        for out in stage["outs"]
    }
    return wanted <= made and all(path.exists() for path in wanted)


def _objects(stages: Mapping[str, Any], chosen: list[Path], cache: Path) -> set[Path]:
    """The cache's files of these checkpoints that no other output has (a tokenizer is the same in all)."""
    gone: set[Path] = set()
    kept: set[Path] = set()
    for stage in stages.values():
        for row in stage.get("outs", ()):
            (gone if Path(row["path"]) in chosen else kept).update(_held(row["md5"], cache))
    return {file for file in gone - kept if file.exists()}


def _held(digest: str, cache: Path) -> Iterator[Path]:
    """An object of the cache, and those that it lists if it is a folder."""
    path = cache / "files" / "md5" / digest[:2] / digest[2:]
    yield path
    if digest.endswith(".dir") and path.exists():
        for row in json.loads(path.read_text(encoding="utf-8")):
            yield from _held(row["md5"], cache)
