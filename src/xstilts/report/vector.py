"""Scales, ticks and places of labels for figures that are written into the page as SVG, without a browser."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from xstilts.report.families import SHAPES, look

Scale = Callable[[float], float]
Area = tuple[float, float, float, float]  # left, top, right, bottom

LETTER, LINE = 9.5, 13.0  # pixels: width of a letter and height of a line of bold 13-pixel text, on the safe side
_AWAY = 8.0


@dataclass(frozen=True)
class Box:
    """The inner part of a figure, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Symbol:
    """The mark of a family; `path` is empty for a circle."""

    x: float
    y: float
    radius: float
    hue: int
    path: str


@dataclass(frozen=True)
class Label:
    """A word beside its mark."""

    x: float
    y: float
    words: str
    anchor: str  # start, middle or end


def linear(domain: tuple[float, float], ends: tuple[float, float]) -> Scale:
    """The line that takes a domain to pixels."""
    factor = (ends[1] - ends[0]) / ((domain[1] - domain[0]) or 1)
    return lambda value: round(ends[0] + (value - domain[0]) * factor, 1)


def padded(values: Iterable[float], share: float = 0.06) -> tuple[float, float]:
    """The range of values with a margin."""
    found = list(values)
    low, high = min(found), max(found)
    margin = (high - low or 1) * share
    return low - margin, high + margin


def ticks(domain: tuple[float, float], count: int) -> list[float]:
    """Round values inside a domain, about `count` of them."""
    raw = (domain[1] - domain[0]) / max(1, count)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first = math.ceil(domain[0] / step - 1e-9)
    last = math.floor(domain[1] / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def places(values: Iterable[float]) -> int:
    """Decimal places that tell ticks apart."""
    return max((len(f"{value:g}".partition(".")[2]) for value in values), default=0)


def symbol(family: str, x: float, y: float, radius: float) -> Symbol:
    """The mark of a family at a place."""
    shown = look(family)
    corners = SHAPES[shown.shape][1]
    path = "L".join(f"{x + dx * radius:.1f},{y + dy * radius:.1f}" for dx, dy in corners)
    return Symbol(x, y, radius, shown.hue, f"M{path}Z" if path else "")


def labels(wanted: Sequence[tuple[float, float, str]], marks: Sequence[tuple[float, float]], box: Box) -> list[Label]:
    """A place for each word that finds one beside its mark, where it covers no mark and no other word."""
    taken: list[Area] = [(x - 5, y - 5, x + 5, y + 5) for x, y in marks]
    found = []
    for x, y, words in wanted:
        width = LETTER * len(words)
        for anchor, at, base in _around(x, y):
            left = at - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
            area = (left, base - LINE, left + width, base + 2)
            inside = area[0] > box.left and area[2] < box.right and area[1] > box.top and area[3] < box.bottom
            if inside and not any(_overlap(area, other) for other in taken):
                taken.append(area)
                found.append(Label(round(at, 1), round(base - 1, 1), words, anchor))
                break
    return found


def _around(x: float, y: float) -> Iterable[tuple[str, float, float]]:
    for away in (_AWAY, 2 * _AWAY):
        yield from (
            ("start", x + away, y + 5),
            ("end", x - away, y + 5),
            ("middle", x, y - away),
            ("middle", x, y + away + LINE),
            ("start", x + away, y - away),
            ("start", x + away, y + away + LINE),
            ("end", x - away, y - away),
            ("end", x - away, y + away + LINE),
        )


def _overlap(a: Area, b: Area) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
