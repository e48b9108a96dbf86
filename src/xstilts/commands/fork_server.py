"""Scripts of stages as forks of one process that has imported torch, transformers, Lightning and MLflow.

`xstilts repro`, and `xstilts grid` on this machine, start the process beside DVC. Where DVC is about to run a stage's
script, `xstilts.commands.forked` asks it for a fork instead. The fork runs the script from the disk, with the script's
arguments and folder, and writes where the script would have written. Nothing of this package is imported beforehand,
this module aside, so that a fork runs the code that lies on the disk. No script knows of it.
"""

import contextlib
import gc
import hashlib
import importlib
import json
import multiprocessing
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ADDRESS = "XSTILTS_FORKS"  # the environment variable that says where the process listens
TIMES = "XSTILTS_TIMES"  # and the one that names a file to which DVC's process writes what took how long
PACKAGES = (
    "pytorch_lightning",
    "transformers.models.auto.modeling_auto",
    "transformers.models.xlm_roberta.modeling_xlm_roberta",
    "mlflow.store.tracking.sqlalchemy_store",
)
GRACE = 5.0  # seconds between SIGTERM and SIGKILL
# What a shell, DVC or `xstilts repro` sets anew for every command.
VARIES = frozenset({"_", "PWD", "OLDPWD", "SHLVL", "DVC_ROOT", "DVC_STAGE", ADDRESS, TIMES})


@contextlib.contextmanager
def started(
    folder: Path, environment: Mapping[str, str], packages: Sequence[str] = PACKAGES
) -> Iterator[dict[str, str]]:
    """A fork server for as long as the block lasts, or as this process.

    Args:
        folder: where it runs.
        environment: of the scripts that may run as its forks.
        packages: what it imports.

    Yields:
        what to add to DVC's environment so that it asks for forks; nothing on other systems than Linux.
    """
    if sys.platform != "linux":
        yield {}
        return
    place = Path(tempfile.mkdtemp(prefix="xstilts-"))  # nobody else may open what is in it
    address = place / "socket"
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            with short(address) as path:
                listener.bind(path)
            listener.listen()  # here, so that nobody can ask too early
            words = (
                sys.executable,
                "-m",
                "xstilts.commands.fork_server",
                str(listener.fileno()),
                str(place),
                *packages,
            )
            server = subprocess.Popen(
                words, cwd=folder, env=dict(environment), stdin=subprocess.PIPE, pass_fds=[listener.fileno()]
            )
        try:
            yield {ADDRESS: str(address)}
        finally:
            server.terminate()
            server.communicate()
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def short(address: Path) -> Iterator[str]:
    """Another name of a socket's path: the system takes 107 bytes, and a temporary folder's own may be longer."""
    folder = os.open(address.parent, os.O_PATH)
    try:
        yield f"/proc/self/fd/{folder}/{address.name}"
    finally:
        os.close(folder)


def like(environment: Mapping[str, str]) -> str:
    """A digest of what one process must share with another to stand in for it: interpreter and environment."""
    shared = sorted((name, text) for name, text in environment.items() if name not in VARIES)
    return hashlib.sha256(repr((sys.executable, shared)).encode()).hexdigest()


def main() -> None:
    """Import packages, and fork for whoever asks, until the standard input closes: with whoever started this."""
    number, place, *packages = sys.argv[1:]
    before = like(os.environ)  # a package that is imported may set variables
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to DVC too
    listener = socket.socket(fileno=int(number))
    for name in packages:
        importlib.import_module(name)
    gc.freeze()
    fork = multiprocessing.get_context("fork").Process
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        fork(target=_stage, args=(listener, connection, before)).start()
        connection.close()
        multiprocessing.active_children()  # takes leave of those that have ended
    listener.close()
    shutil.rmtree(place, ignore_errors=True)


def _stage(listener: socket.socket, connection: socket.socket, before: str) -> None:
    """In a fork: run the script that is asked for at the other end."""
    listener.close()
    head, files, _, _ = socket.recv_fds(connection, 8, 3)
    text = b""
    while part := connection.recv(min(1 << 16, int.from_bytes(head, "big") - len(text))):
        text += part
    if len(files) < 3 or not text:  # the other end is gone
        return
    request = json.loads(text)
    if request["like"] != before:
        return
    os.setpgid(0, 0)  # so that a terminal's Ctrl-C comes once, through DVC
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.update(request["varies"])
    sys.argv = request["argv"]
    sys.path[0] = str(Path(sys.argv[0]).resolve().parent)
    threading.Thread(target=_watch, args=(connection,), daemon=True).start()
    connection.sendall(f"{os.getpid()}\n".encode())
    began = time.monotonic()
    status = _status(sys.argv[0])
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(f"{status} {time.monotonic() - began}\n".encode())


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
    """End this process if the one that asked for it is gone."""
    with contextlib.suppress(ConnectionError):
        connection.recv(1)
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.killpg(0, number)  # with what it has started
        time.sleep(GRACE)


if __name__ == "__main__":
    main()
