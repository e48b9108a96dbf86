"""The lines and columns of upstream files, with errors that say where."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xstilts.formats import csv_rows, text
from xstilts.preparation.rows import fault


def lines(path: Path, errors: str = "strict") -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file, numbered from 1. Only a line feed ends one; it and a carriage return before it go.

    Raises:
        ValueError: the file is empty, or a line is not UTF-8 (unless `errors` is "replace").
    """
    number = 0
    for number, line in text.lines(path, errors):
        yield number, line
    if number == 0:
        raise fault(path, 1, "an empty file", "data")


def columns(
    path: Path, count: int, header: Sequence[str] | None = None, errors: str = "strict"
) -> Iterator[tuple[int, list[str]]]:
    """The tab-separated columns of a file, read as they stand: a quotation mark is a character, not syntax.

    Args:
        path: the file.
        count: how many columns a line must have; -1 for as many as the header.
        header: the names that the first line must begin with; None where there is no header.
        errors: how to take bytes that are not UTF-8.
    """
    for number, line in lines(path, errors):
        values = line.split("\t")
        if number == 1 and header is not None:
            if [value.strip() for value in values[: len(header)]] != list(header):
                raise fault(path, 1, f"a header {values[: len(header)]}", f"the columns {', '.join(header)}")
            count = len(values) if count < 0 else count
            continue
        if len(values) != count:
            raise fault(path, number, f"{len(values)} column(s)", f"{count} columns, separated by tabs")
        yield number, values


def objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON-lines file."""
    number = 0
    for number, row in text.json_lines(path):
        yield number, row
    if number == 0:
        raise fault(path, 1, "an empty file", "one JSON object a line")


def value(path: Path, number: int | str, row: dict[str, Any], name: str, kind: type = str) -> Any:
    """A field of a JSON object, of the type that is expected there."""
    found = row.get(name)
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        shown = "no field" if name not in row else "null as" if found is None else f"{type(found).__name__} as"
        raise fault(path, number, f"{shown} {name!r}", f"{name!r} of type {kind.__name__}")
    return found


def table(path: Path, header: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a comma-separated file with quoting; a row is named by the line that it begins on."""
    yield from csv_rows.read(path, header, optional=None).rows
