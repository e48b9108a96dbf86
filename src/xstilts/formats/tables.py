"""Rows of one frozen dataclass as a CSV file, and back; JSON beside them. A file appears whole or not at all.

Separate so that every file in `results/` follows one convention: NaN and None are empty fields, truth is 1 or 0,
numbers keep every digit, rows come sorted as the caller gives them.
"""

import csv
import dataclasses
import json
import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from xstilts.formats import atomic, csv_rows, fields

Row = TypeVar("Row")
_READERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    int: fields.integer,
    float: fields.number,
    bool: fields.flag,
    float | None: fields.or_none(fields.number),
}


def cell(value: object, decimals: int | None = None) -> str:
    """One field's text; a number that is not whole keeps every digit, or this many."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        text = repr(float(value)) if decimals is None else f"{value:.{decimals}f}"
        return "" if math.isnan(value) else text
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value)
    return str(value)


def plain(value: object) -> Any:
    """The same value as JSON can hold it: NaN becomes null, tuples lists."""
    if isinstance(value, float):
        return None if math.isnan(value) else float(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def of_analysis(results: Path) -> Path:
    """Where the tables of the analysis lie: in `results/analysis`, or in what `xstilts analyse` or an archive holds."""
    return results / "analysis" if (results / "analysis").is_dir() else results


def write_csv(path: Path, kind: type, rows: Iterable[Any], decimals: int | None = None) -> None:
    """Write dataclass rows; the header is the fields of `kind`, also where there are no rows.

    Args:
        path: the file.
        kind: a dataclass.
        rows: instances of it, in the order of the file.
        decimals: of every float, so that the bytes are the same on every machine; None for all digits.
    """
    names = [field.name for field in dataclasses.fields(kind)]
    with atomic.file(path) as aside, aside.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([cell(getattr(row, name), decimals) for name in names] for row in rows)


def write_json(path: Path, value: object) -> None:
    """Write JSON with sorted keys; NaN is written as null."""
    text = json.dumps(plain(value), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    atomic.write(path, text + "\n")


def read(
    path: Path,
    kind: type[Row],
    key: Callable[[Row], Hashable],
    readers: Mapping[str, Callable[[str], Any]] | None = None,
    check: Callable[[Row], None] | None = None,
) -> list[Row]:
    """Rows of a dataclass of texts, numbers and truths, as `write_csv` wrote them.

    Args:
        path: the file; its columns are the fields of `kind`, in any order.
        kind: a dataclass.
        key: what may be there once only.
        readers: of the fields whose type does not say what they may be (see `fields`). A field that may be None is
            None where it is empty.
        check: raises ValueError for what only several fields together tell.

    Raises:
        ValueError: another column, a row of another length or there twice, or a value that its field cannot have; the
            message names the file, and the lines with column, what was found and what is allowed.
    """
    types = get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    chosen = {name: _READERS[types[name]] for name in names if types[name] in _READERS} | dict(readers or {})

    def make(row: Mapping[str, str]) -> Row:
        made = kind(**{name: csv_rows.field(row, name, chosen[name]) for name in names})
        if check is not None:
            check(made)
        return made

    return csv_rows.built(csv_rows.read(path, names), make, key)


def read_csv(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Rows by column name.

    Raises:
        ValueError: a column is missing or there twice, or a row has another length; the message names the line.
    """
    return [row for _, row in csv_rows.read(path, columns, optional=None).rows]
