"""DVC's locks, looked at before anything starts: who holds them, and what to do where their holder is dead."""

import json
from pathlib import Path

import psutil
from dvc.lock import LockError
from dvc.repo import Repo


def check(root: Path) -> list[str]:
    """Make sure that DVC can be started here.

    Returns:
        Sentences about what killed processes left behind, which DVC itself clears.

    Raises:
        ValueError: a lock stands in the way; the message says whose it is and what to do.
    """
    _repository(root)
    return _paths(root)


def _repository(root: Path) -> None:
    repo = Repo(str(root))
    try:
        with repo.lock:
            return
    except LockError as error:
        path = root / ".dvc/tmp/lock"
        pid = path.read_text(encoding="utf-8", errors="replace").strip() if path.exists() else ""
        holder = _process(int(pid)) if pid.isdigit() else ""
        if holder:
            raise ValueError(
                f"the DVC repository is locked by process {pid} ({holder}); wait until it ends, or stop it"
            ) from error
        raise ValueError(
            f"the DVC repository is locked ({path}), and no process {pid or 'that it names'} runs on this machine: "
            "it is another machine's, or its process was killed. If no DVC command runs on any machine that shares "
            f"this folder, remove {path} and start again"
        ) from error
    finally:
        repo.close()


def _paths(root: Path) -> list[str]:
    """DVC's locks of single outputs (`rwlock`): of the living they are in force, of the dead DVC drops them."""
    path = root / ".dvc/tmp/rwlock"
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8") or "{}")
    except ValueError as error:
        raise ValueError(
            f"{path} is cut off: a process was killed while DVC wrote it. If no DVC command runs, remove the file"
        ) from error
    holders = {(info["pid"], info["cmd"]) for info in content.get("write", {}).values()}
    holders |= {(info["pid"], info["cmd"]) for infos in content.get("read", {}).values() for info in infos}
    dead = []
    for pid, command in sorted(holders):
        running = _process(pid)
        if not running:
            dead.append(f"process {pid} ({command}) was killed while it held outputs; DVC drops its lock")
        elif "dvc" in running:
            raise ValueError(f"process {pid} ({running}) is at work on outputs here; wait until it ends, or stop it")
        else:
            raise ValueError(
                f"{path} says that process {pid} ({command}) holds outputs, but {pid} is now another process "
                f"({running}): its holder was killed. If no DVC command runs, remove {path} and start again"
            )
    return dead


def _process(pid: int) -> str:
    """The command line of a living process, empty where there is none."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        return ""
