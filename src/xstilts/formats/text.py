"""The one way to open a text file: UTF-8, its byte order mark forgotten, and errors that name file and line.

Everything that somebody may hand over (scores, distances, corpora, gold files, predictions, params.yaml) is read
here, so that all of it meets encodings alike: UTF-16 and Windows text are told from UTF-8, and the error says how to
convert them.
"""

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

BOM = "\ufeff"
# The longer first: UTF-32's mark begins with UTF-16's.
_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def fault(path: object, line: int | str | None, found: str, expected: str) -> ValueError:
    """An error on one line of one file: what was found there and what was expected."""
    place = f"{path}, line {line}" if line is not None else f"{path}"
    return ValueError(f"{place}: {found}; expected {expected}")


def read(path: Path) -> str:
    """The whole of a text file, without a byte order mark, its line ends as they stand.

    Raises:
        ValueError: it is not UTF-8; the message names the line, the encoding that it seems to have, and the way out.
    """
    raw = Path(path).read_bytes()
    _check_marks(raw[:4096], path)
    try:
        return raw.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError as error:
        ends = b"\n" if b"\n" in raw else b"\r"
        raise _not_utf8(path, raw.count(ends, 0, error.start) + 1, error) from error


def lines(path: Path, errors: str = "strict") -> Iterator[tuple[int, str]]:
    """The lines of a file, numbered from 1. Only a line feed ends one; it and a carriage return before it go.

    Args:
        path: the file; an empty one has no lines.
        errors: "replace" where bytes that are not UTF-8 are known to occur.

    Raises:
        ValueError: a line is not UTF-8 (unless `errors` is "replace").
    """
    with Path(path).open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if number == 1:
                _check_marks(raw[:4096], path)
            try:
                line = raw.decode("utf-8", errors)
            except UnicodeDecodeError as error:
                raise _not_utf8(path, number, error) from error
            yield number, (line.removeprefix(BOM) if number == 1 else line).rstrip("\n").removesuffix("\r")


def read_json(path: Path) -> Any:
    """The content of a JSON file; an object with one key twice is refused.

    Raises:
        ValueError: it is not JSON; the message names file and line.
    """
    return parse_json(read(path), path)


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file with one JSON object a line, numbered from 1.

    Raises:
        ValueError: a line is not one JSON object; the message names file and line.
    """
    for number, line in lines(path):
        row = parse_json(line, path, number)
        if not isinstance(row, dict):
            raise fault(path, number, f"JSON of type {_json_type(row)}", "one JSON object a line")
        yield number, row


def parse_json(text: str, path: object, line: int = 1) -> Any:
    """JSON that begins on a line of a file.

    Raises:
        ValueError: it is not JSON, nested too deep, has one key twice in an object, a number of thousands of digits, or
            half of a surrogate pair, which no file can hold.
    """
    try:
        found = _DECODER.decode(text)
    except JSONDecodeError as error:
        where = f"{error.msg}, column {error.colno}"
        raise fault(path, line + error.lineno - 1, f"text that is not JSON ({where})", "JSON, whole") from error
    except RecursionError:
        raise fault(path, line, "JSON that is nested too deep to be read", "data of some levels") from None
    except _Twice as twice:
        place = text.find(json.dumps(twice.key), text.find(json.dumps(twice.key)) + 1)
        raise fault(path, line + text.count("\n", 0, place), str(twice), "every key once in an object") from None
    except ValueError as error:  # Python's own limit of 4,300 digits
        raise fault(path, line, f"JSON that cannot be read ({error})", "numbers of some digits") from error
    if _SURROGATE.search(text):
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise fault(path, line, "half of a surrogate pair (\\ud800 to \\udfff)", "whole characters") from None
    return found


class _Twice(ValueError):
    """An object that has one key twice, of which Python keeps the last."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key!r:.80} twice in one object")
        self.key = key


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise _Twice(next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1))
    return row


_DECODER = JSONDecoder(object_pairs_hook=_unique)


def _json_type(value: object) -> str:
    names = {type(None): "null", bool: "true or false", list: "list", dict: "object", str: "string"}
    return names.get(type(value), "number")


def _check_marks(start: bytes, path: object) -> None:
    """Refuse what is not UTF-8 although it may decode: UTF-16 and UTF-32, with a mark or without."""
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            raise ValueError(f"{path}, line 1: the file is in {encoding}; expected UTF-8. {_advice(path, encoding)}")
    for offset, encoding in ((1, "UTF-16LE"), (0, "UTF-16BE")):
        half = start[offset::2]
        if len(half) >= 4 and half.count(0) * 2 > len(half):  # Latin letters in UTF-16: every second byte is zero
            raise ValueError(f"{path}, line 1: the file is in {encoding}; expected UTF-8. {_advice(path, encoding)}")


def _not_utf8(path: object, line: int, error: UnicodeDecodeError) -> ValueError:
    byte = f"byte 0x{error.object[error.start]:02x}"
    return ValueError(f"{path}, line {line}: {byte} is not UTF-8; expected UTF-8. {_advice(path, 'WINDOWS-1252')}")


def _advice(path: object, encoding: str) -> str:
    source = Path(str(path))
    target = source.with_name(f"{source.stem}-utf8{source.suffix}") if source.name else source
    command = f"iconv -f {encoding} -t UTF-8 {shlex.quote(str(source))} > {shlex.quote(str(target))}"
    about = "If it was made on Windows, save" if encoding == "WINDOWS-1252" else "Save"
    return f"{about} it as UTF-8 (Excel: `CSV UTF-8`), or run: {command}"
