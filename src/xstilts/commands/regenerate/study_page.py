"""The tables on the page of an archived study (docs/studies/), written from its `results/`.

Separate from the report, which shows everything: these are the few that a page quotes between two marks, so that a
test can compare the page with the files.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

from xstilts.analysis.cells import chance_reach
from xstilts.formats import tables

BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
Row = dict[str, str]


def write(results: Path) -> str:
    """All tables as Markdown: scores against chance, gains, verdicts; one after the other for each study."""
    results = tables.of_analysis(results)
    points = [row for row in tables.read_csv(results / "points.csv", ()) if row["headline"] == "1"]
    verdicts = json.loads((results / "verdicts.json").read_text(encoding="utf-8"))
    own = sorted({row["study"] for row in points}, key=len)  # a placebo's name is longer
    parts = [_floors([row for row in points if row["study"] == own[0]])]
    for study in own:
        parts.append(_gains([row for row in points if row["study"] == study], study))
        parts.append(_verdicts([row for row in verdicts if row["study"] == study], study))
    return "\n\n".join(parts) + "\n"


def quoted(page: str) -> str:
    """What stands between the marks of a page."""
    return page.partition(BEGIN)[2].partition(END)[0].strip() + "\n"


def replaced(page: str, tables: str) -> str:
    """A page with other tables between its marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables.strip()}\n\n{END}{rest.partition(END)[2]}"


def _floors(points: Sequence[Row]) -> str:
    """Baseline scores against chance, by target, in English and elsewhere."""
    lines = []
    for target, rows in _by(points, "target").items():
        first = min(row["intermediate"] for row in rows if row["intermediate"] != "all")
        base = [row for row in rows if row["intermediate"] == first]
        english = [row for row in base if row["english"] == "1"]
        others = [row for row in base if row["english"] == "0"]
        arms = [row for row in rows if row["english"] == "1" and row["intermediate"] != "all"]
        best = max(arms, key=lambda row: float(row["after"]), default=None)
        above = sum(float(row["before"]) > _margin(row) for row in others)
        lines.append(
            [
                f"{target} ({base[0]['metric']})",
                _score(english[0], "before") if english else "",
                f"{_score(best, 'after')} ({best['intermediate']})" if best else "",
                f"{_number(english[0]['chance'])} (+{_margin(english[0]) - _float(english[0]['chance']):.1f})"
                if english
                else "",
                f"{fmean(float(row['before']) for row in others):.1f}",
                f"{fmean(_float(row['chance']) for row in others):.1f}",
                f"{above} of {len(others)}",
            ]
        )
    head = [
        "target",
        "English, `none`",
        "best arm in English",
        "chance (+ 2 s.e.)",
        "other languages, `none`",
        "chance there",
        "languages above chance + 2 s.e.",
    ]
    return "**Scores without intermediate training, against chance** (points, means over seeds)\n\n" + _table(
        head, lines
    )


def _gains(points: Sequence[Row], study: str) -> str:
    """Mean gain over the languages other than English, and English's, of every arm on every target."""
    targets = list(_by(points, "target"))
    lines = []
    for arm, rows in _by(points, "intermediate").items():
        line = [f"`{arm}`"]
        for target in targets:
            here = [row for row in rows if row["target"] == target]
            others = [float(row["gain"]) for row in here if row["english"] == "0"]
            english = [float(row["gain"]) for row in here if row["english"] == "1"]
            told = f"{fmean(others):+.1f} ± {stdev(others):.1f}" if len(others) > 1 else ""
            line.append(told + (f" ({english[0]:+.1f})" if english else ""))
        lines.append(line)
    title = f"**Gains, `{study}`**: mean ± SD over the languages other than English (English in brackets), points"
    return f"{title}\n\n{_table(['intermediate', *targets], lines)}"


def _verdicts(rows: Sequence[dict[str, Any]], study: str) -> str:
    """The verdict of every arm over all targets, and how many cells were supported."""
    lines = []
    names = sorted({row["intermediate"] for row in rows})
    for arm in names if len(names) > 2 else [name for name in names if name != "all"]:
        mine = [row for row in rows if row["intermediate"] == arm]
        over = {row["outcome"]: row for row in mine if row["target"] == "all"}
        cells = [row for row in mine if row["target"] != "all" and row["outcome"] == "points"]
        counted = sum(row["verdict"] == "supported" for row in cells)
        one = over["points"]
        lines.append(
            [
                f"`{arm}`",
                _slope(one),
                _slope(over["error_reduction"]),
                _number(one["q"], 3),
                one["verdict"],
                f"{counted} of {len(cells)}",
            ]
        )
    head = [
        "intermediate",
        "slope in points",
        "slope in error reduction",
        "corrected p",
        "verdict",
        "targets supported",
    ]
    title = f"**Verdicts over the learned targets, `{study}`** (slopes in SD of gain per SD of distance, 95 % interval)"
    return f"{title}\n\n{_table(head, lines)}"


def _slope(row: dict[str, Any]) -> str:
    if row["slope"] is None:
        return ""
    return f"{row['slope']:+.2f} [{row['slope_low']:+.2f}, {row['slope_high']:+.2f}]"


def _margin(row: Row) -> float:
    """What chance may reach, points."""
    return float(chance_reach(np.array(_float(row["chance"])), np.array(float(row["examples"]))))


def _score(row: Row, column: str) -> str:
    return f"{float(row[column]):.1f}"


def _float(text: str) -> float:
    return float(text) if text else math.nan


def _number(value: str | float | None, places: int = 1) -> str:
    return "" if value in (None, "") else f"{float(value):.{places}f}"


def _by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return dict(sorted(found.items()))


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
