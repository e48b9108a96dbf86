import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import tiny

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))

# A pipeline with the shape of the real one and nothing to compute.
STAGES = """\
stages:
  target:
    matrix: {name: [xnli, udpos]}
    cmd: python stage.py ${item.name} checkpoints/${item.name}
    params: ["recipes.${item.name}"]
    deps: [stage.py]
    outs: ["checkpoints/${item.name}"]
  score:
    matrix: {name: [xnli, udpos]}
    cmd: python stage.py ${item.name} scores/${item.name}.json
    deps: ["checkpoints/${item.name}"]
    metrics: [{"scores/${item.name}.json": {cache: false}}]
  report:
    cmd: mkdir -p reports && cat scores/*.json > reports/summary.md
    deps: [scores/xnli.json, scores/udpos.json]
    outs: [reports]
"""
STAGE = """\
import json, pathlib, sys, yaml
name, out = sys.argv[1:]
rate = yaml.safe_load(open("params.yaml"))["recipes"][name]
pathlib.Path(out).parent.mkdir(exist_ok=True)
text = json.dumps({"accuracy": {"mean": 100 * rate}})
pathlib.Path(out).write_text(text + "\\n")
"""


def environment(folder: Path, **stubs: str) -> dict[str, str]:
    """The usual one, with `xstilts` and what else is named replaced: the pipeline here is none that it knows."""
    bin = folder.parent / f"stubs of {folder.name}"
    bin.mkdir(exist_ok=True)
    for name, script in {"xstilts": "exit 0", **stubs}.items():
        (bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (bin / name).chmod(0o755)
    usual = tiny.environment(folder)
    return {**usual, "PATH": f"{bin}:{usual['PATH']}"}


def script(folder: Path, *words: str, **stubs: str) -> subprocess.CompletedProcess:
    """How ci.sh ended in a clone, and what it printed."""
    return subprocess.run(
        ["bash", "pipelines/ci.sh", *words],
        cwd=folder,
        env=environment(folder, **stubs),
        capture_output=True,
        text=True,
        check=False,
    )


def ci(folder: Path, *words: str) -> str:
    """What ci.sh printed in a clone, where it ends well."""
    done = script(folder, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def git(folder: Path, *command: str) -> str:
    return tiny.run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@t", *command)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone without a cache, of a repository whose results are pushed to a remote that is a folder."""
    origin = tmp_path / "origin"
    (origin / "pipelines").mkdir(parents=True)
    shutil.copy(ROOT / "pipelines/ci.sh", origin / "pipelines")
    (origin / "stage.py").write_text(STAGE)
    (origin / "dvc.yaml").write_text(STAGES)
    (origin / "params.yaml").write_text("recipes: {xnli: 0.5, udpos: 0.25}\n")
    (origin / ".gitignore").write_text("/checkpoints\n/reports\n/.xstilts\n")
    tiny.run(origin, "git", "init", "-qb", "main")
    tiny.run(origin, "dvc", "init", "-q")
    tiny.run(origin, "dvc", "remote", "add", "-d", "folder", str(tmp_path / "remote"))
    tiny.run(origin, "dvc", "repro", "-q")
    tiny.run(origin, "dvc", "push", "-q", "--run-cache")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "results")
    tiny.run(tmp_path, "git", "clone", "-q", str(origin), "clone")
    return tmp_path / "clone"


def test_nothing_runs_where_nothing_changed(clone):
    output = ci(clone)
    comment = (clone / ".xstilts/comment.md").read_text()
    assert "ci.sh: 0 stages ran" in output
    assert "No parameter differs from `origin/main`." in comment
    assert "None: everything was up to date." in comment
    assert "No score differs" in comment
    assert (clone / "reports/summary.md").exists()


def test_a_changed_parameter_runs_what_depends_on_it_and_the_comment_tells(clone, tmp_path):
    (clone / "params.yaml").write_text("recipes: {xnli: 0.75, udpos: 0.25}\n")
    git(clone, "commit", "-qam", "a higher rate")
    ci(clone, "origin/main", "comment.md")
    comment = (clone / "comment.md").read_text()
    assert re.findall(r"^- `(.*)`$", comment, re.MULTILINE) == ["target@xnli", "score@xnli", "report"]
    assert re.search(r"\| params.yaml +\| recipes.xnli +\| 0.5 +\| 0.75 +\|", comment)
    assert re.search(r"\| scores/xnli.json +\| accuracy.mean +\| 50.0 +\| 75.0 +\| 25.0 +\|", comment)
    assert "udpos" not in comment.split("### Metrics")[1].split('{"accuracy"')[0]
    assert (clone / "reports/summary.md").read_text() in comment
    # What ran here is in the remote: another clone of this commit runs nothing.
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "results")
    tiny.run(tmp_path, "git", "clone", "-q", str(clone), "again")
    tiny.run(tmp_path / "again", "dvc", "remote", "add", "-f", "-d", "folder", str(tmp_path / "remote"))
    assert "ci.sh: 0 stages ran" in ci(tmp_path / "again", "HEAD")


def test_what_the_remote_lacks_is_made_again(clone, tmp_path):
    shutil.rmtree(tmp_path / "remote")
    # Not the scores: git has them, and what they are made from came out the same.
    assert "ci.sh: 3 stages ran" in ci(clone)


def test_without_a_remote_what_is_missing_runs_and_the_user_is_told(clone):
    tiny.run(clone, "dvc", "remote", "remove", "folder")
    output = ci(clone)
    assert "no default DVC remote (dvc remote add -d NAME URL)" in output
    assert "ci.sh: 3 stages ran" in output


def test_a_failing_stage_fails_the_script_and_leaves_no_comment(clone):
    (clone / "params.yaml").write_text("recipes: {xnli: null, udpos: 0.25}\n")
    done = script(clone)
    assert done.returncode != 0
    assert "failed to reproduce" in done.stdout
    assert not (clone / ".xstilts/comment.md").exists()


def test_an_unknown_base_is_named(clone):
    done = subprocess.run(
        ["bash", "pipelines/ci.sh", "origin/nowhere"], cwd=clone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "there is no commit origin/nowhere here; fetch it first" in done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_use_actions_by_commit_and_ask_for_no_more_than_they_need(path):
    workflow = yaml.safe_load(path.read_text())
    used = re.findall(r"uses: (\S+)", path.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
    assert workflow["permissions"].pop("contents") == "read"
    assert workflow["permissions"] in ({}, {"pull-requests": "write"})


def test_the_test_workflow_runs_what_ci_runs():
    steps = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["bash .ci/run"]


def test_a_pull_request_that_touches_the_experiment_runs_it_again():
    workflow = yaml.safe_load((ROOT / ".github/workflows/repro.yml").read_text())
    triggers = workflow[True]  # YAML 1.1 reads the key `on` as true
    assert triggers["pull_request"]["paths"] == ["params.yaml", "dvc.yaml", "src/**", "pipelines/**"]
    commands = " ".join(step.get("run", "") for step in workflow["jobs"]["repro"]["steps"])
    assert "pipelines/ci.sh" in commands


def test_a_remote_that_cannot_be_read_is_told_and_everything_is_made_here(clone):
    """As in a fork: no credentials, or no plug-in for the remote's kind."""
    tiny.run(clone, "dvc", "remote", "add", "-f", "-d", "bucket", "s3://no-such-bucket-of-anybody/x")
    tiny.run(clone, "dvc", "remote", "modify", "bucket", "endpointurl", "http://127.0.0.1:9")
    output = ci(clone)
    assert "not all that dvc.lock names came from the remote bucket; it is made here. DVC says:" in output
    assert re.search(r"(?s)DVC says:\n(ERROR|WARNING).*s3", output)
    assert "ci.sh: 3 stages ran" in output
    comment = (clone / ".xstilts/comment.md").read_text()
    assert "could not be pushed to the DVC remote `bucket`" in comment
    assert (clone / "reports/summary.md").read_text() in comment


def test_a_push_that_fails_fails_the_script_and_leaves_the_whole_comment(clone):
    (clone / "params.yaml").write_text("recipes: {xnli: 0.75, udpos: 0.25}\n")
    git(clone, "commit", "-qam", "a higher rate")
    real = Path(sys.executable).with_name("dvc")
    done = script(clone, dvc=f'[ "$1" = push ] && echo "ERROR: disk full" >&2 && exit 255\nexec {real} "$@"')
    assert done.returncode == 1
    assert "ERROR: disk full" in done.stderr
    comment = (clone / ".xstilts/comment.md").read_text()
    assert "| 50.0" in comment and (clone / "reports/summary.md").read_text() in comment
    assert comment.endswith("whoever checks this commit out makes them again.\n")


def test_values_of_parameters_are_plain_words_in_the_comment(clone):
    (clone / "params.yaml").write_text(
        "recipes: {xnli: 0.5, udpos: 0.25}\nnote: '@team <b>**x**</b> ![p](http://h/p)'\n"
    )
    git(clone, "commit", "-qam", "a note")
    ci(clone)
    comment = (clone / ".xstilts/comment.md").read_text()
    (line,) = (line for line in comment.splitlines() if "team" in line)
    assert "@\u200bteam &lt;b&gt;\\*\\*x\\*\\*&lt;/b&gt; !\\[p" in line


def test_secrets_reach_only_the_steps_that_need_them():
    job = yaml.safe_load((ROOT / ".github/workflows/repro.yml").read_text())["jobs"]["repro"]
    assert "env" not in job
    for step in job["steps"]:
        secret = [text for text in step.get("env", {}).values() if "secrets." in text]
        assert not secret or "pipelines/ci.sh" in step["run"], step
    (comment,) = (step for step in job["steps"] if "gh pr comment" in step.get("run", ""))
    assert "--edit-last --create-if-none" in comment["run"]
    assert "!cancelled()" in comment["if"]
