"""What the stages of a finished pipeline cost, and how much of it is start-up: imports, and leaving the interpreter.

    python benchmarks/startup.py                         this repository, after `make run`
    python benchmarks/startup.py --workspace FOLDER --stages score,predict --rounds 3

One instance of each stage runs again in a copy of the workspace. Start-up is what another process takes that imports
all that this one imported, and ends. Seconds are CPU time, the least of the rounds, so that a shared machine can
measure them; pretraining, unless it is asked for by name, is taken from its record, whose seconds are wall time.
"""

import argparse
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from dvc.utils.serialize import dumps_yaml, parse_yaml_for_update

ROOT = Path(__file__).resolve().parent.parent
LONG = "pretrained"
# Not the part of a workspace that a stage reads.
ASIDE = shutil.ignore_patterns(".venv", "cache", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")
IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \| (\S+)$", re.MULTILINE)
IMPORT = """
import importlib, sys
for name in sys.stdin.read().split():
    try:
        importlib.import_module(name)
    except ImportError:  # asked for by a package that can do without it
        pass
"""


@dataclass(frozen=True)
class Stage:
    """One stage of dvc.yaml: seconds of one instance, and how many there are."""

    instances: int
    startup: float
    run: float

    @property
    def total(self) -> float:
        """Seconds of all instances, as if they were alike."""
        return self.instances * self.run


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=ROOT, help="where `make run` or `dvc repro` has ended")
    parser.add_argument("--stages", type=lambda text: text.split(","), help="of dvc.yaml, with commas; all by default")
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    lock = asked.workspace / "dvc.lock"
    if not lock.exists():
        print(f"{lock} does not exist: nothing has run there; type `make run` first, or name a --workspace")
        print(json.dumps({"benchmark": "startup", "stages": {}}))
        return
    commands = kinds(yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"])
    chosen = asked.stages or list(commands)
    if unknown := set(chosen) - commands.keys():
        parser.error(f"no stage {', '.join(sorted(unknown))} in {lock}; there are {', '.join(commands)}")
    measured: dict[str, Stage] = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "workspace")
        shutil.copytree(asked.workspace, copy, ignore=ASIDE, symlinks=True)
        print(f"{'stage':<20}{'instances':>10}{'start-up, s':>13}{'one run, s':>12}{'share':>8}{'all, s':>9}")
        for name in chosen:
            if name == LONG and not asked.stages:
                measured[name] = recorded(asked.workspace)
            else:
                measured[name] = measure(commands[name], copy, asked.rounds)
            show(name, measured[name])
    finish(measured, lock, sum(map(len, commands.values())))


def kinds(stages: Mapping[str, Any]) -> dict[str, list[str]]:
    """Stage of dvc.yaml → the commands of its instances; the baseline's, which does less than others, last."""
    found: dict[str, list[str]] = {}
    for name in sorted(stages, key=lambda name: "@none-" in name or name.endswith("@none")):
        found.setdefault(name.partition("@")[0], []).append(stages[name]["cmd"])
    order = list(dict.fromkeys(name.partition("@")[0] for name in stages))
    return {name: found[name] for name in order}


def measure(commands: list[str], workspace: Path, rounds: int) -> Stage:
    """Run the first command in the workspace, and what it imports in another process, in turn.

    Raises:
        subprocess.CalledProcessError: a command failed; what it wrote was shown.
    """
    command = [sys.executable, *shlex.split(commands[0])[1:]]
    told = subprocess.run(
        [command[0], "-X", "importtime", *command[1:]], cwd=workspace, env=environment(), capture_output=True, text=True
    )
    if told.returncode:
        print(
            "\n".join(line for line in told.stderr.splitlines() if not line.startswith("import time:")), file=sys.stderr
        )
        told.check_returncode()
    modules = "\n".join(IMPORTED.findall(told.stderr))
    runs, starts = [], []
    for _ in range(rounds):
        runs.append(seconds(command, workspace))
        starts.append(seconds([sys.executable, "-c", IMPORT], workspace, modules))
    return Stage(len(commands), round(min(starts), 2), round(min(runs), 2))


def seconds(command: list[str], workspace: Path, text: str = "") -> float:
    """CPU seconds of a command and the processes that it waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=workspace, env=environment(), input=text, text=True, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def environment() -> dict[str, str]:
    """The environment without a team's store: what runs here is logged in the copy alone."""
    return {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}


def recorded(workspace: Path) -> Stage:
    """What the record of the pretraining says."""
    record = json.loads((workspace / "trainings" / LONG / "run.json").read_text(encoding="utf-8"))
    return Stage(1, 0.0, float(record["entry"]["tags"]["provenance.seconds"]))


def show(name: str, stage: Stage) -> None:
    """One line of the table."""
    share = stage.startup / stage.run if stage.run else 0.0
    print(f"{name:<20}{stage.instances:>10}{stage.startup:>13.2f}{stage.run:>12.2f}{share:>8.0%}{stage.total:>9.1f}")


def finish(measured: Mapping[str, Stage], lock: Path, stages: int) -> None:
    """The sums, what DVC takes to rewrite dvc.lock after every stage, and all of it as JSON."""
    startup = sum(stage.instances * stage.startup for stage in measured.values())
    whole = sum(stage.total for stage in measured.values())
    rest = whole - sum(stage.total for name, stage in measured.items() if name == LONG)
    text = lock.read_text(encoding="utf-8")
    begin = time.process_time()
    dumps_yaml(parse_yaml_for_update(text, str(lock)))
    rewrite = time.process_time() - begin
    share = startup / rest if rest else 0.0
    print(f"\nStart-up: {startup:.0f} s of {rest:.0f} s ({share:.0%}) without pretraining; with it {whole:.0f} s.")
    print(f"DVC rewrites dvc.lock after every stage: {rewrite:.2f} s for all its {len(text.splitlines())} lines, hence")
    print(f"about {stages * rewrite / 2:.0f} s for {stages} stages from nothing.")
    result = {
        "benchmark": "startup",
        "stages": {name: asdict(stage) for name, stage in measured.items()},
        "startup_seconds": round(startup, 1),
        "pipeline_seconds": round(whole, 1),
        "without_pretraining_seconds": round(rest, 1),
        "lock_lines": len(text.splitlines()),
        "lock_rewrite_seconds": round(rewrite, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
