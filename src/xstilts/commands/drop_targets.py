"""`xstilts drop-targets`: delete the weights of target checkpoints whose predictions are made.

A grid of XLM-R Large writes hundreds of gigabytes of them, and nothing reads one after its predictions. Their cards
stay, which scoring reads, and dvc.lock says so: it names the folder with the card alone as what the training left and
what the predictions were made from. Hence `dvc status` is up to date, and `dvc repro` runs what a change needs and
trains none of them again. Only new predictions need the weights; `checkpoints.check` then says how to train them anew.
"""

import argparse
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from xstilts import experiment
from xstilts.experiment import StartsFrom
from xstilts.formats.checkpoints import CARD

LOCK = Path("dvc.lock")
Stages = Mapping[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--yes", action="store_true", help="delete; without it, only say what would go")
    parser.add_argument(
        "--unless-kept", action="store_true", help="do nothing where runtime.keep_targets in params.yaml is true"
    )


def run(arguments: argparse.Namespace) -> int:
    """Say what can go, or delete it.

    Raises:
        ValueError: there is no dvc.lock here, or params.yaml is faulty.
    """
    if not LOCK.exists():
        raise ValueError(f"{LOCK} is not here: run this in the repository, after `dvc repro`")
    chosen = candidates(Path(), unless_kept=arguments.unless_kept)
    if arguments.unless_kept and not chosen:
        return 0
    size = sum(file.stat().st_size for path in chosen for file in path.rglob("*") if file.is_file())
    if arguments.yes:
        drop(Path(), chosen)
    verb = "dropped" if arguments.yes else "would drop (with --yes)"
    print(  # noqa: T201
        f"{verb}: the weights of {len(chosen)} target checkpoints that are predicted, {size / 2**30:,.1f} GiB here, "
        "and as much in DVC's cache where it holds copies"
    )
    return 0


def candidates(root: Path, *, unless_kept: bool) -> list[Path]:
    """The target checkpoints that have weights and whose predictions are all made with them, relative to `root`.

    Args:
        root: the repository.
        unless_kept: none where `runtime.keep_targets` is true.

    Raises:
        ValueError: params.yaml is faulty.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    stages: Stages = yaml.load((root / LOCK).read_text(encoding="utf-8"), Loader=loader).get("stages", {})
    there = [path for path in _targets(stages) if any(child.name != CARD for child in (root / path).glob("*"))]
    if not there:
        return []
    settings = experiment.load(root / "params.yaml")
    if unless_kept and settings.runtime.keep_targets:
        return []
    start = settings.starts_from
    return [path for path in there if (root / path / CARD).exists() and _predicted(root, path, stages, start)]


def _targets(stages: Stages) -> Iterator[Path]:
    outs = (out["path"] for name, stage in stages.items() if name.startswith("target@") for out in stage["outs"])
    return (Path(path) for path in outs if path.startswith("checkpoints/target/"))


def _out(stages: Stages, path: Path) -> Mapping[str, Any]:
    rows = (row for stage in stages.values() for row in stage.get("outs", ()))
    return next(row for row in rows if Path(row["path"]) == path)


def _predicted(root: Path, checkpoint: Path, stages: Stages, start: StartsFrom) -> bool:
    """Whether every target that starts from this training has been predicted with the checkpoint as it is."""
    intermediate, training, seed = checkpoint.parts[-3:]
    targets = {training} & {*start.itself} | {*getattr(start, training, ())}
    wanted = {Path("predictions", intermediate, target, seed) for target in targets}
    digest = _out(stages, checkpoint)["md5"]
    made = {
        Path(out["path"])
        for name, stage in stages.items()
        if name.startswith("predict")
        and any(Path(dep["path"]) == checkpoint and dep["md5"] == digest for dep in stage["deps"])
        for out in stage["outs"]
    }
    return wanted <= made and all((root / path).exists() for path in wanted)


def drop(root: Path, chosen: Sequence[Path]) -> None:
    """Delete the weights of these checkpoints from the work folder and DVC's cache, and tell dvc.lock.

    First dvc.lock, then the files: killed in between, `dvc checkout` does the rest.
    """
    from xstilts.commands.grid import dag  # here: DVC takes a second to import, and there is often nothing to drop

    with dag.edit(root) as lock:
        gone: set[Path] = set()
        before: set[str] = set()
        for path in chosen:
            digest = str(_out(lock.stages, path)["md5"])
            card = _card_alone(root / path / CARD, lock.objects)
            gone.update(_held(digest, lock.objects))
            before.add(digest)
            for row in _rows(lock.stages):
                if Path(row["path"]) == path and row["md5"] == digest:
                    row.update(card)
        kept = {file for row in _rows(lock.stages, "outs") for file in _held(row.get("md5", ""), lock.objects)}
    for path in chosen:
        for child in (root / path).iterdir():
            if child.is_dir():
                shutil.rmtree(child)
            elif child.name != CARD:
                child.unlink()
    for file in gone - kept:
        file.unlink(missing_ok=True)
    _forget(before, lock.runs)


def _rows(stages: Stages, *kinds: str) -> Iterator[dict[str, Any]]:
    for stage in stages.values():
        for kind in kinds or ("deps", "outs"):
            yield from stage.get(kind, ())


def _card_alone(card: Path, objects: Path) -> dict[str, Any]:
    """dvc.lock's words for a folder that holds this card and nothing else; its objects are in the cache."""
    content = card.read_bytes()
    digest = _put(content, objects)
    # As DVC spells the list of a folder's files.
    folder = json.dumps([{"md5": digest, "relpath": CARD}], sort_keys=True).encode()
    return {"md5": _put(folder, objects, ".dir"), "size": len(content), "nfiles": 1}


def _put(content: bytes, objects: Path, suffix: str = "") -> str:
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest() + suffix
    path = _object(digest, objects)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o444)
    return digest


def _object(digest: str, objects: Path) -> Path:
    return objects / digest[:2] / digest[2:]


def _held(digest: str, objects: Path) -> Iterator[Path]:
    """An object of the cache, and those that it lists if it is a folder."""
    path = _object(digest, objects)
    yield path
    if digest.endswith(".dir") and path.exists():
        for row in json.loads(path.read_text(encoding="utf-8")):
            yield _object(row["md5"], objects)


def _forget(digests: set[str], runs: Path) -> None:
    """Delete the entries of the run-cache whose outputs these were: they can be neither restored nor pushed."""
    for path in runs.glob("*/*/*"):
        text = path.read_text(encoding="utf-8")
        if not any(digest in text for digest in digests):
            continue
        stage = yaml.safe_load(text)
        if any(row.get("md5") in digests for row in stage.get("outs", ())):
            path.unlink()
            if not any(path.parent.iterdir()):  # DVC stumbles over a key without an entry
                path.parent.rmdir()
