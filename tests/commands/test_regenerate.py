"""An archived study is made again from its records, and what was edited by hand is found."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from mlflow_store import Grid
from xstilts import experiment
from xstilts.commands.main import main
from xstilts.commands.regenerate import command, study_curves, study_page
from xstilts.formats.runs import RunKey, Score
from xstilts.tracking import records, scores

pytest_plugins = ["mlflow_store"]
REPOSITORY = Path(__file__).parents[2]
STUDIES = sorted(path.parent for path in REPOSITORY.glob("docs/studies/*/scores"))
CODES = ("arb", "cmn", "deu", "ell", "eng", "fin", "fra", "hin", "rus", "spa", "swh", "tha", "tur", "urd", "vie")
PARAMS = """
profile: tiny
study: world
data: {origin: world}
tasks: [mnli, xnli]
model: {name: x}
mixtures: {none: {tasks: []}, spare: {tasks: []}, mnli: {tasks: [mnli]}}
intermediates: [none, spare, mnli]
trainings: [xnli]
targets: [xnli]
starts_from: {itself: [xnli], squad_v1: [], siqa: [], intermediate: []}
seeds: [1]
recipes:
  pretraining: null
  intermediate:
    none: &recipe {learning_rate: 1.0e-3, batch: 1, max_length: 8}
    spare: *recipe
    mnli: *recipe
  target: {xnli: *recipe}
retrieval: {layer: 1}
analysis: {seed: 1, draws: 100, bootstrap: 100, imputations: 2}
"""


def record(name: str, seed: int = 1) -> None:
    grid = Grid()
    first = grid.training("intermediate", name)
    second = grid.training("target", name, parent=first.entry.fingerprint)
    values = {f"accuracy/{code}": 50.0 + place + 3 * (name == "mnli") for place, code in enumerate(CODES)}
    grid.score(RunKey(name, "xnli", seed), second, values=values, examples=dict.fromkeys(CODES, 100), majority={})


@pytest.fixture
def study(repository: Path) -> Path:
    """A study of one intermediate, one target and one seed, as docs/studies/ would keep it."""
    for name in ("none", "spare", "mnli"):
        record(name)
    folder = repository / "kept"
    folder.mkdir()
    shutil.move("scores", folder / "scores")
    (folder / "params.yaml").write_text(PARAMS)
    assert main(["regenerate", "kept", "--out", "made", "--no-report", "--workers", "1"]) == 0
    shutil.copytree("made/results", folder / "results")
    return folder


def again() -> int:
    return main(["regenerate", "kept", "--out", "again", "--check", "--no-report", "--workers", "1"])


def test_a_study_comes_back_from_its_records_and_its_runs_can_be_traced(study, capsys):
    assert again() == 0
    assert "every kept number is the same" in capsys.readouterr().out
    main(["trace", "mnli/xnli/seed1/accuracy/swh", "--repository", "kept"])
    told = capsys.readouterr().out
    assert "63.0 - 60.0 (none/xnli/seed1) = 3.0" in told
    assert "it is not there" not in told


def test_an_edited_number_is_named(study, capsys):
    path = study / "results/analysis/verdicts.json"
    rows = json.loads(path.read_text())
    rows[0]["verdict"] = "supported, of course"
    path.write_text(json.dumps(rows))
    assert again() == 1
    assert "verdicts.json /0/verdict: supported, of course kept" in capsys.readouterr().out


def test_an_edited_record_stops_it(study, capsys):
    path = study / "scores/mnli/xnli/seed1.json"
    path.write_text(path.read_text().replace("63.0", "73.0"))
    assert again() == 1
    assert "damaged or was edited" in capsys.readouterr().err


def test_a_missing_record_is_named(study, capsys):
    (study / "scores/none/xnli/seed1.json").unlink()
    assert again() == 1
    assert "no record of none/xnli/seed1" in capsys.readouterr().err


def test_a_run_that_is_not_in_the_store_is_traced_to_the_command_that_restores_it(study, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    assert main(["trace", "mnli/xnli/seed1", "--repository", "kept"]) == 1
    assert "`xstilts regenerate kept --out DIR` restores it" in capsys.readouterr().out


def test_the_placebo_has_the_spare_seeds_as_its_intermediate():
    found = [
        Score("s", name, "xnli", "xnli", "deu", "accuracy", 1, value, 10)
        for name, value in (("none", 1.0), ("spare", 2.0), ("mnli", 3.0))
    ]
    rows = command.placebo(found)
    assert [(row.study, row.intermediate, row.value) for row in rows] == [
        ("s-placebo", "none", 1.0),
        ("s-placebo", "placebo", 2.0),
    ]
    assert command.placebo([row for row in found if row.intermediate != "spare"]) == []


@pytest.mark.parametrize("folder", STUDIES, ids=lambda path: path.name)
def test_every_kept_gain_is_the_difference_of_two_kept_records(folder):
    made = {str(records.key_of(record)): record["values"] for record in records.read_scores(folder / "scores")}
    with (folder / "results/gains.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows
    for row in rows:
        name, metric = row["intermediate"], f"{row['metric']}/{row['language']}"
        after = made[f"{'spare' if name == command.PLACEBO else name}/{row['target']}/seed{row['seed']}"][metric]
        before = made[f"none/{row['target']}/seed{row['seed']}"][metric]
        assert (float(row["before"]), float(row["after"])) == (before, after)
        assert float(row["gain"]) == after - before


@pytest.mark.parametrize("folder", STUDIES, ids=lambda path: path.name)
def test_a_kept_study_has_the_same_seeds_of_a_target_for_every_intermediate(folder):
    grid = experiment.load(folder / "params.yaml")
    found = [records.key_of(record) for record in records.read_scores(folder / "scores")]
    assert command.complete(folder / "scores", grid) == sorted(found)
    assert all(scores.entry(record).study == grid.study for record in records.read_scores(folder / "scores"))


@pytest.mark.parametrize("folder", STUDIES, ids=lambda path: path.name)
def test_the_kept_curves_are_those_of_the_kept_trainings(folder):
    with (folder / "curves.csv").open(encoding="utf-8", newline="") as lines:
        kept_rows = [
            (row["training"], row["metric"], int(row["step"]), float(row["value"])) for row in csv.DictReader(lines)
        ]
    assert kept_rows == list(study_curves.rows(folder / "trainings"))


@pytest.mark.heavy
@pytest.mark.parametrize("folder", STUDIES, ids=lambda path: path.name)
def test_every_kept_number_is_made_again(repository, folder):
    assert main(["regenerate", str(folder), "--out", "again", "--check", "--no-report"]) == 0


@pytest.mark.parametrize("folder", STUDIES, ids=lambda path: path.name)
def test_the_page_of_a_kept_study_quotes_its_tables(folder):
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert study_page.quoted(page) == study_page.write(folder / "results")
