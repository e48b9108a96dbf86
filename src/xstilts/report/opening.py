"""The two figures of the first screen, drawn here and not by the browser: gain against distance, and every study.

Each is drawn twice, for a desk and for a phone, because text must not shrink with the figure.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from xstilts.languages import table as languages
from xstilts.report import answer, text, vector
from xstilts.report.answer import Finding, Span
from xstilts.report.vector import Box, Label, Symbol

WIDE, NARROW = 640, 350  # pixels
NAMED = 6
_WELL_KNOWN = ("swh", "cmn", "hin", "rus", "tur", "arb", "fra", "spa", "fin", "vie", "tam", "tha")


@dataclass(frozen=True)
class Tick:
    """A line of an axis."""

    at: float
    words: str
    zero: bool


@dataclass(frozen=True)
class Mark:
    """A symbol and what it stands for."""

    symbol: Symbol
    heading: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Spot:
    """One language: its distance, and its gain over targets that were moved to the same mean."""

    code: str
    family: str
    distance: float
    gain: float
    targets: int


@dataclass(frozen=True)
class Scatter:
    """Gain against distance, ready to be written."""

    name: str
    width: int
    height: int
    narrow: bool
    box: Box
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    band: str
    line: tuple[float, float, float, float] | None
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]
    guides: tuple[Label, ...]


def spots(finding: Finding) -> list[Spot]:
    """The languages that enter, nearest first; none where no language has a distance.

    Targets differ in how much they gain and in which languages they have; so that a language does not stand high only
    because of its targets, each target is moved to the mean over targets first.
    """
    rows = answer.used(finding.study)
    if not rows:
        return []
    by_target: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        by_target[row["target"]].append(float(row["gain"]))
    means = {name: fmean(values) for name, values in by_target.items()}
    overall = fmean(means.values())
    found = defaultdict(list)
    for row in rows:
        found[row["language"], row["family"], float(row["distance"])].append(
            float(row["gain"]) - means[row["target"]] + overall
        )
    made = [Spot(*key, fmean(values), len(values)) for key, values in found.items()]
    return sorted(made, key=lambda spot: (spot.distance, spot.code))


def named(found: Sequence[Spot], between: Span) -> list[Spot]:
    """Six languages to name: the two of the sentence, the extremes, then well-known ones."""
    by_code = {spot.code: spot for spot in found}
    extremes = [max(found, key=_gain), min(found, key=_gain), found[0], found[-1]]
    order = [between.near, between.far, *(spot.code for spot in extremes), *_WELL_KNOWN, *by_code]
    return [by_code[code] for code in dict.fromkeys(order) if code in by_code][:NAMED]


def _gain(spot: Spot) -> float:
    return spot.gain


def scatter(finding: Finding, between: Span, width: int, height: int) -> Scatter | None:
    """Gain against distance of one study; None where no language has both."""
    found = spots(finding)
    if not found:
        return None
    box = Box(56, 26, width - 12, height - 48)
    x_domain = vector.padded(spot.distance for spot in found)
    middle = fmean(spot.distance for spot in found), fmean(spot.gain for spot in found)
    fits = [] if finding.slope is None else [_ends(middle, slope, x_domain) for slope in finding.slope]
    y_domain = vector.padded([0.0, *(spot.gain for spot in found), *(end for fit in fits[:1] for end in fit)])
    x, y = vector.linear(x_domain, (box.left, box.right)), vector.linear(y_domain, (box.bottom, box.top))
    at = [(x(spot.distance), y(spot.gain)) for spot in found]
    chosen = [
        (x(spot.distance), y(spot.gain), languages.get(spot.code).name.partition(",")[0])
        for spot in named(found, between)
        if spot.code not in (between.near, between.far)
    ]
    left, right = box.left, box.right
    band, line = "", None
    if fits:
        (low_left, low_right), (high_left, high_right) = fits[1:]
        centre = f"{x(middle[0])},{y(middle[1])}"
        below = f"{right},{y(low_right)} {right},{y(high_right)}"
        band = f"{left},{y(low_left)} {centre} {below} {centre} {left},{y(high_left)}"
        line = (left, y(fits[0][0]), right, y(fits[0][1]))
    return Scatter(
        name=f"evidence{width}",
        width=width,
        height=height,
        narrow=width < WIDE,
        box=box,
        x=_ticks(x_domain, 6, x, signed=False),
        y=_ticks(y_domain, 7, y, signed=True),
        band=band,
        line=line,
        marks=tuple(_mark(spot, *place) for spot, place in zip(found, at, strict=True)),
        labels=tuple(vector.labels(chosen, at, box)),
        guides=_guides(between, x, box),
    )


def _guides(between: Span, x: vector.Scale, box: Box) -> tuple[Label, ...]:
    """Upright lines at the two languages of the sentence, named above the figure."""
    made = []
    for code, distance in ((between.near, between.start), (between.far, between.start + between.difference)):
        at, name = x(distance), languages.get(code).name
        half = vector.LETTER * len(name) / 2
        anchor = "start" if at - half < box.left else "end" if at + half > box.right else "middle"
        if box.left <= at <= box.right:
            made.append(Label(at, box.top - 8, name, anchor))
    return tuple(made)


def _ends(middle: tuple[float, float], slope: float, domain: tuple[float, float]) -> tuple[float, float]:
    left, right = (middle[1] + slope * (end - middle[0]) for end in domain)
    return left, right


def _ticks(domain: tuple[float, float], count: int, scale: vector.Scale, *, signed: bool) -> tuple[Tick, ...]:
    values = vector.ticks(domain, count)
    digits = vector.places(values)
    return tuple(Tick(scale(value), text.number(value, digits, signed=signed), value == 0) for value in values)


def _mark(spot: Spot, x: float, y: float) -> Mark:
    language = languages.get(spot.code)
    pairs = (
        ("family", spot.family),
        ("distance from English", text.number(spot.distance, 3)),
        ("gain", f"{text.gain(spot.gain)} points"),
        ("targets", str(spot.targets)),
    )
    return Mark(vector.symbol(spot.family, x, y, 5.0), f"{language.name} ({spot.code})", pairs)


@dataclass(frozen=True)
class ForestRow:
    """One study in the forest: words, and pixels of its estimate."""

    finding: Finding
    title: str
    under: str
    y: float
    estimate: float | None
    low: float | None
    high: float | None
    written: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Forest:
    """Every study, one row each, ready to be written."""

    name: str
    width: int
    height: int
    box: Box
    step: int
    narrow: bool
    x: tuple[Tick, ...]
    rows: tuple[ForestRow, ...]


def forest(found: Sequence[Finding], width: int) -> Forest:
    """The change of the gain of every study, in points, in the order of the report."""
    narrow = width < WIDE
    step = 64 if narrow else 44
    box = Box(10 if narrow else 380, 8, width - (10 if narrow else 230), 8 + step * len(found))
    ends = [end for row in found for end in (row.low, row.high, row.change) if end is not None]
    domain = vector.padded([0.0, *(ends or [-1.0, 1.0])])
    x = vector.linear(domain, (box.left, box.right))
    return Forest(
        name=f"forest{width}",
        width=width,
        height=int(box.bottom) + 46,
        box=box,
        step=step,
        narrow=narrow,
        x=_ticks(domain, 5 if narrow else 9, x, signed=True),
        rows=tuple(
            _row(finding, box.top + step * order, x, 38 if narrow else 44) for order, finding in enumerate(found)
        ),
    )


def _row(finding: Finding, top: float, x: vector.Scale, letters: int) -> ForestRow:
    estimate, low, high = (None if end is None else x(end) for end in (finding.change, finding.low, finding.high))
    source, comma, encoder = (
        finding.note.title.partition(", ") if finding.note.published else (finding.note.title, "", "")
    )
    counted = f"{finding.languages} languages, {finding.families} families"
    if finding.change is None:
        written = "no test"
    else:
        written = f"{text.gain(finding.change)} {text.interval(finding.low, finding.high, 1)}"
    return ForestRow(
        finding=finding,
        title=_cut(encoder if comma else source, letters),
        under=_cut(f"{source}; {counted}" if comma else counted, letters + 8),
        y=top,
        estimate=estimate,
        low=low,
        high=high,
        written=written,
        pairs=(
            ("change from near to far", f"{written} points" if finding.change is not None else written),
            ("verdict", finding.word),
            ("encoder", finding.note.origin.encoder),
            ("languages, families", f"{finding.languages}, {finding.families}"),
            ("seeds", str(finding.study.seeds)),
        ),
    )


def _cut(words: str, letters: int) -> str:
    return words if len(words) <= letters else words[: letters - 1].rstrip(" ,;") + "…"
