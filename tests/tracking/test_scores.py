import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from mlflow_store import CODES, Grid, digit, everything, renew, states
from xstilts.formats.runs import RunKey, Score
from xstilts.tracking import outbox, records, scores, store, sync
from xstilts.tracking.lineage import Trainings
from xstilts.tracking.run_content import RunContent

pytest_plugins = ["mlflow_store"]
pytestmark = pytest.mark.usefixtures("repository")
RUN = RunKey("mnli", "xnli", 1)
PATH = Path("scores/mnli/xnli/seed1.json")


def restore() -> frozenset[str]:
    return scores.restore(Path("scores"), trainings=Path("trainings"), study="world", profile="tiny")


def tell_trainings() -> list[dict]:
    """The score records as they were until November 2026: with the trainings that they rest on."""
    found = []
    for path in sorted(Path("scores").rglob("*.json")):
        made = records.read(path)
        runs = [run.entry.as_json() for run in Trainings(Path("trainings")).behind(made)]
        found.append(records.signed({**made, "training_run": {**made["training_run"], "runs": runs}}))
        records.write(found[-1], path)
    return found


def relabelled(made: dict, *, study: str, profile: str) -> dict:
    """The arguments of `scores.record` that make the same record under other labels."""
    names = ("training", "values", "examples", "parameters", "inputs", "majority", "provenance")
    return {name: made[name] for name in names} | {
        "study": study,
        "profile": profile,
        "key": RUN,
        "training_run": made["training_run"]["fingerprint"],
        "parent": made["training_run"]["parent"],
    }


def run_of(made: dict) -> object:
    return sync.find(store.connect(), "world", made["fingerprint"])


def test_what_was_recorded_is_what_is_read():
    Grid().write("none", "mnli")
    found = scores.read("world", among=restore())
    assert [score for score in found if score.intermediate == "mnli"] == [
        Score("world", "mnli", "xnli", "xnli", code, "accuracy", 1, 50.0 + place, 100)
        for place, code in enumerate(CODES)
    ]
    assert len(found) == 6


def test_logging_a_record_twice_leaves_one_run_and_the_same_store():
    (made,) = Grid().write("mnli")
    first = scores.log(made)
    before = everything()
    assert scores.log(made) == first
    assert everything() == before


def test_the_mean_is_over_languages_with_english():
    (made,) = Grid().write("mnli")
    scores.log(made)
    assert run_of(made).data.metrics["accuracy/mean"] == pytest.approx(51.0)


def test_runs_carry_the_tags_that_people_search_by():
    (made,) = Grid().write("mnli")
    scores.log(made)
    tags = run_of(made).data.tags
    wanted = {"study": "world", "intermediate": "mnli", "training": "xnli", "target": "xnli", "seed": "1"}
    wanted |= {"profile": "tiny", "git_commit": "c" * 40, "fingerprint": made["fingerprint"], "kind": "score"}
    assert {name: tags[name] for name in wanted} == wanted
    assert run_of(made).data.params == {"recipe.rate": "0.1", "recipe.clip": "null"}


def test_the_intermediate_run_is_the_parent_of_training_and_score():
    Grid().write("mnli")
    restore()
    there = store.connect()
    by_kind = {run.data.tags["key"]: run for run in there.search(["world"])}
    parent = by_kind["training:intermediate/mnli/seed1"].info.run_id
    for key in ("training:target/mnli/xnli/seed1", "score:mnli/xnli/seed1"):
        assert by_kind[key].data.tags["mlflow.parentRunId"] == parent


def test_another_parameter_adds_the_runs_that_it_touches_and_supersedes_the_older():
    Grid().write("none", "mnli")
    restore()
    Grid(rate=0.2, points=60.0).write("mnli")
    restore()
    assert states() == sorted(
        [
            *[(f"training:intermediate/{name}/seed1", "false", "FINISHED") for name in ("none", "mnli")],
            *[(f"training:target/{name}/xnli/seed1", "false", "FINISHED") for name in ("none", "mnli")],
            *[(f"score:{name}/xnli/seed1", "false", "FINISHED") for name in ("none", "mnli")],
            ("training:intermediate/mnli/seed1", "true", "FINISHED"),
            ("training:target/mnli/xnli/seed1", "true", "FINISHED"),
            ("score:mnli/xnli/seed1", "true", "FINISHED"),
        ]
    )
    assert {score.value for score in scores.read("world") if score.intermediate == "mnli"} == {60.0, 61.0, 62.0}


def test_a_parameter_changed_back_makes_the_older_runs_current_again():
    for grid in (Grid(), Grid(rate=0.2, points=60.0), Grid()):
        grid.write("mnli")
        restore()
    assert {score.value for score in scores.read("world")} == {50.0, 51.0, 52.0}
    assert len(states()) == 6
    assert sum(superseded == "true" for _, superseded, _ in states()) == 3


def test_doing_a_stage_again_adds_no_run_and_notes_the_new_commit():
    (made,) = Grid().write("mnli")
    scores.log(made)
    (again,) = Grid(dirty=True).write("mnli")
    scores.log(again)
    assert again["fingerprint"] == made["fingerprint"]
    assert again["digest"] != made["digest"]
    assert run_of(made).data.tags["git_dirty"] == "true"
    assert len(states()) == 1


def test_an_empty_store_is_rebuilt_equal_in_every_run(repository, empty_database):
    for grid in (Grid(), Grid(points=60.0)):
        for made in grid.write("none", "mnli"):
            scores.log(made)
    restore()
    before = {key: run for key, run in everything().items() if run["tags"]["superseded"] == "false"}
    renew(repository, empty_database)
    restore()
    assert everything() == before
    assert len(before) == 6


def test_older_score_records_restore_the_trainings_that_they_tell_of(repository, empty_database):
    Grid().write("none", "mnli")
    tell_trainings()
    restore()
    before = everything()
    renew(repository, empty_database)
    scores.restore(Path("scores"))
    after = everything()
    assert after.keys() == before.keys()
    for key, run in after.items():
        assert {**run, "histories": 0} == {**before[key], "histories": 0, "tags": untold(before[key]["tags"])}
        assert run["metrics"] == before[key]["metrics"]


def untold(tags: dict) -> dict:
    return {name: text for name, text in tags.items() if name != "curve"}


def test_a_curve_that_a_score_record_could_not_tell_is_added_from_the_trainings_record():
    Grid().write("mnli")
    tell_trainings()
    scores.restore(Path("scores"))
    there = store.connect()
    run = next(run for run in there.search(["world"]) if run.info.run_name == "target/mnli/xnli/seed1")
    assert [point[3] for point in there.history(run.info.run_id, "train/loss")] == [3]
    for _ in range(2):
        restore()
        assert [point[3] for point in there.history(run.info.run_id, "train/loss")] == [0, 1, 2, 3]


class Same(Grid):
    """Trainings whose content does not depend on what the intermediate is called."""

    def training(self, phase: str, intermediate: str, *, parent: str = "") -> records.TrainingRecord:
        made = super().training(phase, intermediate, parent=parent)
        return replace(made, entry=replace(made.entry, fingerprint=digit(phase, self.rate)))


@pytest.mark.parametrize("name", ["all_nli", "nli", "zz"])
def test_fault_5_renaming_an_intermediate_leaves_old_records_that_do_not_win(name):
    (old,) = Same().write("mnli")
    scores.log(old)
    restore()
    PATH.unlink()
    Same().write(name)
    there = store.connect()
    for phase in (f"intermediate/{name}/seed1", f"target/{name}/xnli/seed1"):  # as the stages do that ran again
        made = records.read_training(Path("trainings", phase)).under("world", "tiny")
        sync.replace(there, sync.find(there, "world", made.entry.fingerprint), made.entry, made.curve)
    assert Path("trainings/intermediate/mnli/seed1/run.json").exists()
    assert scores.read("world", among=restore()) != []
    current = {run.data.tags["key"] for run in there.search(["world"], superseded="false", kind="training")}
    assert current == {f"training:intermediate/{name}/seed1", f"training:target/{name}/xnli/seed1"}


def test_restoring_twice_changes_nothing():
    Grid().write("none", "mnli")
    assert restore() == restore()
    before = everything()
    restore()
    assert everything() == before


def test_a_run_deleted_in_the_ui_is_restored():
    (made,) = Grid().write("mnli")
    restore()
    store.connect().drop(run_of(made).info.run_id)
    restore()
    assert run_of(made).data.metrics["accuracy/swh"] == 52.0


def test_a_metric_edited_in_the_store_is_an_error_that_names_the_run_and_both_values():
    (made,) = Grid().write("mnli")
    run_id = scores.log(made)
    store.connect().write(run_id, points=[("accuracy/swh", 99.5, 8000, 0)])
    with pytest.raises(store.StoreError, match=rf"{run_id} \(mnli/xnli/seed1.*accuracy/swh is 99.5 .* 52.0") as error:
        restore()
    assert "delete the run" in str(error.value)
    with pytest.raises(store.StoreError, match=r"99.5"):
        scores.log(made)


@pytest.mark.parametrize("edit", ["tag", "metric"])
def test_an_edited_identity_or_an_added_metric_is_an_error(edit):
    (made,) = Grid().write("mnli")
    run_id = scores.log(made)
    if edit == "tag":
        store.connect().write(run_id, tags={"intermediate": "qqp"})
    else:
        store.connect().write(run_id, points=[("accuracy/fin", 10.0, 8000, 0)])
    with pytest.raises(store.StoreError, match="disagree"):
        restore()


def test_a_flipped_bit_in_a_record_is_found_wherever_it_is():
    Grid().write("mnli")
    whole = PATH.read_bytes()
    rng = random.Random(0)
    for place in rng.sample(range(len(whole)), 150):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << rng.randrange(8)
        PATH.write_bytes(flipped)
        with pytest.raises(ValueError, match=r"seed1\.json"):
            records.read_scores(Path("scores"))
    PATH.write_bytes(whole)
    assert len(records.read_scores(Path("scores"))) == 1


def test_a_record_edited_by_hand_stops_the_restore():
    Grid().write("mnli")
    PATH.write_text(PATH.read_text().replace('"accuracy/swh": 52.0', '"accuracy/swh": 62.0'))
    with pytest.raises(ValueError, match="damaged or was edited"):
        restore()


def test_a_record_of_another_run_in_its_place_is_an_error():
    Grid().write("none", "mnli")
    Path("scores/none/xnli/seed1.json").write_bytes(PATH.read_bytes())
    with pytest.raises(ValueError, match=r"none/xnli/seed1.json holds the record of mnli/xnli/seed1"):
        restore()


def test_a_run_of_the_grid_without_a_record_is_an_error():
    Grid().write("mnli")
    with pytest.raises(FileNotFoundError, match=r"none/xnli/seed1.json"):
        scores.restore(Path("scores"), keys=[RUN, RUN.baseline])


def test_a_record_outside_the_grid_is_left_alone():
    Grid().write("none", "mnli")
    assert len(scores.restore(Path("scores"), keys=[RUN])) == 1
    assert {score.intermediate for score in scores.read("world")} == {"mnli"}


def test_a_parent_run_that_is_nowhere_is_named():
    (made,) = Grid().write("mnli")
    Path("trainings/intermediate/mnli/seed1/run.json").unlink()
    with pytest.raises(store.StoreError, match=rf"its parent run {made['training_run']['parent']} is neither"):
        restore()


def test_scores_alone_are_restored_without_their_trainings():
    Grid().write("mnli")
    scores.restore(Path("scores"))
    assert [key for key, _, _ in states()] == ["score:mnli/xnli/seed1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"values": {"accuracy/eng": 101.0}}, "points from 0 to 100"),
        ({"values": {"accuracy/eng": float("nan")}}, "points from 0 to 100"),
        ({"values": {}}, "no values"),
        ({"values": {"accuracy/fin": 1.0}}, "no number of examples"),
        ({"values": {"accuracy": 1.0}}, "named <metric>/<code>"),
    ],
)
def test_values_that_are_no_points_of_a_language_are_not_recorded(content, message):
    with pytest.raises(ValueError, match=message):
        Grid().score(RUN, Grid().training("target", "mnli"), **content)
    assert not PATH.exists()


def test_reading_a_study_that_the_store_lacks_is_an_error_and_not_nothing():
    with pytest.raises(store.StoreError, match=r"study 'ponti' has no runs .* `dvc repro -f -s gains`"):
        scores.read("ponti")


def test_reading_names_a_run_that_the_store_lacks():
    Grid().write("mnli")
    current = restore()
    with pytest.raises(store.StoreError, match="1 runs are not in the store"):
        scores.read("world", among=[*current, digit("missing")])


def test_two_current_runs_of_one_key_are_an_error_that_names_both():
    (made,) = Grid().write("mnli")
    first = scores.log(made)
    other = replace(scores.entry(made), fingerprint=digit("other"))
    second = sync.put(store.connect(), other)
    store.connect().write(first, tags={"superseded": "false"})
    with pytest.raises(store.StoreError, match=rf"two current runs, ({first} and {second}|{second} and {first})"):
        scores.read("world")


def test_a_score_logged_while_the_store_is_away_is_told_once_and_logged_by_the_next_stage(monkeypatch, caplog):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:geheim@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (made,) = Grid().write("mnli")
    assert scores.log(made) is None
    assert len(caplog.records) == 1
    assert "mnli/xnli/seed1 is not in MLflow yet" in caplog.text
    assert "geheim" not in caplog.text
    with pytest.raises(store.StoreAway) as error:
        restore()
    assert "geheim" not in str(error.value)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    restore()
    assert len(states()) == 3


def published(value: float) -> list[Score]:
    return [Score("ponti", name, "siqa", "xcopa", "quz", "accuracy", 0, value) for name in ("none", "siqa")]


def test_published_scores_are_logged_once_and_superseded_by_corrected_ones():
    notes = {"ponti": {"source": "arXiv 2005.00333", "unseen": ["quz"]}}
    first = scores.log_published(published(50.0), notes)
    assert scores.log_published(published(50.0), notes) == first
    assert scores.log_published(published(51.0), notes) != first
    found = scores.read("ponti")
    assert [(score.intermediate, score.value, score.examples) for score in found] == [
        ("none", 51.0, 0),
        ("siqa", 51.0, 0),
    ]
    assert len(states()) == 4
    run = store.connect().get(first[0])
    assert run.data.tags["note.source"] == "arXiv 2005.00333"
    assert run.data.tags["note.unseen"] == '["quz"]'


def test_measured_and_published_numbers_are_read_together():
    Grid().write("mnli")
    restore()
    scores.log_published(published(50.0))
    assert {score.study for score in scores.read()} == {"world", "ponti"}


def test_a_report_is_logged_once_with_its_files(repository):
    report = Path("reports/figures")
    report.mkdir(parents=True)
    (report.parent / "index.html").write_text("<p>yes")
    (report / "a.svg").write_text("<svg/>")
    first = scores.log_report(report.parent, {"world": "yes"}, study="world")
    assert scores.log_report(report.parent, {"world": "yes"}, study="world") == first
    artifacts = repository / "mlruns/artifacts" / first / "artifacts"
    assert (artifacts / "index.html").read_text() == "<p>yes"
    assert (artifacts / "figures/a.svg").exists()
    (report.parent / "index.html").write_text("<p>no")
    assert scores.log_report(report.parent, {"world": "no"}, study="world") != first
    assert states() == [("report:report", "false", "FINISHED"), ("report:report", "true", "FINISHED")]


def test_a_run_left_running_by_a_dead_process_is_killed_and_a_live_one_is_left():
    there = store.connect()
    host = outbox.this_process().split(":")[0]
    names = {"dead": f"{host}:999999999:1", "alive": outbox.this_process(), "elsewhere": "another-machine:1:1"}
    for name, process in names.items():
        sync.start(there, RunContent("world", "training", name, digit(name)), process=process)
    killed = scores.sweep()
    assert [there.get(run_id).info.run_name for run_id in killed] == ["dead"]
    assert states() == [
        ("training:alive", "false", "RUNNING"),
        ("training:dead", "false", "KILLED"),
        ("training:elsewhere", "false", "RUNNING"),
    ]
    assert scores.sweep() == []


def test_a_score_run_that_was_cut_off_is_completed_by_the_next_logging():
    (made,) = Grid().write("mnli")
    there = store.connect()
    cut = sync.start(there, scores.entry(made))
    there.write(cut.info.run_id, points=[("accuracy/deu", 50.0, 7000, 0)])
    assert scores.log(made) == cut.info.run_id
    assert run_of(made).info.status == "FINISHED"
    assert len(run_of(made).data.metrics) == 4


def test_records_are_read_whole_or_not_at_all(monkeypatch):
    (made,) = Grid().write("mnli")
    before = PATH.read_text()
    monkeypatch.setattr(Path, "replace", lambda self, target: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        records.write({**made, "seed": 2}, PATH)
    assert PATH.read_text() == before


def test_the_record_is_plain_json_with_the_agreed_fields():
    Grid().write("mnli")
    made = json.loads(PATH.read_text())
    assert set(made) == {
        "study", "profile", "intermediate", "training", "target", "seed", "fingerprint", "values", "examples",
        "majority", "parameters", "inputs", "provenance", "training_run", "digest",
    }  # fmt: skip
    there = Trainings(Path("trainings"))
    assert made["training_run"] == {
        "fingerprint": there.at(Path("target/mnli/xnli/seed1")).entry.fingerprint,
        "parent": there.at(Path("intermediate/mnli/seed1")).entry.fingerprint,
        "unlearned": [],
    }


def test_a_trainings_record_says_nothing_of_study_and_profile_and_is_shown_under_any():
    Grid().write("mnli")
    made = json.loads(Path("trainings/target/mnli/xnli/seed1/run.json").read_text())
    assert set(made) == {"entry", "digest"}
    assert "study" not in made["entry"]
    assert "profile" not in made["entry"]["tags"]
    scores.record(PATH, **relabelled(records.read(PATH), study="renamed", profile="other"))
    scores.restore(Path("scores"), trainings=Path("trainings"), study="renamed", profile="other")
    found = store.connect().search(["renamed"])
    assert {(run.data.tags["kind"], run.data.tags["profile"]) for run in found} == {
        ("score", "other"), ("training", "other"),
    }  # fmt: skip
    assert len(found) == 3


def test_trainings_records_of_before_december_2026_are_read():
    (made,) = Grid().write("mnli")
    restore()
    before = everything()
    for path in Path("trainings").rglob("run.json"):
        row = records.read(path)
        entry = {**row["entry"], "study": "older", "tags": {**row["entry"]["tags"], "profile": "older"}}
        records.write(records.signed({"entry": entry, "ancestors": [entry]}), path)
    assert [run.entry.study for run in Trainings(Path("trainings")).behind(made)] == ["world", "world"]
    restore()
    assert everything() == before
