"""Scores between files and MLflow: log them, restore what the store lacks, read them back.

The records under `scores/` are the truth and MLflow is their queryable mirror (see `docs/mlflow.md`).
"""

import json
import logging
import time
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

from xstilts.formats import fingerprints, learned
from xstilts.formats.runs import RunKey, Score
from xstilts.tracking import outbox, records, store, sync
from xstilts.tracking import restore as restoration
from xstilts.tracking.run_content import RunContent, flat, tagged

_log = logging.getLogger(__name__)
MEAN = "mean"


def record(path: Path, **content: Any) -> dict[str, Any]:
    """Build a score record (the arguments of `records.score`) and write it, with the time at which it was made."""
    told = dict(content.pop("provenance", None) or {})
    told.setdefault("ended", int(time.time() * 1000))
    told.setdefault("started", told["ended"] - int(1000 * told.get("seconds", 0)))
    made = records.score(**content, provenance=told)
    records.write(made, path)
    return made


def log(made: Mapping[str, Any]) -> str | None:
    """Mirror a score record in MLflow, and send what trainings left in the outbox; doing it again changes nothing.

    Returns:
        The MLflow run's id; None if the store is away: the user is told, and `restore` logs the record later.

    Raises:
        store.StoreError: the store holds this run with other values.
    """
    try:
        there = store.connect()
        outbox.send_all(there)
        return sync.put(there, entry(made))
    except store.StoreAway as error:
        _log.warning(
            "%s is not in MLflow yet; the next `gains` logs it from its record. %s", records.key_of(made), error
        )
        return None


def restore(
    folder: Path,
    *,
    trainings: Path | None = None,
    study: str = "",
    profile: str = "",
    keys: Iterable[RunKey] | None = None,
) -> frozenset[str]:
    """Make the store hold every score record, and every training that it or the training's own record tells of.

    Runs that the store lacks are logged, runs that it holds are compared, and of each run key the recorded one is
    the current one.

    Args:
        folder: `scores/`.
        trainings: where the trainings' records lie (`run.json`, with their curves); without it, scores are restored
            without the trainings that they rest on.
        study: what these trainings are shown under, since their records do not name it.
        profile: the same.
        keys: the grid; other records are left alone.

    Returns:
        The fingerprints of the records, for `read`.

    Raises:
        store.StoreError: a record and the store disagree, a parent run is missing, or the store is away.
        ValueError: a record is damaged.
    """
    sweep()
    there = store.connect()
    made = records.read_scores(folder, keys)
    runs = restoration.trainings(trainings, made, study, profile)
    scored = [entry(one) for one in made]
    for name in sorted({one.study for one in scored} | {run.entry.study for run in runs}):
        restoration.study(
            there,
            name,
            [run for run in runs if run.entry.study == name],
            [one for one in scored if one.study == name],
            whole=trainings is not None,
        )
    return frozenset(one.fingerprint for one in scored)


def sweep() -> list[str]:
    """End the runs that a process of this machine left running when it died; their ids."""
    there = store.connect()
    outbox.send_all(there)
    ended = []
    for run in there.search(there.studies(), status="RUNNING"):
        if outbox.dead(run.data.tags.get("process", "")):
            there.end(run.info.run_id, "KILLED")
            ended.append(run.info.run_id)
    return ended


def read(study: str | None = None, *, among: Collection[str] | None = None) -> list[Score]:
    """Every current number in the store, measured and published, sorted.

    Args:
        study: only this one, which must be there.
        among: only runs with these fingerprints (what `restore` returned), each of which must be there.

    Raises:
        store.StoreError: a run of `among` is missing, the study has no runs, or two current runs have one key.
    """
    there = store.connect()
    studies = there.studies() if study is None else [study]
    runs = [
        run
        for kind in ("score", "published")
        for run in there.search(studies, status="FINISHED", kind=kind, superseded="false")
        if among is None or run.data.tags["fingerprint"] in among
    ]
    if study is not None and not runs:
        raise store.StoreError(
            f"study {study!r} has no runs in {there}; measured ones are restored, and published ones logged, by "
            f"`dvc repro -f -s gains`"
        )
    _once(runs, among)
    return sorted(score for run in runs for score in _scores(run.data.tags, run.data.metrics))


def log_published(published: Iterable[Score], notes: Mapping[str, Mapping[str, str]] | None = None) -> list[str]:
    """Log what papers printed, one run for each study, intermediate, target and seed; the runs' ids.

    Args:
        published: the numbers.
        notes: study → what a reader must know of it (paper, licence, model); a tag each.
    """
    there = store.connect()
    made = [
        _published(study, key, list(rows), flat((notes or {}).get(study, {}), "note."))
        for (study, key), rows in groupby(sorted(published, key=_run_of), key=_run_of)
    ]
    studies = sorted({one.study for one in made})
    known = {
        (run.data.tags["study"], run.data.tags["fingerprint"]): run
        for run in there.search(studies, status="FINISHED", kind="published", superseded="false")
    }
    ids = []
    for one in made:
        run = known.get((one.study, one.fingerprint))
        if run is None:
            ids.append(sync.put(there, one))
        else:
            sync.agree(run, one)
            sync.refresh(there, run, one)
            ids.append(str(run.info.run_id))
    return ids


NOTE = "mlflow.note.content"


def log_report(folder: Path, verdicts: Mapping[str, str], *, study: str, note: str = "") -> str:
    """Log the report's files as artifacts of a run of their own, once for each content.

    Args:
        folder: `reports/`.
        verdicts: a sentence for each study, as tags.
        study: the study that the report's run belongs to.
        note: Markdown that the MLflow UI shows above the run.
    """
    made = RunContent(
        study=study,
        kind="report",
        name="report",
        fingerprint=fingerprints.of({"files": fingerprints.of_folder(folder), "verdicts": dict(verdicts)}),
        tags={**flat(verdicts, "verdict."), **({NOTE: note} if note else {})},
    )
    there = store.connect()
    run = sync.start(there, made)
    if run.info.status != "FINISHED":
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        places = {path: path.parent.relative_to(folder).as_posix().removeprefix(".") for path in files}
        there.artifacts(run.info.run_id, places)
        sync.finish(there, run.info.run_id, made)
    else:
        sync.promote(there, made, run.info.run_id)
    return str(run.info.run_id)


def entry(made: Mapping[str, Any]) -> RunContent:
    """What the MLflow run of a score record holds."""
    provenance = made["provenance"]
    return RunContent(
        study=made["study"],
        kind="score",
        name=str(records.key_of(made)),
        fingerprint=made["fingerprint"],
        parent=made["training_run"]["parent"],
        tags={
            **_key_tags(records.key_of(made), made["training"]),
            "profile": made["profile"],
            "training_fingerprint": made["training_run"]["fingerprint"],
            "examples": json.dumps(made["examples"]),
            "majority": json.dumps(made["majority"]),
            **({learned.LEARNED: "false"} if learned.lost(made["training_run"]) else {}),
            **tagged({name: value for name, value in provenance.items() if name not in ("started", "ended")}),
        },
        parameters=flat(made["parameters"]),
        metrics=_with_means(made["values"]),
        datasets=tuple(
            {"name": name, "digest": row["sha256"], "context": "test", "source": row["path"]}
            for name, row in made["inputs"].items()
        ),
        started=int(provenance.get("started", 0)),
        ended=int(provenance.get("ended", 0)),
    )


def _published(study: str, key: RunKey, rows: list[Score], notes: dict[str, str]) -> RunContent:
    content = [[row.training, row.language, row.metric, row.value, row.examples] for row in rows]
    return RunContent(
        study=study,
        kind="published",
        name=str(key),
        fingerprint=fingerprints.of({"study": study, "key": str(key), "scores": content}),
        tags={**_key_tags(key, rows[0].training), **notes, "examples": _examples(rows)},
        metrics=_with_means({f"{row.metric}/{row.language}": row.value for row in rows}),
    )


def _once(runs: list[Any], among: Collection[str] | None) -> None:
    if among is not None:
        missing = set(among) - {run.data.tags["fingerprint"] for run in runs}
        if missing:
            raise store.StoreError(
                f"{len(missing)} runs are not in the store: {', '.join(sorted(missing)[:5])}; run `dvc repro gains`"
            )
    keys: dict[tuple[str, str], Any] = {}
    for run in runs:
        key = (run.data.tags["study"], run.data.tags["key"])
        if other := keys.get(key):
            raise store.StoreError(
                f"study {key[0]}: {key[1]} has two current runs, {other.info.run_id} and {run.info.run_id}; "
                f"`dvc repro -f -s gains` marks the one without a record as superseded"
            )
        keys[key] = run


def _scores(tags: Mapping[str, str], metrics: Mapping[str, float]) -> Iterable[Score]:
    examples = json.loads(tags.get("examples", "{}"))
    for name, value in metrics.items():
        metric, _, code = name.rpartition("/")
        if code != MEAN:
            yield Score(
                tags["study"], tags["intermediate"], tags["training"], tags["target"], code, metric,
                int(tags["seed"]), value, examples.get(code, 0),
            )  # fmt: skip


def _with_means(values: Mapping[str, float]) -> dict[str, float]:
    """The values and, for each metric, its mean over languages, English included, as XTREME averages."""
    by_metric: dict[str, list[float]] = {}
    for name, value in values.items():
        by_metric.setdefault(name.rpartition("/")[0], []).append(value)
    return {**values, **{f"{metric}/{MEAN}": fmean(points) for metric, points in by_metric.items()}}


def _key_tags(key: RunKey, training: str) -> dict[str, str]:
    return {"intermediate": key.intermediate, "training": training, "target": key.target, "seed": str(key.seed)}


def _run_of(score: Score) -> tuple[str, RunKey]:
    return score.study, score.key


def _examples(rows: Iterable[Score]) -> str:
    return json.dumps({row.language: row.examples for row in rows if row.examples})
