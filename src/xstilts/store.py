"""The MLflow store: the only module that speaks to MLflow.

By default SQLite under `mlruns/`; `MLFLOW_TRACKING_URI` names another, such as a team's server. MLflow is imported
when a store is opened (it takes more than a second), so that importing this module costs nothing.

A run is found by its fingerprint inside its study's experiment and never by walking the store: over 50,000 runs
that is a quarter of a second against a quarter of an hour.
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.entries import Entry

if TYPE_CHECKING:
    from mlflow.entities import Run

DEFAULT_URI = "sqlite:///mlruns/mlflow.db"
ARTIFACTS = "mlruns/artifacts"
PARENT = "mlflow.parentRunId"
_NAME = "mlflow.runName"
_PAGE = 1000  # runs a search returns at once
_METRICS, _TAGS = 1000, 100  # what one log_batch may hold
# MLflow's own defaults let a stage wait many minutes for a server that is not there.
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}


class StoreError(ValueError):
    """The store refused; the message holds no credentials."""


class StoreAway(StoreError):
    """The store cannot be reached now; the same call may succeed later."""


Point = tuple[str, float, int, int]  # metric name, value, milliseconds since 1970, step


def uri() -> str:
    """The tracking URI in force. It may hold credentials: show only `redacted(uri())`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI


def redacted(text: str) -> str:
    """The text without the credentials that a URI in it may hold, nor those of MLflow's environment variables."""
    text = re.sub(r"(\w[\w+.-]*://)[^\s/?#]*@", r"\1***@", text)
    text = re.sub(r"(?i)([?&](?:password|passwd|token|key|secret|sslpassword)=)[^&\s'\"]*", r"\1***", text)
    for name in ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"):
        if secret := os.environ.get(name):
            text = text.replace(secret, "***")
    return text


def connect(tracking_uri: str | None = None) -> "Store":
    """The store at a tracking URI, by default the one in force; one connection a process.

    Raises:
        StoreAway: it does not answer.
        StoreError: the URI is not one that MLflow can use.
    """
    return _connect(tracking_uri or uri())


@lru_cache(maxsize=4)
def _connect(tracking_uri: str) -> "Store":
    return Store(tracking_uri)


class Store:
    """One store; its methods raise StoreAway or StoreError, never an error that shows credentials."""

    def __init__(self, tracking_uri: str) -> None:
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        self._uri = tracking_uri
        if tracking_uri.startswith("file:") or "://" not in tracking_uri:
            raise StoreError(
                f"MLFLOW_TRACKING_URI is {redacted(tracking_uri)!r}: MLflow no longer writes to folders of files; allowed: "
                f"{DEFAULT_URI} (the default), postgresql://…, or the http(s):// address of an MLflow server"
            )
        if tracking_uri.startswith("sqlite:///"):
            Path(tracking_uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        from mlflow import MlflowClient

        logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
        with self._calls():
            self._client = MlflowClient(tracking_uri=tracking_uri)
        self._experiments: dict[str, str] = {}

    def __str__(self) -> str:
        return redacted(self._uri)

    @property
    def client(self) -> Any:
        """MLflow's own client, for what this class does not do; its errors may show the tracking URI."""
        return self._client

    # -- reading

    def experiment(self, study: str) -> str | None:
        """The study's experiment, None if there is none yet.

        Raises:
            StoreError: it was deleted; nothing can be logged to it, nor can its name be used again.
        """
        if study not in self._experiments:
            with self._calls():
                found = self._client.get_experiment_by_name(study)
            if found is None:
                return None
            if found.lifecycle_stage != "active":
                raise StoreError(
                    f"the MLflow experiment {study!r} was deleted from {self}; bring it back with `mlflow experiments "
                    f"restore --experiment-id {found.experiment_id}`, or remove it for good with `mlflow gc`"
                )
            self._experiments[study] = found.experiment_id
        return self._experiments[study]

    def studies(self) -> list[str]:
        """The names of all active experiments but MLflow's empty `Default`, sorted."""
        with self._calls():
            found = self._client.search_experiments(max_results=_PAGE)
        self._experiments.update({row.name: row.experiment_id for row in found})
        return sorted(row.name for row in found if row.name != "Default")

    def search(self, studies: Iterable[str], *, status: str | None = None, **tags: str) -> list["Run"]:
        """The active runs of some studies that carry all these tags, newest first."""
        experiments = [found for study in studies if (found := self.experiment(study)) is not None]
        if not experiments:
            return []
        terms = [f"tags.{name} = '{value}'" for name, value in tags.items()]
        terms += [f"attributes.status = '{status}'"] if status else []
        found: list[Run] = []
        token = None
        with self._calls():
            while True:
                page = self._client.search_runs(
                    experiments, filter_string=" and ".join(terms), max_results=_PAGE, page_token=token
                )
                found.extend(page)
                token = page.token
                if not token:
                    return found

    def find(self, study: str, fingerprint: str) -> "Run | None":
        """The run of a fingerprint, a finished one first; None if there is none."""
        return min(self.search([study], fingerprint=fingerprint), key=_rank, default=None)

    def history(self, run_id: str, metric: str) -> list[Point]:
        """Every point of one metric, by step."""
        with self._calls():
            points = self._client.get_metric_history(run_id, metric)
        return sorted((row.key, row.value, row.timestamp, row.step) for row in points)

    # -- writing

    def start(self, entry: Entry, *, process: str = "") -> "Run":
        """The run of an entry: as it is if it is finished, else resumed, else new; `superseded` if nothing newer is there.

        Args:
            entry: its tags and parameters are written now, its metrics are not.
            process: who writes it, so that a run whose writer has died can be told from one that goes on.
        """
        from mlflow.entities import Param, RunTag

        run = self.find(entry.study, entry.fingerprint)
        if run is not None and run.info.status == "FINISHED":
            return run
        tags = {**entry.all_tags, "superseded": "false", "process": process}
        parent = self.find(entry.study, entry.parent) if entry.parent else None
        if parent is not None:
            tags[PARENT] = parent.info.run_id
        with self._calls():
            if run is None:
                run = self._client.create_run(
                    self._create(entry.study), start_time=entry.started or None, tags=tags, run_name=entry.name
                )
            else:
                self._client.update_run(run.info.run_id, status="RUNNING")
                self._batch(run.info.run_id, tags=[RunTag(name, value) for name, value in tags.items()])
            given = run.data.params
            new = [Param(name, value) for name, value in entry.parameters.items() if given.get(name) != value]
            self._batch(run.info.run_id, params=new)
        return run

    def points(self, run_id: str, points: Sequence[Point]) -> None:
        """Log points of metrics; a point that is there already is not logged twice."""
        from mlflow.entities import Metric

        with self._calls():
            self._batch(run_id, metrics=[Metric(*point) for point in points])

    def finish(self, run_id: str, entry: Entry, status: str = "FINISHED") -> None:
        """End a run: its last metrics, data sets and tags, then the status, then the marks on what it supersedes."""
        from mlflow.entities import RunTag

        with self._calls():
            latest = self._client.get_run(run_id).data.metrics
            step = 0 if entry.kind != "training" else max((self._last(run_id, name) for name in latest), default=0)
        self.points(
            run_id,
            [(name, value, entry.ended, step) for name, value in entry.metrics.items() if latest.get(name) != value],
        )
        with self._calls():
            self._batch(run_id, tags=[RunTag(name, value) for name, value in entry.all_tags.items()])
            if entry.datasets:
                self._client.log_inputs(run_id, datasets=[_dataset(row) for row in entry.datasets])
            self._client.set_tag(run_id, "process", "")
            self._client.set_terminated(run_id, status, end_time=entry.ended or None)
        if status == "FINISHED":
            self.promote(entry)

    def put(self, entry: Entry) -> str:
        """Make the store hold a finished run exactly as the entry says; its id. Doing it again changes nothing.

        Raises:
            StoreError: the store holds this fingerprint with other metrics or parameters.
        """
        run = self.start(entry)
        if run.info.status == "FINISHED":
            agree(run, entry)
            self.refresh(run, entry)
            self.promote(entry)
        else:
            self.finish(run.info.run_id, entry)
        return str(run.info.run_id)

    def refresh(self, run: "Run", entry: Entry) -> None:
        """Write the tags in which a finished run differs from its entry: who made it, when and where."""
        from mlflow.entities import RunTag

        changed = {name: text for name, text in entry.all_tags.items() if run.data.tags.get(name, "") != text}
        if changed:
            with self._calls():
                self._batch(run.info.run_id, tags=[RunTag(name, text) for name, text in changed.items()])

    def promote(self, entry: Entry) -> None:
        """Of the runs of one key, leave only this fingerprint's current; of its copies keep the first and drop the rest.

        Two writers may create one fingerprint at the same instant; each looks here when it is done, so that the last
        of them sees both.
        """
        same = self.search([entry.study], fingerprint=entry.fingerprint)
        done = sorted((run for run in same if run.info.status == "FINISHED"), key=_rank)
        for run in done[1:]:
            with self._calls():
                self._client.delete_run(run.info.run_id)
        self.supersede(done[:1], False)
        current = self.search([entry.study], key=entry.key, superseded="false")
        self.supersede((run for run in current if run.data.tags["fingerprint"] != entry.fingerprint), True)

    def supersede(self, runs: Iterable["Run"], superseded: bool) -> None:
        """Mark runs as superseded, or as current."""
        text = str(superseded).lower()
        for run in runs:
            if run.data.tags.get("superseded") != text:
                self.tag(run.info.run_id, "superseded", text)

    def tag(self, run_id: str, name: str, value: str) -> None:
        """Set one tag."""
        with self._calls():
            self._client.set_tag(run_id, name, value)

    def end(self, run_id: str, status: str) -> None:
        """End a run as it stands."""
        with self._calls():
            self._client.set_tag(run_id, "process", "")
            self._client.set_terminated(run_id, status)

    def artifacts(self, run_id: str, files: Mapping[Path, str]) -> None:
        """Copy files to a run: local path → folder among the artifacts, empty for the top."""
        with self._calls():
            for path, folder in files.items():
                self._client.log_artifact(run_id, str(path), folder or None)

    # -- inside

    def _create(self, study: str) -> str:
        if (found := self.experiment(study)) is not None:
            return found
        from mlflow.exceptions import MlflowException

        # A server says where artifacts go; a bare database does not.
        place = None if self._uri.startswith("http") else ARTIFACTS
        try:
            self._client.create_experiment(study, artifact_location=place)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another process was faster
                raise
        found = self.experiment(study)
        assert found is not None
        return found

    def _last(self, run_id: str, metric: str) -> int:
        return max((point[3] for point in self.history(run_id, metric)), default=0)

    def _batch(self, run_id: str, *, metrics: Sequence[Any] = (), params: Sequence[Any] = (), tags: Sequence[Any] = ()) -> None:
        for start in range(0, len(metrics), _METRICS):
            self._client.log_batch(run_id, metrics=metrics[start : start + _METRICS])
        for start in range(0, len(params), _TAGS):
            self._client.log_batch(run_id, params=params[start : start + _TAGS])
        for start in range(0, len(tags), _TAGS):
            self._client.log_batch(run_id, tags=tags[start : start + _TAGS])

    @contextmanager
    def _calls(self) -> Iterator[None]:
        """Turn what MLflow raises into StoreAway or StoreError, without the URI that its messages show."""
        try:
            yield
        except StoreError:
            raise
        except Exception as error:
            if not _from_store(error):
                raise
            text = redacted(str(error).replace(self._uri, str(self)))
            if _away(error):
                raise StoreAway(f"the MLflow store {self} does not answer: {text}") from None
            raise StoreError(f"the MLflow store {self} refused: {text}") from None


def agree(run: "Run", entry: Entry) -> None:
    """Check that a finished run holds what its record says: metrics, parameters, and the tags that identify it.

    Raises:
        StoreError: it does not; the message names the run and both values.
    """
    from xstilts.entries import IDENTITY

    pairs: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [
        ("metric", run.data.metrics, entry.metrics),
        ("parameter", run.data.params, entry.parameters),
        ("tag", _only(run.data.tags, IDENTITY), _only(entry.all_tags, IDENTITY)),
    ]
    for what, stored, recorded in pairs:
        for name in sorted({*stored, *recorded}):
            if stored.get(name) != recorded.get(name):
                raise StoreError(
                    f"MLflow run {run.info.run_id} ({entry.name}, study {entry.study}) and its record disagree: {what} "
                    f"{name} is {stored.get(name, 'missing')} in the store and {recorded.get(name, 'missing')} in the "
                    f"record. Whichever was edited is wrong: delete that run in the MLflow UI and repeat the command "
                    f"to restore it from the record, or check the record with `git log -p`"
                )


def _only(values: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: values[name] for name in names if name in values}


def _rank(run: "Run") -> tuple[bool, int, str]:
    return (run.info.status != "FINISHED", run.info.start_time, run.info.run_id)


def _dataset(row: Mapping[str, str]) -> Any:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    made = Dataset(
        name=row["name"], digest=row["digest"][:36], source_type=row.get("source_type", "local"), source=row["source"]
    )
    return DatasetInput(made, [InputTag("mlflow.data.context", row.get("context", ""))])


def _from_store(error: Exception) -> bool:
    return type(error).__module__.split(".")[0] in {"mlflow", "sqlalchemy", "psycopg2", "requests", "urllib3", "sqlite3"}


def _away(error: Exception) -> bool:
    text = str(error)
    if getattr(error, "error_code", "") == "TEMPORARILY_UNAVAILABLE" or "OperationalError" in type(error).__name__:
        return True
    if type(error).__module__.split(".")[0] in {"requests", "urllib3"} or "failed with exception" in text:
        return True
    return bool(re.search(r"error code (429|5\d\d)|timed out", text))
