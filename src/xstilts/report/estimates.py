"""Static figures whose marks are statistics: forest, heatmap, families, specifications, coverage."""

import math

from xstilts.report import panels, text
from xstilts.report.drawing import OUTCOME, Drawn, columns, correlation, grid
from xstilts.report.tables import ALL, FEATURE_GROUPS, PRIMARY, ReportTables, Row, StudyView, number

_ESTIMATE = [
    "intermediate",
    "target",
    "outcome",
    "distance",
    "n",
    "families",
    "estimate",
    "family_low",
    "family_high",
    "p_naive",
    "p_family",
    "q",
    "smallest_detectable",
    "noise_ceiling",
    "without_indo_european",
    "lofo_low",
    "lofo_high",
    "tested",
]


def forest(study: StudyView) -> Drawn:
    """Every cell with its interval, by target, and the pooled models below."""
    cells = [(target, [arm for arm in study.arms if correlation(study, arm, target)]) for target in study.targets]
    names: list[tuple[str, bool]] = []
    for target, arms in cells:
        names += [(text.target(target), True), *((text.intermediate(arm), False) for arm in arms)]
    pooled = [arm for arm in study.arms if (row := _primary(study, arm)) is not None and row["slope"]]
    if pooled:
        names += [("pooled, standardised slope", True), *((text.intermediate(arm), False) for arm in pooled)]
    figure, (axes,) = grid(1, width=5.6, height=0.17 * len(names) + 0.8)
    panels.strip(axes, names)
    y, rows = 0, []
    for target, arms in cells:
        for step, arm in enumerate(arms, start=1):
            row = study.correlations[arm, target, OUTCOME, PRIMARY, "slope"]
            panels.interval(axes, y + step, row)
            rows.append(row)
        y += 1 + len(arms)
    data = columns(rows, _ESTIMATE)
    for step, arm in enumerate(pooled, start=1):
        row = study.pooled[arm, OUTCOME, _adjustment(study, arm)]
        panels.diamond(axes, y + step, row)
        ends = {"estimate": row["slope"], "family_low": row["slope_low"], "family_high": row["slope_high"]}
        data.append({**dict.fromkeys(_ESTIMATE, ""), "intermediate": arm, "target": ALL, "outcome": OUTCOME, **ends})
    return figure, data


def _adjustment(study: StudyView, arm: str) -> str:
    found = [key[2] for key, row in study.pooled.items() if key[:2] == (arm, OUTCOME) and row["primary"] == "1"]
    return found[0] if found else ""


def _primary(study: StudyView, arm: str) -> Row | None:
    return study.pooled.get((arm, OUTCOME, _adjustment(study, arm)))


def heatmap(study: StudyView) -> Drawn | None:
    """Intermediates by targets; None for a single cell."""
    if len(study.arms) * len(study.targets) == 1:
        return None
    cells = {
        (arm, t): row for arm in study.arms for t in study.targets if (row := correlation(study, arm, t)) is not None
    }
    figure, (axes,) = grid(1, width=0.72 * len(study.targets) + 1.2, height=0.36 * len(study.arms) + 0.5)
    panels.heatmap(axes, study, cells)
    return figure, columns(cells.values(), _ESTIMATE)


def _tested(study: StudyView, key: tuple[str, ...]) -> bool:
    """Whether a cell has a test; others show points and no estimates. The pooled rows (target `all`) always do."""
    row = correlation(study, key[0], key[1])
    return key[1] == ALL or (row is not None and row["tested"] == "1")


def lofo(study: StudyView) -> Drawn | None:
    """Estimates without one family at a time; None where none was computed."""
    cells = {key: rows for key, rows in study.lofo.items() if key[2] == OUTCOME and _tested(study, key)}
    shown = [(arm, t) for t in (*study.targets, ALL) for arm in study.arms if (arm, t, OUTCOME) in cells]
    if not shown:
        return None
    figure, (axes,) = grid(1, width=5.6, height=0.17 * len(shown) + 1.2)
    panels.strip(axes, [(f"{text.intermediate(arm)} → {text.target(target)}", False) for arm, target in shown])
    placed = [
        (y, row) for y, (arm, target) in enumerate(shown) for row in cells[arm, target, OUTCOME] if row["estimate"]
    ]
    panels.marks(axes, ((float(row["estimate"]), y, row["family"], False) for y, row in placed if row["family"]))
    whole = [(y, float(row["estimate"])) for y, row in placed if not row["family"]]
    axes.vlines(
        [x for _, x in whole], [y - 0.4 for y, _ in whole], [y + 0.4 for y, _ in whole], panels.INK, linewidth=1.1
    )
    rows = [row for _, row in placed]
    panels.legend(axes, (row["family"] for row in rows if row["family"]))
    return figure, columns(
        rows, ["intermediate", "target", "outcome", "distance", "family", "n", "estimate", "low", "high"]
    )


def families(study: StudyView) -> Drawn | None:
    """Family means of the first intermediate, a panel a target; None where none was computed."""
    arm = study.arms[0]
    found = {target: study.families.get((arm, target, OUTCOME), ()) for target in study.targets}
    shown = {
        target: sorted(rows, key=lambda row: float(row["distance"] or math.inf))
        for target, rows in found.items()
        if rows
    }
    if not shown:
        return None
    most = max(len(rows) for rows in shown.values())
    figure, axes = grid(len(shown), width=2.9, height=0.18 * most + 0.8)
    for pane, (target, rows) in zip(axes, shown.items(), strict=True):
        panels.families(pane, rows)
        pane.set_title(f"{text.intermediate(arm)} → {text.target(target)}", fontsize=7.5)
        pane.set_xlabel(text.OUTCOMES[OUTCOME])
    names = ["intermediate", "target", "outcome", "family", "languages", "mean", "shrunken", "low", "high", "distance"]
    return figure, columns((row for rows in shown.values() for row in rows), names)


CHOICES = ("outcome", "distance", "covariates", "languages", "method")


def specification(study: StudyView) -> Drawn | None:
    """The curve of the first intermediate on the target with most languages; None where none was computed."""
    arm = study.arms[0]
    targets = [target for target in study.targets if _tested(study, (arm, target))]
    targets.sort(key=lambda target: -len(study.points[arm, target]))
    if not targets:
        return None
    rows = [
        row
        for outcome in text.OUTCOMES
        for row in study.specification.get((arm, targets[0], outcome), ())
        if row["estimate"]
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: float(row["estimate"]))
    levels = [(name, value) for name in CHOICES for value in dict.fromkeys(sorted(row[name] for row in rows))]
    figure, _ = grid(0 + 1, width=7, height=2.2 + 0.13 * len(levels))
    figure.clear()
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 0.13 * len(levels)])
    ends = [(x, float(row["low"]), float(row["high"])) for x, row in enumerate(rows) if row["low"] and row["high"]]
    top.vlines(
        [x for x, _, _ in ends], [low for _, low, _ in ends], [high for *_, high in ends], "#c3c8ce", linewidth=0.6
    )
    first = [row["primary"] == "1" and row["outcome"] == "points" for row in rows]
    values = [float(row["estimate"]) for row in rows]
    top.scatter(range(len(rows)), values, s=3, color=panels.INK, zorder=2, linewidths=0)
    for x in (place for place, primary in enumerate(first) if primary):
        top.scatter([x], [values[x]], s=22, color="#D55E00", zorder=3, linewidths=0)
    top.axhline(0, color=panels.MUTED, linewidth=0.7)
    top.set_ylabel("correlation or slope")
    top.set_title(
        f"{text.intermediate(arm)} → {text.target(targets[0])}: {len(rows)} specifications; orange: the primary"
    )
    for y, (name, value) in enumerate(levels):
        below.vlines(
            [x for x, row in enumerate(rows) if row[name] == value], y - 0.4, y + 0.4, panels.INK, linewidth=0.5
        )
    below.set_ylim(len(levels) - 0.4, -0.6)
    below.set_yticks(range(len(levels)), [f"{name}: {value.replace('_', ' ')}" for name, value in levels], fontsize=6)
    below.set_xticks([])
    keys = ("intermediate", "target", *CHOICES, "n", "estimate", "low", "high", "primary")
    return figure, [{name: row[name] for name in keys} for row in rows]


def coverage(results: ReportTables) -> Drawn:
    """Features known of each language; a cross where the distance may not be used."""
    shown = {row["language"] for study in results.studies for rows in study.points.values() for row in rows} - {"eng"}
    known = {key: number(row["known"]) for key, row in results.distances.items() if key[1] in shown}
    names = [name for name in FEATURE_GROUPS if any(known.get((name, code)) for code in shown)]
    codes = sorted(shown, key=lambda code: (known.get((names[0], code)) or 0, code) if names else (0, code))
    figure, (axes,) = grid(1, width=0.2 * len(codes) + 1.6, height=0.25 * len(names) + 0.8)
    rows = []
    shades = [[0.0] * len(codes) for _ in names]
    for y, name in enumerate(names):
        most = max(known.get((name, code)) or 0 for code in codes)
        for x, code in enumerate(codes):
            row = results.distances.get((name, code))
            if row is None:
                continue
            share = (known[name, code] or 0) / most
            shades[y][x] = 0.06 + 0.6 * share
            written = text.number(known[name, code], 0)
            used = bool(row["value"])
            colour = panels.INK if used else "#B34E00"
            axes.text(x, y, written if used else f"({written})", color=colour, fontsize=5.5, ha="center", va="center")
            rows.append({key: row[key] for key in ("distance", "language", "value", "shared", "known")})
    axes.imshow(shades, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(codes)), codes, rotation=90, fontsize=6)
    axes.set_yticks(range(len(names)), [text.distance(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_title("Features known of each language; in brackets: too few, distance not used", fontsize=7.5)
    return figure, rows
