import json
import shutil
import subprocess
from pathlib import Path

import pytest

from mlflow_store import Grid
from xstilts.commands import trace
from xstilts.commands.main import main
from xstilts.formats import atomic, checkpoints, fingerprints
from xstilts.formats.runs import RunKey
from xstilts.tracking import records, scores, store, sync

pytest_plugins = ["mlflow_store"]
RECORD = Path("scores/mnli/xnli/seed1.json")
NUMBER = "mnli/xnli/seed1/accuracy/swh"


@pytest.fixture
def experiment(repository: Path) -> Path:
    """The files of one run, as the stages leave them, in a git repository."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*git, *command], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    Path("data/mnli").mkdir(parents=True)
    Path("data/mnli/train.jsonl").write_text("{}\n")
    Path("predictions/mnli/xnli/seed1").mkdir(parents=True)
    Path("predictions/mnli/xnli/seed1/swh.jsonl").write_text('{"id": "1", "prediction": "neutral"}\n')
    first = at(Grid().training("intermediate", "mnli"), commit)
    second = at(Grid().training("target", "mnli", parent=first.entry.fingerprint), commit)
    for run in (first, second):
        records.write_training(Path("trainings", run.entry.name), run)
        aside = atomic.aside(Path("checkpoints", run.entry.name))
        (aside / "encoder").mkdir()
        (aside / "encoder/model.safetensors").write_bytes(bytes(1000))
        checkpoints.finish(aside, Path("checkpoints", run.entry.name), {"fingerprint": run.entry.fingerprint})
    predictions = "predictions/mnli/xnli/seed1"
    Grid().score(
        RunKey("mnli", "xnli", 1),
        second,
        inputs={"predictions": {"path": predictions, "sha256": fingerprints.of_folder(Path(predictions))}},
        provenance={"git_commit": commit, "git_dirty": False, "started": 6000, "ended": 7000},
    )
    scores.restore(Path("scores"), trainings=Path("trainings"), study="world", profile="tiny")
    Path("results").mkdir()
    Path("results/gains.csv").write_text(
        "study,intermediate,training,target,metric,language,seed,before,after,gain\n"
        "world,mnli,xnli,xnli,accuracy,swh,1,49.5,52.0,2.5\n"
    )
    return repository


def at(run: records.TrainingRecord, commit: str) -> records.TrainingRecord:
    row = run.entry.as_json()
    data = {"name": "mnli", "digest": fingerprints.of_file(Path("data/mnli/train.jsonl")), "context": "training"}
    row["datasets"] = [{**data, "source": "data/mnli/train.jsonl", "licence": "OANC"}]
    row["tags"] = {**row["tags"], "git_commit": commit}
    return records.TrainingRecord(type(run.entry).from_json(row), run.curve)


def broken(text: str = NUMBER) -> dict[str, str]:
    """What the trace of a number names as broken, by link."""
    return {link.name.strip(): link.broken for link in trace.chain(Path(), *trace.parse(text)) if link.broken}


def test_a_number_is_followed_back_to_record_run_files_trainings_and_commit(experiment, capsys):
    assert main(["trace", NUMBER]) == 0
    output = capsys.readouterr().out
    run = next(run for run in store.connect().search(["world"], kind="score"))
    for part in (
        "accuracy/swh = 52.0 points, on 100 examples",
        "52.0 - 49.5 (none/xnli/seed1) = 2.5",
        str(RECORD),
        run.info.run_id,
        "predictions/mnli/xnli/seed1",
        "target/mnli/xnli/seed1 (fingerprint",
        "checkpoints/target/mnli/xnli/seed1 (card holds)",
        "intermediate/mnli/seed1 (fingerprint",
        "data/mnli/train.jsonl (sha256",
        "OANC",
        run.data.tags["git_commit"],
        "every link holds",
    ):
        assert part in output
    assert "BROKEN" not in output


def test_a_run_as_a_whole_can_be_traced(experiment, capsys):
    assert main(["trace", "mnli/xnli/seed1"]) == 0
    assert "every link holds" in capsys.readouterr().out


def test_a_flipped_bit_in_the_record_is_named(experiment, capsys):
    whole = bytearray(RECORD.read_bytes())
    whole[whole.index(b"52.0")] ^= 1
    RECORD.write_bytes(whole)
    assert main(["trace", NUMBER]) == 1
    assert "mnli/xnli/seed1.json is damaged or was edited" in capsys.readouterr().out


def test_a_metric_edited_in_the_store_is_named_with_both_values(experiment):
    run = next(run for run in store.connect().search(["world"], kind="score"))
    store.connect().write(run.info.run_id, points=[("accuracy/swh", 77.0, 9000, 0)])
    assert "accuracy/swh is 77.0 in the store and 52.0 in the record" in broken()["MLflow run"]


def test_a_point_slipped_into_a_metrics_history_is_named(experiment):
    run = next(run for run in store.connect().search(["world"], kind="score"))
    store.connect().write(run.info.run_id, points=[("accuracy/swh", 77.0, 1, -1)])
    assert "[77.0, 52.0]" in broken()["MLflow run"]


def test_a_truncated_checkpoint_is_named(experiment):
    path = Path("checkpoints/target/mnli/xnli/seed1/encoder/model.safetensors")
    path.write_bytes(path.read_bytes()[:-1])
    assert broken().keys() == {"checkpoint"}
    assert str(path) in broken()["checkpoint"]


def test_dropped_weights_are_told_and_not_broken(experiment, capsys):
    shutil.rmtree("checkpoints/target/mnli/xnli/seed1/encoder")
    assert main(["trace", NUMBER]) == 0
    assert "target/mnli/xnli/seed1 (weights dropped after prediction)" in capsys.readouterr().out


def test_a_checkpoint_of_another_training_is_named(experiment):
    card = Path("checkpoints/target/mnli/xnli/seed1/card.json")
    card.write_text(json.dumps({**json.loads(card.read_text()), "fingerprint": "f" * 64}))
    assert "another training" in broken()["checkpoint"]


def test_a_missing_parent_run_is_named(experiment):
    there = store.connect()
    parent = next(run for run in there.search(["world"], phase="intermediate"))
    there.drop(parent.info.run_id)
    assert broken() == {
        "parent": "MLflow has no run of intermediate/mnli/seed1; `dvc repro -f -s gains` restores it"
    }  # fmt: skip
    scores.restore(Path("scores"), trainings=Path("trainings"), study="world", profile="tiny")
    assert broken() == {}
    children = [run for run in there.search(["world"]) if run.data.tags["kind"] == "score"]
    parent = sync.find(there, "world", parent.data.tags["fingerprint"])
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}


def test_a_missing_run_is_named(experiment):
    there = store.connect()
    there.drop(next(run for run in there.search(["world"], kind="score")).info.run_id)
    assert "it is not there" in broken()["MLflow run"]


def test_changed_predictions_and_data_are_named(experiment):
    Path("predictions/mnli/xnli/seed1/swh.jsonl").write_text("{}\n")
    Path("data/mnli/train.jsonl").write_text("{}\n{}\n")
    assert broken().keys() == {"predictions", "training"}


def test_files_that_are_not_here_are_told_and_not_broken(experiment, capsys):
    Path("data/mnli/train.jsonl").unlink()
    assert main(["trace", NUMBER]) == 0
    assert "not here; `dvc pull` brings it" in capsys.readouterr().out


def test_a_table_older_than_the_record_is_named(experiment):
    table = Path("results/gains.csv")
    table.write_text(table.read_text().replace("52.0", "51.0"))
    assert "`after` is not the record's 52.0" in broken()["gain"]


def test_a_commit_that_the_repository_lacks_is_named(experiment):
    made = records.read(RECORD)
    records.write(records.signed({**made, "provenance": {**made["provenance"], "git_commit": "0" * 40}}), RECORD)
    assert "does not have that commit" in broken()["commit"]


@pytest.mark.parametrize("text", ["mnli", "mnli/xnli", "mnli/xnli/1", "mnli/xnli/seed1/accuracy"])
def test_what_names_no_run_is_an_error_that_shows_the_form(text, capsys):
    assert main(["trace", text]) == 1
    assert "<intermediate>/<target>/seed<k>" in capsys.readouterr().err


def test_an_unknown_run_or_metric_is_named_with_what_there_is(experiment):
    assert "known runs: mnli/xnli/seed1" in broken("qqp/xnli/seed1")["record"]
    assert "accuracy/deu, accuracy/eng, accuracy/swh" in broken("mnli/xnli/seed1/f1/swh")["value"]
