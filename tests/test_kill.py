"""A training that is killed (SIGKILL) at random moments, and once while it leaves its result."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tiny

KILLS = 10
STEPS = 800
TRAIN = (sys.executable, "pipelines/train.py", "intermediate", "mnli", "1")
RESULT = Path("checkpoints/intermediate/mnli/seed1")
# Every run of the training in the store, after the outbox was sent and the dead were ended.
RUNS = """
import json
from pathlib import Path
from xstilts.tracking import scores
from xstilts.tracking import store
scores.sweep()
scores.restore(Path("scores"), trainings=Path("trainings"), study="tiny", profile="tiny")
there = store.connect()
runs = [run for run in there.search(there.studies()) if run.data.tags["key"].endswith("intermediate/mnli/seed1")]
steps = [sorted(point[3] for point in there.history(run.info.run_id, "train/loss")) for run in runs]
print(json.dumps([
    [run.info.status, run.data.tags["superseded"], run.data.tags["fingerprint"], found]
    for run, found in zip(runs, steps, strict=True)
]))
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny copy with everything that the training needs, and a checkpoint after every step."""
    recipe = f"    mnli: {{learning_rate: 1.0e-3, batch: 8, steps: {STEPS}, max_length: 64, evaluate_every: 50}}"
    params = tiny.altered(tiny.PARAMS, "    mnli: {}", recipe)
    params = tiny.altered(params, "progress: false", "progress: false, checkpoint_seconds: 0")
    folder = tiny.copy(tmp_path_factory.mktemp("killed"), params=params)
    for script in (("prepare.py", "mnli"), ("text.py",), ("pretrained.py",), ("mixture.py", "mnli")):
        tiny.run(folder, sys.executable, f"pipelines/{script[0]}", *script[1:])
    return folder


@pytest.fixture(scope="module")
def whole(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same copy after one uninterrupted training."""
    folder = tmp_path_factory.mktemp("whole") / "copy"
    shutil.copytree(prepared, folder)
    tiny.run(folder, *TRAIN)
    return folder


def start(folder: Path) -> "subprocess.Popen[bytes]":
    """Begin the training as a process of its own."""
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(TRAIN, cwd=folder, env=tiny.environment(folder), stdout=log, stderr=log)


def kill(process: "subprocess.Popen[bytes]") -> None:
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def finish(folder: Path) -> None:
    process = start(folder)
    assert process.wait(timeout=600) == 0, (folder / "log.txt").read_text()[-4000:]


def weights(folder: Path) -> dict[str, str]:
    """The hash of every file of the result, as its card has them."""
    return json.loads((folder / RESULT / "card.json").read_text())["weights"]


def runs(folder: Path) -> list[list]:
    return json.loads(tiny.run(folder, sys.executable, "-c", RUNS).splitlines()[-1])


def check(folder: Path, whole: Path) -> None:
    assert weights(folder) == weights(whole)
    assert (folder / RESULT / "card.json").read_bytes() == (whole / RESULT / "card.json").read_bytes()
    ((status, superseded, fingerprint, steps),) = runs(folder)
    assert (status, superseded) == ("FINISHED", "false")
    assert fingerprint == json.loads((folder / RESULT / "card.json").read_text())["fingerprint"]
    assert len(steps) == len(set(steps)), "a step is in the curve twice"
    assert steps[-1] == STEPS
    assert not list((folder / ".xstilts").rglob("*.ckpt*"))


@pytest.mark.heavy
def test_ten_kills_at_random_moments_change_neither_weights_nor_the_number_of_runs(
    prepared: Path, whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(prepared, folder)
    draw = random.Random(4)
    resume = folder / ".xstilts" / "resume"
    killed = progressed = 0
    while killed < KILLS:
        process = start(folder)
        before = newest(resume)
        if killed % 5:  # two of ten die before anything is learned, the others some steps later
            while process.poll() is None and newest(resume) == before:
                time.sleep(0.005)
            time.sleep(draw.uniform(0, 0.7))
        else:
            time.sleep(draw.uniform(0, 2.0))
        assert process.poll() is None, "the training ended before it was killed ten times; raise STEPS"
        kill(process)
        killed += 1
        progressed += newest(resume) != before
    assert progressed >= 7
    finish(folder)
    check(folder, whole)


def newest(resume: Path) -> int:
    """When the last checkpoint was written, 0 before the first."""
    return max((path.stat().st_mtime_ns for path in resume.rglob("last.ckpt")), default=0)


@pytest.mark.heavy
@pytest.mark.parametrize("moment", [f"{RESULT}.partial", f"{RESULT}/card.json", "trainings/intermediate/mnli/seed1"])
def test_a_kill_while_the_result_is_written_changes_nothing_either(
    prepared: Path, whole: Path, tmp_path: Path, moment: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(prepared, folder)
    process = start(folder)
    while process.poll() is None and not (folder / moment).exists():
        time.sleep(0.0005)
    if process.poll() is None:
        kill(process)
    shutil.rmtree(folder / RESULT, ignore_errors=True)  # as DVC removes a stage's outputs before it runs again
    shutil.rmtree(folder / "trainings" / "intermediate", ignore_errors=True)
    finish(folder)
    check(folder, whole)


@pytest.mark.heavy
def test_a_kill_while_the_database_is_made_leaves_nothing_that_stands_in_the_way(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from xstilts.tracking import store; print(store.connect().studies())"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment)
    while process.poll() is None and not (tmp_path / "mlruns" / "mlflow.db.partial").exists():
        time.sleep(0.005)
    time.sleep(0.2)
    kill(process)
    assert not (tmp_path / "mlruns" / "mlflow.db").exists()
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr[-2000:]
