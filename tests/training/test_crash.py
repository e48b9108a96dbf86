"""The whole pipeline under SIGKILL, done again by force, and rebuilt from its records."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import tiny

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(5400)]
KILLS = 20
COSTS = ("tokens_per_second", "memory_mib")
TIMES = ("provenance.seconds", "provenance.joules")
DUMP = """\
import json
from mlflow_store import everything
print(json.dumps([[*key, {k: v for k, v in run.items() if k != "times"}] for key, run in sorted(everything().items())]))
"""


def runs(folder: Path) -> list[Any]:
    """Every run in the folder's store, ids and times left out; it fails if a fingerprint has two."""
    environment = tiny.environment(folder)
    environment["PYTHONPATH"] += os.pathsep + str(Path(__file__).parents[1] / "helpers")
    done = subprocess.run(
        ["python", "-c", DUMP], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout.splitlines()[-1]))


def values(folder: Path) -> dict[str, dict[str, float]]:
    paths = sorted((folder / "scores").glob("*/*/seed*.json"))
    return {path.relative_to(folder).as_posix(): json.loads(path.read_text())["values"] for path in paths}


def forget_costs(rows: list[Any]) -> list[Any]:
    """What a second run of the same training may change: seconds, speed, memory and when they were measured."""
    rows = json.loads(json.dumps(rows))
    for _, _, run in rows:
        for part in ("metrics", "histories", "tags"):
            for name in [name for name in run[part] if name.rpartition("/")[2] in COSTS or name in TIMES]:
                del run[part][name]
    return rows


def clone(reproduced: Path, folder: Path) -> Path:
    """The same sources and parameters, nothing run yet."""
    tiny.run(reproduced, "git", "clone", "-q", str(reproduced), str(folder))
    return folder


def killed(folder: Path, seconds: float) -> bool:
    """Start `dvc repro` and kill it and all its children after some seconds; False if it had ended before."""
    process = subprocess.Popen(
        ["dvc", "repro", "-q"],
        cwd=folder,
        env=tiny.environment(folder),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _, error = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    assert process.returncode == 0, error.decode()[-4000:]
    return False


def test_a_pipeline_killed_at_twenty_moments_ends_with_the_same_numbers(reproduced: Path, tmp_path: Path) -> None:
    rng = random.Random(0)
    folder = clone(reproduced, tmp_path / "first")
    start = time.monotonic()
    kills, copies = 0, 1
    while kills < KILLS:
        if killed(folder, rng.uniform(1, 30)):
            kills += 1
        else:
            copies += 1
            shutil.rmtree(folder)
            folder = clone(reproduced, tmp_path / str(copies))
    tiny.run(folder, "dvc", "repro")
    print(f"{kills} kills in {time.monotonic() - start:.0f} s, {copies} copies")
    assert values(folder) == values(reproduced)
    assert "up to date" in tiny.run(folder, "dvc", "status")
    found = runs(folder)
    assert {run["status"] for _, _, run in found} == {"FINISHED"}
    assert max(Counter((run["tags"]["study"], key) for key, _, run in found).values()) == 1
    assert {(key, fingerprint) for key, fingerprint, _ in found} == {tuple(row[:2]) for row in runs(reproduced)}
    assert not list(folder.rglob("*.partial"))
    assert not list((folder / ".xstilts/outbox").glob("*.jsonl"))


def test_every_stage_done_twice_adds_no_run(workspace: Path) -> None:
    before = runs(workspace)
    tiny.run(workspace, "dvc", "repro", "-f")
    after = runs(workspace)
    assert forget_costs(after) == forget_costs(before)


def test_a_deleted_store_is_rebuilt_with_equal_metrics_parameters_and_tags(workspace: Path) -> None:
    before = runs(workspace)
    (workspace / "mlruns/mlflow.db").unlink()
    shutil.rmtree(workspace / "mlruns/artifacts", ignore_errors=True)
    tiny.run(workspace, "dvc", "repro", "-f", "-s", "published", "gains", "report")
    assert runs(workspace) == before


def test_one_changed_parameter_adds_exactly_the_runs_that_it_touches(workspace: Path) -> None:
    before = {tuple(row[:2]) for row in runs(workspace)}
    text = (workspace / "params.yaml").read_text(encoding="utf-8")
    own = "    xnli: {learning_rate: 5.0e-4, batch: 8, epochs: 1, max_length: 64, stride: 32}\n"
    assert "    xnli: {}\n" in text
    (workspace / "params.yaml").write_text(text.replace("    xnli: {}\n", own), encoding="utf-8")
    tiny.run(workspace, "dvc", "repro")
    found = runs(workspace)
    added = {key for key, fingerprint, _ in found if (key, fingerprint) not in before}
    touched = {
        f"{kind}/xnli/seed1" for kind in ("training:target/none", "training:target/mnli", "score:none", "score:mnli")
    }
    assert added - {"report:report"} == touched
    superseded = {key for key, _, run in found if run["tags"]["superseded"] == "true"}
    assert superseded - {"report:report"} == touched
