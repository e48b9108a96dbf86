"""`xstilts repro` is `dvc repro`; it tells where the time went, and nothing outlives it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

import tiny
from xstilts.commands import fork_server, repro

ROOT = Path(__file__).parents[2]
# `work` works, `fails` fails, `sleeps` lets everybody know its process and sleeps, `deaf` does so and heeds no SIGTERM.
SCRIPT = """
import os, signal, subprocess, sys, time
from pathlib import Path

name, what = sys.argv[1:]
time.sleep(0.5)
if what == "fails":
    sys.exit("as it was told")
if what == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if what in ("sleeps", "deaf"):
    below = subprocess.Popen(["sleep", "300"])
    Path("begun.txt").write_text(f"{os.getpid()} {below.pid}")
    time.sleep(300)
Path(name).write_text("done", encoding="utf-8")
"""
WORDS = (sys.executable, "-m", "xstilts.commands.main", "repro")
FORKED, PLAIN = "score", "prepare"  # a script that runs as a fork, and one that does not


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "pipelines").mkdir()
    for name in (FORKED, PLAIN):
        (tmp_path / "pipelines" / f"{name}.py").write_text(SCRIPT, encoding="utf-8")
    write(tmp_path, last="works")
    for words in (["git", "init", "-q"], ["dvc", "init", "-q"], ["dvc", "config", "core.analytics", "false"]):
        tiny.run(tmp_path, *words)
    return tmp_path


def write(folder: Path, *, last: str, script: str = PLAIN) -> None:
    """Two runs of a stage whose script is forked, and one after them."""
    stages = {
        "first": {
            "matrix": {"name": ["a", "b"]},
            "cmd": f"python pipelines/{FORKED}.py ${{item.name}} works",
            "outs": ["${item.name}"],
        },
        "last": {"cmd": f"python pipelines/{script}.py c {last}", "deps": ["a", "b"], "outs": ["c"]},
    }
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The toy workspace has no src/; the command is this repository's. A test may change it.

    The packages that the fork server imports are empty ones: toy stages need none, and torch takes seconds.
    """
    empty = tmp_path_factory.mktemp("empty")
    for name in fork_server.PACKAGES:
        folder = empty.joinpath(*name.split("."))
        folder.mkdir(parents=True)
        for package in (folder, *folder.relative_to(empty).parents):
            (empty / package / "__init__.py").touch()
    found = tiny.environment(ROOT)
    found["PYTHONPATH"] = f"{found['PYTHONPATH']}{os.pathsep}{empty}"
    monkeypatch.setattr(tiny, "environment", lambda _: found)
    return found


def row(printed: str, name: str) -> list[float]:
    (line,) = re.findall(rf"^{name} .*$", printed, re.MULTILINE)
    return [float(number) for number in re.findall(r"[\d.]+", line)]


def test_the_table_has_every_stage_that_ran_with_its_work_apart_from_its_start(workspace):
    printed = tiny.run(workspace, *WORDS)
    runs, seconds, early = row(printed, "first")
    assert runs == 2
    assert seconds - early == pytest.approx(1.0, abs=0.3)
    assert row(printed, "last")[0] == 1
    assert re.search(r"^last .* –$", printed, re.MULTILINE), "no fork, so that nobody took its start-up"
    assert row(printed, "stages")[0] == 3
    assert "of it start-up" not in tiny.run(workspace, *WORDS), "nothing ran"
    assert "of it start-up" not in tiny.run(workspace, *WORDS, "--dry", "-f"), "nothing ran"


@pytest.mark.parametrize("script", [FORKED, PLAIN])
def test_a_stage_that_fails_ends_with_dvc_s_status_and_its_message(workspace, script):
    write(workspace, last="fails", script=script)
    printed = tiny.run(workspace, *WORDS, ok=False)
    assert "as it was told" in printed
    assert f"failed to reproduce 'last': failed to run: python pipelines/{script}.py c fails, exited with 1" in printed
    assert row(printed, "last")[0] == 1


def test_a_stage_finds_this_interpreter_first(workspace, environment):
    environment["PATH"] = "/usr/bin:/bin"
    source = "import sys; open(sys.argv[1], 'w').write(sys.executable)"
    (workspace / "pipelines" / f"{PLAIN}.py").write_text(source, encoding="utf-8")
    tiny.run(workspace, *WORDS)
    assert Path((workspace / "c").read_text(encoding="utf-8")).parent == Path(sys.executable).parent


def test_a_stage_that_is_no_fork_has_a_time_and_no_start_up(tmp_path):
    lines = [("score@none-xnli-1", 5.0, 2.0), ("score@none-udpos-1", 1.0, 0.5), ("correlate", 4.0, None)]
    path = tmp_path / "times.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    table = repro.table(path, 20.0)
    assert row(table, "score") == [2, 6.0, 3.5]
    assert row(table, "correlate") == [1, 4.0]
    assert row(table, "stages") == [3, 10.0, 3.5]
    assert row(table, "all, with DVC") == [20.0, 13.5, 68]


@pytest.fixture
def at_work(workspace, environment):
    """Starts a `repro` of one stage that sleeps; gives its process, and every process that is at work below it."""
    started = []

    def start(script: str, what: str) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
        stage = {"cmd": f"python pipelines/{script}.py c {what}", "outs": ["c"]}
        (workspace / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"last": stage}}), encoding="utf-8")
        process = subprocess.Popen(
            WORDS, cwd=workspace, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        started.append(psutil.Process(process.pid))
        begun = workspace / "begun.txt"
        deadline = time.monotonic() + 120
        while not (begun.exists() and begun.read_text()):
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
            time.sleep(0.1)
        below = started[0].children(recursive=True)
        assert set(map(int, begun.read_text().split())) <= {below.pid for below in below}
        started.extend(below)
        return process, below

    yield start
    for process in started:
        if process.is_running():
            process.kill()


def still(processes: list[psutil.Process], seconds: float) -> list[str]:
    """Which of these are still at work after this time at most."""
    deadline = time.monotonic() + seconds
    while True:
        alive = [found for found in processes if found.is_running() and found.status() != psutil.STATUS_ZOMBIE]
        if not alive or time.monotonic() > deadline:
            return [" ".join(found.cmdline()) for found in alive]
        time.sleep(0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="what a killed process leaves is found on Linux")
@pytest.mark.parametrize("script", [FORKED, PLAIN])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_whatever_ends_repro_alone_ends_dvc_and_the_stage(workspace, at_work, script, number, status):
    process, below = at_work(script, "sleeps")
    process.send_signal(number)
    assert still(below, 8) == []
    assert process.wait(10) == status
    assert "up to date" not in tiny.run(workspace, "dvc", "status", "last")  # no lock stands in the way


@pytest.mark.skipif(sys.platform != "linux", reason="what a killed process leaves is found on Linux")
@pytest.mark.parametrize("script", [FORKED, PLAIN])
def test_a_stage_that_heeds_no_signal_is_killed(at_work, script):
    process, below = at_work(script, "deaf")
    process.send_signal(signal.SIGTERM)
    assert still(below, 15) == []
    assert process.wait(10) == 143


@pytest.mark.skipif(sys.platform != "linux", reason="what a killed process leaves is found on Linux")
@pytest.mark.parametrize("script", [FORKED, PLAIN])
def test_a_dvc_that_is_killed_leaves_nothing_at_work(at_work, script):
    process, below = at_work(script, "sleeps")
    (dvc,) = (found for found in below if "xstilts.commands.dvc" in found.cmdline())
    dvc.kill()
    assert still(below, 15) == []
    assert process.wait(10) == 137


def test_ctrl_c_reaches_the_stage_once_and_ends_dvc(workspace, at_work):
    process, below = at_work(FORKED, "sleeps")
    for found in (process, *(found for found in below if os.getpgid(found.pid) == os.getpgid(process.pid))):
        os.kill(found.pid, signal.SIGINT)  # what a terminal does
    printed, _ = process.communicate(timeout=30)
    assert printed.count("KeyboardInterrupt") == 1
    assert "exited with 130" in printed
    assert still(below, 8) == []


def test_temporary_files_may_lie_below_a_long_name(workspace, tmp_path_factory, environment):
    long = tmp_path_factory.mktemp("long") / ("x" * 120)
    long.mkdir()
    environment["TMPDIR"] = str(long)
    assert row(tiny.run(workspace, *WORDS), "first")[0] == 2
    assert [path.name for path in long.iterdir() if "xstilts" in path.name] == []
