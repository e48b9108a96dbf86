"""The process between an engine's worker and DVC: nothing of a stage outlives the worker that started it.

    python -m xstilts.commands.grid.guard --claim FILE --log FILE --token WORD -- COMMAND … [-- COMMAND …]

A worker may be killed without warning, and then its children live on: DVC would still write outputs while the engine
starts the stage again elsewhere. The worker holds the other end of this process' standard input; when that closes,
however the worker ended, the commands are stopped: SIGINT first, so that DVC frees its locks and a training can note
where it was, then SIGTERM, then SIGKILL. Only the standard library is imported, as one of these runs for every stage.
"""

import argparse
import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

STEPS = ((signal.SIGINT, 20.0), (signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))  # a signal, seconds until the next
STOPPED = 130


def main() -> int:
    """Run the commands one after another; the exit status of the first that fails, or 130 if they were stopped."""
    words = sys.argv[1:]
    first = words.index("--")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", type=Path, required=True, help="locked while the stage runs; tells who runs it")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--token", required=True, help="which grid run this is; a log of another one is replaced")
    asked = parser.parse_args(words[:first])
    for number in (signal.SIGINT, signal.SIGTERM):  # handlers, not SIG_IGN: a command would inherit that
        signal.signal(number, lambda *_: None)
    # Ray starts its processes with SIGINT blocked, which everything below them inherits.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])
    with claim(asked.claim) as holder:
        if holder is None:
            return STOPPED
        with opened(asked.log, asked.token) as log:
            for command in split(words[first + 1 :]):
                status = run(command, log, holder)
                if status:
                    return status
    return 0


def split(words: list[str]) -> list[list[str]]:
    """The commands between `--`."""
    commands: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


@contextlib.contextmanager
def claim(path: Path) -> Iterator[IO[str] | None]:
    """Hold the stage; None if the worker went away while another process still held it.

    The lock is the kernel's, so that it ends with this process. While it is held, the file names the processes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if left(0.2):
                    yield None
                    return
        try:
            yield file
        finally:
            file.truncate(0)


def tell(holder: IO[str], group: int) -> None:
    """Write who holds the stage: the worker, this process, and the process group of the command."""
    told = {"worker": os.getppid(), "guard": os.getpid(), "group": group, "host": socket.gethostname()}
    holder.truncate(0)
    holder.write(json.dumps(told))
    holder.flush()


@contextlib.contextmanager
def opened(path: Path, token: str) -> Iterator[IO[bytes]]:
    """The log, emptied if it is of an earlier run of the grid; each attempt opens with a line of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as log:
        log.seek(0)
        if token.encode() not in log.readline():
            log.truncate(0)
        log.write(f"# grid {token}, {socket.gethostname()}, {time.strftime('%Y-%m-%d %H:%M:%S')}\n".encode())
        log.flush()
        yield log


def run(command: list[str], log: IO[bytes], holder: IO[str]) -> int:
    """One command's exit status (128 + the signal that killed it), or 130 if the worker went away."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    tell(holder, process.pid)
    while process.poll() is None:
        if left(0.2):
            stop(process)
            return STOPPED
    stop(process)  # what the command left behind, if it was killed itself
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def left(seconds: float) -> bool:
    """Has the worker gone away within this time? It never writes, so that readable means closed."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End the command and everything below it, gently first; returns when nothing of its group is left."""
    for number, seconds in STEPS:
        deadline = time.monotonic() + seconds
        try:
            process.poll()
            os.killpg(process.pid, number)
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)
                time.sleep(0.1)
        except (ProcessLookupError, PermissionError):  # macOS: a group of zombies only
            process.wait()
            return


if __name__ == "__main__":
    sys.exit(main())
