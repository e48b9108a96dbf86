"""`xstilts status`: what of the grid is done, what runs now, what is left, and where to look.

DVC's own graph and its lock files are read, nothing is run and nothing is waited for, so that it can be asked while
`dvc repro`, `xstilts repro` or a grid is at work.
"""

import argparse
import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dvc.repo import Repo

from xstilts.commands.grid import dag, durations, plan
from xstilts.commands.grid.dag import Node

LOOK = {
    "the report": Path("reports/index.html"),
    "the summary": Path("reports/summary.md"),
    "the runs (make ui, then http://127.0.0.1:5000)": Path("mlruns/mlflow.db"),
}


@dataclass(frozen=True)
class StatusRow:
    """One stage of dvc.yaml: its instances, how many are up to date, run now, and are left."""

    stage: str
    instances: int
    done: int
    running: int

    @property
    def left(self) -> int:
        """Those that are neither done nor at work."""
        return self.instances - self.done - self.running


def configure(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="only these and what they need; all by default")
    parser.add_argument("--left", action="store_true", help="name every stage instance that is left")


def run(asked: argparse.Namespace) -> int:
    """Print the state; 0 whatever it is.

    Raises:
        ValueError: no DVC repository here, or DVC cannot read it.
    """
    root = dag.root()
    nodes = dag.read(root, asked.stages, locked=False)
    busy = running(root)
    todo = plan.make(nodes).todo
    known = durations.read(root)
    print(text(rows(nodes, todo, busy), _seconds([name for name in todo if name not in busy], known)))  # noqa: T201
    for name, pid in busy.items():
        print(f"running: {name} (process {pid})")  # noqa: T201
    if asked.left:
        print("\n".join(f"left: {node.name}" for node in nodes if node.name in todo and node.name not in busy))  # noqa: T201
    print("\n".join(_look(root)))  # noqa: T201
    return 0


def rows(nodes: Sequence[Node], todo: frozenset[str], busy: Mapping[str, int]) -> list[StatusRow]:
    """The state by stage of dvc.yaml, in the order of the graph."""
    found = []
    for group in dict.fromkeys(node.group for node in nodes):
        names = {node.name for node in nodes if node.group == group}
        found.append(StatusRow(group, len(names), len(names - todo - busy.keys()), len(names & busy.keys())))
    return found


def text(table: Sequence[StatusRow], seconds: float | None) -> str:
    """The state as it is printed.

    Args:
        table: by stage.
        seconds: of the work that is left, one stage after the other; None where one never ran here.
    """
    width = max([len("stage"), *(len(row.stage) for row in table)])
    lines = [f"{'stage':<{width}}  {'all':>5}  {'done':>5}  {'running':>7}  {'left':>5}"]
    lines += [
        f"{row.stage:<{width}}  {row.instances:>5}  {row.done:>5}  {row.running:>7}  {row.left:>5}" for row in table
    ]
    total, done, at_work = (sum(getattr(row, name) for row in table) for name in ("instances", "done", "running"))
    left = total - done - at_work
    if not left and not at_work:
        return "\n".join([*lines, f"{done} of {total} stage instances are up to date: nothing is left"])
    time = "" if seconds is None else f", about {_time(seconds)} of work by the past"
    return "\n".join(
        [*lines, f"{done} of {total} stage instances are up to date, {at_work} run, {left} are left{time}"]
    )


def running(root: Path) -> dict[str, int]:
    """The stage instances whose outputs a living process holds DVC's write lock on, with the process's number."""
    held: dict[Path, int] = {}
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        lock = json.loads((root / ".dvc/tmp/rwlock").read_text(encoding="utf-8"))
        held = {Path(path): int(holder["pid"]) for path, holder in lock.get("write", {}).items()}
    living = {path: pid for path, pid in held.items() if _lives(pid)}
    if not living:
        return {}
    with contextlib.chdir(root), Repo() as repo:
        return {
            stage.addressing: living[Path(out.fs_path)]
            for stage in repo.index.stages
            for out in stage.outs
            if Path(out.fs_path) in living
        }


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _seconds(names: Sequence[str], known: durations.Durations) -> float | None:
    found = [known.of(name) for name in names]
    return None if None in found else float(sum(seconds for seconds in found if seconds is not None))


def _time(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 100
        else f"{seconds / 60:.0f} min"
        if seconds < 6000
        else f"{seconds / 3600:.1f} h"
    )


def _look(root: Path) -> Iterator[str]:
    there = {name: path for name, path in LOOK.items() if (root / path).exists()}
    if not there:
        yield "no report yet: `xstilts repro` (or `dvc repro`) makes it"
    for name, path in there.items():
        yield f"{name}: {path}"
