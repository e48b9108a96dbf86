"""The fork server (`xstilts.commands.fork_server`) of a grid on this machine: its stages import nothing anew.

A fork stands in for a script only where interpreter and environment are the same. Ray sets variables in its workers, so
that a stage on this machine gets the environment that the grid was started in, not its worker's.
"""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from xstilts.commands import fork_server

ACCELERATORS = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK")


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
    """A fork server for as long as the block lasts.

    Args:
        folder: the workspace; without scripts of ours in it nothing is started.
        shared: the environment of the stages.

    Yields:
        what to add to a stage's environment so that its script is a fork.
    """
    if not (folder / "pipelines").is_dir():
        yield {}
        return
    with fork_server.started(folder, shared) as address:
        yield address
