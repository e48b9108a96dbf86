"""Static figures for papers: SVG and PDF, each with its data beside it as CSV. The only importer of matplotlib."""

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from xstilts.report import drawing, estimates, panels, text
from xstilts.report.drawing import OUTCOME, Drawn, arrange, columns, correlation, grid, save, title
from xstilts.report.tables import ReportTables, Row, StudyView, number

MOST_PANELS = 9
_STEMS = {"lofo": "leave_one_family_out"}  # chart of the page → name of the file, where they differ


def write(results: ReportTables, folder: Path) -> list[Path]:
    """Write every figure of every study, studies side by side on the cores there are.

    Args:
        results: what `results/` holds.
        folder: `reports/figures`; created if missing.

    Returns:
        The files written, three a figure.
    """
    # Here, so that the processes which are forked below need not import them again.
    from matplotlib.backends import backend_pdf, backend_svg  # noqa: F401

    folder.mkdir(parents=True, exist_ok=True)
    workers = min(len(results.studies), len(os.sched_getaffinity(0)))
    with ProcessPoolExecutor(max_workers=max(1, workers)) as pool:
        drawn = pool.map(_study, results.studies, [folder] * len(results.studies))
        with drawing.style():
            written = save(folder, "coverage", *estimates.coverage(results))
        return [*written, *(path for paths in drawn for path in paths)]


def _study(study: StudyView, folder: Path) -> list[Path]:
    name = text.slug(study.name)
    written: list[Path] = []
    with drawing.style():
        for part, cells in _parts(study).items():
            written += save(folder, f"scatter_{name}{part}", *_scatter(study, cells))
            written += save(folder, f"gains_{name}{part}", *_gains(study, cells))
        for kind, draw in _OF_STUDY.items():
            drawn = draw(study)
            written += save(folder, f"{kind}_{name}", *drawn) if drawn else []
    return written


def stems(study: StudyView, chart: str) -> list[str]:
    """The names that the static figures of one chart of the page may have: one for all, or one a target."""
    whole = f"{_STEMS.get(chart, chart)}_{text.slug(study.name)}"
    return [whole, *(f"{whole}_{text.slug(target)}" for target in study.targets)]


def _parts(study: StudyView) -> dict[str, list[tuple[str, str]]]:
    """The cells of each figure, by the end of its name: one figure if they fit, otherwise one a target."""
    cells = [(arm, target) for target in study.targets for arm in study.arms if (arm, target) in study.points]
    if len(cells) <= MOST_PANELS:
        return {"": cells}
    return {f"_{text.slug(target)}": [cell for cell in cells if cell[1] == target] for target in study.targets}


_POINT = [
    "intermediate",
    "target",
    "metric",
    "language",
    "name",
    "family",
    "distance",
    "shared",
    "known",
    "used",
    "english",
    "before",
    "after",
    "gain",
    "gain_se",
    "error_reduction",
    "error_reduction_se",
    "seeds",
    "examples",
    "marks",
]


def _scatter(study: StudyView, cells: Sequence[tuple[str, str]]) -> Drawn:
    figure, axes = grid(len(cells), width=2.9, height=2.5)
    for pane, (arm, target) in zip(axes, cells, strict=True):
        row = correlation(study, arm, target)
        panels.scatter(pane, study.points[arm, target], OUTCOME, tested=row is not None and row["tested"] == "1")
        pane.set_title(title(study, arm, target), fontsize=7.5)
        pane.set_ylabel(text.OUTCOMES[OUTCOME])
    rows = [row for cell in cells for row in study.points[cell]]
    panels.legend(axes[0], (row["family"] for row in rows))
    arrange(figure)
    for pane, cell in zip(axes, cells, strict=True):
        panels.label(pane, study.points[cell], OUTCOME)
    return figure, columns(rows, _POINT)


def _gains(study: StudyView, cells: Sequence[tuple[str, str]]) -> Drawn:
    orders = {target: nearest(study.points[arm, target]) for arm, target in reversed(cells)}
    most = max(map(len, orders.values()))
    figure, axes = grid(len(cells), width=2.5, height=0.13 * most + 1.0, wide=4)
    for pane, (arm, target) in zip(axes, cells, strict=True):
        order = orders[target]
        names = [f"{row['language']}  {text.number(number(row['distance']), 2)}" for row in order]
        panels.whiskers(pane, study.points[arm, target], order, OUTCOME)
        pane.set_title(title(study, arm, target), fontsize=7.5)
        pane.set_yticks(range(len(order)), names, fontsize=6)
        pane.set_xlabel(text.OUTCOMES[OUTCOME])
    rows = [row for cell in cells for row in study.points[cell]]
    panels.legend(axes[0], (row["family"] for row in rows))
    return figure, columns(rows, _POINT)


def nearest(rows: Sequence[Row]) -> list[Row]:
    """Languages grouped by family: families by their mean distance, languages by theirs, unknown distances last."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row["distance"]:
            found.setdefault(row["family"], []).append(float(row["distance"]))
    mean = {family: sum(values) / len(values) for family, values in found.items()}
    far = math.inf
    return sorted(
        rows, key=lambda r: (mean.get(r["family"], far), r["family"], float(r["distance"] or far), r["language"])
    )


_OF_STUDY: dict[str, Callable[[StudyView], Drawn | None]] = {
    "forest": estimates.forest,
    "heatmap": estimates.heatmap,
    "leave_one_family_out": estimates.lofo,
    "families": estimates.families,
    "specification": estimates.specification,
}
