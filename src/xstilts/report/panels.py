"""What is drawn inside the axes of one static figure, given rows of `results/`. Only figures.py uses this."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from xstilts.report import text
from xstilts.report.families import look
from xstilts.report.tables import Row, StudyView, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, MUTED, BAND = "#16191d", "#6b727b", "#e3e6ea"
_PLACES = ((5, -2.5), (-5, -2.5), (0, 5), (0, -9), (4, 3), (4, -8), (-4, 3), (-4, -8))


def place(row: Row, outcome: str) -> tuple[float | None, float | None, float | None]:
    """Distance, value and standard error of one language."""
    columns = ("gain", "gain_se") if outcome == "points" else ("error_reduction", "error_reduction_se")
    return number(row["distance"]), number(row[columns[0]]), number(row[columns[1]])


def mark(axes: "Axes", x: float, y: float, family: str, *, hollow: bool = False, size: float = 4.6) -> None:
    """The symbol of a family."""
    marks(axes, [(x, y, family, hollow)], size=size)


def marks(axes: "Axes", spots: Iterable[tuple[float, float, str, bool]], *, size: float = 4.6) -> None:
    """Symbols at (x, y, family, hollow); one artist a family, because each artist costs time."""
    grouped: dict[tuple[str, bool], list[tuple[float, float]]] = {}
    for x, y, family, hollow in spots:
        grouped.setdefault((family, hollow), []).append((x, y))
    for (family, hollow), points in sorted(grouped.items()):
        shown = look(family)
        axes.plot(
            [x for x, _ in points], [y for _, y in points], marker=shown.marker, linestyle="none", zorder=3,
            markersize=size + (1.5 if shown.marker == "*" else 0), markerfacecolor="white" if hollow else shown.colour,
            markeredgecolor=shown.colour if hollow else "white", markeredgewidth=0.9 if hollow else 0.4,
        )  # fmt: skip


def scatter(axes: "Axes", rows: Sequence[Row], outcome: str, *, tested: bool) -> None:
    """Gain against distance, with least-squares lines with and without Indo-European where a test was made."""
    placed = [
        (x, y, error, row) for row in rows for x, y, error in [place(row, outcome)] if x is not None and y is not None
    ]
    axes.axhline(0, color=MUTED, linewidth=0.7)
    bars = [(x, y - error, y + error) for x, y, error, _ in placed if error is not None]
    axes.vlines([x for x, _, _ in bars], [low for _, low, _ in bars], [high for *_, high in bars], MUTED, linewidth=0.8)
    marks(axes, ((x, y, row["family"], row["used"] != "1") for x, y, _, row in placed))
    used = [(x, y, row["family"]) for x, y, _, row in placed if row["used"] == "1"]
    if tested:
        _line(axes, used, "-")
        _line(axes, [point for point in used if point[2] != "Indo-European"], "--")
    axes.set_xlabel("syntactic distance from English")


def _line(axes: "Axes", points: Sequence[tuple[float, float, str]], style: str) -> None:
    x, y = np.array([point[0] for point in points]), np.array([point[1] for point in points])
    if len(points) < 4 or np.ptp(x) == 0:
        return
    slope, constant = np.polyfit(x, y, 1)
    ends = np.array([x.min(), x.max()])
    axes.plot(ends, constant + slope * ends, color=INK, linewidth=1.1, linestyle=style, zorder=1)


def label(axes: "Axes", rows: Sequence[Row], outcome: str) -> None:
    """Codes beside the marks, where they fit; after the layout is final, because it measures in points of the paper."""
    scale = 72 / axes.figure.get_dpi()
    spots = []
    for row in rows:
        x, y, _ = place(row, outcome)
        if x is not None and y is not None:
            px, py = axes.transData.transform((x, y)) * scale
            spots.append((row["language"], x, y, px, py))
    frame = axes.get_window_extent()
    left, right, bottom, top = (value * scale for value in (frame.x0, frame.x1, frame.y0, frame.y1))
    taken = [(px - 3, py - 3, px + 3, py + 3) for *_, px, py in spots]
    for code, x, y, px, py in spots:
        width, height = 3.9 * len(code), 6.0
        for dx, dy in _PLACES:
            start = px + dx - (width if dx < 0 else width / 2 if dx == 0 else 0)
            area = (start, py + dy, start + width, py + dy + height)
            inside = left < area[0] and area[2] < right and bottom < area[1] and area[3] < top
            if inside and not any(_overlap(area, other) for other in taken):
                taken.append(area)
                sides = "right" if dx < 0 else "center" if dx == 0 else "left"
                note = axes.annotate(
                    code, (x, y), (dx, dy), textcoords="offset points", fontsize=6, ha=sides, va="bottom", color=INK
                )
                note.set_in_layout(False)
                break


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def whiskers(axes: "Axes", rows: Sequence[Row], order: Sequence[Row], outcome: str) -> None:
    """Gains with ± one standard error; `order` gives the languages from top to bottom."""
    at = {row["language"]: line for line, row in enumerate(order)}
    axes.axvline(0, color=MUTED, linewidth=0.7)
    placed = [(y, error, row) for row in rows for _, y, error in [place(row, outcome)] if y is not None]
    bars = [(at[row["language"]], value - error, value + error) for value, error, row in placed if error is not None]
    axes.hlines([y for y, _, _ in bars], [low for _, low, _ in bars], [high for *_, high in bars], MUTED, linewidth=0.9)
    marks(axes, ((value, at[row["language"]], row["family"], row["used"] != "1") for value, _, row in placed), size=4)
    for position in range(1, len(order)):
        if order[position]["family"] != order[position - 1]["family"]:
            axes.axhline(position - 0.5, color=BAND, linewidth=0.7, zorder=0)
    axes.set_ylim(len(order) - 0.4, -0.6)


def strip(axes: "Axes", names: Sequence[tuple[str, bool]]) -> None:
    """An axis of standardised slopes with one named row each; headings are larger."""
    axes.set_xlim(-1.02, 1.02)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), [name for name, _ in names])
    for tick, (_, heading) in zip(axes.get_yticklabels(), names, strict=True):
        tick.set_color(INK if heading else MUTED)
        tick.set_fontsize(8 if heading else 7)
    axes.axvline(0, color=MUTED, linewidth=0.7)
    axes.set_xlabel("slope of gain on distance (SD per SD)")


def interval(axes: "Axes", y: float, row: Row) -> None:
    """One row of a forest plot: estimate, interval, what could not be detected, what noise forbids."""
    estimate = number(row["estimate"])
    blind, ceiling = number(row["smallest_detectable"]), number(row["noise_ceiling"])
    if blind is not None:
        axes.fill_between([-blind, blind], y - 0.42, y + 0.42, color=BAND, linewidth=0, zorder=0)
    if ceiling is not None and ceiling < 1:
        for ends in ([-1, -ceiling], [ceiling, 1]):
            axes.fill_between(
                ends, y - 0.42, y + 0.42, facecolor="none", edgecolor="#c3c8ce", hatch="//////", linewidth=0, zorder=0
            )
    low, high = number(row["family_low"]), number(row["family_high"])
    if low is not None and high is not None:
        axes.plot([max(-1, low), min(1, high)], [y, y], color=INK, linewidth=1.2)
    if estimate is not None:
        face = INK if row["tested"] == "1" else "white"
        axes.plot([estimate], [y], "s", markersize=4.5, color=INK, markerfacecolor=face, linestyle="none")


def diamond(axes: "Axes", y: float, row: Row) -> None:
    """The pooled slope and its interval."""
    slope, low, high = (number(row[name]) for name in ("slope", "slope_low", "slope_high"))
    if slope is None:
        return
    ends = (slope - 0.02 if low is None else low, slope + 0.02 if high is None else high)
    axes.fill([ends[0], slope, ends[1], slope], [y, y - 0.32, y, y + 0.32], color=INK, linewidth=0)


def families(axes: "Axes", rows: Sequence[Row]) -> None:
    """Shrunken family means with intervals, plain means as strokes."""
    axes.axvline(0, color=MUTED, linewidth=0.7)
    for y, row in enumerate(rows):
        low, high, mean, shrunken = (number(row[name]) for name in ("low", "high", "mean", "shrunken"))
        if low is not None and high is not None:
            axes.plot([low, high], [y, y], color=INK, linewidth=1.1)
        if mean is not None:
            axes.plot([mean, mean], [y - 0.3, y + 0.3], color=INK, linewidth=1.1)
        if shrunken is not None:
            mark(axes, shrunken, y, row["family"], size=5.5)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [f"{row['family']} ({row['languages']})" for row in rows])


def heatmap(axes: "Axes", study: StudyView, cells: Mapping[tuple[str, str], Row]) -> None:
    """Each slope by intermediate and target, n below; grey where it was not judged, framed where q < .05."""
    from matplotlib.patches import Rectangle

    rows, columns = study.arms, study.targets
    for y, arm in enumerate(rows):
        for x, target in enumerate(columns):
            row = cells.get((arm, target))
            estimate = number(row["estimate"]) if row else None
            q = number(row["q"]) if row else None
            strength = 0 if estimate is None else 0.07 + 0.68 * abs(estimate)
            colour = (0.835, 0.369, 0.0, strength) if (estimate or 0) < 0 else (0.0, 0.447, 0.698, strength)
            out = study.excluded(arm, target) != ""
            box = (x - 0.5, y - 0.5)
            axes.add_patch(Rectangle(box, 1, 1, facecolor=BAND if out else colour, edgecolor="white", linewidth=1.5))
            if not out and q is not None and q < 0.05:
                inner = (x - 0.44, y - 0.44)
                axes.add_patch(Rectangle(inner, 0.88, 0.88, facecolor="none", edgecolor=INK, linewidth=1.2))
            written = f"{text.correlation(estimate)}\nn {row['n']}" if row else text.ABSENT
            axes.text(x, y, written, ha="center", va="center", fontsize=7, linespacing=1.3)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), [text.target(name) for name in columns])
    axes.set_yticks(range(len(rows)), [text.intermediate(name) for name in rows])
    axes.tick_params(length=0)


def legend(axes: "Axes", names: Iterable[str]) -> None:
    """The families that appear, inside an empty pair of axes."""
    from matplotlib.lines import Line2D

    shown = sorted(set(names), key=lambda name: (look(name).hue, name))
    handles = [
        Line2D([], [], marker=look(name).marker, color=look(name).colour, linestyle="none", markersize=5, label=name)
        for name in shown
    ]
    columns = max(2, int(axes.figure.bbox.width / axes.figure.get_dpi() / 1.2))
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize=6.5, frameon=False)
