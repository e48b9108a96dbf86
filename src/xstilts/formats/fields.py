"""What stands in one field of a table: numbers as people write them, and no other text that Python would take for one.

Separate because `int` and `float` take more than that (Arabic digits, `1_000`, `infinity`), and because their messages
name neither file nor what is allowed. Errors here say what was found and what is allowed; the reader adds the place.
"""

import math
import re
from collections.abc import Callable

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_SHOWN = 40  # characters of a faulty value


def integer(text: str) -> int:
    """A whole number of at most 18 digits.

    Raises:
        ValueError: it is none; `1.0`, `²` and `1 000` are none either.
    """
    stripped = text.strip()
    if not _WHOLE.fullmatch(stripped):
        raise ValueError(f"{shown(text)} is not a whole number; allowed: {_hint(stripped, 'digits, as in 1 or 2020')}")
    return int(stripped)


def number(text: str) -> float:
    """A finite number with a decimal point.

    Raises:
        ValueError: it is none; nor is `nan`, `inf`, `12,5` or `1_000`.
    """
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped) or abs(value := float(stripped)) == float("inf"):
        raise ValueError(f"{shown(text)} is not a number; allowed: {_hint(stripped, 'a finite number, as in 63.4')}")
    return value


def between(least: float, largest: float) -> Callable[[str], float]:
    """A reader of numbers in a range."""

    def read(text: str) -> float:
        value = number(text)
        if not least <= value <= largest:
            raise ValueError(f"{shown(text)} is outside {least:g} to {largest:g}")
        return value

    return read


def count(text: str) -> int:
    """A whole number that is not negative."""
    value = integer(text)
    if value < 0:
        raise ValueError(f"{shown(text)} is negative; allowed: 0, 1, 2, …")
    return value


def flag(text: str) -> bool:
    """1 or 0."""
    if text.strip() not in ("0", "1"):
        raise ValueError(f"{shown(text)} is neither 1 nor 0")
    return text.strip() == "1"


def or_none(read: Callable[[str], float]) -> Callable[[str], float | None]:
    """A reader of fields that may be empty."""
    return lambda text: read(text) if text.strip() else None


def or_nan(read: Callable[[str], float]) -> Callable[[str], float]:
    """A reader of fields that may be empty, which is NaN."""
    return lambda text: read(text) if text.strip() else math.nan


def shown(text: str) -> str:
    """A value as an error shows it: quoted, and cut where it is long."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}… ({len(text)} characters)"


def _hint(text: str, allowed: str) -> str:
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
        return f"{allowed}; write the decimal point: {text.replace(',', '.')}"
    if re.fullmatch(r"[+-]?[0-9]+\.0+", text):
        return f"{allowed}; write {text.partition('.')[0]}"
    return allowed
