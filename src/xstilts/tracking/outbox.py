"""What training wants to log, kept on disk until MLflow has it.

A training appends to `.xstilts/outbox/<fingerprint>.jsonl` and never waits for the store; whoever reaches the store
next sends the file: the training itself while it runs, or the next stage. Sending twice changes nothing.
"""

import fcntl
import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xstilts.tracking import sync
from xstilts.tracking.run_content import RunContent
from xstilts.tracking.store import Point, Store

_log = logging.getLogger(__name__)
FOLDER = Path(".xstilts/outbox")
UNREADABLE = ".unreadable"
_TOLD: set[tuple[Path, int]] = set()  # lines that this process has spoken of


class Outgoing:
    """One training's file in the outbox.

    Its lines are events: `start` with the run's entry and its writer, `points`, and `end` with the run's status and
    its entry as it ended. A second `start` means that the training was begun again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sent = 0  # bytes of whole lines that the store has
        self._run: Any = None
        self._known: dict[str, int] = {}  # metric → the last step that an earlier attempt logged

    @staticmethod
    def of(fingerprint: str) -> "Outgoing":
        """The file of a run."""
        return Outgoing(FOLDER / f"{fingerprint}.jsonl")

    def start(self, entry: RunContent) -> None:
        """Write that a training begins, after what an earlier, unfinished attempt at it wrote."""
        if self._kept.exists() and not self.path.exists():
            self._kept.replace(self.path)
        self._append({"event": "start", "entry": entry.as_json(), "process": this_process()})

    def points(self, points: Sequence[Point]) -> None:
        """Write points of its curve."""
        self._append({"event": "points", "points": list(points)})

    def end(self, entry: RunContent, status: str) -> None:
        """Write that it is over."""
        self._append({"event": "end", "entry": entry.as_json(), "status": status})

    def events(self) -> list[dict[str, Any]]:
        """What is written so far; a line cut short by a crash or a full disk is left out."""
        return [event for event, _ in self._after(0) if event]

    def curve(self) -> list[Point]:
        """Every point, by step; where a training began again, the later point of a step."""
        latest = {(point[0], point[3]): tuple(point) for event in self.events() for point in event.get("points", ())}
        return sorted(latest.values(), key=lambda point: (point[3], point[0]))

    def writer(self) -> str:
        """The process that writes it, empty when the training is over."""
        process = ""
        for event in self.events():
            process = event.get("process", "") if event["event"] != "points" else process
        return process

    @property
    def _kept(self) -> Path:
        return self.path.with_suffix(".unfinished")

    def send(self, store: Store, *, wait: bool = True) -> None:
        """Send what the store does not have yet; once the run is finished the file is deleted.

        The file of a run that was killed or failed is put aside: the next attempt at the same run goes on with it.

        Args:
            store: where.
            wait: for another process that sends from this repository; else leave it to that one or to later.

        Raises:
            store.StoreError: the store is away or refuses; nothing is lost.
        """
        with _held(wait) as held:
            if not held or not self.path.exists():
                return
            last: dict[str, Any] = {}
            for event, size in list(self._after(self._sent)):
                if event and self._run is None and event["event"] != "start":
                    self._put_aside()
                    return
                if event:
                    self._send(store, event)
                    last = event
                self._sent += size
            if last.get("status") == sync.FINISHED:
                self.path.unlink()
            elif "status" in last:
                self.path.replace(self._kept)

    def _send(self, store: Store, event: Mapping[str, Any]) -> None:
        if event["event"] == "start":
            self._run = sync.start(store, RunContent.from_json(event["entry"]), process=event["process"])
            self._known = {}
            return
        finished = sync.finished(self._run)
        if event["event"] == "points":
            if not finished:
                self._send_points(store, event["points"])
            return
        entry = RunContent.from_json(event["entry"])
        if not finished:
            store.write(self._run.info.run_id, tags={sync.CURVE: sync.WHOLE})
            sync.finish(store, self._run.info.run_id, entry, event["status"])
        elif event["status"] == sync.FINISHED:
            sync.replace(store, self._run, entry, self.curve())

    def _send_points(self, store: Store, points: Sequence[Any]) -> None:
        run_id = self._run.info.run_id
        for name in {point[0] for point in points} - self._known.keys():
            # What an earlier attempt at this run has logged stays; its steps are not logged again.
            self._known[name] = max((point[3] for point in store.history(run_id, name)), default=-1)
        new = [point for point in points if point[3] > self._known[point[0]]]
        store.write(run_id, points=[(name, value, time, step) for name, value, time, step in new])

    def _put_aside(self) -> None:
        """Move a file that lost its first line, and so names no run, out of the way of later commands."""
        aside = self.path.with_suffix(UNREADABLE)
        self.path.replace(aside)
        _log.warning(
            "%s does not begin with the run that it belongs to, as when the folder was deleted while the training went "
            "on; it is now %s and can be deleted: `dvc repro gains` restores the run from its record below trainings/",
            self.path, aside,
        )  # fmt: skip

    def _append(self, event: Mapping[str, Any]) -> None:
        """Add a line whole or not at all; behind a line that a kill cut short it stands by itself."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            broken = end > 0 and os.pread(file.fileno(), 1, end - 1) != b"\n"
            rest = b"\n" * broken + json.dumps(event, ensure_ascii=False).encode() + b"\n"
            try:
                while rest:
                    rest = rest[file.write(rest) :]
            except OSError as error:
                file.truncate(end)
                raise OSError(error.errno, f"{error.strerror}; nothing of it was written", str(self.path)) from error

    def _after(self, offset: int) -> Iterator[tuple[dict[str, Any], int]]:
        """The events behind a byte, each with its size; a line that is none is an empty one, and told once."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                event = _event(line)
                if not event and line.strip() and (self.path.absolute(), offset) not in _TOLD:
                    _TOLD.add((self.path.absolute(), offset))
                    _log.warning("%s, byte %d: a line was cut short and is left out: %.60r", self.path, offset, line)
                offset += len(line)
                yield event, len(line)


def _event(line: bytes) -> dict[str, Any]:
    """The event of a line; empty where the line is none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    needed = {"start": ("entry", "process"), "points": ("points",), "end": ("entry", "status")}
    if not isinstance(event, dict) or not all(name in event for name in needed.get(str(event.get("event")), ("?",))):
        return {}
    return event


def send_all(store: Store) -> None:
    """Send what trainings left behind that are over or whose process has died (their runs end as KILLED)."""
    for path in sorted(FOLDER.glob("*.jsonl"), key=lambda path: path.stat().st_mtime):
        letter = Outgoing(path)
        events = letter.events()
        writer = letter.writer()
        if not events or (writer and not dead(writer)):
            continue
        if writer and events[0]["event"] == "start":
            letter.end(RunContent.from_json(events[0]["entry"]), sync.KILLED)
        letter.send(store)


def this_process() -> str:
    """This process, so that others can tell whether it still runs: host, id, and when it began."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def dead(process: str) -> bool:
    """Whether a process of this machine has ended; False for another machine's, which cannot be told from here."""
    host, _, rest = process.partition(":")
    number, _, began = rest.partition(":")
    if host != socket.gethostname() or not number.isdigit():
        return False
    return _began(int(number)) != began


def _began(process: int) -> str:
    """When a process began, in clock ticks since boot; empty if there is none, `?` where the kernel does not say."""
    if not Path("/proc/self/stat").exists():
        return "?" if _exists(process) else ""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()  # the name before may hold spaces
    return "" if fields[0] == "Z" else fields[19]


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _held(wait: bool) -> Iterator[bool]:
    """Hold the outbox's lock, which the kernel frees when a process ends; False if another process holds it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
