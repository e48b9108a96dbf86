"""The warm process (`xstilts.commands.fork_server`) of a grid on this machine: its stages are forks of it and import
nothing anew.

A fork stands in for a script only where interpreter and environment are the same. Ray sets variables in its workers, so
that a stage on this machine gets the environment that the grid was started in, not its worker's.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from xstilts.commands import fork_server as warm

ACCELERATORS = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK")
# Says where the warm process listens, and ends when its standard input does: with the grid, however that ends.
_COMMAND = ("sh", "-c", f'echo "${warm.ADDRESS}"; exec cat > /dev/null')


def environment(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """A stage's environment: what is given, with this interpreter first on the path and the workspace's own sources."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{given.get('PATH', os.defpath)}"
    found = {**given, "PATH": path}
    if (folder / "src").is_dir():
        found["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder / "src"), found.get("PYTHONPATH")]))
    return found


def here(folder: Path, *, gpus: bool) -> dict[str, str]:
    """The environment of a stage on this machine that takes no GPU: the grid's own, without what Ray set in it.

    Args:
        folder: the workspace.
        gpus: whether there are any; then they are hidden from a stage that asked for none.
    """
    own = {name: text for name, text in os.environ.items() if not name.startswith("RAY_")}
    return environment(folder, own) | (dict.fromkeys(ACCELERATORS, "") if gpus else {})


@contextlib.contextmanager
def warmed(folder: Path, shared: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A warm process for as long as the block lasts.

    Args:
        folder: the workspace; without scripts of ours in it, or on a system without pidfds, nothing is started.
        shared: the environment of the stages.

    Yields:
        what to add to a stage's environment so that its script asks for a fork.
    """
    if not (folder / "pipelines").is_dir() or not hasattr(os, "pidfd_open"):
        yield {}
        return
    process = subprocess.Popen(
        (sys.executable, "-m", "xstilts.commands.main", "warm", *_COMMAND),
        cwd=folder,
        env=dict(shared),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal's Ctrl-C is the grid's to handle
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        yield {warm.ADDRESS: address} if address else {}  # without an address, every script runs by itself
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
