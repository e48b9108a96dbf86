"""Stages as forks of one process that has imported torch, transformers, Lightning and MLflow.

`xstilts warm COMMAND` runs a command, such as `dvc repro`, and imports them meanwhile. A script of pipelines/ that the
command starts asks through a socket for a fork. The fork runs the script and writes where the script would have
written; the script waits, passes signals on, and ends with the fork's status. Nothing else of this package is imported
beforehand, so that a fork runs the code that lies on the disk. Without `xstilts warm`, and wherever interpreter or
environment differ, a script runs by itself.
"""

import argparse
import contextlib
import functools
import gc
import hashlib
import importlib
import json
import multiprocessing
import os
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

ADDRESS = "XSTILTS_WARM"
TIMES = "XSTILTS_TIMES"  # a file for what took how long, see `note`
PACKAGES = (
    "pytorch_lightning",
    "transformers.models.auto.modeling_auto",
    "transformers.models.xlm_roberta.modeling_xlm_roberta",
    "mlflow.store.tracking.sqlalchemy_store",
)
# What a shell or DVC sets anew for every command.
_VARIES = frozenset({"_", "PWD", "OLDPWD", "SHLVL", "DVC_ROOT", "DVC_STAGE", ADDRESS})


def script(main: Callable[[], None], *, fork: bool = True) -> None:
    """Run a script's `main`: in a fork of the warm process if there is one and it is of use, else here."""
    address = os.environ.pop(ADDRESS, "")
    answers = _ask(address) if fork and address else None
    process = answers.readline() if answers else ""
    if answers is None or not process:
        began = time.monotonic()
        try:
            main()
        finally:
            note("work", sys.argv[0], time.monotonic() - began)
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, functools.partial(_pass_on, int(process)))
    status = answers.readline()
    answers.read()  # ends when the fork has
    sys.exit(int(status) if status else 128 + signal.SIGKILL)  # a fork that says nothing was killed


def note(kind: str, name: str, seconds: float) -> None:
    """Append to the file that XSTILTS_TIMES names what a stage's command took (`whole`) or its `main` (`work`)."""
    if path := os.environ.get(TIMES):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps([kind, name, seconds]) + "\n")


def _pass_on(fork: int, number: int, _: object) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        os.kill(fork, number)


def _ask(address: str) -> TextIO | None:
    """What a fork answers: its number, and at the end its status; None if nobody listens."""
    text = json.dumps({"argv": sys.argv, "folder": str(Path.cwd()), "like": _like()}).encode()
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
        socket.send_fds(connection, [len(text).to_bytes(8, "big")], [0, 1, 2])
        connection.sendall(text)
    except OSError:
        return None
    return connection.makefile("r")


def _like() -> str:
    """A digest of what one process must share with another to stand in for it: interpreter and environment."""
    shared = sorted((name, text) for name, text in os.environ.items() if name not in _VARIES)
    return hashlib.sha256(repr((sys.executable, shared)).encode()).hexdigest()


def configure(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND", help="such as: dvc repro")


def run(asked: argparse.Namespace) -> int:
    """`xstilts warm COMMAND`.

    Raises:
        ValueError: no command.
    """
    if not asked.words:
        raise ValueError("which command? For example: xstilts warm dvc repro")
    if not hasattr(os, "pidfd_open"):  # other systems than Linux
        return subprocess.call(asked.words)
    return serve(asked.words)


def serve(command: Sequence[str], packages: Sequence[str] = PACKAGES) -> int:
    """Run a command, and fork for every script of it that asks; the command's status."""
    like = _like()  # now, because a package that is imported may set variables
    folder = Path(tempfile.mkdtemp(prefix="xstilts-"))  # nobody else may open what is in it
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(folder / "socket"))
        listener.listen()
        beside = subprocess.Popen(command, env={**os.environ, ADDRESS: str(folder / "socket")})
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the command too
        signal.signal(signal.SIGTERM, lambda *_: beside.terminate())
        try:
            if _import(packages, beside):
                gc.freeze()
                _answer(beside, listener, like)
        except BaseException:
            beside.terminate()
            raise
    finally:
        listener.close()
        shutil.rmtree(folder)
    return beside.returncode if beside.returncode >= 0 else 128 - beside.returncode


class _EndedError(BaseException):
    """The command has ended. No exception, so that no package that is being imported takes it for its own."""


def _import(packages: Sequence[str], beside: "subprocess.Popen[bytes]") -> bool:
    """Import packages; false if the command ended before: one that has nothing to do is not waited for."""

    def ended(*_: object) -> None:
        if beside.poll() is not None:
            raise _EndedError

    before = signal.signal(signal.SIGCHLD, ended)
    try:
        try:
            ended()
            for name in packages:
                importlib.import_module(name)
        finally:
            signal.signal(signal.SIGCHLD, before)
    except _EndedError:  # it may also come while the handler is put back
        return False
    return True


def _answer(beside: "subprocess.Popen[bytes]", listener: socket.socket, like: str) -> None:
    """Fork until the command has ended."""
    fork = multiprocessing.get_context("fork").Process
    events = selectors.DefaultSelector()
    events.register(listener, selectors.EVENT_READ)
    events.register(os.pidfd_open(beside.pid), selectors.EVENT_READ)
    while beside.poll() is None:
        for key, _ in events.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                fork(target=_stage, args=(connection, like)).start()
                connection.close()
        multiprocessing.active_children()  # takes leave of those that have ended


def _stage(connection: socket.socket, like: str) -> None:
    """In a fork: run the script that asks at the other end."""
    head, files, _, _ = socket.recv_fds(connection, 8, 3)
    text = b""
    while part := connection.recv(min(1 << 16, int.from_bytes(head, "big") - len(text))):
        text += part
    request = json.loads(text)
    if request["like"] != like:
        return
    os.setpgid(0, 0)  # so that a terminal's Ctrl-C comes once, through the script
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["folder"])
    sys.argv = request["argv"]
    sys.path[0] = str(Path(sys.argv[0]).resolve().parent)
    threading.Thread(target=_watch, args=(connection,), daemon=True).start()
    connection.sendall(f"{os.getpid()}\n".encode())
    status = _status(sys.argv[0])
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(f"{status}\n".encode())


def _status(path: str) -> int:
    """Run a script; what its process would have ended with."""
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)  # noqa: T201
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        traceback.print_exc()
        return 128 + signal.SIGINT
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def _watch(connection: socket.socket) -> None:
    """End this process if its script was killed."""
    if not connection.recv(1):
        os.kill(os.getpid(), signal.SIGTERM)
