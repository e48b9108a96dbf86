"""Fingerprints: what makes a run the same run is its content, never its time.

A fingerprint is the sha256 of canonical JSON or of file contents, as 64 hex digits. Training, prediction and scoring
name their runs by it, so this module imports nothing but the standard library.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_BLOCK = 1 << 20
# The record of when and where a training took place lies beside its weights and is not part of what they are.
RECORDS = ("run.json", "curve.jsonl")
# Modules that keep the books of a training and cannot change its result: a training is the same whatever they are.
BOOKKEEPING = (
    "commands.main", "tracking.lightning_logger", "tracking.run_content", "formats.fingerprints", "tracking.sync",
    "tracking.outbox", "tracking.provenance", "tracking.records", "tracking.store", "tracking.recorded_training",
    "tracking.training_run", "commands.fork_server",
)  # fmt: skip


def of(value: Any) -> str:
    """The digest of a value that JSON can hold; the order of a mapping's keys does not matter.

    Raises:
        TypeError: the value holds something that JSON cannot.
        ValueError: the value holds NaN or an infinity.
    """
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON in one spelling: sorted keys, no spaces, UTF-8 as it is, tuples as lists, paths as POSIX text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def of_file(path: Path) -> str:
    """The digest of one file's bytes, as `sha256sum` prints it."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def of_files(paths: Iterable[Path]) -> str:
    """The digest of several files' names and bytes, in any order.

    Only a file's own name counts, so that a copy of the repository elsewhere has the same fingerprints; two files
    of one name count as two.

    Raises:
        FileNotFoundError: one of them is not there.
    """
    return of(sorted((Path(path).name, of_file(path)) for path in paths))


def of_folder(folder: Path, *, without: Sequence[str] = RECORDS) -> str:
    """The digest of every file below a folder: names relative to it, and bytes.

    Args:
        folder: the folder.
        without: file names that do not count.

    Raises:
        FileNotFoundError: there is no such folder, or no file in it.
    """
    folder = Path(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in without)
    if not files:
        raise FileNotFoundError(f"{folder}: no such folder or no file in it; `dvc repro` or `dvc pull` brings it")
    return of([(path.relative_to(folder).as_posix(), of_file(path)) for path in files])


def of_path(path: Path) -> str:
    """The digest of a file or of a folder, whichever it is."""
    return of_folder(path) if Path(path).is_dir() else of_file(path)


def code(prefix: str = "xstilts") -> str:
    """The digest of the source files of this package that the running process has imported, the bookkeeping left out.

    Call it when everything that can change the result is imported; what is imported later does not count.
    """
    beside = {f"{prefix}.{name}" for name in BOOKKEEPING}
    sources: dict[str, str] = {}
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name not in beside and (name == prefix or name.startswith(prefix + ".")):
            sources[name] = of_file(Path(file))
    return of(sources)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"a fingerprint holds what JSON holds, not {type(value).__name__}: {value!r}")
