"""What `xstilts grid` does: plan, run or show a log, and say how it went."""

import argparse
import contextlib
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from xstilts.commands import check, drop_targets
from xstilts.commands.grid import clones, dag, durations, forks, locks, plan, resources, workers
from xstilts.commands.grid.dag import Node
from xstilts.commands.grid.drive import GridDrive, Outcome
from xstilts.commands.grid.resources import Resources
from xstilts.commands.grid.workers import Order, Pool


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; see `xstilts.commands.grid.run`."""
    root = dag.root()
    check.first(root)
    if arguments.log:
        _say(log(root, arguments.log))
        return 0
    for sentence in locks.check(root):
        _say(sentence)
    before = dag.locked(root)
    asked = plan.make(dag.read(root, arguments.targets))
    past = durations.read(root)
    if arguments.dry:
        gpus = bool(arguments.address) or shutil.which("nvidia-smi") is not None
        _say(plan.text(asked, plan.rows(asked, past, _resources(root, asked.nodes, gpus=gpus))))
        return 0
    if not asked.todo:
        _say("every stage is up to date")
        _drop(root)
        return 0
    began = time.monotonic()
    pool = Pool(jobs=arguments.jobs or os.cpu_count() or 1, address=arguments.address, retries=arguments.retries)
    signal.signal(signal.SIGTERM, _interrupt)  # after Ray has set its own
    try:
        needed = _resources(root, asked.nodes, gpus=pool.total("GPU") > 0)
        needed = {group: pool.fits(wanted) for group, wanted in needed.items()}
        _check(pool, asked.steps, needed)
        with _environment(root, pool, arguments) as environment:
            submit = _submitter(root, asked, pool, needed, arguments, environment)
            outcome = GridDrive(root, asked, pool, resources=needed, durations=past, submit=submit, say=_say).run()
    finally:
        pool.close([])
    if arguments.clones and outcome.done:
        _collect(root, asked, outcome)
    dag.arrange(root, before, [node.name for node in asked.nodes])
    if not outcome.stopped:
        _drop(root)
    _say(summary(outcome, time.monotonic() - began))
    return 130 if outcome.stopped else 1 if outcome.failed else 0


def log(root: Path, stage: str) -> str:
    """The log of a stage's latest run through the grid.

    Raises:
        ValueError: there is none.
    """
    path = workers.logfile(root, stage)
    if path.exists():
        return path.read_text(encoding="utf-8", errors="replace")
    there = sorted(file.stem for file in path.parent.glob("*.log"))
    close = get_close_matches(stage, there, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(
        f"no log of {stage!r} in {path.parent}; there are {len(there)}: {', '.join(there[:20]) or 'none'}.{hint}"
    )


def summary(outcome: Outcome, seconds: float) -> str:
    """How the grid ended, in a few lines."""
    counts = Counter(result.status for result in outcome.results.values())
    words = {
        workers.RAN: "ran",
        workers.RESTORED: "came from the cache",
        workers.UNCHANGED: "had not changed",
        workers.STOPPED: "stopped",
    }
    told = [f"{counts[status]} {text}" for status, text in words.items() if counts[status]]
    around = f"{outcome.seconds:.1f} s, with {max(0.0, seconds - outcome.seconds):.1f} s before and after them"
    lines = [f"{len(outcome.results)} stages in {around}: {', '.join(told) or 'none done'}"]
    for name in outcome.failed:
        kept = sum(cause == name for cause in outcome.kept.values())
        because = f"; {kept} that depend on it did not start" if kept else ""
        lines.append(f"{outcome.results[name].status}: {name}{because}; its log: xstilts grid --log {name}")
    if outcome.stopped:
        lines.append("stopped; `xstilts grid` goes on from here")
    return "\n".join(lines)


def _resources(root: Path, nodes: tuple[Node, ...], *, gpus: bool) -> dict[str, Resources]:
    groups = list(dict.fromkeys(node.group for node in nodes))
    return resources.of(groups, resources.runtime(root), known=[*dag.groups(root), *groups], gpus=gpus)


def _check(pool: Pool, steps: list[Node], needed: dict[str, Resources]) -> None:
    """On this machine, a stage that can never start is an error; a cluster may grow, so there it is said."""
    for group in dict.fromkeys(node.group for node in steps):
        misfit = pool.misfit(needed[group])
        if misfit and pool.local:
            raise ValueError(f"stage {group} asks for {misfit}; change runtime.resources.{group} in params.yaml")
        if misfit:
            _say(f"stage {group} waits for a machine that the cluster has not got yet: it asks for {misfit}")


@contextlib.contextmanager
def _environment(root: Path, pool: Pool, arguments: argparse.Namespace) -> Iterator[dict[str, str]]:
    """What stages get of the grid's environment: on this machine all of it, and a process to be forks of."""
    if arguments.clones or not pool.local:
        yield workers.handed_on()
        return
    shared = forks.here(root, gpus=pool.total("GPU") > 0)
    with forks.warmed(root, shared) as address:
        yield shared | address


def _submitter(
    root: Path,
    asked: plan.GridPlan,
    pool: Pool,
    needed: dict[str, Resources],
    arguments: argparse.Namespace,
    environment: dict[str, str],
) -> Callable[[Node], Any]:
    """How a stage is handed over: in the shared workspace, or in the clone of whichever machine takes it."""
    token = f"{os.getpid()}-{time.time_ns():x}"
    if not arguments.clones:

        def here(node: Node) -> Any:
            commands = (workers.dvc("repro", "--single-item", node.name),)
            order = Order(node.name, str(root), token, commands, environment, whole=pool.local)
            return pool.submit(order, needed[node.group])

        return here
    folder = (arguments.clone_folder or root / clones.FOLDER).absolute()
    clones.share(root, [node.name for node in asked.nodes if node.name not in asked.todo])
    made, bundle = clones.source(root, folder, clones.names(pool.nodes))
    handle = pool.put(bundle)

    def there(node: Node) -> Any:
        commands = (
            workers.dvc("repro", "--pull", node.name),
            ("python", "-m", "xstilts.commands.grid.exchange", node.name),
            workers.dvc("push", "--run-cache", node.name),
        )
        order = Order(node.name, "", token, commands, environment)
        return pool.submit(order, needed[node.group], made, handle)

    return there


def _collect(root: Path, asked: plan.GridPlan, outcome: Outcome) -> None:
    _say("bringing the clones' outputs into this workspace")
    done = set(outcome.done)
    again = clones.collect(root, [node.name for node in asked.nodes if node.name in done])
    if again:
        _say(f"{len(again)} stages were not in the remote and ran here again: {', '.join(again)}")
    clones.restore(root)


def _drop(root: Path) -> None:
    """Target weights whose predictions are made go, unless params.yaml keeps them (see `dropping`)."""
    chosen = drop_targets.candidates(root, unless_kept=True) if (root / drop_targets.LOCK).exists() else []
    if chosen:
        drop_targets.drop(root, chosen)
        _say(f"dropped the weights of {len(chosen)} target checkpoints that are predicted (runtime.keep_targets)")


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201
