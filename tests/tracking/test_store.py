import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mlflow_store import Grid, digit, everything, states
from xstilts.tracking import provenance, scores, store, sync
from xstilts.tracking.run_content import RunContent, flat

pytest_plugins = ["mlflow_store"]


@pytest.mark.parametrize("uri", ["file:./mlruns", "./mlruns"])
def test_a_folder_of_files_is_refused_with_what_is_allowed(uri):
    with pytest.raises(store.StoreError, match=r"allowed: sqlite:///mlruns/mlflow.db"):
        store.connect(uri)


def test_a_server_that_is_not_there_is_named_without_its_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(store.StoreAway, match="does not answer") as error:
        store.connect("http://ann:geheim@127.0.0.1:9").studies()
    assert "geheim" not in str(error.value)
    assert error.value.__suppress_context__


def test_a_deleted_experiment_is_an_error_that_says_how_to_bring_it_back(repository):
    there = store.connect()
    sync.put(there, RunContent("world", "training", "a", digit("a")))
    there._client.delete_experiment(there.experiment("world"))
    there._experiments.clear()
    with pytest.raises(store.StoreError, match=r"mlflow experiments restore --experiment-id \d+"):
        sync.put(there, RunContent("world", "training", "a", digit("a")))


def test_row_39_more_experiments_and_runs_than_a_page_holds_are_all_found(repository, monkeypatch):
    monkeypatch.setattr(store, "_PAGE", 2)
    there = store.connect()
    names = [f"study{number}" for number in range(5)]
    for name in names:
        sync.put(there, RunContent(name, "training", "a", digit("a")))
    for letter in "bcdef":
        sync.put(there, RunContent("study3", "training", letter, digit(letter)))
    assert there.studies() == names
    assert {run.data.tags["key"] for run in there.search(["study3"])} == {f"training:{letter}" for letter in "abcdef"}


def test_artifacts_lie_under_mlruns(repository):
    there = store.connect()
    run = sync.start(there, RunContent("world", "report", "report", digit("a")))
    Path("page.html").write_text("<p>")
    there.artifacts(run.info.run_id, {Path("page.html"): ""})
    assert [path.name for path in (repository / "mlruns/artifacts").rglob("*.html")] == ["page.html"]


def test_copies_that_two_writers_made_at_once_become_one(repository):
    (made,) = Grid().write("mnli")
    entry = scores.entry(made)
    there = store.connect()
    tags = {**entry.all_tags, "superseded": "false", "process": ""}
    copies = [there.create(entry.study, entry.name, tags, started=number).info.run_id for number in (2000, 1000, 3000)]
    kept = {sync.finish(there, copy, entry) for copy in copies}
    assert copies[1] in kept
    assert [run.info.run_id for run in there.search(["world"], kind="score")] == [copies[1]]


def test_a_copy_dropped_under_a_writers_hands_is_written_to_the_one_that_is_left(repository, monkeypatch):
    (made,) = Grid().write("mnli")
    entry = scores.entry(made)
    there = store.connect()
    begun, dropped = sync.start, []

    def faster(*arguments, **named):
        run = begun(*arguments, **named)
        if not dropped:
            there.drop(run.info.run_id)
            dropped.append(run.info.run_id)
        return run

    monkeypatch.setattr(sync, "start", faster)
    assert sync.put(there, entry) not in dropped
    assert states() == [("score:mnli/xnli/seed1", "false", "FINISHED")]


def test_processes_that_log_the_same_records_at_once_leave_each_run_once(repository):
    made = Grid().write("none", "mnli")
    code = (
        "from pathlib import Path\nfrom xstilts.tracking import records, scores\n"
        "for record in records.read_scores(Path('scores')):\n    assert scores.log(record)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(3)]
    assert [writer.wait(300) for writer in writers] == [0, 0, 0]
    assert Counter(key.partition(":")[0] for key, _ in everything()) == {"score": len(made)}


def test_an_entry_refuses_what_a_search_could_not_find_again():
    with pytest.raises(ValueError, match="quote"):
        RunContent("o'neil", "score", "a", digit("a"))
    with pytest.raises(ValueError, match="allowed: training, score, published, report"):
        RunContent("world", "scores", "a", digit("a"))


def test_nested_values_become_flat_text():
    assert flat({"a": {"b": 1, "c": None}, "d": [1, "x"], "e": True, "f": "text"}) == {
        "a.b": "1", "a.c": "null", "d": '[1, "x"]', "e": "true", "f": "text",
    }  # fmt: skip


def test_provenance_names_commit_state_versions_and_hardware(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert provenance.git() == {"git_commit": "unknown", "git_dirty": True}
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "params.yaml").write_text("a: 1\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert provenance.git() == {"git_commit": commit, "git_dirty": False}
    (tmp_path / "dvc.lock").write_text("an output")
    assert provenance.git()["git_dirty"] is False
    (tmp_path / "params.yaml").write_text("a: 2\n")
    found = provenance.collect(provenance.Meter(), licences="CC BY")
    assert (found["git_dirty"], found["licences"]) == (True, "CC BY")
    assert found["seconds"] >= 0
    assert found["hardware"]["cores"].isdigit()
    assert found["versions"]["mlflow"][0].isdigit()
