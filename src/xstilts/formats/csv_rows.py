"""The rows of a CSV file by column name, each with the line that it begins on; the one reader of comma-separated files.

Separate so that every table that somebody may hand over is checked alike: a column that is missing, unknown or there
twice, a row of another length, and a quotation mark that swallows the lines after it.
"""

import csv
import io
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from xstilts.formats import faults, text
from xstilts.formats.fields import shown

Made = TypeVar("Made")
Value = TypeVar("Value")


@dataclass(frozen=True)
class CsvTable:
    """A CSV file: its columns in order, and its rows with their lines."""

    path: Path
    header: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]


def read(
    path: Path,
    columns: Iterable[str],
    *,
    optional: Iterable[str] | None = (),
    wrong: list[tuple[int, str]] | None = None,
) -> CsvTable:
    """Read a CSV file in UTF-8, with or without a byte order mark and with any line ends.

    Args:
        path: the file; blank lines in it are nothing.
        columns: what its header must name, in any order.
        optional: what its header may name besides; None for anything.
        wrong: where rows of another length are told, with their lines, by a caller that goes on without them.

    Raises:
        ValueError: it is not such a file; the message names line, what was found and what is allowed.
    """
    records = _records(path)
    if not records:
        raise ValueError(f"{path}: the file is empty; expected a header with the columns {', '.join(columns)}")
    (first, header), *rest = records
    names = tuple(name.strip() for name in header)
    _check_header(f"{path}, line {first}", names, tuple(columns), None if optional is None else tuple(optional))
    ragged = [
        (line, f"{len(row)} field(s), but the header has {len(names)} columns")
        for line, row in rest
        if len(row) != len(names)
    ]
    if wrong is not None:
        wrong += ragged
    elif ragged:
        raise ValueError(
            f"{path}: rows of another length than the header; expected as many fields as it has columns, and quotation "
            f"marks around a value with a comma in it\n"
            f"{faults.listed(ragged)}"
        )
    rows = [(line, dict(zip(names, row, strict=True))) for line, row in rest if len(row) == len(names)]
    return CsvTable(Path(path), names, rows)


def built(table: CsvTable, make: Callable[[Mapping[str, str]], Made], key: Callable[[Made], Hashable]) -> list[Made]:
    """Every row of a table as what it stands for.

    Args:
        table: the table.
        make: makes one, or raises ValueError with what is wrong and what is allowed.
        key: what may be there once only.

    Raises:
        ValueError: rows that are wrong, or there twice; all of them, with their lines.
    """
    wrong: list[tuple[int, str]] = []
    found: dict[Hashable, tuple[int, Made]] = {}
    for line, row in table.rows:
        try:
            made = make(row)
        except ValueError as error:
            wrong.append((line, str(error)))
            continue
        first, _ = found.setdefault(key(made), (line, made))
        if first != line:
            wrong.append((line, f"given twice: {key(made)!r}, first in line {first}"))
    if wrong:
        raise ValueError(f"{table.path}: {len(wrong)} problem(s)\n{faults.listed(wrong)}")
    return [made for _, made in found.values()]


def field(row: Mapping[str, str], name: str, read: Callable[[str], Value]) -> Value:
    """One field of a row.

    Raises:
        ValueError: it cannot be read; the message names the column.
    """
    try:
        return read(row[name])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def near(name: str, known: Iterable[str]) -> str | None:
    """The column whose name is spelled almost so."""
    close = get_close_matches(name.casefold(), list(known), n=1, cutoff=0.75)
    return close[0] if close else None


def _records(path: Path) -> list[tuple[int, list[str]]]:
    """The rows with the lines that they begin on, blank lines left out."""
    reader = csv.reader(io.StringIO(text.read(path), newline=""), strict=True)
    found: list[tuple[int, list[str]]] = []
    last = 0
    try:
        for row in reader:
            start, last = last + 1, reader.line_num
            if any("\0" in field for field in row):
                raise text.fault(path, start, "a zero byte", "text")
            if row:
                found.append((start, row))
            if last > start and found[0][1] and len(row) != len(found[0][1]):
                raise _unclosed(path, start, last)
    except csv.Error as error:
        if reader.line_num > last + 1:
            raise _unclosed(path, last + 1, reader.line_num) from error
        raise text.fault(
            path, last + 1, f"no CSV ({error})", "comma-separated values, quotation marks in pairs"
        ) from error
    return found


def _unclosed(path: Path, start: int, end: int) -> ValueError:
    return text.fault(
        path,
        start,
        f"a quotation mark that opens a value and is not closed before line {end}",
        'quotation marks in pairs around a value, and "" for one inside it',
    )


def _check_header(
    place: str, names: tuple[str, ...], columns: tuple[str, ...], optional: tuple[str, ...] | None
) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{place}: the column {', '.join(map(shown, twice))} is there twice; expected every column once"
        )
    missing = [name for name in columns if name not in names]
    if missing:
        listed = ", ".join(names)
        hint = "; delete Excel's line `sep=` above the header" if listed.startswith("sep=") else ""
        for separator, called in ((";", "semicolons"), ("\t", "tabs")):
            if separator in listed:
                hint = f"; its columns are separated by {called}: save it with commas"
        raise ValueError(
            f"{place}: no column {', '.join(missing)}; found: {listed:.200}; expected all of {', '.join(columns)}{hint}"
        )
    known = (*columns, *(optional or ()))
    for name in names if optional is not None else ():
        if name not in known:
            close = near(name, known)
            guess = f"; did you mean {close!r}?" if close else ""
            raise ValueError(f"{place}: unknown column {shown(name)}; expected {', '.join(known)}{guess}")
