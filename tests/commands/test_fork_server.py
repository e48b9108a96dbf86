import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

import tiny

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Linux forks")

SERVE = """
import sys
from xstilts.commands import fork_server as warm
sys.path.append(sys.argv.pop(1))
sys.exit(warm.serve(sys.argv[1:], ["sqlite3", "sets_a_variable"]))
"""
SCRIPT = """
import json, os, sys
from xstilts.commands import fork_server as warm

def main():
    loaded = "sqlite3" in sys.modules
    print(json.dumps({"loaded": loaded, "folder": os.getcwd(), "argv": sys.argv, "path": sys.path[0]}))
    BODY

if __name__ == "__main__":
    warm.script(main)
"""


def warm_run(folder: Path, body: str, *words: str, command: str = "{python} {script} {words}", **more: str):
    path, beside = folder / "stage.py", folder / "packages"
    beside.mkdir()
    (beside / "sets_a_variable.py").write_text("import os; os.environ['SET'] = '1'", encoding="utf-8")
    path.write_text(SCRIPT.replace("BODY", body), encoding="utf-8")
    line = command.format(python=sys.executable, script=path, words=" ".join(words))
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, str(beside), "sh", "-c", line],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **more},
    )  # fmt: skip


def waited(path: Path) -> str:
    for _ in range(600):
        if path.exists() and path.read_text(encoding="utf-8"):
            return path.read_text(encoding="utf-8")
        time.sleep(0.1)
    raise AssertionError(f"{path} was never written")


def gone(process: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


def test_a_script_runs_in_a_fork_that_has_the_packages_and_its_own_arguments_and_folder(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    run = warm_run(tmp_path, "pass", "a", "b", command=f"cd {there} && {{python}} {{script}} {{words}}")
    out, err = run.communicate(timeout=60)
    told = json.loads(out)
    assert (run.returncode, told["loaded"]) == (0, True), err
    assert (told["folder"], told["argv"][1:], told["path"]) == (str(there), ["a", "b"], str(tmp_path))


def test_a_script_in_another_environment_runs_by_itself(tmp_path):
    out, err = warm_run(tmp_path, "pass", command="OTHER=1 {python} {script}").communicate(timeout=60)
    assert json.loads(out)["loaded"] is False, err


def test_without_a_warm_process_a_script_runs_by_itself(tmp_path):
    (tmp_path / "stage.py").write_text(SCRIPT.replace("BODY", "pass"), encoding="utf-8")
    for address in ({}, {"XSTILTS_WARM": str(tmp_path / "nobody")}):
        out = subprocess.run(
            [sys.executable, "stage.py"], cwd=tmp_path, env={**os.environ, **address}, check=True, capture_output=True
        ).stdout
        assert json.loads(out)["loaded"] is False


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ("raise ValueError('a fault')", 1, "ValueError: a fault"),
        ("sys.exit('what was wrong')", 1, "what was wrong"),
        ("sys.exit(3)", 3, ""),
        ("os.kill(os.getpid(), 9)", 137, ""),  # as a script that was killed itself
    ],
)
def test_a_script_that_fails_in_a_fork_fails(tmp_path, body, status, told):
    run = warm_run(tmp_path, body)
    _, err = run.communicate(timeout=60)
    assert run.returncode == status
    assert told in err


def test_every_fork_runs_the_code_that_lies_on_the_disk(tmp_path):
    (tmp_path / "part.py").write_text("WORD = 'old'\n", encoding="utf-8")
    again = "{python} {script} && sleep 1 && echo \"WORD = 'newer'\" > part.py && {python} {script}"
    out, err = warm_run(tmp_path, "import part; print(part.WORD)", command=again).communicate(timeout=60)
    assert [line for line in out.splitlines() if not line.startswith("{")] == ["old", "newer"], err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 1)])
def test_a_signal_to_a_script_reaches_its_fork(tmp_path, number, status):
    body = "open('fork', 'w').write(str(os.getpid())); import time; time.sleep(60)"
    run = warm_run(tmp_path, body, command="{python} {script} & echo $! > script; wait $!; echo ended $?")
    fork = int(waited(tmp_path / "fork"))
    os.kill(int(waited(tmp_path / "script")), number)
    out, _ = run.communicate(timeout=60)
    assert f"ended {status}" in out
    assert gone(fork)


def test_a_fork_ends_when_its_script_is_killed(tmp_path):
    body = "open('fork', 'w').write(str(os.getpid())); import time; time.sleep(60)"
    run = warm_run(tmp_path, body, command="{python} {script} & echo $! > script; wait $!; echo ended $?")
    fork = int(waited(tmp_path / "fork"))
    os.kill(int(waited(tmp_path / "script")), signal.SIGKILL)
    out, _ = run.communicate(timeout=60)
    assert "ended 137" in out
    assert gone(fork)


def test_a_package_that_cannot_be_imported_ends_the_command(tmp_path):
    beside = "sleep 60 2>/dev/null; touch late"
    run = subprocess.Popen(
        [sys.executable, "-c", SERVE.replace("sqlite3", "no_such_package"), ".", "sh", "-c", beside],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    _, err = run.communicate(timeout=30)
    assert run.returncode == 1
    assert "no_such_package" in err
    assert not (tmp_path / "late").exists()


def test_the_command_s_status_is_the_status(tmp_path):
    run = warm_run(tmp_path, "pass", command="exit 7")
    run.communicate(timeout=60)
    assert run.returncode == 7


def test_a_command_that_has_ended_waits_for_no_package(tmp_path):
    slow = "import time; from pathlib import Path; Path('began').touch(); time.sleep(60); print('imported')"
    (tmp_path / "slow.py").write_text(slow, encoding="utf-8")
    command = "while [ ! -e began ]; do sleep 0.1; done; exit 5"
    run = subprocess.Popen(
        [sys.executable, "-c", SERVE.replace("sqlite3", "slow"), str(tmp_path), "sh", "-c", command],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    out, err = run.communicate(timeout=40)
    assert (run.returncode, out, err) == (5, "", "")


@pytest.mark.heavy
def test_a_warm_pipeline_gives_the_bytes_of_a_cold_one(tmp_path):
    found = []
    for name, command in {"cold": "dvc repro", "warm": "xstilts warm dvc repro"}.items():
        folder = tiny.copy(tmp_path / name)
        printed = tiny.run(folder, *command.split())
        assert "Traceback" not in printed
        lock = yaml.safe_load((folder / "dvc.lock").read_text(encoding="utf-8"))
        outs = {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}
        # Records tell when they were made.
        found.append({path: md5 for path, md5 in outs.items() if not path.startswith(("trainings", "scores"))})
    assert found[0] == found[1]
