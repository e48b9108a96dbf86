"""Make the MLflow store hold what an entry says, once.

A run is started, resumed, finished, compared and superseded here; nothing here reads a file. Each function may be
called again after a crash at any instant and ends in the same state.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xstilts.tracking.run_content import IDENTITY, RunContent, costs, results
from xstilts.tracking.store import Point, Store, StoreError

if TYPE_CHECKING:
    from mlflow.entities import Run

RUNNING, FINISHED, KILLED = "RUNNING", "FINISHED", "KILLED"
PARENT = "mlflow.parentRunId"
_WRITERS = 8  # how often a copy may be dropped under a writer's hands before it gives up
CURVE, WHOLE = "curve", "whole"  # a training that is known from a score record alone has no such tag


def find(store: Store, study: str, fingerprint: str) -> "Run | None":
    """The run of a fingerprint, a finished one first; None if there is none."""
    return min(store.search([study], fingerprint=fingerprint), key=_rank, default=None)


def finished(run: "Run | None") -> bool:
    """Whether there is a run and it came to its end."""
    return run is not None and run.info.status == FINISHED


def start(store: Store, entry: RunContent, *, process: str = "") -> "Run":
    """The run of an entry: as it is if it is finished, else resumed, else new.

    Args:
        store: where.
        entry: its tags and parameters are written now, its metrics are not.
        process: who writes it, so that a run whose writer has died can be told from one that goes on.
    """
    run = find(store, entry.study, entry.fingerprint)
    if run is not None and run.info.status == FINISHED:
        return run
    tags = {**entry.all_tags, "superseded": "false", "process": process}
    parent = find(store, entry.study, entry.parent) if entry.parent else None
    if parent is not None:
        tags[PARENT] = parent.info.run_id
    if run is None:
        run = store.create(entry.study, entry.name, tags, started=entry.started or None)
    else:
        if run.info.status != RUNNING:
            store.resume(run.info.run_id)
        store.write(run.info.run_id, tags=tags)
    there = run.data.params
    store.write(
        run.info.run_id,
        parameters={name: value for name, value in entry.parameters.items() if there.get(name) != value},
    )
    return run


def finish(store: Store, run_id: str, entry: RunContent, status: str = FINISHED) -> str:
    """End a run: its last metrics, tags and data sets, then the status, then the marks on what it supersedes.

    Returns:
        The id of the run that holds the entry, which is another one if this was a copy.
    """
    latest = store.get(run_id).data.metrics if entry.kind == "training" else {}
    at = entry.ended or int(time.time() * 1000)
    points = [(name, value, at, entry.step) for name, value in entry.metrics.items() if latest.get(name) != value]
    store.write(run_id, points=points, tags=entry.all_tags)
    store.datasets(run_id, entry.datasets)
    store.end(run_id, status, ended=entry.ended or None)
    return promote(store, entry, run_id) if status == FINISHED else run_id


def put(store: Store, entry: RunContent, *, curve: Sequence[Point] | None = None) -> str:
    """Make the store hold a finished run exactly as the entry says; its id. Doing it again changes nothing.

    Args:
        store: where.
        entry: the run.
        curve: every point of its metrics; None if only the last are known.

    Raises:
        StoreError: the store holds this fingerprint with other metrics or parameters.
    """
    for attempt in range(_WRITERS):
        run = start(store, entry)
        try:
            if run.info.status == FINISHED:
                agree(run, entry)
                refresh(store, run, entry)
                return promote(store, entry, run.info.run_id)
            if curve is not None:
                store.write(run.info.run_id, points=curve, tags={CURVE: WHOLE})
            return finish(store, run.info.run_id, entry)
        except StoreError:
            # Another writer of this fingerprint may have dropped this copy as a spare one: its own is there instead.
            if attempt == _WRITERS - 1 or store.get(run.info.run_id).info.lifecycle_stage == "active":
                raise
    raise AssertionError("the last attempt returns or raises")


def agree(run: "Run", entry: RunContent) -> None:
    """Check that a finished run holds what its record says: metrics, parameters, and the tags that identify it.

    Raises:
        StoreError: it does not; the message names the run and both values.
    """
    pairs: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [
        ("metric", results(run.data.metrics), results(entry.metrics)),
        ("parameter", run.data.params, entry.parameters),
        ("tag", _only(run.data.tags, IDENTITY), _only(entry.all_tags, IDENTITY)),
    ]
    for what, stored, recorded in pairs:
        if stored == recorded:
            continue
        name = min(name for name in {*stored, *recorded} if stored.get(name) != recorded.get(name))
        raise StoreError(
            f"MLflow run {run.info.run_id} ({entry.name}, study {entry.study}) and its record disagree: {what} {name} "
            f"is {stored.get(name, 'missing')} in the store and {recorded.get(name, 'missing')} in the record. One of "
            f"them was edited: delete the run in the MLflow UI and repeat this command to restore it from the record, "
            f"or see what happened to the record with `git log -p`"
        )


def refresh(store: Store, run: "Run", entry: RunContent) -> None:
    """Write in what a finished run may differ from its entry: when and where it was made, and at what cost."""
    tags = {name: text for name, text in entry.all_tags.items() if run.data.tags.get(name, "") != text}
    points = [
        (name, value, entry.ended, entry.step)
        for name, value in costs(entry.metrics).items()
        if run.data.metrics.get(name) != value
    ]
    if tags or points:
        store.write(run.info.run_id, tags=tags, points=points)


def replace(store: Store, run: "Run", entry: RunContent, curve: Sequence[Point]) -> None:
    """Put what a training did the second time in the place of the first, where the two differ.

    The same training gives the same numbers on the same machine; on another they may differ in the last digits.
    """
    if results(run.data.metrics) == results(entry.metrics):
        refresh(store, run, entry)
        promote(store, entry, run.info.run_id)
    else:
        store.drop(run.info.run_id)
        put(store, entry, curve=curve)


def complete(store: Store, run: "Run", entry: RunContent, curve: Sequence[Point]) -> None:
    """Give a training's run its curve, if it was logged without one."""
    if run.data.tags.get(CURVE) != WHOLE:
        points = [point for point in curve if point[3] != entry.step or point[0] not in entry.metrics]
        store.write(run.info.run_id, points=points, tags={CURVE: WHOLE})


def adopt(store: Store, run: "Run", parent: "Run | None") -> None:
    """Put a run below its parent in the UI's tree, if it is not there yet."""
    if parent is not None and run.data.tags.get(PARENT) != parent.info.run_id:
        store.write(run.info.run_id, tags={PARENT: parent.info.run_id})


def promote(store: Store, entry: RunContent, run_id: str) -> str:
    """Of the runs of one key leave only this fingerprint's current; of its copies keep the first and drop the rest.

    Two writers may create one fingerprint at the same instant; each looks here when it is done, so that the last of
    them sees both.

    Args:
        store: where.
        entry: the run.
        run_id: the caller's copy of it.

    Returns:
        The id of the copy that is kept.
    """
    copies = sorted(store.search([entry.study], fingerprint=entry.fingerprint, status=FINISHED), key=_rank)
    for run in copies[1:]:
        store.drop(run.info.run_id)
    supersede(store, copies[:1], False)
    current = store.search([entry.study], key=entry.key, superseded="false")
    supersede(store, (run for run in current if run.data.tags["fingerprint"] != entry.fingerprint), True)
    return str(copies[0].info.run_id) if copies else run_id


def supersede(store: Store, runs: Iterable["Run"], superseded: bool) -> None:
    """Mark runs as superseded, or as current."""
    text = str(superseded).lower()
    for run in runs:
        if run.data.tags.get("superseded") != text:
            store.write(run.info.run_id, tags={"superseded": text})


def _only(values: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: values[name] for name in names if name in values}


def _rank(run: "Run") -> tuple[bool, int, str]:
    return (run.info.status != FINISHED, run.info.start_time, run.info.run_id)
