"""A team's store: real PostgreSQL and a real MLflow server, both on loopback, both started here."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlflow_store import Grid, digit, everything, forget, states
from xstilts.formats.runs import RunKey
from xstilts.tracking import outbox, records, scores, store, training_run
from xstilts.tracking.lightning_logger import RunLogger

PASSWORD = "hunter2-geheim"
# Debian keeps them off the path.
DEBIAN = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
PLACES = os.pathsep.join([os.environ["PATH"], *DEBIAN])
BINARIES = {name: shutil.which(name, path=PLACES) for name in ("initdb", "postgres", "createdb")}
MISSING = [name for name, path in BINARIES.items() if path is None]

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (apt-get install postgresql)"),
]


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def unprivileged(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else list(command)


@contextlib.contextmanager
def process(command: list[str], log: Path, **options) -> Iterator[subprocess.Popen]:
    """A server with all its children, ended at the end."""
    with log.open("ab") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, **options)
    try:
        yield started
    finally:
        stop(started)


def stop(started: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGTERM)
    try:
        started.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def wait(ready, what: str, log: Path, *, of: subprocess.Popen | None = None, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert of is None or of.poll() is None, f"{what} ended at once:\n{log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"{what} did not start:\n{log.read_text()[-3000:]}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of an empty PostgreSQL database that asks for a password."""
    pytest.importorskip("psycopg", reason="pip install 'psycopg[binary]'")
    folder = tmp_path_factory.mktemp("postgres")
    secret, log, port = folder / "password", folder / "log", free_port()
    secret.write_text(PASSWORD)
    cluster = Path("/tmp") / f"xstilts-postgres-{os.getpid()}"  # pytest's own folders are closed to other users
    cluster.mkdir(mode=0o700)
    if os.getuid() == 0:
        shutil.copy(secret, cluster.with_suffix(".password"))
        shutil.chown(cluster, "postgres")
        shutil.chown(cluster.with_suffix(".password"), "postgres")
        secret = cluster.with_suffix(".password")
    subprocess.run(
        unprivileged(BINARIES["initdb"], "-D", str(cluster), "-A", "scram-sha-256", "-U", "team", f"--pwfile={secret}"),
        check=True, capture_output=True, cwd="/tmp",
    )  # fmt: skip
    command = unprivileged(
        BINARIES["postgres"], "-D", str(cluster), "-h", "127.0.0.1", "-p", str(port), "-k", str(cluster)
    )
    try:
        with process(command, log, cwd="/tmp"):
            create = [BINARIES["createdb"], "-h", "127.0.0.1", "-p", str(port), "-U", "team", "mlflow"]
            quiet = {"env": {**os.environ, "PGPASSWORD": PASSWORD}, "capture_output": True, "check": False}
            wait(lambda: subprocess.run(create, **quiet).returncode == 0, "PostgreSQL", log)
            yield f"postgresql://team:{PASSWORD}@127.0.0.1:{port}/mlflow"
    finally:
        shutil.rmtree(cluster, ignore_errors=True)
        cluster.with_suffix(".password").unlink(missing_ok=True)


class Server:
    """`mlflow server` as docs/mlflow.md starts it; it can be stopped and started again at the same address."""

    def __init__(self, database: str, folder: Path) -> None:
        self.port, self.log, self.folder = free_port(), folder / "log", folder
        self.uri = f"http://127.0.0.1:{self.port}"
        self._database = database
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        command = [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "2",
            "--artifacts-destination", str(self.folder / "artifacts"),
        ]  # fmt: skip
        hidden = {"MLFLOW_BACKEND_STORE_URI": self._database, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        environment = {name: text for name, text in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, start_new_session=True, cwd=self.folder, env=environment | hidden
            )
        wait(self.answers, "mlflow server", self.log, of=self._process)

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)
            self._process = None

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(database, tmp_path_factory.mktemp("server"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def team(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A working folder of one member of the team; the tests after one another share the server's database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    for run in (run for study in store.connect().studies() for run in store.connect().search([study])):
        store.connect().drop(run.info.run_id)
    yield server
    forget()


def test_eight_processes_log_at_once_and_nothing_is_lost_or_doubled(team, tmp_path):
    names = [f"i{number}" for number in range(6)]
    made = Grid().write(*names)
    Path("own").mkdir()
    for number in range(8):
        own = Grid().score(RunKey("i0", "xnli", 10 + number), Grid().training("target", "i0"))
        records.write(own, Path("own", f"{number}.json"))
    code = (
        "import sys\nfrom pathlib import Path\nfrom xstilts.tracking import records, scores\n"
        "shared = sorted(Path('scores').glob('i*/xnli/seed1.json'))\n"
        "for path in [*shared, Path('own', sys.argv[1] + '.json')]:\n    assert scores.log(records.read(path))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(number)], env=environment, stderr=subprocess.PIPE)
        for number in range(8)
    ]
    for writer in writers:
        _, error = writer.communicate(timeout=600)
        assert writer.returncode == 0, error.decode()
    found = everything()  # fails if a fingerprint has two runs
    assert Counter(key.partition(":")[0] for key, _ in found) == {"score": len(made) + 8, "training": 2 * len(names)}
    assert {run["status"] for run in found.values()} == {"FINISHED"}
    current = scores.restore(Path("scores"))
    read = scores.read("world", among=current)
    assert len(read) == 3 * (len(made) + 8)


def test_what_a_team_shares_holds_no_credentials(team, database, tmp_path, caplog):
    (made,) = Grid().write("mnli")
    scores.log(made)
    report = tmp_path / "reports"
    report.mkdir()
    (report / "index.html").write_text("<p>")
    scores.log_report(report, {"world": "yes"}, study="world")
    assert PASSWORD not in str(everything())
    for path in (team.folder / "artifacts").rglob("*"):
        assert not path.is_file() or PASSWORD not in path.read_text()
    assert PASSWORD not in caplog.text
    assert PASSWORD not in team.log.read_text()


def test_a_database_without_a_server_in_front_works_too_and_its_password_is_never_shown(team, database, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
    Grid().write("none", "mnli")
    assert len(scores.read("world", among=scores.restore(Path("scores")))) == 6
    assert PASSWORD not in str(store.connect())
    monkeypatch.setattr("mlflow.store.db.utils.MAX_RETRY_COUNT", 1)
    wrong = database.replace(PASSWORD, "not-" + PASSWORD)
    with pytest.raises(store.StoreError) as error:
        store.connect(wrong).studies()
    assert PASSWORD not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_artifacts_reach_the_servers_folder(team, tmp_path):
    report = tmp_path / "reports" / "figures"
    report.mkdir(parents=True)
    (report / "a.svg").write_text("<svg/>")
    run_id = scores.log_report(report.parent, {"world": "yes"}, study="world")
    assert [path.read_text() for path in (team.folder / "artifacts").rglob(f"*{run_id}*/**/a.svg")] == ["<svg/>"]


def test_a_server_that_goes_away_mid_run_loses_nothing(team, monkeypatch, caplog):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    subject = training_run.TrainingRun("world", "tiny", "target", 1, "mnli", "xnli")
    with RunLogger(subject, patience=0, interval=0.2) as logger:
        logger.begin(digit("away"), {"recipe": {"rate": 0.1}})
        for step in range(30):
            logger.log_metrics({"train/loss": 1 / (step + 1)}, step)
            if step == 5:
                wait(lambda: states() != [], "the run", team.log)
            if step == 10:
                team.stop()
            if step >= 10:
                time.sleep(0.1)
        logger.finish(Path("trainings/target"), provenance={})
    assert [record.getMessage() for record in caplog.records if "training goes on" in record.getMessage()][1:] == []
    assert "training goes on" in caplog.text
    assert list(outbox.FOLDER.glob("*.jsonl"))
    (made,) = Grid().write("mnli")
    assert scores.log(made) is None
    team.start()
    forget()
    scores.restore(Path("scores"), trainings=Path("trainings"), study="world", profile="tiny")
    assert not list(outbox.FOLDER.glob("*.jsonl"))
    (run,) = [run for (key, name), run in everything().items() if name == digit("away")]
    assert run["status"] == "FINISHED"
    assert run["histories"]["train/loss"] == [(1 / (step + 1), step) for step in range(30)]
    assert {score.value for score in scores.read("world")} == {50.0, 51.0, 52.0}
