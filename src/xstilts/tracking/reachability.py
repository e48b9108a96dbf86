"""Whether a store answers at all, found out in seconds.

MLflow's client tries a database that does not answer ten times, with pauses that double: more than a hundred seconds
for one command; and a server that takes connections and never answers is waited for through every retry. So it is asked
something small first, with a timeout of its own.
"""

import contextlib
import re
import socket
import struct

from xstilts.tracking import redaction

TIMEOUT = 5.0  # seconds for the connection, and again for the first bytes
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306}
# PostgreSQL's SSLRequest, which every server answers with one byte before anybody is known to it.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_PLACE = re.compile(r"(\[[^\]]+\]|[^:]*)(?::(\d+))?")


class Silent(Exception):
    """Nothing answers at that place."""


def check(uri: str) -> None:
    """Ask whether the store of a tracking URI answers; where there is no host, or only a proxy knows it, do nothing.

    Raises:
        Silent: it does not.
    """
    scheme, _, host = redaction.shown(uri).partition("://")
    kind = scheme.partition("+")[0]
    found = _PLACE.fullmatch(host)
    if kind not in _PORTS or not found or not found[1] or host == redaction.HIDDEN:
        return
    if kind in ("http", "https"):
        _ask_server(f"{kind}://{host}/health")
    else:
        _ask_database(kind, found[1].strip("[]"), int(found[2] or _PORTS[kind]))


def _ask_server(url: str) -> None:
    import requests  # with MLflow's client; it knows proxies

    with contextlib.suppress(requests.exceptions.SSLError):  # something answers; MLflow's settings say whether it may
        try:
            requests.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True).close()
        except requests.exceptions.SSLError:
            raise
        except (requests.exceptions.RequestException, ValueError) as error:
            raise Silent(str(error)) from None


def _ask_database(kind: str, host: str, port: int) -> None:
    try:
        with socket.create_connection((host, port), TIMEOUT) as asked:
            asked.settimeout(TIMEOUT)
            if kind == "postgresql":
                asked.sendall(_SSL_REQUEST)
            if not asked.recv(1):
                raise ConnectionError("it closed the connection")
    except OSError as error:
        raise Silent(f"{host}:{port}: {error or type(error).__name__}") from None


def is_why(error: Exception) -> bool:
    """Whether an error of MLflow's client means that the store is away, and not that it refused."""
    text, kind = str(error), type(error)
    if isinstance(error, Silent) or getattr(error, "error_code", "") == "TEMPORARILY_UNAVAILABLE":
        return True
    if "OperationalError" in kind.__name__ or kind.__module__.split(".")[0] in {"requests", "urllib3"}:
        return True
    return "failed with exception" in text or bool(re.search(r"error code (429|5\d\d)|timed out", text))
