import importlib.util
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType

import psutil
import pytest
import yaml

import tiny
import toy_grid
from xstilts.commands import main
from xstilts.commands.grid import clones, dag, durations, locks, plan, progress, resources, workers
from xstilts.commands.grid.dag import Node
from xstilts.commands.grid.durations import Durations
from xstilts.commands.grid.resources import Resources

needs_ray = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import ray"], capture_output=True, check=False).returncode != 0,
    reason="Ray is not installed: pip install 'xstilts[grid]'",
)


def grid(folder: Path, *words: str, ok: bool = True) -> str:
    return tiny.run(folder, sys.executable, "-m", "xstilts.commands.main", "grid", *words, ok=ok)


def environment(folder: Path) -> dict[str, str]:
    found = tiny.environment(folder)
    return found if (folder / "src").exists() else found | {"PYTHONPATH": str(tiny.ROOT / "src")}


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """A toy repository has no src/; the commands import this one's."""
    own = tiny.environment
    monkeypatch.setattr(
        tiny,
        "environment",
        lambda folder: (
            own(folder) if (folder / "src").exists() else own(folder) | {"PYTHONPATH": str(tiny.ROOT / "src")}
        ),
    )


@contextmanager
def started(folder: Path, *words: str, sigint: signal.Handlers = signal.SIG_DFL) -> Iterator[subprocess.Popen[str]]:
    """A grid in the background; it and everything that it started are gone at the end."""
    with (folder / "grid.txt").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "xstilts.commands.main", "grid", *words],
            cwd=folder,
            env=tiny.environment(folder),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, sigint),  # these tests may themselves run under nohup
        )
    below: set[psutil.Process] = set()
    send = process.send_signal

    def noted(number: int) -> None:
        below.update(psutil.Process(process.pid).children(recursive=True))
        send(number)

    process.send_signal = noted  # type: ignore[method-assign]
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        for orphan in below:  # Ray's agents take a minute to see that a killed driver's Ray is gone
            if orphan.is_running():
                orphan.kill()


def until(true: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def processes(folder: Path) -> list[str]:
    """The stages and DVC commands that run in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            if Path(process.cwd()) == folder and ("dvc" in line or "stage.py" in line or "pipelines/" in line):
                found.append(line)
        except (psutil.Error, OSError):
            continue
    return found


def outputs(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "out").glob("*.txt"))}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy repository as DVC alone leaves it; read only."""
    folder = toy_grid.make(tmp_path_factory.mktemp("alone") / "r")
    tiny.run(folder, "dvc", "repro", "-q")
    return folder


def copied(folder: Path, to: Path) -> Path:
    """A copy of a repository with its cache."""
    return Path(shutil.copytree(folder, to / "copy", symlinks=True))


# What the graph and the past say


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_grid.make(tmp_path_factory.mktemp("toy") / "r")


def test_the_graph_is_dvc_s_and_each_stage_stands_after_what_it_needs(toy: Path) -> None:
    nodes = dag.read(toy)
    assert sorted(node.name for node in nodes) == toy_grid.NAMES
    seen: set[str] = set()
    for node in nodes:
        assert set(node.needs) <= seen
        seen.add(node.name)
    assert {node.name: node.needs for node in nodes}["d"] == ("b@3", "b@4", "c@1", "c@2")


def test_a_target_brings_what_it_needs_and_nothing_else(toy: Path) -> None:
    assert {node.name for node in dag.read(toy, ["c@1"])} == {"a@1", "b@1", "c@1"}
    assert {node.name for node in dag.read(toy, ["b"])} == {f"{name}@{n}" for name in "ab" for n in (1, 2, 3, 4)}


def test_an_unknown_target_is_an_error_that_names_it(toy: Path) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        dag.read(toy, ["nowhere"])


CHAIN = [
    Node("a@1", (), False, 10),
    Node("a@2", (), True, None),
    Node("b@1", ("a@1",), False, 5),
    Node("b@2", ("a@2",), False, 7),
    Node("c", ("b@1", "b@2"), False, 1),
]


def test_what_depends_on_a_changed_stage_may_run_and_the_rest_is_left_alone() -> None:
    assert plan.make(CHAIN).todo == {"a@2", "b@2", "c"}


def test_the_plan_adds_up_gpu_hours_and_disk_of_what_may_run() -> None:
    past = Durations(Path("none"), {"a@1": 3600.0, "b@2": 1800.0, "c": 60.0})
    asked = {"a": Resources(gpus=1), "b": Resources(gpus=0.25), "c": Resources()}
    rows = {row.group: row for row in plan.rows(plan.make(CHAIN), past, asked)}
    assert (rows["a"].changed, rows["a"].follow, rows["a"].gpu_hours, rows["a"].bytes) == (1, 0, 1.0, 10)
    assert (rows["b"].changed, rows["b"].follow, rows["b"].gpu_hours, rows["b"].bytes) == (0, 1, 0.125, 7)
    assert "1.12" in plan.text(plan.make(CHAIN), list(rows.values())).splitlines()[-2]


def test_a_stage_that_never_ran_makes_its_cost_unknown_and_is_not_guessed_from_other_stages() -> None:
    past = Durations(Path("none"), {"a@1": 10.0})
    rows = {row.group: row for row in plan.rows(plan.make(CHAIN), past, dict.fromkeys("abc", Resources()))}
    assert (rows["a"].seconds, rows["b"].seconds) == (10.0, None)


def test_the_longest_chain_is_begun_first() -> None:
    chains = plan.urgency(CHAIN, Durations(Path("none"), {"a@1": 5, "a@2": 1, "b@1": 1, "b@2": 1, "c": 1}))
    assert chains == {"a@1": 7, "a@2": 3, "b@1": 2, "b@2": 2, "c": 1}


def test_the_time_left_is_the_work_over_the_machines_but_no_less_than_the_longest_chain() -> None:
    past = Durations(Path("none"), dict.fromkeys(("a@1", "a@2", "b@1", "b@2", "c"), 10.0))
    chains = plan.urgency(CHAIN, past)
    asked = dict.fromkeys("abc", Resources())
    assert progress.left(CHAIN, past, asked, {"CPU": 1}, chains, {}) == 50
    assert progress.left(CHAIN, past, asked, {"CPU": 100}, chains, {}) == 30
    assert progress.left(CHAIN, past, asked, {"CPU": 1}, chains, {"a@1": 4.0}) == 46
    assert progress.left(CHAIN, Durations(Path("none")), asked, {"CPU": 1}, chains, {}) is None


def test_durations_are_remembered_and_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    durations.read(tmp_path).put("a@1", 2.0)
    durations.read(tmp_path).put("a@2", 4.0)
    past = durations.read(tmp_path)
    assert (past.of("a@1"), past.of("a@3"), past.of("b")) == (2.0, 3.0, None)
    past.path.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="remove it"):
        durations.read(tmp_path)


# What a stage takes


def test_a_training_takes_a_gpu_and_a_prediction_a_quarter_where_the_accelerator_is_one() -> None:
    groups = ["target", "predict_squad_v1", "score"]
    found = resources.of(groups, {"accelerator": "gpu", "devices": 2, "threads": 3}, known=groups, gpus=False)
    assert found == {
        "target": Resources(3, 2),
        "predict_squad_v1": Resources(3, 0.25),
        "score": Resources(3, 0),
    }
    assert resources.of(groups, {"accelerator": "cpu"}, known=groups, gpus=True)["target"] == Resources(1, 0)
    assert resources.of(groups, {}, known=groups, gpus=True)["target"] == Resources(1, 1)


def test_declared_resources_hold_and_default_is_for_all_others() -> None:
    declared = {"default": {"cpus": 2}, "target": {"gpus": 4, "memory_gib": 24}}
    found = resources.of(["target", "score"], {"resources": declared}, known=["target", "score"], gpus=False)
    assert found == {"target": Resources(2, 4, 24), "score": Resources(2, 0, 0)}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"resources": {"targte": {"cpus": 1}}}, "Did you mean 'target'"),
        ({"resources": {"target": {"gpu": 1}}}, "allowed: cpus, gpus, memory_gib"),
        ({"resources": {"target": {"gpus": -1}}}, "0 or more"),
        ({"resources": {"target": {"gpus": 1.5}}}, "whole numbers"),
        ({"resources": {"target": 2}}, "write a mapping"),
        ({"nodes": 2}, "runtime.nodes is 2"),
    ],
)
def test_resources_that_cannot_be_meant_are_errors_with_the_next_step(settings: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        resources.of(["target"], settings, known=["target"], gpus=False)


# What DVC said


@pytest.mark.parametrize(
    ("status", "log", "outcome"),
    [
        (0, "# grid x\nRunning stage 'a@1':\n> true", workers.RAN),
        (0, "# grid x\nStage 'a@1' is cached - skipping run, checking out outputs", workers.RESTORED),
        (0, "# grid x\nRunning stage 'other':\nStage 'a@1' didn't change, skipping", workers.UNCHANGED),
        (255, "# grid x\nERROR: failed to reproduce 'a@1': failed to run: c, exited with 1", workers.FAILED),
        (255, "# grid x\nERROR: failed to reproduce 'a@1': failed to run: c, exited with -9", workers.KILLED),
        (255, "# grid x\nexited with -9\n# grid x\nfailed to run: c, exited with 1", workers.FAILED),
        (-9, "# grid x\n", workers.KILLED),
        (130, "# grid x\n", workers.STOPPED),
    ],
)
def test_how_a_stage_ended_is_read_from_its_last_attempt(status: int, log: str, outcome: str) -> None:
    assert workers.outcome("a@1", status, "first line\n" + log) == outcome


def test_a_log_is_one_command_away_and_a_wrong_name_gets_a_suggestion(
    toy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(toy)
    log = workers.logfile(toy, "a@1")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("it went well\n", encoding="utf-8")
    assert main.main(["grid", "--log", "a@1"]) == 0
    assert "it went well" in capsys.readouterr().out
    assert main.main(["grid", "--log", "a@11"]) == 1
    assert "Did you mean 'a@1'?" in capsys.readouterr().err


# The guard: nothing outlives the worker


def guarded(folder: Path, *command: str) -> "subprocess.Popen[bytes]":
    words = [
        sys.executable,
        "-m",
        "xstilts.commands.grid.guard",
        "--claim",
        "claim",
        "--log",
        "log",
        "--token",
        "t",
        "--",
        *command,
    ]
    return subprocess.Popen(words, cwd=folder, env=environment(folder), stdin=subprocess.PIPE, start_new_session=True)


def test_a_command_and_its_children_end_when_the_worker_is_gone(tmp_path: Path) -> None:
    child = "import os,time; open('child','w').write(str(os.getpid())); os.rename('child','pid'); time.sleep(987)"
    guard = guarded(tmp_path, "sh", "-c", f'{sys.executable} -c "{child}"; true')
    until((tmp_path / "pid").exists)
    guard.stdin.close()
    assert guard.wait(60) == 130
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))
    assert (tmp_path / "claim").read_text() == ""


@pytest.mark.heavy
def test_a_command_that_ignores_gentle_signals_is_killed(tmp_path: Path) -> None:
    guard = guarded(tmp_path, "sh", "-c", "trap '' INT TERM; touch ready; while true; do sleep 0.1; done")
    until((tmp_path / "ready").exists)
    group = json.loads((tmp_path / "claim").read_text())["group"]
    guard.stdin.close()
    assert guard.wait(60) == 130
    assert not psutil.pid_exists(group)


def test_a_stage_is_held_by_one_guard_and_the_next_one_waits(tmp_path: Path) -> None:
    first = guarded(tmp_path, "sh", "-c", "until [ -e go ]; do sleep 0.1; done; echo first >> order")
    until(lambda: (tmp_path / "claim").exists() and (tmp_path / "claim").read_text())
    told = json.loads((tmp_path / "claim").read_text())
    assert (told["worker"], told["guard"]) == (os.getpid(), first.pid)
    second = guarded(tmp_path, "sh", "-c", "echo second >> order")
    time.sleep(1)
    (tmp_path / "go").touch()
    assert (first.wait(30), second.wait(30)) == (0, 0)
    assert (tmp_path / "order").read_text() == "first\nsecond\n"


def test_the_guard_hands_on_the_status_of_the_first_command_that_fails(tmp_path: Path) -> None:
    assert guarded(tmp_path, "sh", "-c", "exit 3", "--", "touch", "never").wait(30) == 3
    assert guarded(tmp_path, "sh", "-c", "kill -9 $$").wait(30) == 137
    assert not (tmp_path / "never").exists()


# Locks and half-written files


def test_a_lock_that_a_living_process_holds_is_named_with_its_process(toy: Path) -> None:
    code = (
        "import sys,zc.lockfile; lock=zc.lockfile.LockFile('.dvc/tmp/lock'); print('held',flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=toy, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdout.readline()
    with pytest.raises(ValueError, match=f"locked by process {holder.pid}"):
        locks.check(toy)
    holder.stdin.close()
    holder.wait(10)
    assert locks.check(toy) == []


def test_a_lock_left_by_a_dead_process_is_reported_with_what_to_do(tmp_path: Path) -> None:
    folder = toy_grid.make(tmp_path / "r")
    tiny.run(folder, "dvc", "config", "core.hardlink_lock", "true")  # of this kind, the kernel frees none
    code = "import os; from dvc.repo import Repo; Repo('.').lock.lock(); os._exit(1)"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=False)
    with pytest.raises(ValueError, match=r"remove .*\.dvc/tmp/lock"):
        locks.check(folder)


def test_output_locks_of_dead_processes_are_told_and_reused_numbers_are_errors(tmp_path: Path) -> None:
    folder = toy_grid.make(tmp_path / "r")
    done = subprocess.Popen(["true"])
    done.wait()
    file = folder / ".dvc/tmp/rwlock"
    file.write_text(json.dumps({"write": {"out/a1.txt": {"pid": done.pid, "cmd": "dvc repro"}}}), encoding="utf-8")
    assert [str(done.pid) in sentence for sentence in locks.check(folder)] == [True]
    sleeper = subprocess.Popen(["sleep", "60"])
    file.write_text(json.dumps({"write": {"out/a1.txt": {"pid": sleeper.pid, "cmd": "dvc repro"}}}), encoding="utf-8")
    with pytest.raises(ValueError, match="is now another process"):
        locks.check(folder)
    sleeper.kill()
    sleeper.wait()


def test_a_dvc_lock_that_is_cut_off_says_so_and_costs_nothing(tmp_path: Path, alone: Path) -> None:
    folder = copied(alone, tmp_path)
    lock = folder / "dvc.lock"
    whole = lock.read_bytes()
    lock.write_bytes(whole[: len(whole) * 2 // 3] + b"\n  'x")
    with pytest.raises(ValueError, match=r"is cut off.*run-cache"):
        dag.read(folder)
    lock.unlink()
    tiny.run(folder, "dvc", "repro", "-q")
    assert lock.read_bytes() == whole
    assert len(toy_grid.ran(folder)) == 11


def test_dvc_lock_is_put_in_the_order_of_a_serial_run(tmp_path: Path, alone: Path) -> None:
    folder = copied(alone, tmp_path)
    lock = folder / "dvc.lock"
    whole = lock.read_bytes()
    content = yaml.safe_load(whole)
    shuffled = dict(reversed(content["stages"].items()))
    lock.write_text(yaml.safe_dump({**content, "stages": shuffled}, sort_keys=False), encoding="utf-8")
    dag.arrange(folder, [], [node.name for node in dag.read(folder)])
    assert lock.read_bytes() == whole


# The grid


@needs_ray
def test_the_grid_ends_with_dvc_s_own_lock_and_outputs_and_a_second_one_runs_nothing(
    tmp_path: Path, alone: Path
) -> None:
    folder = toy_grid.make(tmp_path / "grid")
    assert "11 ran" in grid(folder, "--jobs", "2")
    assert (folder / "dvc.lock").read_bytes() == (alone / "dvc.lock").read_bytes()
    assert outputs(folder) == outputs(alone)
    assert sorted(toy_grid.ran(folder)) == sorted(toy_grid.ran(alone))
    assert "up to date" in tiny.run(folder, "dvc", "status")
    assert "every stage is up to date" in grid(folder, "--jobs", "2")
    tiny.run(folder, "dvc", "repro", "--dry")
    assert len(toy_grid.ran(folder)) == 11
    dry = grid(folder, "--dry", "--targets", "b")
    assert dry.splitlines()[-2].split()[:4] == ["all", "8", "0", "0"]


@needs_ray
def test_a_failed_stage_stops_only_what_depends_on_it_and_the_status_says_so(tmp_path: Path) -> None:
    folder = toy_grid.make(tmp_path / "r", params="mode: fail\n")
    with started(folder, "--jobs", "2", "--targets", "c", "b@3") as process:
        assert process.wait(240) == 1
    said = (folder / "grid.txt").read_text()
    assert "failed: b@2; 1 that depend on it did not start; its log: xstilts grid --log b@2" in said
    assert sorted(toy_grid.ran(folder)) == ["a1", "a2", "a3", "b1", "b2", "b3", "c1"]
    assert "b2 always fails" in grid(folder, "--log", "b@2")


@needs_ray
@pytest.mark.heavy
def test_a_second_grid_runs_only_what_the_failure_kept_from_running(tmp_path: Path, alone: Path) -> None:
    folder = toy_grid.make(tmp_path / "r", params="mode: fail\n")
    grid(folder, "--jobs", "2", ok=False)
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace("mode: fail\n", ""))
    before = len(toy_grid.ran(folder))
    assert "3 ran" in grid(folder, "--jobs", "2")
    assert toy_grid.ran(folder)[before:] == ["b2", "c2", "d"]
    assert outputs(folder) == outputs(alone)


@needs_ray
@pytest.mark.heavy
@pytest.mark.parametrize("who", ["worker", "guard", "stage"])
def test_a_stage_whose_worker_is_killed_starts_again_and_nothing_half_written_is_used(
    tmp_path: Path, alone: Path, who: str
) -> None:
    folder = toy_grid.make(tmp_path / "r", 3)
    with started(folder, "--jobs", "2") as process:
        until(lambda: "a1" in toy_grid.ran(folder))
        told = json.loads((folder / workers.CLAIMS / "a@1.log").read_text())
        victim = told.get(who)
        if victim is None:
            victim = next(p.pid for p in psutil.Process(told["group"]).children(recursive=True) if "a1" in p.cmdline())
        assert (folder / "out/a1.txt").read_text() == "half of a1"
        os.kill(victim, signal.SIGKILL)
        assert process.wait(180) == 0
    assert toy_grid.ran(folder).count("a1") == 2
    assert len(toy_grid.ran(folder)) == 12
    assert outputs(folder) == outputs(alone)
    assert not processes(folder)


@needs_ray
@pytest.mark.heavy
@pytest.mark.parametrize(
    ("number", "status", "sigint"),
    [
        (signal.SIGKILL, -9, signal.SIG_DFL),
        (signal.SIGINT, 130, signal.SIG_DFL),
        (signal.SIGTERM, 130, signal.SIG_DFL),
        (signal.SIGTERM, 130, signal.SIG_IGN),  # in the background of a script: nohup xstilts grid &
    ],
)
def test_a_grid_whose_driver_ends_leaves_nothing_running_and_goes_on_the_next_time(
    tmp_path: Path, alone: Path, number: int, status: int, sigint: signal.Handlers
) -> None:
    folder = toy_grid.make(tmp_path / "r", 5)
    with started(folder, "--jobs", "2", sigint=sigint) as process:
        until(lambda: "b1" in toy_grid.ran(folder))
        process.send_signal(number)
        assert process.wait(60) == status
        until(lambda: not processes(folder), 60)
    assert locks.check(folder) == [] or number == signal.SIGKILL
    finished = {
        name for name in toy_grid.ran(folder) if (text := outputs(folder).get(f"{name}.txt")) and "half" not in text
    }
    before = toy_grid.ran(folder)
    assert {"a1", "a2"} & finished
    assert "b1" not in finished
    grid(folder, "--jobs", "2")
    again = toy_grid.ran(folder)[len(before) :]
    assert len(again) == len(set(again)) >= 3
    assert outputs(folder) == outputs(alone)
    assert "up to date" in tiny.run(folder, "dvc", "status")


CLUSTER = """\
import sys
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 100 * 2**20})
cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
print("address", cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""


@contextmanager
def two_nodes(folder: Path) -> Iterator[str]:
    """A Ray cluster of two nodes on this machine, with one core each."""
    with (folder / "cluster.txt").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", CLUSTER],
            env=tiny.environment(folder) | {"RAY_USAGE_STATS_ENABLED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        line = next((line for line in process.stdout if line.startswith("address ")), "")
        assert line, (folder / "cluster.txt").read_text()
        yield line.split()[1]
    finally:
        process.stdin.close()
        process.wait(60)


@needs_ray
@pytest.mark.heavy
def test_two_nodes_with_a_clone_each_exchange_outputs_through_a_folder(
    tmp_path: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = toy_grid.make(tmp_path / "grid")
    tiny.run(folder, "dvc", "remote", "add", "-q", "--default", "folder", "../remote")
    (folder / "note.txt").write_text("not committed", encoding="utf-8")
    noted = tmp_path / "ran.txt"
    own = tiny.environment
    monkeypatch.setattr(tiny, "environment", lambda where: own(where) | {"TOY_RAN": str(noted)})
    with two_nodes(tmp_path) as address:
        said = grid(folder, "--address", address, "--clones")
    assert "11 ran" in said
    assert "ran here again" not in said
    places = [path for path in (folder / clones.FOLDER).iterdir() if path.is_dir()]
    assert len(places) == 2
    for place in places:
        assert (place / "note.txt").read_text() == "not committed"
        assert list((place / ".dvc/cache").rglob("*"))
    assert sorted(noted.read_text().split()) == sorted(toy_grid.ran(alone))
    assert (folder / "dvc.lock").read_bytes() == (alone / "dvc.lock").read_bytes()
    assert outputs(folder) == outputs(alone)
    assert "up to date" in tiny.run(folder, "dvc", "status")
    assert "python stage.py d" in grid(folder, "--log", "d")


def test_clones_without_a_remote_say_how_to_add_one(toy: Path) -> None:
    with pytest.raises(ValueError, match="dvc remote add"):
        clones.source(toy, toy / clones.FOLDER, {})


def test_a_clone_is_named_after_its_host_and_numbered_where_a_host_has_several() -> None:
    nodes = [
        {"NodeID": i, "NodeManagerHostname": h, "NodeManagerPort": p}
        for i, h, p in [("x", "b", 2), ("y", "a", 9), ("z", "b", 1)]
    ]
    assert clones.names(nodes) == {"y": "a", "z": "b", "x": "b--2"}


# On paper


def simulation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("grid_simulation", tiny.ROOT / "benchmarks/grid_simulation.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["grid_simulation"] = module
    spec.loader.exec_module(module)
    return module


def test_on_paper_a_chain_takes_its_sum_and_independent_stages_share_the_workers() -> None:
    paper = simulation()
    chain = [paper.Stage("a", (), (paper.Phase(2),)), paper.Stage("b", ("a",), (paper.Phase(3),))]
    assert paper.simulate(chain, 8).seconds == 5
    six = [paper.Stage(str(n), (), (paper.Phase(1),)) for n in range(6)]
    assert [paper.simulate(six, workers).seconds for workers in (1, 2, 4, 6)] == [6, 3, 2, 1]
    halves = [paper.Stage(str(n), (), (paper.Phase(1),), 0.5) for n in range(6)]
    assert paper.simulate(halves, 1).seconds == 3


def test_on_paper_a_queue_serves_one_at_a_time_however_many_workers() -> None:
    paper = simulation()
    stages = [paper.Stage(str(n), (), (paper.Phase(1), paper.Phase(2, "lock"))) for n in range(5)]
    found = paper.simulate(stages, 100)
    assert found.seconds == 11
    assert found.busy == {"lock": 10}


def test_on_paper_the_paper_s_grid_names_every_stage_after_what_it_needs() -> None:
    rows = simulation().paper(14, 9, 6, 5)
    seen: set[str] = set()
    for name, needs in rows:
        assert set(needs) <= seen
        seen.add(name)
    assert len(seen) == len(rows) == 1 + 23 + 1 + 14 * (1 + 5 * (1 + 6 + 9 * 2)) + 3


@needs_ray
@pytest.mark.heavy
def test_the_simulation_foretells_two_workers_from_a_run_with_one_within_a_fifth(tmp_path: Path) -> None:
    paper = simulation()
    one = toy_grid.make(tmp_path / "one", 6)
    measured = {1: stage_seconds(grid(one, "--jobs", "1"))}
    seconds = durations.read(one).seconds
    rows = [paper.Stage(node.name, node.needs, (paper.Phase(seconds[node.name]),)) for node in dag.read(one)]
    measured[2] = stage_seconds(grid(toy_grid.make(tmp_path / "two", 6), "--jobs", "2"))
    started = measured[1] - paper.simulate(rows, 1).seconds  # Ray's first worker
    foretold = paper.simulate(rows, 2).seconds + started
    print(f"one worker {measured[1]:.1f} s, two {measured[2]:.1f} s, foretold {foretold:.1f} s")
    assert foretold == pytest.approx(measured[2], rel=0.2)


def stage_seconds(said: str) -> float:
    return float(said.split(" stages in ")[1].split(" s,")[0])


# What the documentation tells to do


def documented(language: str, containing: str) -> str:
    text = (tiny.ROOT / "docs/cluster.md").read_text(encoding="utf-8")
    blocks = [part.partition("```")[0] for part in text.split(f"```{language}\n")[1:]]
    return next(block for block in blocks if containing in block)


def test_the_documented_manifest_is_a_ray_cluster_of_the_pinned_ray() -> None:
    manifest = yaml.safe_load(documented("yaml", "kind: RayCluster"))
    pins = dict(line.split("==") for line in (tiny.ROOT / "constraints.txt").read_text().split() if "==" in line)
    assert manifest["spec"]["rayVersion"] == pins["ray"]
    for group in [manifest["spec"]["headGroupSpec"], *manifest["spec"]["workerGroupSpecs"]]:
        pod = group["template"]["spec"]
        assert pod["containers"][0]["volumeMounts"][0]["name"] == pod["volumes"][0]["name"]


def test_the_documented_resources_are_understood() -> None:
    declared = yaml.safe_load(documented("yaml", "resources: #"))["runtime"]
    found = resources.of(["target", "predict", "score"], declared, known=["target", "predict", "score"], gpus=False)
    assert found == {"target": Resources(4, 1, 24), "predict": Resources(2, 0.25), "score": Resources(2)}


SRUN = """\
#!/bin/bash
while [[ $1 == --* ]]; do shift; done
exec "$@"
"""


@needs_ray
@pytest.mark.heavy
def test_the_documented_slurm_script_starts_two_nodes_and_runs_a_grid(tmp_path: Path, alone: Path) -> None:
    folder = toy_grid.make(tmp_path / "r")
    stand_ins = tmp_path / "bin"
    stand_ins.mkdir()
    (stand_ins / "srun").write_text(SRUN)
    (stand_ins / "hostname").write_text("#!/bin/bash\necho 127.0.0.1\n")
    (stand_ins / "xstilts").write_text(f'#!/bin/bash\nexec {sys.executable} -m xstilts.commands.main "$@"\n')
    for file in stand_ins.iterdir():
        file.chmod(0o755)
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/activate").write_text("")
    (folder / "job.sh").write_text(documented("bash", "#SBATCH"))
    own = tiny.environment(folder)
    slurm = {"SLURM_NNODES": "2", "SLURM_CPUS_PER_TASK": "1", "RAY_PORT": "46379", "HOME": str(tmp_path)}
    slurm |= {"PATH": f"{stand_ins}{os.pathsep}{own['PATH']}"}
    with (tmp_path / "said").open("w") as said:
        job = subprocess.Popen(["bash", "job.sh"], cwd=folder, env=own | slurm, stdout=said, stderr=said)
        try:
            assert job.wait(240) == 0, (tmp_path / "said").read_text()
        finally:
            for process in psutil.Process(job.pid).children(recursive=True) if job.poll() is None else []:
                process.kill()
            job.kill()
            current = Path("/tmp/ray/ray_current_cluster")  # what `--address auto` would find on this machine
            if current.exists() and current.read_text().endswith(":46379"):
                current.unlink()
    assert "11 ran" in (tmp_path / "said").read_text()
    assert (folder / "dvc.lock").read_bytes() == (alone / "dvc.lock").read_bytes()


# The package's own grid

TIMED = ("scores", "trainings")  # their records tell seconds and times


def lock_without_times(folder: Path) -> dict:
    stages = yaml.safe_load((folder / "dvc.lock").read_text())["stages"]
    for stage in stages.values():
        for entry in [*stage.get("deps", []), *stage.get("outs", [])]:
            if entry["path"].startswith(TIMED):
                entry.pop("md5")
                entry.pop("size")
    return stages


def values(folder: Path) -> dict[str, dict]:
    files = sorted(folder.glob("scores/**/*.json"))
    return {str(file.relative_to(folder)): json.loads(file.read_text())["values"] for file in files}


def runs(folder: Path) -> list[tuple[str, str, str, int]]:
    """How many runs are current of each study, kind and key."""
    with closing(sqlite3.connect(folder / "mlruns/mlflow.db")) as database:
        return database.execute(
            "select experiment_id, kind.value, key.value, count(*) from runs, tags kind, tags key, tags old "
            "where runs.run_uuid = key.run_uuid and kind.run_uuid = key.run_uuid and kind.run_uuid = old.run_uuid "
            "and kind.key = 'kind' and key.key = 'key' "
            "and old.key = 'superseded' and old.value = 'false' "
            "group by 1, 2, 3 order by 2, 3, 1"
        ).fetchall()


@needs_ray
@pytest.mark.heavy
def test_the_tiny_grid_gives_dvc_repro_s_lock_scores_and_one_mlflow_run_a_key(tmp_path: Path) -> None:
    folders = [tmp_path / "serial", tmp_path / "grid"]
    for folder in folders:
        folder.mkdir()
        tiny.copy(folder)
    tiny.run(folders[0], "dvc", "repro", "-q")
    grid(folders[1], "--jobs", "2")
    serially, parallel = folders
    assert values(parallel) == values(serially)
    assert list(lock_without_times(parallel)) == list(lock_without_times(serially))
    assert lock_without_times(parallel) == lock_without_times(serially)
    assert [row[1:] for row in runs(parallel)] == [row[1:] for row in runs(serially)]
    assert {count for *_, count in runs(parallel)} == {1}
    assert "up to date" in tiny.run(parallel, "dvc", "status")


@needs_ray
def test_temporary_files_may_lie_below_a_long_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = toy_grid.make(tmp_path / "r")
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    assert "1 ran" in grid(folder, "--jobs", "1", "--targets", "a@1")
    assert outputs(folder) == {"a1.txt": "a1(s)"}
