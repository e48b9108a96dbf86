"""A stage's script as a fork: the same arguments, folder, output, status and signals, and nothing imported anew."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

import tiny
from imports import direct
from xstilts.commands import forked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux forks")

ROOT = Path(__file__).parents[2]
SERVER = "xstilts.commands.fork_server"
NEED_TORCH_OR_MLFLOW = {"training", "prediction", "scoring", "tracking"}  # the packages
# Starts a server, and runs the words that follow in its environment.
SERVE = """
import os, subprocess, sys
from pathlib import Path
from xstilts.commands import fork_server
packages, *words = sys.argv[1:]
with fork_server.started(Path.cwd(), os.environ, packages.split(",")) as address:
    sys.exit(subprocess.run(words, env={**os.environ, **address}).returncode)
"""
# Does what DVC's process does with the command of a stage.
ASK = """
import os, sys
from pathlib import Path
from xstilts.commands import forked, supervised
supervised.heed()
fork = forked.ask(sys.argv[1], Path.cwd(), dict(os.environ))
if fork is None:
    os.execvp("sh", ["sh", "-c", sys.argv[1]])
status, seconds = fork.wait()
print(f"ended with {status}, {seconds:.1f} s")
sys.exit(status)
"""
SCRIPT = """
import json, os, sys
loaded = "sqlite3" in sys.modules
print(json.dumps({"loaded": loaded, "folder": os.getcwd(), "argv": sys.argv, "path": sys.path[0]}), flush=True)
BODY
"""
ASKING = f'"{sys.executable}" ask.py "python pipelines/score.py a b"'


def run(folder: Path, body: str, command: str = ASKING, packages: str = "sqlite3,sets_a_variable", **more: str):
    """A server and a shell's command in a folder whose one script ends with this body."""
    (folder / "pipelines").mkdir(exist_ok=True)
    (folder / "pipelines" / "score.py").write_text(SCRIPT.replace("BODY", body), encoding="utf-8")
    (folder / "sets_a_variable.py").write_text("import os; os.environ['SET'] = '1'", encoding="utf-8")
    (folder / "ask.py").write_text(ASK, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, packages, "sh", "-c", command],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=tiny.environment(ROOT) | more,
    )  # fmt: skip


def waited(path: Path) -> str:
    for _ in range(600):
        if path.exists() and path.read_text(encoding="utf-8"):
            return path.read_text(encoding="utf-8")
        time.sleep(0.1)
    raise AssertionError(f"{path} was never written")


def gone(number: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def told(out: str) -> dict:
    return json.loads(out.splitlines()[0])


def test_a_script_runs_in_a_fork_that_has_the_packages_and_its_own_arguments_and_folder(tmp_path):
    out, err = run(tmp_path, "sys.exit(0)").communicate(timeout=60)
    assert told(out) == {
        "loaded": True,
        "folder": str(tmp_path),
        "argv": ["pipelines/score.py", "a", "b"],
        "path": str(tmp_path / "pipelines"),
    }, err
    assert "ended with 0" in out


def test_a_fork_has_what_dvc_sets_for_its_stage(tmp_path):
    out, err = run(tmp_path, "print(os.environ['DVC_STAGE'])", f"DVC_STAGE=score@a {ASKING}").communicate(timeout=60)
    assert "score@a" in out.splitlines(), err


def test_the_seconds_are_those_of_the_script(tmp_path):
    slow = tmp_path / "slow.py"
    slow.write_text("import time; time.sleep(2)", encoding="utf-8")
    out, err = run(tmp_path, "import time; time.sleep(0.5)", packages="sqlite3,slow").communicate(timeout=60)
    assert 0.5 <= float(out.split("ended with 0, ")[1].split()[0]) <= 1.2, err


@pytest.mark.parametrize(
    "command",
    [
        f"OTHER=1 {ASKING}",
        ASKING.replace("score.py a b", "score.py 'a b'"),  # quoted: the shell's to read
        ASKING.replace("score.py a b", "score.py a > out.txt; cat out.txt"),
        ASKING.replace("score.py", "../pipelines/score.py"),
        ASKING.replace("python pipelines", f"{sys.executable} pipelines"),
    ],
)
def test_a_command_that_a_fork_cannot_stand_in_for_runs_by_itself(tmp_path, command):
    out, err = run(tmp_path, "sys.exit(0)", command).communicate(timeout=60)
    assert told(out)["loaded"] is False, err


def test_a_script_of_another_interpreter_runs_by_itself(tmp_path):
    other = tmp_path / "bin"
    other.mkdir()
    (other / "python").symlink_to(sys.executable)
    path = f"{other}{os.pathsep}{os.environ['PATH']}"
    assert not forked.stands_in("python pipelines/score.py", {"PATH": path})
    assert forked.stands_in("python pipelines/score.py", {"PATH": str(Path(sys.executable).parent)})
    assert not forked.stands_in("python pipelines/prepare.py", {"PATH": str(Path(sys.executable).parent)})


@pytest.mark.parametrize("address", [{}, {"XSTILTS_FORKS": "/nowhere/socket"}])
def test_without_a_server_a_script_runs_by_itself(tmp_path, address):
    run(tmp_path, "sys.exit(0)", "true").communicate(timeout=60)
    out = subprocess.run(
        [sys.executable, "ask.py", "python pipelines/score.py"],
        cwd=tmp_path, env=tiny.environment(ROOT) | address, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert told(out)["loaded"] is False


def test_a_server_whose_packages_cannot_be_imported_says_so_and_the_script_runs_by_itself(tmp_path):
    out, err = run(tmp_path, "sys.exit(0)", packages="no_such_package").communicate(timeout=60)
    assert "No module named 'no_such_package'" in err
    assert told(out)["loaded"] is False


def test_a_server_that_was_killed_is_asked_in_vain(tmp_path):
    process = run(tmp_path, "sys.exit(0)", f"echo > begun; while [ ! -e killed ]; do sleep 0.1; done; {ASKING}")
    waited(tmp_path / "begun")
    (server,) = (below for below in psutil.Process(process.pid).children() if SERVER in below.cmdline())
    server.kill()
    (tmp_path / "killed").touch()
    out, err = process.communicate(timeout=60)
    assert told(out)["loaded"] is False, err


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("raise ValueError('a fault')", 1, "ValueError: a fault"),
        ("sys.exit('what was wrong')", 1, "what was wrong"),
        ("sys.exit(3)", 3, ""),
        ("os.kill(os.getpid(), 9)", 137, ""),  # as a script that was killed itself
    ],
)
def test_a_script_that_fails_in_a_fork_fails(tmp_path, body, status, words):
    process = run(tmp_path, body)
    _, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert words in err


def test_every_fork_runs_the_code_that_lies_on_the_disk(tmp_path):
    (tmp_path / "pipelines").mkdir()
    part = tmp_path / "pipelines" / "part.py"
    part.write_text("WORD = 'old'\n", encoding="utf-8")
    again = f"{ASKING} && sleep 1 && echo \"WORD = 'newer'\" > pipelines/part.py && {ASKING}"
    out, err = run(tmp_path, "import part; print(part.WORD)", again).communicate(timeout=60)
    assert [line for line in out.splitlines() if line in ("old", "newer")] == ["old", "newer"], err


SLEEPS = "open('fork', 'w').write(str(os.getpid())); import time; time.sleep(60)"
IN_BACKGROUND = f"{ASKING} & echo $! > asker; wait $!; echo status $?"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, 137)])
def test_a_signal_to_the_one_who_asked_ends_the_fork(tmp_path, number, status):
    process = run(tmp_path, SLEEPS, IN_BACKGROUND)
    fork = int(waited(tmp_path / "fork"))
    os.kill(int(waited(tmp_path / "asker")), number)
    out, err = process.communicate(timeout=60)
    assert f"status {status}" in out, err
    assert gone(fork)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_fork_that_heeds_no_signal_is_killed(tmp_path, number):
    process = run(tmp_path, f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}", IN_BACKGROUND)
    fork = int(waited(tmp_path / "fork"))
    os.kill(int(waited(tmp_path / "asker")), number)
    process.communicate(timeout=60)
    assert gone(fork)


def test_a_command_that_has_ended_waits_for_no_package(tmp_path):
    (tmp_path / "slow.py").write_text("import time; time.sleep(60); print('imported')", encoding="utf-8")
    began = time.monotonic()
    process = run(tmp_path, "", "exit 5", packages="slow")
    out, err = process.communicate(timeout=40)
    assert (process.returncode, out, err) == (5, "", "")
    assert time.monotonic() - began < 30


def test_the_folder_of_temporary_files_may_have_a_long_name_and_nothing_stays_in_it(tmp_path):
    long = tmp_path / ("long" * 30)
    long.mkdir()
    out, err = run(tmp_path, "sys.exit(0)", TMPDIR=str(long)).communicate(timeout=60)
    assert told(out)["loaded"] is True, err
    assert list(long.iterdir()) == []


def test_those_scripts_are_forked_that_lead_to_what_the_server_has_imported():
    scripts = (ROOT / "pipelines").glob("*.py")
    assert {script.stem for script in scripts if direct(script) & NEED_TORCH_OR_MLFLOW} == forked.FORKED


@pytest.mark.heavy
def test_a_pipeline_of_forks_gives_the_bytes_of_dvc_alone(tmp_path):
    found = []
    for name, command in {"alone": ("dvc",), "forks": (sys.executable, "-m", "xstilts.commands.main")}.items():
        folder = tiny.copy(tmp_path / name)
        printed = tiny.run(folder, *command, "repro")
        assert "Traceback" not in printed
        lock = yaml.safe_load((folder / "dvc.lock").read_text(encoding="utf-8"))
        outs = {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}
        # Records and the report tell when they were made, and of which commit.
        dated = ("trainings", "scores", "reports")
        found.append({path: md5 for path, md5 in outs.items() if not path.startswith(dated)})
    assert found[0] == found[1]
