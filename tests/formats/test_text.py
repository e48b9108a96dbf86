import re
from pathlib import Path

import pytest

from xstilts.formats import csv_rows, fields, text

WORDS = "naïve Ω 中文\nsecond"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(WORDS, encoding=encoding)
    assert text.read(path) == WORDS
    assert list(text.lines(path)) == [(1, "naïve Ω 中文"), (2, "second")]


@pytest.mark.parametrize(
    ("encoding", "command"),
    [
        ("utf-16", "iconv -f UTF-16 "),
        ("utf-16-le", "iconv -f UTF-16LE "),
        ("utf-16-be", "iconv -f UTF-16BE "),
        ("utf-32", "iconv -f UTF-32 "),
    ],
)
def test_row_01_utf16_is_told_with_the_file_and_the_way_out(tmp_path: Path, encoding: str, command: str) -> None:
    path = tmp_path / "my scores.csv"
    path.write_bytes("study,intermediate\nmine,mnli\n".encode(encoding))
    for read in (text.read, lambda path: list(text.lines(path)), lambda path: csv_rows.read(path, ["study"])):
        with pytest.raises(ValueError, match=re.escape(str(path)) + ", line 1") as error:
            read(path)
        assert command in str(error.value)
        assert "'" in str(error.value)  # the path has a space and is quoted for the shell


def test_row_02_windows_text_is_told_with_file_line_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes("study,a\nx,1\nété,2\n".encode("cp1252"))
    for read in (text.read, lambda path: list(text.lines(path))):
        with pytest.raises(ValueError, match=r"scores\.csv, line 3: byte 0xe9 is not UTF-8.*iconv -f WINDOWS-1252"):
            read(path)


def test_short_files_and_east_asian_text_are_not_taken_for_utf16(tmp_path: Path) -> None:
    for content in ("", "a", "de", "中文日本語", "\n\n\n"):
        path = tmp_path / "words.txt"
        path.write_text(content, encoding="utf-8")
        assert text.read(path) == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": 1,\n "b": }', "line 2: text that is not JSON"),
        ("[" * 100_000, "line 1: JSON that is nested too deep"),
        ('{"a": 1,\n "b": 2,\n "a": 3}', "line 3: the key 'a' twice"),
        ("[" + "1" * 5000 + "]", "line 1: JSON that cannot be read"),
        ('["\\ud800"]', "line 1: half of a surrogate pair"),
    ],
)
def test_json_that_cannot_be_read_names_file_and_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "gold.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"gold\.json, {said}"):
        text.read_json(path)


def test_json_keeps_whole_surrogate_pairs(tmp_path: Path) -> None:
    path = tmp_path / "gold.json"
    path.write_text('["\\ud83d\\ude00"]', encoding="utf-8")
    assert text.read_json(path) == ["😀"]


@pytest.mark.parametrize(("line", "kind"), [("null", "null"), ("[]", "list"), ("3", "number"), ('"a"', "string")])
def test_a_json_line_that_is_no_object_is_named(tmp_path: Path, line: str, kind: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"a": 1}}\n{line}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=rf"rows\.jsonl, line 2: JSON of type {kind}; expected one JSON object"):
        list(text.json_lines(path))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_is_read_with_any_line_end_and_blank_lines(tmp_path: Path, end: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(("\ufeff" + end.join(["a,b", "", '1,"x, y"', "2,z", ""])).encode())
    assert csv_rows.read(path, ["a", "b"]).rows == [(3, {"a": "1", "b": "x, y"}), (4, {"a": "2", "b": "z"})]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b,b\n1,2,3\n", "line 1: the column 'b' is there twice"),
        (
            "a;b\n1;2\n",
            "line 1: no column a, b; found: a;b; expected all of a, b; its columns are separated by semicolons",
        ),
        ("sep=,\na,b\n1,2\n", "line 1: no column a, b; found: sep=, .*delete Excel's line"),
        (
            "a,b,examlpes\n1,2,3\n",
            "line 1: unknown column 'examlpes'; expected a, b, examples; did you mean 'examples'",
        ),
        ("a,b\n1,2\n3\n4,5,6\n", "rows of another length .*\n  line 3: 1 field.*\n  line 4: 3 field"),
        ('a,b\n1,2\n"3,4\n5,6\n7,8\n', "line 3: a quotation mark that opens a value and is not closed before line 5"),
        ('a,b\n1,2\n"3,4\n5,6\n7,"8\n', "line 3: a quotation mark that opens a value and is not closed"),
        ('a,b\n1,"2"x\n', "line 2: no CSV"),
        (f"a,b\n1,{'x' * 140_000}\n", "line 2: no CSV .field larger"),
        ("a,b\n1,\0\n", "line 2: a zero byte"),
        ("", "the file is empty"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"rows\.csv(, |: ){said}"):
        csv_rows.read(path, ["a", "b"], optional=["examples"])


@pytest.mark.parametrize("given", ["²", "1.0", "--5", "1_000", "٣", "1 000", "", "nan", "9" * 4301])
def test_row_08_what_is_no_whole_number_is_said_so(given: str) -> None:
    with pytest.raises(ValueError, match="is not a whole number; allowed: digits") as error:
        fields.integer(given)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("given", ["nan", "inf", "1e999", "12,5", "1_0", "n/a", "", "٣", "0x10"])
def test_what_is_no_finite_number_is_said_so(given: str) -> None:
    with pytest.raises(ValueError, match="is not a number; allowed: a finite number"):
        fields.number(given)


def test_numbers_are_read_as_people_write_them() -> None:
    assert [fields.number(given) for given in ("63.4", " 0 ", "1e-3", "+.5", "-2.")] == [63.4, 0.0, 0.001, 0.5, -2.0]
    assert [fields.integer(given) for given in ("1", " 2020 ", "-5", "007")] == [1, 2020, -5, 7]


def test_a_decimal_comma_and_a_float_seed_get_the_right_spelling() -> None:
    with pytest.raises(ValueError, match=r"write the decimal point: 12\.5"):
        fields.number("12,5")
    with pytest.raises(ValueError, match=r"write 1$"):
        fields.integer("1.0")
