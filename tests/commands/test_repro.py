"""`xstilts repro` is `dvc repro`, and tells where the time went."""

import json
import re
import sys
from pathlib import Path

import pytest
import yaml

import tiny
from xstilts.commands import repro

SCRIPT = """
import sys, time
from pathlib import Path
from xstilts.commands import fork_server as warm

def main():
    time.sleep(0.5)
    if sys.argv[2] == "fails":
        sys.exit("as it was told")
    Path(sys.argv[1]).write_text("done", encoding="utf-8")

if __name__ == "__main__":
    warm.script(main, fork=False)
"""
WORDS = (sys.executable, "-m", "xstilts.commands.main", "repro")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "stage.py").write_text(SCRIPT, encoding="utf-8")
    write(tmp_path, last="works")
    for words in (["git", "init", "-q"], ["dvc", "init", "-q"]):
        tiny.run(tmp_path, *words)
    return tmp_path


def write(folder: Path, *, last: str) -> None:
    python = f"{sys.executable} stage.py"
    stages = {
        "first": {"matrix": {"name": ["a", "b"]}, "cmd": f"{python} ${{item.name}} works", "outs": ["${item.name}"]},
        "last": {"cmd": f"{python} c {last}", "deps": ["a", "b"], "outs": ["c"]},
    }
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")


def row(printed: str, name: str) -> list[float]:
    (line,) = re.findall(rf"^{name} .*$", printed, re.MULTILINE)
    return [float(number) for number in re.findall(r"[\d.]+", line)]


def test_the_table_has_every_stage_that_ran_with_its_work_apart_from_its_start(workspace):
    printed = tiny.run(workspace, *WORDS)
    runs, seconds, early = row(printed, "first")
    assert runs == 2
    assert seconds - early == pytest.approx(1.0, abs=0.3)
    assert early > 0
    assert row(printed, "stages")[0] == 3
    assert "of it start-up" not in tiny.run(workspace, *WORDS), "nothing ran"
    assert "of it start-up" not in tiny.run(workspace, *WORDS, "--dry", "-f"), "nothing ran"


def test_a_stage_that_fails_ends_with_dvc_s_status_and_its_message(workspace):
    write(workspace, last="fails")
    printed = tiny.run(workspace, *WORDS, ok=False)
    assert "as it was told" in printed
    assert row(printed, "last")[0] == 1


def test_work_belongs_to_the_command_that_ends_after_it(tmp_path):
    lines = [
        ("work", "pipelines/score.py", 2.0),
        ("whole", "score@none-xnli-1", 5.0),
        ("whole", "score@none-udpos-1", 1.0),  # a script that notes nothing has no work
        ("work", "pipelines/report.py", 3.0),
        ("whole", "report", 4.0),
    ]
    path = tmp_path / "times.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    told = repro.table(path, 20.0)
    assert row(told, "score") == [2, 6.0, 4.0]
    assert row(told, "report") == [1, 4.0, 1.0]
    assert row(told, "stages") == [3, 10.0, 5.0]
    assert row(told, "all, with DVC") == [20.0, 15.0, 75]
