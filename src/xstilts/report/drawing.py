"""How a static figure is made and saved: its style, its axes, its bytes, and the CSV beside it.

The bytes are the same for the same results: no dates, a fixed salt for identifiers, fonts as outlines or TrueType.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.formats import atomic
from xstilts.report import panels, text
from xstilts.report.tables import PRIMARY, Row, StudyView, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Drawn = tuple["Figure", list[dict[str, str]]]  # a figure and the rows of its CSV
OUTCOME = "points"
STYLE: dict[str, Any] = {
    "font.size": 7.5, "axes.titlesize": 8, "axes.titlelocation": "left", "text.parse_math": False,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6, "axes.edgecolor": panels.MUTED,
    "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 2.5, "ytick.major.size": 2.5,
    "svg.hashsalt": "xstilts", "pdf.fonttype": 42, "hatch.linewidth": 0.5, "figure.dpi": 72,
    "figure.autolayout": False, "figure.constrained_layout.use": False,
}  # fmt: skip


def style() -> "AbstractContextManager[None]":
    """The look of every figure, for the time of a `with`."""
    import matplotlib as mpl

    return mpl.rc_context(STYLE)  # type: ignore[arg-type] # matplotlib types every key of this mapping as a literal


def save(folder: Path, name: str, figure: "Figure", rows: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Save a figure twice and its rows beside it; returns the three files."""
    arrange(figure)
    paths = [folder / f"{name}.{kind}" for kind in ("svg", "pdf", "csv")]
    for path in paths[:2]:
        dates = {"Date": None} if path.suffix == ".svg" else {"CreationDate": None}
        with atomic.file(path) as aside:
            figure.savefig(aside, format=path.suffix[1:], metadata=dates)
    with atomic.file(paths[2]) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return paths


def arrange(figure: "Figure") -> None:
    """Lay a figure out, once for all formats."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine()  # not "none", whose placeholder makes every saving draw the figure twice


def grid(count: int, *, width: float, height: float, wide: int = 3) -> tuple["Figure", list["Axes"]]:
    """A figure with `count` axes, `width` × `height` inches each."""
    from matplotlib.figure import Figure

    rows = math.ceil(count / wide)
    columns = math.ceil(count / rows)
    figure = Figure(figsize=(max(3.4, width * columns), height * rows), layout="constrained")
    axes = [figure.add_subplot(rows, columns, place + 1) for place in range(count)]
    return figure, axes


def correlation(study: StudyView, arm: str, target: str) -> Row | None:
    """The tested slope of a cell, primary distance, gain in points."""
    return study.correlations.get((arm, target, OUTCOME, PRIMARY, "slope"))


def title(study: StudyView, arm: str, target: str) -> str:
    """A cell and its slope, two lines."""
    row = correlation(study, arm, target)
    heading = f"{text.intermediate(arm)} → {text.target(target)}"
    if row is None:
        return heading
    if row["tested"] != "1":
        return f"{heading}\nn = {row['n']}: no test"
    ends = text.interval(number(row["family_low"]), number(row["family_high"]))
    return f"{heading}\nn = {row['n']}, slope = {text.correlation(number(row['estimate']))} {ends}"


def columns(rows: Iterable[Row], names: Sequence[str]) -> list[dict[str, str]]:
    """Some columns of rows."""
    return [{name: row[name] for name in names} for row in rows]
