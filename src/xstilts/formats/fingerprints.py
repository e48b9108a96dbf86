"""Fingerprints: what makes a run the same run is its content, never its time.

A fingerprint is the sha256 of canonical JSON or of file contents, as 64 hex digits. Training, prediction and scoring
name their runs by it, so this module imports nothing but the standard library.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_BLOCK = 1 << 20
# The record of when and where a training took place lies beside its weights and is not part of what they are.
RECORDS = ("run.json", "curve.jsonl")
# Packages that keep the books of a training and cannot change its result: a training is the same whatever they are.
BOOKKEEPING = ("commands", "tracking")
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


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


def of_source(path: Path) -> str:
    """The digest of what a Python file does: of its syntax tree, without docstrings.

    A comment, another layout or another docstring leaves it as it is. Fields that are empty do not count, so that a
    Python whose grammar has more of them gives the same digest.

    Raises:
        SyntaxError: the file is not Python.
    """
    return of(_syntax(ast.parse(Path(path).read_bytes(), filename=str(path))))


def code(prefix: str = "xstilts") -> str:
    """The digest of what the modules of this package do that the process has imported, the bookkeeping left out.

    Call it when everything that can change the result is imported; what is imported later does not count.
    """
    beside = tuple(f"{prefix}.{name}." for name in BOOKKEEPING)
    sources: dict[str, str] = {}
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and f"{name}.".startswith(f"{prefix}.") and not f"{name}.".startswith(beside):
            sources[name] = of_source(Path(file))
    return of(sources)


def _syntax(value: Any) -> Any:
    """A syntax tree as JSON: the name and the fields of every node, constants as `repr` shows them."""
    if isinstance(value, list):
        return [_syntax(entry) for entry in value]
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = dict(ast.iter_fields(value))
    if isinstance(value, _WITH_DOCSTRING) and ast.get_docstring(value, clean=False) is not None:
        fields["body"] = value.body[1:]
    filled = {name: field for name, field in fields.items() if field is not None and field != []}
    return [type(value).__name__, {name: _syntax(field) for name, field in filled.items()}]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"a fingerprint holds what JSON holds, not {type(value).__name__}: {value!r}")
