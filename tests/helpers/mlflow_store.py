"""An empty SQLite store in an empty repository for a test: MLflow's migrations take seconds, so they run once."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from xstilts.formats.runs import RunKey
from xstilts.tracking import records, scores, store, training_run

CODES = ("deu", "eng", "swh")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    store.connect(f"sqlite:///{path}")
    return path


@pytest.fixture
def repository(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder as the working directory, with an empty store in mlruns/."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    renew(tmp_path, empty_database)
    yield tmp_path
    forget()


def renew(repository: Path, empty_database: Path) -> None:
    """What `rm -r mlruns` and the next stage leave: an empty store."""
    shutil.rmtree(repository / "mlruns", ignore_errors=True)
    (repository / "mlruns").mkdir()
    shutil.copy(empty_database, repository / "mlruns" / "mlflow.db")
    forget()


def forget() -> None:
    """Close every connection, as the end of a process does; an open one would go on with a deleted database."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store._connect.cache_clear()
    while SqlAlchemyStore._engine_map:
        SqlAlchemyStore._engine_map.popitem()[1].dispose()


@dataclass(frozen=True)
class Grid:
    """A small experiment's records, as the stages would write them."""

    rate: float = 0.1
    points: float = 50.0
    dirty: bool = False

    def training(self, phase: str, intermediate: str, *, parent: str = "") -> records.TrainingRecord:
        """The record of one training, with a curve of three points."""
        subject = training_run.TrainingRun(
            "world", "tiny", phase, 1, intermediate, "xnli" if phase == "target" else "", parent,
            ({"name": "mnli", "digest": "d" * 64, "context": "training", "source": "data/mnli"},),
        )  # fmt: skip
        entry = training_run.over(
            subject.entry(digit(phase, intermediate, self.rate), {"recipe": {"rate": self.rate}}, started=1000),
            metrics={"train/loss": 0.25, "train/tokens_per_second": 900.0},
            provenance={"git_commit": "c" * 40, "git_dirty": self.dirty, "seconds": 3.5},
            ended=5000,
            step=3,
        )
        curve = [("train/loss", 1 / 2**step, 1000 + step, step) for step in range(3)]
        return records.TrainingRecord(entry, (*curve, ("train/loss", 0.25, 4000, 3)))

    def write(self, *intermediates: str) -> list[dict[str, Any]]:
        """Write the records of some intermediates and of `xnli` after each; the score records."""
        made = []
        for name in intermediates:
            first = self.training("intermediate", name)
            second = self.training("target", name, parent=first.entry.fingerprint)
            for run in (first, second):
                records.write_training(Path("trainings", run.entry.name), run)
            made.append(self.score(RunKey(name, "xnli", 1), second))
        return made

    def score(self, key: RunKey, run: records.TrainingRecord, **more: Any) -> dict[str, Any]:
        """Write one score record; `run` is the target training that it rests on."""
        content: dict[str, Any] = {
            "study": "world",
            "profile": "tiny",
            "key": key,
            "training": "xnli",
            "values": {f"accuracy/{code}": self.points + place for place, code in enumerate(CODES)},
            "examples": dict.fromkeys(CODES, 100),
            "parameters": {"recipe": {"rate": self.rate, "clip": None}},
            "inputs": {"predictions": {"path": "predictions", "sha256": digit("predictions", self.points)}},
            "training_run": run.entry.fingerprint,
            "parent": run.entry.parent,
            "majority": {"accuracy/eng": 33.3},
            "provenance": {"git_commit": "c" * 40, "git_dirty": self.dirty, "started": 6000, "ended": 7000},
        }
        return scores.record(Path("scores") / f"{key.path}.json", **{**content, **more})


def digit(*words: Any) -> str:
    """A fingerprint for a test."""
    from xstilts.formats import fingerprints

    return fingerprints.of([str(word) for word in words])


def everything() -> dict[tuple[str, str], dict[str, Any]]:
    """Every active run in the store by kind, name and fingerprint: all that must survive a restore, ids left out."""
    there = store.connect()
    runs = there.search(there.studies())
    names = {run.info.run_id: run.data.tags["fingerprint"] for run in runs}
    found = {}
    for run in runs:
        tags = dict(run.data.tags)
        tags["mlflow.parentRunId"] = names.get(tags.get("mlflow.parentRunId", ""), "")
        found[run.data.tags["key"], run.data.tags["fingerprint"]] = {
            "status": run.info.status,
            "times": (run.info.start_time, run.info.end_time),
            "tags": tags,
            "parameters": run.data.params,
            "metrics": run.data.metrics,
            "histories": {
                name: [(value, step) for _, value, _, step in there.history(run.info.run_id, name)]
                for name in run.data.metrics
            },
            "datasets": sorted((row.dataset.name, row.dataset.digest) for row in run.inputs.dataset_inputs),
        }
    assert len(found) == len(runs), "two runs have one fingerprint"
    return found


def states() -> list[tuple[str, str, str]]:
    """Key, superseded, status of every active run."""
    there = store.connect()
    return sorted(
        (run.data.tags["key"], run.data.tags["superseded"], run.info.status) for run in there.search(there.studies())
    )
