"""DVC's own graph of stages, never described a second time: names, order, what changed, sizes; dvc.lock's order.

DVC's Python interface is not promised to be stable; everything that this package takes from it is in this file.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dvc.exceptions import DvcException
from dvc.lock import LockError, LockNoop
from dvc.repo import Repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro
from dvc.utils.serialize import dump_yaml, load_yaml

from xstilts.formats import atomic

LOCK = "dvc.lock"


@dataclass(frozen=True)
class Node:
    """One stage instance.

    Attributes:
        name: what DVC calls it: `target@mnli-xnli-1`.
        needs: the stages that it depends on directly, as far as they are wanted too.
        changed: is it out of date by itself, before anything else has run?
        bytes: size of its outputs by dvc.lock, None where they were never made.
    """

    name: str
    needs: tuple[str, ...]
    changed: bool
    bytes: int | None = None

    @property
    def group(self) -> str:
        """The stage in dvc.yaml that this is an instance of: `target`."""
        return self.name.partition("@")[0]


def root() -> Path:
    """The root of the DVC repository around the working directory.

    Raises:
        ValueError: there is none.
    """
    try:
        return Path(Repo.find_root())
    except DvcException as error:
        raise ValueError(f"{error}; start `xstilts grid` inside the repository") from error


def read(folder: Path, targets: Sequence[str] = (), *, locked: bool = True) -> list[Node]:
    """Every wanted stage, each after what it needs: the order in which `dvc repro` would go through them.

    Args:
        folder: the DVC repository's root.
        targets: stages (`score`, `score@mnli-xnli-1`) or files that are wanted with all that they need; all if empty.
        locked: take DVC's lock. Without it nothing that is at work is disturbed (DVC waits three seconds for its lock
            and then fails), what another process writes meanwhile may be seen half, and its stages count as changed.

    Raises:
        ValueError: the graph cannot be read: dvc.yaml, params.yaml or dvc.lock is damaged, or a target is unknown.
    """
    try:
        with contextlib.chdir(folder), Repo() as repo:  # DVC looks stages up from the working directory
            graph = get_active_graph(repo.index.graph)
            chosen = collect_stages(repo, targets or ["dvc.yaml"])
            ordered = plan_repro(graph, chosen)
            wanted = set(ordered)
            if not locked:
                repo.lock = LockNoop()
            with repo.lock:
                return [
                    Node(
                        stage.addressing,
                        tuple(sorted(need.addressing for need in graph.successors(stage) if need in wanted)),
                        _changed(stage, wait=locked),
                        _size(stage),
                    )
                    for stage in ordered
                ]
    except DvcException as error:
        raise ValueError(f"DVC cannot read the grid: {error}{_advice(folder)}") from error


def groups(folder: Path) -> list[str]:
    """The names of the stages in dvc.yaml, without their instances."""
    return list(yaml.safe_load((folder / "dvc.yaml").read_text(encoding="utf-8")).get("stages", {}))


def locked(folder: Path) -> list[str]:
    """The names in dvc.lock, in the file's order."""
    path = folder / LOCK
    return list(load_yaml(str(path)).get("stages", {})) if path.exists() else []


def arrange(folder: Path, before: Sequence[str], order: Iterable[str]) -> None:
    """Put dvc.lock in the order that a serial `dvc repro` gives it, so that git shows no difference of order.

    DVC appends a stage when it ends. Stages that were in the file keep their places, new ones follow in the
    order of `dvc repro`.

    Args:
        folder: the repository's root.
        before: the file's names before the first stage ran.
        order: all names, as `read` orders them.
    """
    if not (folder / LOCK).exists():
        return
    with edit(folder) as lock:
        names = dict.fromkeys([*before, *order, *lock.stages])
        lock.stages = {name: lock.stages[name] for name in names if name in lock.stages}


@dataclass
class Lock:
    """What dvc.lock says of each stage, to be changed, and where DVC's cache keeps objects and the run-cache."""

    stages: dict[str, Any]
    objects: Path
    runs: Path


@contextlib.contextmanager
def edit(folder: Path) -> Iterator[Lock]:
    """dvc.lock under DVC's own lock; what the block changed is written in one move when it ends."""
    path = folder / LOCK
    with Repo(str(folder), _wait_for_lock=True) as repo, repo.lock:
        content: dict[str, Any] = load_yaml(str(path))
        before = json.dumps(content["stages"])
        lock = Lock(content["stages"], Path(repo.cache.local.path), Path(repo.stage_cache.cache_dir))
        yield lock
        if json.dumps(lock.stages) == before:
            return
        with atomic.file(path) as aside:
            dump_yaml(str(aside), {**content, "stages": lock.stages})


def _changed(stage: Any, *, wait: bool) -> bool:
    """Is the stage out of date? One that another process is at work on is, where that is not an error (`wait`)."""
    try:
        return bool(stage.changed())
    except LockError:
        if wait:
            raise
        return True


def _size(stage: Any) -> int | None:
    sizes = [out.meta.size for out in stage.outs if out.meta is not None]
    return sum(sizes) if sizes and None not in sizes and len(sizes) == len(stage.outs) else None


def _advice(folder: Path) -> str:
    """What to do about a dvc.lock that a killed process left half-written: DVC writes it in place."""
    path = folder / LOCK
    try:
        yaml.safe_load(path.read_text(encoding="utf-8") if path.exists() else "")
    except yaml.YAMLError:
        return (
            f"\n{LOCK} is cut off: a process was killed while DVC wrote it. Remove it (or `git checkout {LOCK}`) and "
            "start again; what is finished comes back from DVC's run-cache without being run"
        )
    return ""
