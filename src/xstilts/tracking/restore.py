"""Rebuild the MLflow store from the records that DVC and git keep.

A fresh clone with an empty `mlruns/` gets the full UI back, without training anything.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from xstilts.tracking import lineage, records, sync
from xstilts.tracking.run_content import RunContent
from xstilts.tracking.store import Point, Store, StoreError


def trainings(
    folder: Path | None, made: Iterable[dict[str, Any]], study: str, profile: str
) -> list[records.TrainingRecord]:
    """Every training that its own record or a score record tells of, each once, parents first.

    An intermediate that was renamed leaves its old records below `trainings/`, of the same fingerprints: then the name
    that the score records use is the right one, and where none of them tells, the training that ended last.

    Args:
        folder: where the trainings' records lie, at any depth, with their curves; None if there are none.
        made: score records; those of before December 2026 tell of trainings, under their own study.
        study: what the trainings' own records are shown under.
        profile: the same.
    """
    made = list(made)
    scored = [RunContent.from_json(row) for record in made for row in record["training_run"].get("runs", ())]
    used = {pair for record in made for pair in lineage.names(record)}
    known: dict[str, records.TrainingRecord] = {}

    def rank(run: records.TrainingRecord) -> tuple[bool, int]:
        return (run.entry.fingerprint, run.entry.name) in used, run.entry.ended

    for path in sorted(Path(folder).rglob(records.TRAINING)) if folder is not None else ():
        run = records.read_training(path.parent).under(study, profile)
        other = known.setdefault(run.entry.fingerprint, run)
        known[run.entry.fingerprint] = max(run, other, key=rank)
    for told in scored:
        known.setdefault(told.fingerprint, records.TrainingRecord(told))

    def depth(run: records.TrainingRecord) -> int:
        above = known.get(run.entry.parent)
        return 0 if above is None else 1 + depth(above)

    return sorted(known.values(), key=lambda run: (depth(run), run.entry.name))


def study(
    store: Store, name: str, runs: Iterable[records.TrainingRecord], scored: Iterable[RunContent], whole: bool
) -> None:
    """Make one study's experiment hold these trainings and scores, and of each key none but them as current.

    Args:
        store: where.
        name: of the study.
        runs: its trainings.
        scored: its scores.
        whole: whether every run's parent must be there.

    Raises:
        StoreError: a run disagrees with its record, or its parent run is nowhere.
    """
    there = {
        run.data.tags["fingerprint"]: run
        for kind in ("training", "score")
        for run in store.search([name], status=sync.FINISHED, kind=kind, superseded="false")
    }
    current: dict[str, set[str]] = {}
    everything: list[tuple[RunContent, Sequence[Point] | None]] = [(run.entry, run.curve) for run in runs]
    everything += [(entry, None) for entry in scored]
    for entry, curve in everything:
        current.setdefault(entry.key, set()).add(entry.fingerprint)
        _one(store, there, entry, curve, whole)
    stale = [run for found, run in there.items() if found not in current.get(run.data.tags["key"], {found})]
    sync.supersede(store, stale, True)


def _one(store: Store, there: dict[str, Any], entry: RunContent, curve: Sequence[Point] | None, whole: bool) -> None:
    parent = there.get(entry.parent) or (sync.find(store, entry.study, entry.parent) if entry.parent else None)
    if whole and entry.parent and parent is None:
        raise StoreError(
            f"run {entry.name} (study {entry.study}, fingerprint {entry.fingerprint}): its parent run {entry.parent} "
            f"is neither in {store} nor in any record; `dvc pull` brings the trainings' records, `dvc repro` makes them"
        )
    run = there.get(entry.fingerprint)
    if run is None:
        there[entry.fingerprint] = store.get(sync.put(store, entry, curve=curve))
        return
    sync.agree(run, entry)
    sync.refresh(store, run, entry)
    sync.adopt(store, run, parent)
    if curve is not None:
        sync.complete(store, run, entry, curve)
