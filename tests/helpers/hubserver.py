"""A Hugging Face Hub on 127.0.0.1: the part of its API that `datasets` and `huggingface_hub` call, over made files.

A repository holds files by commit and the commits of its branches; `tables` makes Parquet files and the card. What was
asked for is kept in `requests`.
"""

import hashlib
import io
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from datasets import Dataset, Features

CONVERTED = "refs/convert/parquet"


def commit(text: str) -> str:
    """A commit's name for a text."""
    return hashlib.sha1(text.encode()).hexdigest()


def parquet(rows: list[dict[str, Any]], features: Features) -> bytes:
    """A Parquet file as `datasets` writes it: the features are in its metadata."""
    table = Dataset.from_list(rows, features=features).data.table
    stream = io.BytesIO()
    pq.write_table(table.cast(pa.schema(table.schema, metadata=features.arrow_schema.metadata)), stream)
    return stream.getvalue()


def card(configs: Mapping[str, Mapping[str, str]]) -> bytes:
    """A data set card that lists each config's file by split."""
    listed = [
        {
            "config_name": config,
            "data_files": [{"split": split, "path": path} for split, path in splits.items()],
            **({"default": True} if config == "default" else {}),
        }
        for config, splits in configs.items()
    ]
    return f"---\n{yaml.safe_dump({'configs': listed})}---\nMade for tests.\n".encode()


@dataclass
class Repository:
    """A data set: its files at each commit, and which commit each branch is at."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)

    def add(self, branch: str, files: dict[str, bytes]) -> str:
        """Commit files to a branch; returns the commit."""
        name = commit(repr(sorted((path, hashlib.sha1(data).hexdigest()) for path, data in files.items())) + branch)
        self.commits[name] = files
        self.branches[branch] = name
        return name


def tables(splits: Mapping[tuple[str, str], tuple[list[dict[str, Any]], Features]]) -> dict[str, bytes]:
    """The files of a data set of several configs: `{(config, split): (rows, features)}`."""
    files: dict[str, bytes] = {}
    configs: dict[str, dict[str, str]] = {}
    for (config, split), (rows, features) in splits.items():
        path = f"{config}/{split}-00000-of-00001.parquet"
        files[path] = parquet(rows, features)
        configs.setdefault(config, {})[split] = path
    return files | {"README.md": card(configs)}


class Hub:
    """The server; a context manager. `endpoint` is for HF_ENDPOINT."""

    def __init__(self, repositories: dict[str, Repository]) -> None:
        self.repositories = repositories
        self.requests: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub._answer(self)

            do_HEAD = do_POST = do_GET

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Hub":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length) if length else b""
        self.requests.append(f"{request.command} {request.path}")
        parts = [unquote(part) for part in urlsplit(request.path).path.strip("/").split("/")]
        if parts[:2] == ["api", "datasets"]:
            self._api(request, "/".join(parts[2:4]), parts[4:], body)
        elif parts[0] == "datasets" and len(parts) > 4 and parts[3] == "resolve":
            self._file(request, "/".join(parts[1:3]), parts[4:])
        else:
            self._send(request, 404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def _files(self, request: BaseHTTPRequestHandler, id_: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        repository = self.repositories.get(id_)
        if repository is None:
            self._send(request, 404, b"{}", {"X-Error-Code": "RepoNotFound"})
            return None
        name = repository.branches.get(revision, revision)
        if name not in repository.commits:
            self._send(request, 404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return None
        return name, repository.commits[name]

    def _api(self, request: BaseHTTPRequestHandler, id_: str, rest: list[str], body: bytes) -> None:
        kind = rest[0] if rest else "revision"
        revision, path = _revision(rest[1:]) if len(rest) > 1 else ("main", "")
        known = self._files(request, id_, revision)
        if known is None:
            return
        name, files = known
        if kind == "revision":
            siblings = [{"rfilename": path} for path in files]
            answer: Any = {
                "id": id_,
                "_id": name[:24],
                "sha": name,
                "private": False,
                "gated": False,
                "disabled": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "siblings": siblings,
                "lastModified": "2024-01-01T00:00:00.000Z",
            }
        elif kind == "tree":
            recursive = parse_qs(urlsplit(request.path).query).get("recursive", ["false"])[0].lower() in ("true", "1")
            answer = _tree(files, path, recursive)
            if path and not answer:
                self._send(request, 404, b"{}", {"X-Error-Code": "EntryNotFound"})
                return
        elif kind == "paths-info":
            text = body.decode()
            paths = json.loads(text)["paths"] if text.startswith("{") else parse_qs(text)["paths"]
            answer = [
                entry for wanted in paths for entry in _tree(files, "", True) if entry["path"] == wanted.rstrip("/")
            ]
        else:
            self._send(request, 404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        self._send(
            request, 200, json.dumps(answer).encode(), {"X-Repo-Commit": name, "Content-Type": "application/json"}
        )

    def _file(self, request: BaseHTTPRequestHandler, id_: str, rest: list[str]) -> None:
        revision, path = _revision(rest)
        known = self._files(request, id_, revision)
        if known is None:
            return
        name, files = known
        if path not in files:
            self._send(request, 404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": name})
            return
        headers = {
            "ETag": f'"{hashlib.sha1(files[path]).hexdigest()}"',
            "X-Repo-Commit": name,
            "Accept-Ranges": "bytes",
        }
        data, status = files[path], 200
        asked = request.headers.get("Range")
        if asked:
            start, _, end = asked.removeprefix("bytes=").partition("-")
            last = min(int(end), len(data) - 1) if end else len(data) - 1
            headers["Content-Range"] = f"bytes {start}-{last}/{len(data)}"
            data, status = data[int(start) : last + 1], 206
        self._send(request, status, data, headers)

    @staticmethod
    def _send(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        request.send_response(status)
        for header, value in headers.items():
            request.send_header(header, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)


def _revision(parts: list[str]) -> tuple[str, str]:
    """The revision and the path of what follows `resolve` or `tree`; a revision may itself have slashes (`refs/…`)."""
    if parts[0] == "refs":
        return "/".join(parts[:3]), "/".join(parts[3:])
    if parts[0].startswith("refs/"):
        return parts[0], "/".join(parts[1:])
    return parts[0], "/".join(parts[1:])


def _tree(files: Mapping[str, bytes], folder: str, recursive: bool) -> list[dict[str, Any]]:
    prefix = f"{folder}/" if folder else ""
    entries: dict[str, dict[str, Any]] = {}
    for path, data in files.items():
        if not path.startswith(prefix):
            continue
        below = path[len(prefix) :].split("/")
        for depth in range(1, len(below)):
            name = prefix + "/".join(below[:depth])
            if recursive or depth == 1:
                entries[name] = {
                    "type": "directory",
                    "path": name,
                    "oid": hashlib.sha1(name.encode()).hexdigest(),
                    "size": 0,
                }
        if recursive or len(below) == 1:
            entries[path] = {"type": "file", "path": path, "oid": hashlib.sha1(data).hexdigest(), "size": len(data)}
    return list(entries.values())
