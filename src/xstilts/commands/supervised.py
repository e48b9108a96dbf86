"""A command that does not outlive the process which started it, however that ends.

`call` runs it, and ends it and everything below it on SIGTERM. The command holds the reading end of a pipe, its
lifeline; `heed` there notices that the other end is gone, even by SIGKILL, and ends what the command has started.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

import psutil

LIFELINE = "XSTILTS_LIFELINE"
GRACE = 5.0  # seconds between SIGTERM and SIGKILL
_PATIENCE = 2 * GRACE  # seconds that a command has to end what it started, and itself
_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def call(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command; its exit status, 128 + the signal that ended it.

    On SIGTERM to this process the command gets SIGTERM, and SIGKILL after a while. Where the command was killed, what
    it left behind is ended too. A terminal's Ctrl-C is the command's to handle.

    Args:
        command: its words; it calls `heed` when it begins.
        environment: of the command.
    """
    adopt()
    reading, writing = os.pipe()
    process = subprocess.Popen(command, env={**environment, LIFELINE: str(reading)}, pass_fds=[reading])
    os.close(reading)
    stopped = False
    impatient = threading.Timer(_PATIENCE, process.kill)
    impatient.daemon = True

    def stop(*_: object) -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            process.terminate()
            impatient.start()

    # Handlers only now: before, a signal ends this process, and with it the lifeline.
    before = (signal.signal(signal.SIGINT, signal.SIG_IGN), signal.signal(signal.SIGTERM, stop))
    try:
        status = process.wait()
        if stopped or status < 0:
            end()
    finally:
        impatient.cancel()
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
        os.close(writing)
    if stopped:
        return 128 + signal.SIGTERM
    return status if status >= 0 else 128 - status


def heed() -> None:
    """In the command: let SIGTERM, and the end of the process that started this one, be a KeyboardInterrupt.

    Whoever catches it ends what it has started with `end`. A process that is still there after a while is killed.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    number = os.environ.pop(LIFELINE, "")
    if number:
        threading.Thread(target=_watch, args=(int(number),), daemon=True).start()


def end() -> None:
    """End every process below this one: SIGTERM, and SIGKILL after a while."""
    below = psutil.Process().children(recursive=True)
    for act in (psutil.Process.terminate, psutil.Process.kill):
        for process in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                act(process)
        deadline = time.monotonic() + GRACE
        while below := [process for process in below if _at_work(process)]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)


def adopt() -> None:
    """Become the parent of what a killed process below this one leaves behind, so that `end` finds it (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _at_work(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)  # whose parent has only not asked how it ended
    except psutil.NoSuchProcess:
        return False


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)  # `timeout` sends it to the group too, and once is enough
    raise KeyboardInterrupt


def _watch(lifeline: int) -> None:
    os.read(lifeline, 1)  # nobody writes: it returns when the other end is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE)
    end()
    os.kill(os.getpid(), signal.SIGKILL)
