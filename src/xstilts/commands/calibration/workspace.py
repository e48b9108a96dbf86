"""A folder in which one run of the pipeline takes place: the repository's sources, one params.yaml, a shared DVC cache.

The stages are those of dvc.yaml and no others. All workspaces of a calibration share one cache, so that a run which was
stopped, whose folder is gone, or which shares its world with another takes from there what is already made.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

COPIED = (
    "src",
    "pipelines",
    "dvc.yaml",
    ".dvcignore",
    ".gitignore",
    "data/published",
    "mlruns/.gitignore",
)
_SKIPPED = shutil.ignore_patterns("__pycache__", "*.egg-info")
_OURS = Path("src/xstilts/commands/calibration")
_MADE = re.compile(r"__pycache__|\.egg-info")
_PERSON = ("-c", "user.name=xstilts calibrate", "-c", "user.email=calibrate@localhost")


def sources(root: Path) -> str:
    """A digest of everything that a workspace copies, 12 hex digits, but for this package, which no stage imports.

    Raises:
        ValueError: `root` is not the repository.
    """
    found = hashlib.sha256()
    for name in COPIED:
        place = root / name
        if not place.exists():
            raise ValueError(f"{place} is not there: run `xstilts calibrate` in the root of the repository")
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            local = path.relative_to(root)
            if path.is_file() and not local.is_relative_to(_OURS) and not _MADE.search(str(local)):
                found.update(f"{local}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:12]


def commit(root: Path) -> str:
    """The commit of the sources, `+` after it where they differ from it; `unknown` outside a repository."""
    with suppress(subprocess.CalledProcessError, FileNotFoundError):
        head = _git(root, "rev-parse", "HEAD")[:12]
        there = [name for name in COPIED if (root / name).exists()]
        return head + ("+" if _git(root, "status", "--porcelain", "--", *there, f":!{_OURS}") else "")
    return "unknown"


def fill(root: Path, folder: Path, params: str, cache: Path) -> None:
    """Make the folder hold the sources and the parameters; what stages have made there stays.

    Args:
        root: the repository.
        folder: the workspace, new or left by a run that was stopped.
        params: its params.yaml.
        cache: DVC's cache, shared with the other workspaces.

    Raises:
        ValueError: git failed.
    """
    for name in COPIED:
        source, target = root / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=_SKIPPED)
        else:
            shutil.copyfile(source, target)
    (folder / "params.yaml").write_text(params, encoding="utf-8")
    (folder / ".dvc/tmp/rwlock").unlink(missing_ok=True)  # of a process that was killed; the folder is ours alone
    if not (folder / ".git").exists():
        _run(folder, "git", "init", "--quiet")
    settings = folder / ".dvc/config"  # a folder with this file is a DVC repository; `dvc init` would take seconds
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(f"[core]\n    analytics = false\n[cache]\n    dir = {cache.absolute()}\n", encoding="utf-8")
    (settings.parent / ".gitignore").write_text("/config.local\n/tmp\n/cache\n", encoding="utf-8")
    _run(folder, "git", "add", "--all")
    _run(folder, "git", *_PERSON, "commit", "--quiet", "--allow-empty", "--message", "workspace of xstilts calibrate")


def environment(folder: Path) -> dict[str, str]:
    """In it a stage imports the workspace's own sources and logs to the workspace's own MLflow store."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "GIT_", "DVC_"))}
    return {
        "OMP_NUM_THREADS": "1",
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(folder.absolute() / "src"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


@contextmanager
def alone(path: Path) -> Iterator[int | None]:
    """An open lock file that nobody else holds, or None where somebody does.

    A process that inherits the descriptor holds the lock too, so that a pipeline which outlives its driver keeps its
    folder to itself.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file.fileno()


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def _run(folder: Path, *words: str) -> None:
    done = subprocess.run(words, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{' '.join(words)} in {folder} failed:\n{(done.stdout + done.stderr)[-2000:].strip()}")
