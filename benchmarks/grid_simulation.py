"""On paper, toward thousands of GPUs: the makespan of a grid against the number of workers, and what saturates.

    python benchmarks/grid_simulation.py                         the paper's grid with the world's proportions
    python benchmarks/grid_simulation.py --calibrate             measure DVC's share on this machine first (a minute)
    python benchmarks/grid_simulation.py --durations FILE        stage seconds from .xstilts/grid/durations.json
    python benchmarks/grid_simulation.py --scale 900 --gib 2.2   durations × 900, a checkpoint of 2.2 GiB

Every stage is a sequence of phases: DVC's start-up, its work under the repository's lock before and after the command,
the command, its writes to the MLflow store, and, with a clone for each machine, its traffic with the remote. What a
phase needs for itself alone (the lock of a shared workspace, an SQLite store, the remote's bandwidth) is a queue.
"""

import argparse
import hashlib
import heapq
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

LOCK, STORE, REMOTE = "dvc lock", "MLflow store", "remote"


@dataclass(frozen=True)
class Phase:
    """A part of a stage: these seconds, of which only one at a time can be had of `queue` (empty: at will)."""

    seconds: float
    queue: str = ""


@dataclass(frozen=True)
class Stage:
    """One stage instance: what it needs done before, the phases it goes through, and its share of a worker."""

    name: str
    needs: tuple[str, ...]
    phases: tuple[Phase, ...]
    share: float = 1.0


@dataclass(frozen=True)
class Makespan:
    """Seconds from start to end, and how many of them each queue and the workers were busy."""

    seconds: float
    busy: Mapping[str, float]
    workers: float


@dataclass(frozen=True)
class Costs:
    """What one stage costs beside its command.

    Attributes:
        startup: seconds of DVC and Python before the lock, at no one else's expense.
        lock: seconds under the repository's lock for a grid of one stage …
        lock_each: … and for every further stage in it: dvc.yaml, params.yaml and dvc.lock are read whole.
        store: seconds that a training or score writes to the MLflow store.
        gib: size of a checkpoint.
        bandwidth: GiB a second of the remote, all machines together.
        request: seconds of one request to the remote; a push sends every entry of the run-cache, `parallel` at once.
    """

    startup: float = 0.35
    lock: float = 0.2
    lock_each: float = 0.0038
    store: float = 0.12
    gib: float = 0.004
    bandwidth: float = 5.0
    request: float = 0.03
    parallel: int = 16


def simulate(stages: Sequence[Stage], workers: float) -> Makespan:
    """Run a grid on paper: ready stages start in order of the longest chain after them, queues serve in order.

    Args:
        stages: each after what it needs.
        workers: how many stages of share 1 run at once.
    """
    after: dict[str, list[Stage]] = {stage.name: [] for stage in stages}
    missing = {stage.name: len(stage.needs) for stage in stages}
    for stage in stages:
        for need in stage.needs:
            after[need].append(stage)
    chains: dict[str, float] = {}
    for stage in reversed(stages):
        own = sum(phase.seconds for phase in stage.phases)
        chains[stage.name] = own + max((chains[next_.name] for next_ in after[stage.name]), default=0.0)
    order = itertools.count()
    ready = [(-chains[stage.name], next(order), stage) for stage in stages if not stage.needs]
    heapq.heapify(ready)
    events: list[tuple[float, int, Stage, int]] = []
    free, now, used = float(workers), 0.0, 0.0
    open_at: dict[str, float] = {}
    busy: dict[str, float] = {}
    while ready or events:
        while ready and ready[0][2].share <= free + 1e-9:
            stage = heapq.heappop(ready)[2]
            free -= stage.share
            heapq.heappush(events, (now, next(order), stage, 0))
        now, _, stage, index = heapq.heappop(events)
        if index < len(stage.phases):
            phase = stage.phases[index]
            begin = max(now, open_at.get(phase.queue, 0.0)) if phase.queue else now
            end = begin + phase.seconds
            if phase.queue:
                open_at[phase.queue] = end
                busy[phase.queue] = busy.get(phase.queue, 0.0) + phase.seconds
            used += (end - now) * stage.share
            heapq.heappush(events, (end, next(order), stage, index + 1))
            continue
        free += stage.share
        for dependent in after[stage.name]:
            missing[dependent.name] -= 1
            if not missing[dependent.name]:
                heapq.heappush(ready, (-chains[dependent.name], next(order), dependent))
    return Makespan(now, busy, used / (now * workers) if now else 0.0)


def paper(intermediates: int, targets: int, trainings: int, seeds: int) -> list[tuple[str, tuple[str, ...]]]:
    """The names of a grid of dvc.yaml's shape, and what each stage needs."""
    rows: list[tuple[str, tuple[str, ...]]] = [("text", ())]
    data = [f"prepare@{n}" for n in range(intermediates + targets)]
    rows += [(name, ()) for name in data] + [("pretrained", ("text",))]
    scores = []
    for i in range(intermediates):
        rows.append((f"mixture@{i}", tuple(data)))
        for seed in range(seeds):
            rows.append((f"intermediate@{i}-{seed}", ("pretrained", f"mixture@{i}")))
            rows += [(f"target@{i}-{t}-{seed}", (f"intermediate@{i}-{seed}",)) for t in range(trainings)]
            for t in range(targets):
                start = f"target@{i}-{t % trainings}-{seed}" if t < targets - 2 else f"intermediate@{i}-{seed}"
                rows += [(f"predict@{i}-{t}-{seed}", (start,)), (f"score@{i}-{t}-{seed}", (f"predict@{i}-{t}-{seed}",))]
                scores.append(f"score@{i}-{t}-{seed}")
    return [*rows, ("gains", tuple(scores)), ("correlate", ("gains",)), ("report", ("correlate",))]


def grid(
    rows: Sequence[tuple[str, tuple[str, ...]]], seconds: Mapping[str, float], costs: Costs, *, clones: bool
) -> list[Stage]:
    """Stages with their phases.

    Args:
        rows: names and needs, each after what it needs.
        seconds: the command's seconds by stage or by its name before `@`.
        costs: what everything else costs.
        clones: a clone for each machine, so no common lock but traffic with the remote; else one workspace.
    """
    held = costs.lock + costs.lock_each * len(rows)
    stages = []
    for place, (name, needs) in enumerate(rows):
        group = name.partition("@")[0]
        command = seconds.get(name, seconds.get(group, 1.0))
        lock = "" if clones else LOCK
        # In a clone, three commands (repro, what DVC's push leaves behind, push) read what one reads in a workspace.
        phases = [Phase(costs.startup * (3 if clones else 1)), Phase(held / 2, lock), Phase(command)]
        if group in ("pretrained", "intermediate", "target", "score"):
            phases.append(Phase(costs.store, STORE))
        phases.append(Phase(held if clones else held / 2, lock))
        if clones:
            trained = group in ("pretrained", "intermediate", "target")
            traffic = costs.gib / costs.bandwidth * ((1 if trained else 0) + (1 if "@" in name else 0))
            phases.append(Phase(traffic + place * costs.request / costs.parallel, REMOTE))
        stages.append(
            Stage(name, needs, tuple(phases), 0.25 if group == "predict" else 0.1 if not _trains(group) else 1)
        )
    return stages


def table(rows: Sequence[tuple[str, tuple[str, ...]]], seconds: Mapping[str, float], costs: Costs) -> list[str]:
    """Makespans against workers, shared workspace and clones, with what is busiest."""
    lines = [f"{len(rows)} stages", f"{'':>8}{'one shared workspace':^46}{'a clone for each machine':^46}"]
    head = f"{'hours':>10}{'workers busy':>14}  {'busiest':<20}"
    lines.append(f"{'workers':>8}{head}{head}")
    for workers in (1, 8, 32, 128, 512, 2048):
        line = f"{workers:>8}"
        for clones in (False, True):
            found = simulate(grid(rows, seconds, costs, clones=clones), workers)
            what, most = max(found.busy.items(), key=lambda item: item[1])
            line += f"{found.seconds / 3600:>10.2f}{found.workers:>14.0%}  {f'{what} {most / found.seconds:.0%}':<20}"
        lines.append(line)
    return lines


def calibrate(costs: Costs, deps: int, sizes: Sequence[int] = (20, 200, 600)) -> Costs:
    """Measure DVC's start-up and its seconds under the lock, in CPU time, in repositories of these many stages."""
    held, startup = [], []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            _repository(Path(folder), size, deps)
            words = [sys.executable, "-c", _TIMED, f"s@{size // 2}"]
            done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
            told = json.loads(done.stdout.splitlines()[-1])
            held.append(told["held"])
            startup.append(told["all"] - told["held"])
            print(
                f"{size:>6} stages: {told['held']:.2f} s of CPU under DVC's lock a stage, {startup[-1]:.2f} s beside it"
            )
    each = (held[-1] - held[0]) / (sizes[-1] - sizes[0])
    return replace(costs, lock=max(0.0, held[0] - each * sizes[0]), lock_each=each, startup=min(startup))


_TIMED = """
import json, sys, time
from dvc.lock import Lock
spent, begun = [0.0], [0.0]
lock, unlock = Lock.lock, Lock.unlock
def timed_lock(self):
    lock(self)
    if self.lockfile.endswith("tmp/lock"): begun[0] = time.process_time()
def timed_unlock(self):
    if self.lockfile.endswith("tmp/lock"): spent[0] += time.process_time() - begun[0]
    unlock(self)
Lock.lock, Lock.unlock = timed_lock, timed_unlock
from xstilts.commands.dvc import main
assert main(["repro", "--quiet", "--single-item", "--force", sys.argv[1]]) == 0
print(json.dumps({"held": spent[0], "all": time.process_time()}))
"""


class _Plain(yaml.SafeDumper):
    """Every value written out, as DVC does."""

    def ignore_aliases(self, data: object) -> bool:
        """No anchors."""
        return True


def _repository(folder: Path, size: int, deps: int) -> None:
    """A repository of stages with as many dependencies as a training has, all of them up to date in dvc.lock."""
    sources = {f"source{n}.py": f"{n}\n" for n in range(deps)}
    for name, text in sources.items():
        (folder / name).write_text(text)
    (folder / "out").mkdir()
    for n in range(size):
        (folder / f"out/{n}").write_text("0\n")
    listed = "".join(f"      - {name}\n" for name in sources)
    (folder / "params.yaml").write_text(f"n: [{', '.join(str(n) for n in range(size))}]\n")
    (folder / "dvc.yaml").write_text(
        "stages:\n  s:\n    matrix:\n      n: ${n}\n    cmd: cp source0.py out/${item.n}\n"
        f"    deps:\n{listed}    outs:\n      - out/${{item.n}}\n"
    )

    def entry(path: str, text: str) -> dict[str, object]:
        return {"path": path, "hash": "md5", "md5": hashlib.md5(text.encode()).hexdigest(), "size": len(text)}

    known = [entry(name, text) for name, text in sorted(sources.items())]
    stages = {
        f"s@{n}": {"cmd": f"cp source0.py out/{n}", "deps": known, "outs": [entry(f"out/{n}", "0\n")]}
        for n in range(size)
    }
    text = yaml.dump({"schema": "2.0", "stages": stages}, Dumper=_Plain, sort_keys=False)
    (folder / "dvc.lock").write_text(text, encoding="utf-8")
    (folder / ".gitignore").write_text("/out\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=folder, check=True)


def _trains(group: str) -> bool:
    return group in ("pretrained", "intermediate", "target")


# Seconds in the world on one core of a busy machine, 2026-11: trainings are means of trainings/*/run.json (started to
# ended), the others estimates; --durations replaces all that it names.
WORLD = {
    "pretrained": 520.0,
    "intermediate": 56.0,
    "target": 36.0,
    "predict": 12.0,
    "score": 4.0,
    "prepare": 8.0,
    "text": 10.0,
    "mixture": 1.5,
    "gains": 10.0,
    "correlate": 30.0,
    "report": 15.0,
}


def means(path: Path) -> dict[str, float]:
    """Mean seconds by kind of stage from a run's durations, the world's where it has none."""
    measured: dict[str, list[float]] = {}
    for name, seconds in json.loads(path.read_text(encoding="utf-8")).items():
        group = name.partition("@")[0]
        kind = next((kind for kind in ("predict", "score") if group.startswith(kind)), group)
        measured.setdefault(kind, []).append(seconds)
    return WORLD | {kind: sum(values) / len(values) for kind, values in measured.items()}


def main() -> None:
    """Print the table, before and after the change that lifts what saturates first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--durations", type=Path, help=".xstilts/grid/durations.json of a run")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="times this: trainings and predictions, not pretraining"
    )
    parser.add_argument("--gib", type=float, default=Costs.gib, help="size of a checkpoint")
    parser.add_argument(
        "--grid", type=int, nargs=4, default=(14, 9, 6, 5), metavar=("INTERMEDIATES", "TARGETS", "TRAININGS", "SEEDS")
    )
    parser.add_argument("--calibrate", action="store_true", help="measure DVC here first")
    parser.add_argument("--deps", type=int, default=25, help="dependencies of a stage (default 25, as a training has)")
    asked = parser.parse_args()
    seconds = means(asked.durations) if asked.durations else dict(WORLD)
    for group in seconds:
        seconds[group] *= asked.scale if group in ("intermediate", "target", "predict") else 1
    costs = replace(Costs(), gib=asked.gib)
    began = time.monotonic()
    if asked.calibrate:
        costs = calibrate(costs, asked.deps)
    rows = paper(*asked.grid)
    print(f"costs: {costs}")
    print("\n".join(table(rows, seconds, costs)))
    print("\nthe same with dvc.lock and run-cache in parts of 50 stages (a pipeline for each intermediate and seed),")
    print("and PostgreSQL behind an MLflow server that writes 16 runs at once:")
    parts = replace(costs, lock=costs.lock + costs.lock_each * 50, lock_each=0.0, store=costs.store / 16)
    print("\n".join(table(rows, seconds, replace(parts, request=costs.request * 50 / len(rows)))[1:]))
    print(json.dumps({"stages": len(rows), "seconds": round(time.monotonic() - began, 1)}))


if __name__ == "__main__":
    main()
