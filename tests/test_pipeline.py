"""`dvc repro` itself, on a tiny grid: from nothing to the report, and what a change re-runs."""

import json
import re
import sys
from pathlib import Path

import pytest
from transformers import AutoModelForSequenceClassification

import tiny

AFTER_SCORES = {"gains", "correlate", "report"}
RAN = re.compile(r"Running stage '([^']*)'")


def edit(path: Path, old: str, new: str) -> None:
    path.write_text(tiny.altered(path.read_text(encoding="utf-8"), old, new), encoding="utf-8")


def test_the_pipeline_ends_with_a_report_that_answers_and_is_up_to_date(reproduced: Path) -> None:
    page = (reproduced / "reports" / "index.html").read_text(encoding="utf-8")
    assert re.search(r"supported|practically absent|inconclusive", page)
    assert "up to date" in tiny.run(reproduced, "dvc", "status")
    verdicts = json.loads((reproduced / "results" / "analysis" / "verdicts.json").read_text(encoding="utf-8"))
    assert {"tiny", "ponti2020-xlmr-base"} <= {verdict["study"] for verdict in verdicts}
    contract = [
        "study",
        "intermediate",
        "target",
        "outcome",
        "distance",
        "n",
        "r",
        "r_low",
        "r_high",
        "p_naive",
        "p_family",
        "q",
        "verdict",
        "reason",
    ]
    assert all(set(contract) <= set(verdict) for verdict in verdicts)


def test_a_second_repro_runs_nothing(reproduced: Path) -> None:
    assert tiny.instances_to_run(reproduced) == set()


def test_every_run_of_the_grid_has_a_record_with_every_language(reproduced: Path) -> None:
    records = sorted((reproduced / "scores").rglob("*.json"))
    assert len(records) == 2 * 3 * 1
    for path in records:
        record = json.loads(path.read_text(encoding="utf-8"))
        languages = {name.partition("/")[2] for name in record["values"]}
        assert len(languages) == (11 if record["target"] == "tatoeba" else 12)


def test_dvc_s_metrics_are_means_in_points_and_the_answer(reproduced: Path) -> None:
    shown = json.loads(tiny.run(reproduced, "dvc", "metrics", "show", "--json"))[""]["data"]
    means = shown["metrics/mnli/xnli/seed1.json"]["data"]["accuracy"]
    record = json.loads((reproduced / "scores/mnli/xnli/seed1.json").read_text(encoding="utf-8"))
    values = {name.partition("/")[2]: value for name, value in record["values"].items()}
    assert means["english"] == values.pop("eng")
    assert means["others"] == pytest.approx(sum(values.values()) / len(values))
    answer = shown["metrics/answer.json"]["data"]
    assert answer["verdict"] in ("supported", "practically absent", "inconclusive")
    assert set(answer) == {"verdict", "slope", "low", "high", "p", "languages"}
    assert len(shown) == 6 + 1
    verdicts = json.loads((reproduced / "results/analysis/verdicts.json").read_text(encoding="utf-8"))
    keys = [(row["study"], row["intermediate"], row["target"], row["outcome"]) for row in verdicts]
    assert len(keys) == len(set(keys))
    for name, row in shown.items():
        assert name.startswith("metrics/") and len(json.dumps(row)) < 3000


def test_dvc_draws_the_gain_against_distance(workspace: Path) -> None:
    tiny.run(workspace, "dvc", "plots", "show", "-o", "plots")
    page = (workspace / "plots" / "index.html").read_text(encoding="utf-8")
    assert "syntactic distance from English" in page
    assert "gain, points" in page


def test_another_learning_rate_of_the_target_re_runs_targets_and_what_follows_alone(workspace: Path) -> None:
    text = (workspace / "params.yaml").read_text(encoding="utf-8")
    own = "    xnli: {learning_rate: 5.0e-4, batch: 8, epochs: 1, max_length: 64, stride: 32}\n"
    (workspace / "params.yaml").write_text(text.replace("    xnli: {}\n", own), encoding="utf-8")
    instances = tiny.instances_to_run(workspace)
    assert {name for name in instances if "@" in name} == {
        f"{stage}@{arm}-xnli{training}"
        for arm in ("none", "mnli")
        for stage, training in (("target", "-1"), ("predict", "-1"), ("score", "-1"))
    }
    assert {name for name in instances if "@" not in name} == AFTER_SCORES | {"check"}


def test_another_intermediate_recipe_leaves_the_baseline_alone(workspace: Path) -> None:
    edit(
        workspace / "params.yaml",
        "    mnli: {}\n",
        "    mnli: {learning_rate: 5.0e-4, batch: 8, epochs: 1, max_length: 64, stride: 32}\n",
    )
    instances = tiny.instances_to_run(workspace)
    assert "intermediate@mnli-1" in instances
    assert not {name for name in instances if "@none" in name or name.startswith(("prepare", "text", "pretrained"))}


def test_a_new_task_file_re_runs_nothing(workspace: Path) -> None:
    tasks = workspace / "src" / "xstilts" / "tasks"
    (tasks / "mine.py").write_text(
        (tasks / "siqa.py").read_text(encoding="utf-8").replace('"siqa"', '"mine"'), encoding="utf-8"
    )
    assert tiny.instances_to_run(workspace) == set()


def test_an_edit_of_the_report_re_runs_the_report(workspace: Path) -> None:
    page = workspace / "src" / "xstilts" / "report" / "markdown.py"
    page.write_text(page.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert tiny.instances_to_run(workspace) == {"report"}


def test_an_edit_of_a_metric_trains_and_predicts_nothing(workspace: Path) -> None:
    path = workspace / "src" / "xstilts" / "scoring" / "metrics" / "spans.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert tiny.stages_to_run(workspace) == {"score"} | AFTER_SCORES


def test_an_edit_of_what_tells_of_a_training_trains_and_predicts_nothing(workspace: Path) -> None:
    path = workspace / "src" / "xstilts" / "tracking" / "store.py"
    path.write_text(path.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")
    assert tiny.stages_to_run(workspace) == {"score"} | AFTER_SCORES


def test_another_study_and_profile_train_and_predict_nothing_and_show_the_same_trainings(workspace: Path) -> None:
    edit(workspace / "params.yaml", "profile: tiny\nstudy: tiny\n", "profile: other\nstudy: renamed\n")
    assert tiny.stages_to_run(workspace) == {"check", "score"} | AFTER_SCORES
    ran = RAN.findall(tiny.run(workspace, "dvc", "repro", "gains"))
    assert {name.partition("@")[0] for name in ran} == {"score", "gains"}
    code = (
        "from xstilts.tracking import store\n"
        "runs = store.connect().search(['renamed'], superseded='false')\n"
        "print(sorted(run.data.tags['key'] for run in runs if run.data.tags['profile'] == 'other'))"
    )
    keys = tiny.run(workspace, sys.executable, "-c", code)
    for key in ("training:pretrained/seed1", "training:target/mnli/xnli/seed1", "score:mnli/xnli/seed1"):
        assert f"'{key}'" in keys


def test_what_an_editor_leaves_below_the_sources_runs_nothing(workspace: Path) -> None:
    for name in (".loop.py.swp", "loop.py~", "loop.py.orig", "#loop.py#", "notes.txt"):
        (workspace / "src" / "xstilts" / "training" / name).write_text("left by an editor", encoding="utf-8")
    assert tiny.instances_to_run(workspace) == set()


def test_a_comment_in_training_predicts_nothing_and_a_real_edit_does(workspace: Path) -> None:
    path = workspace / "src" / "xstilts" / "training" / "learner.py"
    before = {file: file.read_bytes() for file in (workspace / "checkpoints").rglob("*") if file.is_file()}
    chain = {"pretrained", "intermediate@mnli-1"}
    asked = "predict_retrieval@mnli-tatoeba-1"

    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert set(RAN.findall(tiny.run(workspace, "dvc", "repro", asked))) == chain
    assert all(file.read_bytes() == content for file, content in before.items())

    edit(path, "self.seed * _MIX", "self.seed * (_MIX + 2)")
    assert set(RAN.findall(tiny.run(workspace, "dvc", "repro", asked))) == {*chain, asked}
    weights = workspace / "checkpoints" / "intermediate" / "mnli" / "seed1" / "encoder" / "difference.safetensors"
    assert weights.read_bytes() != before[weights]


def test_a_clone_with_an_empty_store_logs_its_records_and_its_report_and_computes_nothing(workspace: Path) -> None:
    for path in (workspace / "mlruns").iterdir():
        if path.is_file() and path.name != ".gitignore":
            path.unlink()
    assert {
        name.split("'")[1] for name in re.findall(r"Running stage '[^']*'", tiny.run(workspace, "dvc", "repro"))
    } == {
        "gains",
        "report",
    }
    assert (workspace / "mlruns" / "mlflow.db").exists()
    assert "up to date" in tiny.run(workspace, "dvc", "status")


def test_the_runtime_re_runs_nothing(workspace: Path) -> None:
    edit(workspace / "params.yaml", "threads: 1", "threads: 2")
    assert tiny.instances_to_run(workspace) == {"check"}


def test_other_test_data_train_nothing_again(workspace: Path) -> None:
    edit(workspace / "params.yaml", "test: 12", "test: 13")
    tiny.run(workspace, "dvc", "repro", "prepare", "text", "mixture")
    stages = tiny.stages_to_run(workspace)
    assert "predict" in stages
    assert not stages & {"pretrained", "intermediate", "target", "mixture"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seeds: [1]", "seedz: [1]", "Could not find 'seeds'"),
        (
            "  mnli: {tasks: [mnli]}",
            "  mnli: {tasks: [mnli], mlms: true}",
            "unknown parameter .mixtures.mnli.mlms.; did you mean .mlm.",
        ),
        ("tasks: [mnli, squad_v1,", "tasks: [mnlu, squad_v1,", "mnlu"),
    ],
)
def test_a_fault_in_the_parameters_fails_with_one_clear_error(
    workspace: Path, old: str, new: str, message: str
) -> None:
    edit(workspace / "params.yaml", old, new)
    with pytest.raises(AssertionError, match=message):
        tiny.run(workspace, "dvc", "repro")


@pytest.fixture
def dropped(workspace: Path) -> Path:
    """A workspace whose target weights are deleted after their predictions were made."""
    edit(workspace / "params.yaml", "keep_targets: true", "keep_targets: false")
    printed = tiny.run(
        workspace, sys.executable, "-m", "xstilts.commands.main", "drop-targets", "--yes", "--unless-kept"
    )
    assert "dropped: the weights of 4 target checkpoints" in printed
    tiny.run(workspace, "dvc", "repro", "-q", "check")  # params.yaml was edited
    return workspace


def test_without_target_weights_the_pipeline_is_up_to_date_and_a_change_trains_only_what_it_must(dropped: Path) -> None:
    assert {path.name for path in (dropped / "checkpoints/target").rglob("*") if path.is_file()} == {"card.json"}
    assert "up to date" in tiny.run(dropped, "dvc", "status")
    metric = dropped / "src" / "xstilts" / "scoring" / "metrics" / "classification.py"
    metric.write_text(metric.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert tiny.stages_to_run(dropped) == {"score"} | AFTER_SCORES
    assert "Running stage 'score@mnli-xnli-1'" in tiny.run(dropped, "dvc", "repro", "-s", "score@mnli-xnli-1")
    edit(dropped / "params.yaml", "retrieval: {layer: 1,", "retrieval: {layer: 0,")
    assert not any(name.startswith(("target", "predict@", "predict_s")) for name in tiny.instances_to_run(dropped))


def test_new_predictions_of_dropped_weights_fail_with_the_stage_that_trains_them(dropped: Path) -> None:
    code = dropped / "src" / "xstilts" / "prediction" / "predict.py"
    code.write_text(code.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    printed = tiny.run(dropped, "dvc", "repro", "-s", "predict@mnli-xnli-1", ok=False)
    advice = re.search(r"To train it again: dvc (repro --force --single-item target@mnli-xnli-1)", printed)
    assert advice, printed
    tiny.run(dropped, "dvc", *advice[1].split())
    tiny.run(dropped, "dvc", "repro", "-s", "predict@mnli-xnli-1")


@pytest.mark.heavy
def test_another_retrieval_parameter_re_runs_retrieval_alone_to_a_new_report(dropped: Path) -> None:
    edit(dropped / "params.yaml", "retrieval: {layer: 1,", "retrieval: {layer: 0,")
    ran = {name.split("'")[1] for name in re.findall(r"Running stage '[^']*'", tiny.run(dropped, "dvc", "repro"))}
    assert {name.partition("@")[0] for name in ran} <= {"predict_retrieval", "score"} | AFTER_SCORES
    assert "up to date" in tiny.run(dropped, "dvc", "status")


def test_trained_encoders_are_stored_as_a_difference_and_exported_whole(reproduced: Path, tmp_path: Path) -> None:
    folder = reproduced / "checkpoints"
    assert sorted(path.parts[-4] for path in folder.glob("intermediate/*/*/encoder/difference.safetensors")) == ["mnli"]
    assert len(list(folder.glob("target/*/*/*/encoder/difference.safetensors"))) == 4
    none = folder / "intermediate" / "none" / "seed1" / "encoder" / "model.safetensors"
    assert none.read_bytes() == (folder / "pretrained" / "encoder" / "model.safetensors").read_bytes()
    words = ("export", "checkpoints/target/mnli/xnli/seed1", str(tmp_path / "out"), "--head", "xnli")
    tiny.run(reproduced, sys.executable, "-m", "xstilts.commands.main", *words)
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out")
    assert set(model.config.label2id) == {"entailment", "neutral", "contradiction"}
