"""Rows of one frozen dataclass as a CSV file, and back; JSON beside them. A file appears whole or not at all.

Separate so that every file in `results/` follows one convention: NaN and None are empty fields, truth is 1 or 0,
numbers keep every digit, rows come sorted as the caller gives them.
"""

import csv
import json
import math
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any


def cell(value: object) -> str:
    """One field's text."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(float(value))
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


def write_csv(path: Path, kind: type, rows: Iterable[Any]) -> None:
    """Write dataclass rows; the header is the fields of `kind`, also where there are no rows."""
    names = [field.name for field in fields(kind)]
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".partial")
    with aside.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([cell(getattr(row, name)) for name in names] for row in rows)
    aside.replace(path)


def write_json(path: Path, value: object) -> None:
    """Write JSON with sorted keys; NaN is written as null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".partial")
    text = json.dumps(plain(value), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    aside.write_text(text + "\n", encoding="utf-8")
    aside.replace(path)


def read_csv(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Rows by column name.

    Raises:
        ValueError: a column is missing.
    """
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{path}: no column {', '.join(missing)}; found: {', '.join(reader.fieldnames or ())}")
        return list(reader)
