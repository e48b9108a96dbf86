"""The MLflow store: the only module that speaks to MLflow.

By default SQLite under `mlruns/`; `MLFLOW_TRACKING_URI` names another, such as a team's server. MLflow is imported
when a store is opened (it takes more than a second), so that importing this module costs nothing.

A run is found by its fingerprint inside its study's experiment and never by walking the store: over 50,000 runs
that is a quarter of a second against a quarter of an hour.
"""

import fcntl
import logging
import math
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.formats import atomic
from xstilts.tracking import reachability, redaction

if TYPE_CHECKING:
    from mlflow.entities import Run

DEFAULT_URI = "sqlite:///mlruns/mlflow.db"
ARTIFACTS = "mlruns/artifacts"
_SQLITE = "sqlite:///"
_PAGE = 1000  # runs a search returns at once
_METRICS, _TAGS = 1000, 100  # what one log_batch may hold
_ATTEMPTS = 6
_SILENCE = 10.0  # seconds after which a store is asked whether it answers before it is asked for anything
_COLLISION = r"UniqueViolation|UNIQUE constraint|IntegrityError|[Dd]eadlock"
_SETTINGS = {
    # MLflow's own defaults let a stage wait many minutes for a server that is not there.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "PGCONNECT_TIMEOUT": "5",
    # Else the client prints the run's address at the end of each run, with the credentials of the tracking URI.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nor does a stage tell MLflow's makers that it ran
}
_MODULES = {"mlflow", "sqlalchemy", "psycopg", "psycopg2", "requests", "urllib3", "sqlite3"}
_OURS = (ValueError, reachability.Silent)

Point = tuple[str, float, int, int]  # metric name, value, milliseconds since 1970, step


class StoreError(ValueError):
    """The store refused; the message holds no credentials."""


class StoreAway(StoreError):
    """The store cannot be reached now; the same call may succeed later."""


def uri() -> str:
    """The tracking URI in force. It may hold credentials: show only `redaction.shown(uri())`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI


def connect(tracking_uri: str | None = None) -> "Store":
    """The store at a tracking URI, by default the one in force; one connection for each process.

    Raises:
        StoreAway: it does not answer.
        StoreError: the URI is not one that MLflow can use.
    """
    wanted = tracking_uri or uri()
    if wanted.startswith(_SQLITE):
        wanted = _SQLITE + str(Path(wanted.removeprefix(_SQLITE)).absolute())
    return _connect(wanted)


@lru_cache(maxsize=8)
def _connect(tracking_uri: str) -> "Store":
    return Store(tracking_uri)


class Store:
    """One store; its methods raise StoreAway or StoreError, never an error that shows credentials."""

    def __init__(self, tracking_uri: str) -> None:
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        self._uri, self._experiments = tracking_uri, dict[str, str]()
        self._answered = -math.inf  # when it last did, on the clock of `time.monotonic`
        redaction.guard()
        if tracking_uri.startswith("file:") or "://" not in tracking_uri:
            raise StoreError(
                f"MLFLOW_TRACKING_URI is {str(self)!r}: MLflow no longer writes to a folder of files; allowed: "
                f"{DEFAULT_URI} (the default), postgresql://… or the http(s):// address of an MLflow server"
            )
        for name in ("alembic", "mlflow.store.db.utils"):  # they tell of every migration of a new database
            logging.getLogger(name).setLevel(logging.WARNING)
        with self._calls():
            if tracking_uri.startswith(_SQLITE):
                _make(Path(tracking_uri.removeprefix(_SQLITE)))
            from mlflow import MlflowClient

            self._client = MlflowClient(tracking_uri=tracking_uri)

    def __str__(self) -> str:
        return redaction.shown(self._uri)

    def experiment(self, study: str) -> str | None:
        """The id of the study's experiment, None if there is none yet.

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
            found = _all(self._client.search_experiments)
        self._experiments.update({row.name: row.experiment_id for row in found})
        return sorted(row.name for row in found if row.name != "Default")

    def search(self, studies: Iterable[str], *, status: str | None = None, **tags: str) -> list["Run"]:
        """The active runs of some studies that carry all these tags, newest first."""
        experiments = [known for study in studies if (known := self.experiment(study)) is not None]
        if not experiments:
            return []
        terms = [f"tags.{name} = '{value}'" for name, value in tags.items()]
        terms += [f"attributes.status = '{status}'"] if status else []
        with self._calls():
            return _all(self._client.search_runs, experiments, filter_string=" and ".join(terms))

    def get(self, run_id: str) -> "Run":
        """One run."""
        with self._calls():
            return self._client.get_run(run_id)

    def history(self, run_id: str, metric: str) -> list[Point]:
        """Every point of one metric, by step."""
        with self._calls():
            points = self._client.get_metric_history(run_id, metric)
        return sorted(((row.key, row.value, row.timestamp, row.step) for row in points), key=lambda row: row[3:1:-1])

    def create(self, study: str, name: str, tags: Mapping[str, str], *, started: int | None) -> "Run":
        """A new run with its tags, in one step, so that no run is ever without its fingerprint."""
        with self._calls():
            return self._client.create_run(
                self._experiment_for(study), start_time=started, tags=dict(tags), run_name=name
            )

    def write(
        self,
        run_id: str,
        *,
        points: Sequence[Point] = (),
        parameters: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Log in batches; a point or parameter that is there already is not logged twice, a tag is replaced."""
        from mlflow.entities import Metric, Param, RunTag

        rows = [Metric(*point) for point in points]
        given = [Param(*pair) for pair in (parameters or {}).items()]
        marks = [RunTag(*pair) for pair in (tags or {}).items()]
        for some in _slices(rows, _METRICS):
            self._write(self._client.log_batch, run_id, metrics=some)
        for some in _slices(given, _TAGS):
            self._write(self._client.log_batch, run_id, params=some)
        for some in _slices(marks, _TAGS):
            self._write(self._client.log_batch, run_id, tags=some)

    def datasets(self, run_id: str, rows: Iterable[Mapping[str, str]]) -> None:
        """Log which data a run used: name, digest, source and context of each."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        inputs = [
            DatasetInput(
                # MLflow keeps 36 characters of a digest.
                Dataset(row["name"], row["digest"][:36], row.get("source_type", "local"), row["source"]),
                [InputTag("mlflow.data.context", row.get("context", ""))],
            )
            for row in rows
        ]
        if inputs:
            self._write(self._client.log_inputs, run_id, datasets=inputs)

    def artifacts(self, run_id: str, files: Mapping[Path, str]) -> None:
        """Copy files to a run: local path → folder among the artifacts, empty for the top."""
        with self._calls():
            for path, folder in files.items():
                self._client.log_artifact(run_id, str(path), folder or None)

    def resume(self, run_id: str) -> None:
        """Mark a run that was ended or abandoned as running."""
        with self._calls():
            self._client.update_run(run_id, status="RUNNING")

    def end(self, run_id: str, status: str, *, ended: int | None = None) -> None:
        """End a run, and forget which process wrote it."""
        self.write(run_id, tags={"process": ""})
        with self._calls():
            self._client.set_terminated(run_id, status, end_time=ended)

    def drop(self, run_id: str) -> None:
        """Delete a run as the UI does: it can be brought back until `mlflow gc`."""
        with self._calls():
            self._client.delete_run(run_id)

    def _experiment_for(self, study: str) -> str:
        if (known := self.experiment(study)) is not None:
            return known
        from mlflow.exceptions import MlflowException

        # A server says where artifacts go; a bare database does not.
        place = None if self._uri.startswith("http") else ARTIFACTS
        try:
            self._experiments[study] = self._client.create_experiment(study, artifact_location=place)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # it does if another process was faster
                raise
        return self.experiment(study) or self._experiments[study]

    def _write(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        """Call what may be called again: MLflow looks for a row, then inserts it, and another writer may be faster."""
        for attempt in range(_ATTEMPTS):
            try:
                with self._calls():
                    call(*arguments, **named)
                return
            except StoreError as error:
                if attempt == _ATTEMPTS - 1 or not re.search(_COLLISION, str(error)):
                    raise
            time.sleep(0.05 * (attempt + 1))

    @contextmanager
    def _calls(self) -> Iterator[None]:
        """Turn what MLflow raises into StoreAway or StoreError, without the URI that its messages show."""
        try:
            if time.monotonic() - self._answered > _SILENCE:
                reachability.check(self._uri)
            yield
            self._answered = time.monotonic()
        except ModuleNotFoundError as error:
            raise StoreError(
                f"the MLflow store {self} needs the package {error.name!r}; PostgreSQL's: pip install 'psycopg[binary]'"
            ) from None
        except Exception as error:
            # A ValueError is what urllib.parse says of a port that is a piece of a password.
            if type(error).__module__.split(".")[0] not in _MODULES and type(error) not in _OURS:
                raise
            kind, what = (StoreAway, "does not answer") if reachability.is_why(error) else (StoreError, "refused")
            text = redaction.redacted(str(error).replace(self._uri, str(self)))
            raise kind(f"the MLflow store {self} {what}: {text}") from None


def _make(path: Path) -> None:
    """Make a database aside and move it into place: MLflow refuses what a process killed half-way would leave."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

            with atomic.file(path) as aside:
                engine: Any = create_sqlalchemy_engine(f"{_SQLITE}{aside}")  # type: ignore[no-untyped-call]
                _initialize_tables(engine)  # type: ignore[no-untyped-call]
                engine.dispose()


def _all(search: Callable[..., Any], *arguments: Any, **named: Any) -> list[Any]:
    """Everything that a search of MLflow finds, which answers one page at a time."""
    found = [*(page := search(*arguments, **named, max_results=_PAGE))]
    while page.token:
        page = search(*arguments, **named, max_results=_PAGE, page_token=page.token)
        found.extend(page)
    return found


def _slices(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
