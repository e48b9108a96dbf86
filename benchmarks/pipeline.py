"""What DVC takes to find a full grid up to date, against a bare matrix of as many stages.

    python benchmarks/pipeline.py                                  profiles/xlmr-large.yaml, over 1,000 stages
    python benchmarks/pipeline.py --profile profiles/world.yaml

Copies what git tracks into a temporary folder, writes a small made-up output for every stage, and records them all in
dvc.lock as `dvc commit` does, only in one go. Then `dvc repro` and `dvc status` run on both, in turn.
"""

import argparse
import contextlib
import json
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from dvc.repo import Repo
from dvc.stage.serialize import to_single_stage_lockfile
from dvc.utils.serialize import dump_yaml

ROOT = Path(__file__).resolve().parent.parent
FILES = ("card.json", "head.json", "train.jsonl", "validation.jsonl", "run.json")
COMMANDS = ("repro", "status")
Seconds = dict[str, list[float]]


def main() -> None:
    """Build both workspaces, measure in turn, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", type=Path, default=ROOT / "profiles/xlmr-large.yaml")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        grid, bare = Path(folder, "grid"), Path(folder, "bare")
        git("clone", "--quiet", str(ROOT), str(grid))
        (grid / "params.yaml").write_bytes(asked.profile.read_bytes())
        stages = up_to_date(grid)
        bare_matrix(bare, stages)
        up_to_date(bare)
        workspaces = {"this grid": grid, "bare matrix": bare}
        wall: dict[str, Seconds] = {name: {command: [] for command in COMMANDS} for name in workspaces}
        cpu: dict[str, Seconds] = {name: {command: [] for command in COMMANDS} for name in workspaces}
        for _ in range(asked.rounds):
            for name, workspace in workspaces.items():
                for command in COMMANDS:
                    taken = measure(workspace, command)
                    wall[name][command].append(taken[0])
                    cpu[name][command].append(taken[1])
    show(stages, wall, cpu)


def up_to_date(workspace: Path) -> int:
    """Give every stage of a workspace an output and a place in dvc.lock; returns how many stages there are."""
    with contextlib.chdir(workspace):
        repo = Repo(".")
        stages: list[Any] = list(repo.index.stages)
        for stage in stages:
            for out in stage.outs:
                made_up(Path(out.fs_path))
        for stage in stages:
            for dep in stage.deps:
                if dep.fs_path and not Path(dep.fs_path).exists():
                    made_up(Path(dep.fs_path))
        locked = {}
        with repo.lock:
            for stage in stages:
                stage.save(allow_missing=False)
                for out in stage.outs:
                    if out.use_cache:
                        out.commit()
                locked[stage.name] = to_single_stage_lockfile(stage)
        dump_yaml("dvc.lock", {"schema": "2.0", "stages": locked})
    return len(stages)


def made_up(path: Path) -> None:
    """A file, or a folder of files, whose content is its name."""
    if path.suffix:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
        return
    path.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (path / name).write_text(f"{path.name} {name}")


def bare_matrix(folder: Path, stages: int) -> None:
    """A pipeline of as many stages with one output each and no dependency."""
    folder.mkdir()
    numbers = ", ".join(map(str, range(stages)))
    (folder / "dvc.yaml").write_text(
        f"stages:\n  one:\n    matrix:\n      n: [{numbers}]\n"
        "    cmd: echo ${item.n} > out/${item.n}.txt\n    outs:\n      - out/${item.n}.txt\n"
    )
    git("init", "--quiet", str(folder))
    subprocess.run(["dvc", "init", "--quiet"], cwd=folder, check=True)


def measure(workspace: Path, command: str) -> tuple[float, float]:
    """Wall and CPU seconds of one DVC command.

    Raises:
        RuntimeError: it did not find everything up to date.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(["dvc", command], cwd=workspace, capture_output=True, text=True, check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if "up to date" not in done.stdout or "Running stage" in done.stdout:
        raise RuntimeError(f"dvc {command} in {workspace} found something to do:\n{done.stdout[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def show(stages: int, wall: dict[str, Seconds], cpu: dict[str, Seconds]) -> None:
    """The medians as a table, and as one line of JSON."""
    rows = []
    print(f"{stages} stages, medians of {len(wall['this grid']['repro'])} rounds\n")
    print("| command | workspace | wall, s | CPU, s | CPU / bare |\n| --- | --- | --- | --- | --- |")
    for command in COMMANDS:
        peer = statistics.median(cpu["bare matrix"][command])
        for name in wall:
            row = [statistics.median(kind[name][command]) for kind in (wall, cpu)]
            print(f"| dvc {command} | {name} | {row[0]:.1f} | {row[1]:.1f} | {row[1] / peer:.2f} |")
            rows.append({"command": command, "workspace": name, "wall": row[0], "cpu": row[1], "ratio": row[1] / peer})
    print(json.dumps({"stages": stages, "rows": rows}))


def git(*words: str) -> None:
    """Run git; a failure is an error."""
    subprocess.run(["git", *words], check=True)


if __name__ == "__main__":
    main()
