"""A table of a dataclass is read as it was written; what cannot be such a table is told with file, line and column."""

import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from xstilts.formats import fields, tables


@dataclass(frozen=True)
class Row:
    name: str
    count: int
    usable: bool
    value: float
    error: float | None
    spread: float = 0.5


ROWS = [Row('a, "b"', 3, True, 1 / 3, 1e-7), Row("çé\nü", -1, False, math.nan, None), Row("", 0, True, -2.0, 5.0)]
HEADER = "name,count,usable,value,error,spread\n"
GOOD = "a,1,1,0.5,,0.5\n"


READERS = {"value": fields.or_nan(fields.number)}


def unmixed(row: Row) -> None:
    if row.error == row.spread:
        raise ValueError("error and spread are the same")


def read(folder: Path, text: str | bytes) -> list[Row]:
    path = folder / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return tables.read(path, Row, lambda row: row.name, READERS, unmixed)


def test_rows_come_back_to_the_last_digit(tmp_path: Path) -> None:
    tables.write_csv(tmp_path / "table.csv", Row, ROWS)
    assert str(read(tmp_path, (tmp_path / "table.csv").read_bytes())) == str(ROWS)
    tables.write_csv(tmp_path / "table.csv", Row, [])
    assert read(tmp_path, (tmp_path / "table.csv").read_bytes()) == []


def test_decimals_are_of_every_float_and_of_no_other_field(tmp_path: Path) -> None:
    tables.write_csv(tmp_path / "table.csv", Row, ROWS, 2)
    assert (tmp_path / "table.csv").read_text().splitlines()[1] == '"a, ""b""",3,1,0.33,0.00,0.50'


@pytest.mark.parametrize(
    "text", ["\ufeff" + HEADER + GOOD, (HEADER + GOOD).replace("\n", "\r\n"), HEADER + "\n" + GOOD]
)
def test_a_byte_order_mark_line_ends_of_windows_and_blank_lines_are_nothing(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == [Row("a", 1, True, 0.5, None)]


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    assert read(tmp_path, "spread,error,value,usable,count,name\n0.5,,0.5,1,1,a\n") == [Row("a", 1, True, 0.5, None)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (HEADER + GOOD + GOOD.replace("0.5,,", "nan,,"), "line 3: value: 'nan' is not a number"),
        (HEADER + GOOD.replace("0.5,,", "inf,,"), "line 2: value: 'inf' is not a number"),
        (HEADER + GOOD.replace("a,1", "a,1.0"), "line 2: count: '1.0' is not a whole number.*write 1"),
        (HEADER + GOOD.replace("a,1", "a,"), "line 2: count: '' is not a whole number"),
        (HEADER + GOOD.replace("1,1", "1,True"), "line 2: usable: 'True' is neither 1 nor 0"),
        (HEADER + GOOD.replace(",,0.5", ",,"), "line 2: spread: '' is not a number"),
        (HEADER + GOOD.replace(",,", ",x,"), "line 2: error: 'x' is not a number"),
        (HEADER + GOOD + GOOD, "line 3: given twice: 'a', first in line 2"),
        (HEADER + GOOD.replace(",,", ",0.5,"), "line 2: error and spread are the same"),
        (HEADER + GOOD.replace("a,1", "a,x") + GOOD.replace("1,1", "y,1"), "2 problem.*line 2: count.*line 3: count"),
        (HEADER + "a,1,1\n", "line 2: 3 field"),
        (HEADER.replace("count", "name") + GOOD, "column 'name' is there twice"),
        (HEADER.replace("count", "counts") + GOOD, "no column count; found: name, counts"),
        (HEADER.replace("\n", ",more\n") + GOOD, "line 1: unknown column 'more'; expected name, count"),
        ((HEADER + GOOD).replace(",", ";"), "separated by semicolons: save it with commas"),
        ((HEADER + GOOD).replace(",", "\t"), "separated by tabs: save it with commas"),
        ((HEADER + GOOD).encode("utf-16"), "is in UTF-16; expected UTF-8"),
        ((HEADER + GOOD.replace("a", "é")).encode("latin-1"), "line 2: byte 0xe9 is not UTF-8"),
    ],
)
def test_what_is_no_such_table_is_told(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(ValueError, match=rf"(?s)table\.csv.*{message}"):
        read(tmp_path, text)
