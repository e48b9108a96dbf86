"""A store that does not answer is known to be away in seconds, whatever keeps it silent."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from xstilts.tracking import reachability, store

pytest_plugins = ["mlflow_store"]


@contextlib.contextmanager
def listener(answer: bytes | None, *, greeted: bool = True) -> Iterator[int]:
    """A port that takes connections and answers this, or never; the client speaks first unless not `greeted`."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    taken, _ = server.accept()
                    held.append(taken)
                    if answer is not None:
                        if greeted:
                            taken.recv(1000)
                        taken.sendall(answer)
                        taken.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        for taken in held:
            taken.close()


@pytest.mark.parametrize("scheme", ["http", "postgresql", "mysql"])
def test_a_store_that_takes_connections_and_never_answers_is_away_within_twenty_seconds(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reachability, "TIMEOUT", 1.0)  # five in earnest: twice that at most, of twenty
    with listener(None) as port:
        began = time.monotonic()
        with pytest.raises(store.StoreAway, match=rf"{scheme}://127.0.0.1:{port} does not answer"):
            store.connect(f"{scheme}://ann:geheim@127.0.0.1:{port}/m").studies()
        assert time.monotonic() - began < 20 / 5


@pytest.mark.parametrize("scheme", ["http", "https", "postgresql+psycopg", "mysql+pymysql"])
def test_a_port_where_nobody_listens_is_away_at_once(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(reachability.Silent):
        reachability.check(f"{scheme}://127.0.0.1:{port}/m")


@pytest.mark.parametrize(
    ("scheme", "answer"),
    [("http", b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), ("postgresql", b"N"), ("mysql", b"\x0a8.0")],
)
def test_whatever_is_answered_is_an_answer(scheme: str, answer: bytes) -> None:
    with listener(answer, greeted=scheme != "mysql") as port:
        reachability.check(f"{scheme}://127.0.0.1:{port}/m")


@pytest.mark.parametrize(
    "uri", ["sqlite:///mlruns/mlflow.db", "databricks://x", "postgresql:///m?host=/run", "mssql://h"]
)
def test_where_there_is_no_host_to_ask_nobody_is_asked(uri: str) -> None:
    reachability.check(uri)
