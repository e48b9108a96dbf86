import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tiny
from xstilts.commands import main

PIPELINE = """\
stages:
  prepare:
    matrix: {task: [udpos, panx]}
    cmd: mkdir -p data && cp in data/${item.task}
    deps: [in]
    outs: ['data/${item.task}']
  train:
    cmd: touch begun && while [ ! -e go ]; do sleep 0.1; done && cp data/udpos weights
    deps: [data/udpos]
    outs: [weights]
  report:
    cmd: mkdir -p reports && cp weights reports/index.html
    deps: [weights, data/panx]
    outs: [reports/index.html]
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "params.yaml").write_text("{}\n")
    (tmp_path / "in").write_text("text\n")
    for words in (("git", "init", "-q"), ("dvc", "init", "-q"), ("dvc", "config", "core.analytics", "false")):
        tiny.run(tmp_path, *words)
    return tmp_path


def status(folder: Path, *words: str) -> str:
    environment = {**tiny.environment(folder), "PYTHONPATH": str(tiny.ROOT / "src")}
    command = [sys.executable, "-m", "xstilts", "status", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_before_anything_ran_all_is_left_and_it_is_said_what_makes_the_report(repository):
    shown = status(repository, "--left")
    assert "0 of 4 stage instances are up to date, 0 run, 4 are left" in shown
    left = {line.removeprefix("left: ") for line in shown.splitlines() if line.startswith("left: ")}
    assert left == {"prepare@udpos", "prepare@panx", "train", "report"}
    assert "no report yet: `xstilts repro` (or `dvc repro`) makes it" in shown


def test_while_dvc_is_at_work_the_stage_that_runs_is_named_and_nothing_is_waited_for(repository):
    driver = subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro", "--quiet"], cwd=repository, env=tiny.environment(repository)
    )
    try:
        while not (repository / "begun").exists():
            assert driver.poll() is None
            time.sleep(0.05)
        shown = status(repository)
        assert f"running: train (process {driver.pid})" in shown
        assert "2 of 4 stage instances are up to date, 1 run, 1 are left" in shown or "1 of 4" in shown
    finally:
        (repository / "go").touch()
        assert driver.wait(60) == 0
    shown = status(repository)
    assert "4 of 4 stage instances are up to date: nothing is left" in shown
    assert "the report: reports/index.html" in shown
    assert "running:" not in shown


def test_a_dead_process_that_left_its_lock_runs_nothing(repository):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (repository / ".dvc/tmp").mkdir(exist_ok=True)
    held = {str(repository / "weights"): {"pid": gone.pid, "cmd": "dvc repro"}}
    (repository / ".dvc/tmp/rwlock").write_text(json.dumps({"write": held, "read": {}}))
    shown = status(repository)
    assert "0 run, 4 are left" in shown
    assert "running: " not in shown


def test_outside_a_repository_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main.main(["status"]) == 1
    assert "inside the repository" in capsys.readouterr().err
