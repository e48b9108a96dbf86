"""What of a store's address may be seen: scheme, host and port, and nothing else.

A tracking URI can hold a password, a token instead of a host (`databricks://…`) or a signature in its query, and
libraries put it, or pieces of it, into their messages and logs. Everything that is shown goes through here.
"""

import logging
import os
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

HIDDEN = "***"
# Where an address stands in the environment, and what stands there that is secret as a whole.
_ADDRESSES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_BACKEND_STORE_URI")
_SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "DATABRICKS_TOKEN")
_LIBRARIES = ("mlflow", "urllib3", "requests", "sqlalchemy", "alembic", "psycopg", "databricks")
_SHORTEST = 3  # characters of a piece of a password that is worth hiding: one letter stands everywhere

_ADDRESS = re.compile(r"\b([A-Za-z][\w+.-]*)://([^\s'\"<>`]+)")
_ENDS = re.compile(r"[/?#\s]")
_HOST = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")
_NAMED = re.compile(
    r"(?i)([\w.-]*(?:pass(?:word|wd|phrase)?|pwd|token|key|secret|signature|sig|credential|auth)[\w.-]*=)[^&\s'\",;)]+"
)


def shown(uri: str) -> str:
    """Scheme, host and port of an address; a local database with its path; `***` where they cannot be told apart.

    A password may hold `/`, `?`, `#`, `@` or a space that nobody escaped, since databases' drivers take them.
    """
    scheme, found, rest = uri.partition("://")
    if not found:
        return f"{HIDDEN}@{_host(uri.rpartition('@')[2])}" if "@" in uri else _ENDS.split(uri, maxsplit=1)[0] or uri
    if scheme.startswith("sqlite"):
        return f"{scheme}://{rest.partition('?')[0]}"
    if scheme.startswith("file"):
        return uri
    if scheme.startswith("databricks"):
        return f"{scheme}://{HIDDEN}"
    return f"{scheme}://{_host(rest)}"


def _host(rest: str) -> str:
    """Host and port of what follows `://`."""
    authority = _ENDS.split(rest, maxsplit=1)[0]
    if "@" in authority or "@" not in rest:
        host = authority.rpartition("@")[2]
        return host if _HOST.fullmatch(host) or not host else HIDDEN
    # An @ after what looks like the end of the host: a password with such characters, or a query with an address in it.
    name, colon, port = authority.partition(":")
    last = _ENDS.split(rest.rpartition("@")[2], maxsplit=1)[0]
    return last if colon and name and not port.isdigit() and _HOST.fullmatch(last) else HIDDEN


def redacted(text: str) -> str:
    """A text without what must not be seen of the addresses in it and in the environment."""
    for uri in _addresses():
        text = text.replace(uri, shown(uri))
    for piece in sorted(set(_pieces()), key=len, reverse=True):
        text = text.replace(piece, HIDDEN)
    text = _ADDRESS.sub(_without, text)
    return _NAMED.sub(rf"\1{HIDDEN}", text)


def _without(match: re.Match[str]) -> str:
    """An address in running text: what follows its host stays, unless it may be secret."""
    scheme, rest = match[1], match[2]
    ends = "".join(re.findall(r"[.,;:)\]}]+$", rest))
    bare = rest.removesuffix(ends)
    if scheme.startswith(("databricks", "sqlite", "file")) or "@" not in bare:
        return (shown(f"{scheme}://{bare}") if scheme.startswith("databricks") else match[0].removesuffix(ends)) + ends
    return shown(f"{scheme}://{bare}") + ends


def _addresses() -> Iterator[str]:
    for name in _ADDRESSES:
        if uri := os.environ.get(name):
            yield uri


def _pieces() -> Iterator[str]:
    """What of the environment is secret, as it is written and as libraries may write it."""
    whole = [value for name in _SECRETS if (value := os.environ.get(name))]
    for uri in _addresses():
        scheme, found, rest = uri.partition("://")
        rest = rest if found else uri
        if scheme.startswith(("sqlite", "file")):
            rest = rest.partition("?")[2]
        if scheme.startswith("databricks"):
            whole.append(rest)
            continue
        before, at, _ = rest.rpartition("@")
        if at:
            whole.append(before.partition(":")[2] or before)
        query = rest.partition("?")[2]
        whole += [part.partition("=")[2] for part in re.split(r"[&#]", query)]
    for secret in whole:
        spellings = {
            secret,
            unquote(secret),
            unquote_plus(secret),
            quote(secret),
            quote(secret, safe=""),
            quote_plus(secret),
        }
        for one in spellings:
            # A parser that takes a piece of a password for a host, a port or a path shows that piece alone.
            yield from (part for part in {one, *re.split(r"[:/?#@&=\s]", one)} if len(part) >= _SHORTEST)


def guard() -> None:
    """Make what libraries log about a store go through `redacted`, in this process from now on."""
    make = logging.getLogRecordFactory()
    if getattr(make, "guards", False):
        return

    def guarded(*arguments: object, **named: object) -> logging.LogRecord:
        record = make(*arguments, **named)
        if record.name.partition(".")[0] in _LIBRARIES:
            record.msg, record.args = redacted(record.getMessage()), None
        return record

    guarded.guards = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(guarded)
