"""A stage's script as a fork of the fork server, asked for by the process in which DVC runs.

A command that is not one of ours, or whose interpreter or environment is another than the server's, runs as DVC runs
it; so does every command where no server listens.
"""

import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from xstilts.commands.fork_server import ADDRESS, GRACE, VARIES, like, short

# The scripts that import what the server has imported; the others start faster by themselves.
FORKED = frozenset({"gains", "predict", "pretrained", "report", "score", "train"})
_PLAIN = re.compile(r"[\w./:@%+,=-]+")  # a word that means the same to every shell


class Fork:
    """A script that runs as a fork, the leader of a process group of its own."""

    def __init__(self, number: int, answers: TextIO) -> None:
        """A fork that has begun.

        Args:
            number: of its process and group.
            answers: where it says how it ended.
        """
        self._number = number
        self._answers = answers
        self._process = os.pidfd_open(number)

    def wait(self) -> tuple[int, float]:
        """The script's exit status, and the seconds that it ran; this process' SIGINT is passed on meanwhile.

        An exception, such as that of another signal's handler, ends the fork: SIGTERM, and SIGKILL after a while.
        """
        before = signal.signal(signal.SIGINT, lambda *_: self._send(signal.SIGINT))
        try:
            told = self._answers.readline().split()
            self._answers.read()  # ends when the fork has
        except BaseException:
            self._end()
            raise
        finally:
            signal.signal(signal.SIGINT, before)
            self._answers.close()
            os.close(self._process)
        if not told:  # a fork that says nothing was killed
            return 128 + signal.SIGKILL, 0.0
        return int(told[0]), float(told[1])

    def _end(self) -> None:
        self._send(signal.SIGTERM)
        select.select([self._process], [], [], GRACE)
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.killpg(self._number, number)


def ask(command: str, folder: Path, environment: Mapping[str, str]) -> Fork | None:
    """A fork that runs a command; None if the command is to be run by a shell.

    Args:
        command: as dvc.yaml has it.
        folder: where it runs.
        environment: in which it runs.
    """
    address = os.environ.get(ADDRESS)
    if not address or not stands_in(command, environment):
        return None
    request = {
        "argv": command.split()[1:],
        "folder": str(Path(folder).absolute()),
        "like": like(environment),
        "varies": {name: environment[name] for name in sorted(VARIES) if name in environment},
    }
    text = json.dumps(request).encode()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    connection = socket.socket(socket.AF_UNIX)
    try:
        with short(Path(address)) as path:
            connection.connect(path)
        socket.send_fds(connection, [len(text).to_bytes(8, "big")], [0, 1, 2])
        connection.sendall(text)
        answers = connection.makefile("r")
        number = answers.readline()
        return Fork(int(number), answers) if number else None
    except OSError:  # nobody listens any more
        return None
    finally:
        connection.close()  # `answers` keeps it open


def stands_in(command: str, environment: Mapping[str, str]) -> bool:
    """Whether this interpreter would run this command, and it is one of ours that is forked."""
    words = command.split()
    if len(words) < 2 or not all(_PLAIN.fullmatch(word) for word in words) or words[0] != "python":
        return False
    script = Path(words[1])
    if script.parent != Path("pipelines") or script.suffix != ".py" or script.stem not in FORKED:
        return False
    found = shutil.which("python", path=environment.get("PATH", os.defpath))
    return found is not None and Path(found).parent.resolve() == Path(sys.executable).parent.resolve()
