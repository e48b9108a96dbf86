"""Of an address scheme, host and port are seen, and of a password nothing: in messages, logs, records and files."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xstilts.tracking import redaction

pytest_plugins = ["mlflow_store"]
# Passwords that nobody escaped, and other places where secrets stand; each with the pieces that must not be seen.
AWKWARD = {
    "http://planta:SECRET9@127.0.0.1:1": ("http://127.0.0.1:1", "SECRET9"),
    "http://planta:SEC/RET9@127.0.0.1:1": ("http://127.0.0.1:1", "RET9"),
    "http://planta:SEC?RET9@127.0.0.1:1": ("http://127.0.0.1:1", "RET9"),
    "http://planta:SEC#RET9@127.0.0.1:1": ("http://127.0.0.1:1", "RET9"),
    "http://planta:SEC@RET9@127.0.0.1:1": ("http://127.0.0.1:1", "RET9"),
    "http://planta:SEC RET9@127.0.0.1:1": ("http://127.0.0.1:1", "RET9"),
    "http://planta:SEC%2FRET9@127.0.0.1:1": ("http://127.0.0.1:1", "RET9"),
    "http://planta:4321/RET9@127.0.0.1:1": ("http://***", "RET9"),
    "postgresql://planta:SEC/RET9@127.0.0.1:1/mlflow": ("postgresql://127.0.0.1:1", "RET9"),
    "postgresql+psycopg://planta:S:RET9@127.0.0.1:1/mlflow?sslmode=require": (
        "postgresql+psycopg://127.0.0.1:1", "RET9",
    ),
    "postgresql://127.0.0.1:1/m?user=planta&password=SECRET9": ("postgresql://127.0.0.1:1", "SECRET9"),
    "http://127.0.0.1:1/mlflow?api_key=SECRET9": ("http://127.0.0.1:1", "SECRET9"),
    "http://127.0.0.1:1/?access_token=a@SECRET9": ("http://***", "SECRET9"),
    "http://127.0.0.1:1/?X-Amz-Signature=SECRET9&x=1": ("http://127.0.0.1:1", "SECRET9"),
    "http://127.0.0.1:1/SECRET9path/": ("http://127.0.0.1:1", "SECRET9path"),
    "planta:SECRET9@127.0.0.1:1": ("***@127.0.0.1:1", "SECRET9"),
    "databricks://SECRET9": ("databricks://***", "SECRET9"),
    "databricks-uc://SECRET9:RET9": ("databricks-uc://***", "RET9"),
    "sqlite:///mlruns/mlflow.db": ("sqlite:///mlruns/mlflow.db", "planta"),
    "http://[::1]:5000/x": ("http://[::1]:5000", "/x"),
}  # fmt: skip


@pytest.mark.parametrize(("uri", "told"), AWKWARD.items(), ids=AWKWARD)
def test_an_address_is_shown_as_scheme_host_and_port(uri: str, told: tuple[str, str]) -> None:
    assert redaction.shown(uri) == told[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see postgresql://ann:s3cr@t@db.example/mlflow.", "see postgresql://db.example."),
        ("API request to https://ann:x@host:5000/api/2.0 failed", "API request to https://host:5000 failed"),
        ("at http://host:5000/#/experiments/1", "at http://host:5000/#/experiments/1"),
        ("GET /x?api_key=abc&n=1 and token=abc, done", "GET /x?api_key=***&n=1 and token=***, done"),
        ("no profile in databricks://dapi123, sorry", "no profile in databricks://***, sorry"),
        ("sqlite:///mlruns/mlflow.db is locked", "sqlite:///mlruns/mlflow.db is locked"),
    ],
)
def test_addresses_in_a_text_lose_what_may_be_secret(text: str, shown: str) -> None:
    assert redaction.redacted(text) == shown


def test_credentials_of_the_environment_are_hidden_whole_and_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abcdef")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://planta:SEC/RE%20T9@db:1/m")
    assert redaction.redacted("Bearer abcdef was refused") == "Bearer *** was refused"
    assert redaction.redacted("port 'SEC', path RE%20T9, then SEC/RE T9") == "port '***', path ***, then ***"


def test_what_libraries_log_is_redacted_and_other_logs_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ann:geheim@host")
    before = logging.getLogRecordFactory()
    try:
        redaction.guard()
        redaction.guard()
        logging.getLogger("urllib3.connectionpool").warning("Retrying %s", "http://ann:geheim@host/x")
        logging.getLogger("another").warning("word %s", "geheim")
    finally:
        logging.setLogRecordFactory(before)
    assert [record.getMessage() for record in caplog.records] == ["Retrying http://host/x", "word geheim"]


CODE = """
import os, sys
from pathlib import Path
from xstilts.commands.main import main
from xstilts.tracking import records, scores, store
from mlflow_store import Grid
import test_lightning_logger as curves
top = Path.cwd()
for number, uri in enumerate(sys.stdin.read().splitlines()):
    (top / str(number)).mkdir()
    os.chdir(top / str(number))
    os.environ["MLFLOW_TRACKING_URI"] = uri
    print(f"== {number}", flush=True)
    print(f"== {number}", file=sys.stderr, flush=True)
    Grid().write("none", "mnli")
    with curves.RunLogger(curves.subject(), patience=0, interval=0.05) as logger:
        logger.begin(curves.digit(0.1), {})
        logger.log_metrics({"train/loss": 0.5}, 1)
        curves.time.sleep(0.2)
        logger.finish(curves.FOLDER, provenance={})
    for record in records.read_scores(Path("scores")):
        try:
            scores.log(record)
        except store.StoreError as error:
            print("scores:", error)
    print(main(["trace", "mnli/xnli/seed1"]))
    try:
        scores.sweep()
    except Exception:
        sys.excepthook(*sys.exc_info())
"""


def test_a_run_shows_its_password_in_no_line_and_in_no_file(repository: Path) -> None:
    """Training, scoring, tracing and a traceback, on stores that are not there or cannot be."""
    uris = [uri for uri in AWKWARD if "planta" in uri or "SECRET9" in uri]
    place = os.pathsep.join([*sys.path, str(Path(__file__).parent)])
    environment = {**os.environ, "PYTHONPATH": place, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        input="\n".join(uris),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.count("MLflow store") + done.stderr.count("MLFLOW_TRACKING_URI") > len(uris)
    for text in (done.stdout, done.stderr):
        parts = text.split("== ")[1:]
        assert len(parts) == len(uris)
        for uri, said in zip(uris, parts, strict=True):
            assert not [secret for secret in (AWKWARD[uri][1], "SECRET9", "RET9") if secret in said], said
    for path in repository.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"SECRET9" not in content and b"RET9" not in content, path
