"""The table in the paper's form: rows intermediates, columns targets, changes against no intermediate task, the mean.

A target's score is XTREME's: the mean over its languages, English included, then over its metrics (F1 and exact match).
The average is the mean over targets. These are means of what `results/` holds; nothing is estimated here.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from xstilts.analysis.published import Mean
from xstilts.formats.runs import BASELINE
from xstilts.report import text
from xstilts.report.tables import ALL, Row, StudyView

XTREME = ("xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "tydiqa", "bucc2018", "tatoeba")


@dataclass(frozen=True)
class Change:
    """A mean difference in points with its 95 % interval over seeds; no interval with one seed."""

    value: float
    low: float | None
    high: float | None
    seeds: int


def _means(rows: Iterable[Row], column: str) -> dict[str, float]:
    """Target → mean over languages, then over metrics."""
    parts: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row[column]:
            parts[row["target"], row["metric"]].append(float(row[column]))
    targets: dict[str, list[float]] = defaultdict(list)
    for (target, _), values in parts.items():
        targets[target].append(fmean(values))
    return {target: fmean(values) for target, values in targets.items()}


def runs(study: StudyView, intermediate: str) -> dict[tuple[str, str], float]:
    """(target, seed) → gain, with `all` for the mean over targets where a seed has every one of them."""
    seeds: dict[str, list[Row]] = defaultdict(list)
    for row in study.gains:
        if row["intermediate"] == intermediate:
            seeds[row["seed"]].append(row)
    found = {}
    for seed, rows in seeds.items():
        means = _means(rows, "gain")
        found.update({(target, seed): value for target, value in means.items()})
        if len(means) == len(study.targets):
            found[ALL, seed] = fmean(means.values())
    return found


def changes(study: StudyView, intermediate: str) -> dict[str, Change]:
    """Target → its change, and `all` → the mean over targets, paired by seed."""
    values: dict[str, list[float]] = defaultdict(list)
    for (target, _), value in runs(study, intermediate).items():
        values[target].append(value)
    return {target: _change(row) for target, row in values.items()}


def difference(study: StudyView, pairs: Sequence[tuple[str, str]], target: str) -> Change | None:
    """The mean of (first − second) over pairs of intermediates, paired by seed; None without a common seed."""
    arms = [(runs(study, first), runs(study, second)) for first, second in pairs]
    keys = [
        key for key in arms[0][0] if key[0] == target and all(key in first and key in second for first, second in arms)
    ]
    values = [fmean(first[key] - second[key] for first, second in arms) for key in keys]
    return _change(values) if values else None


def _change(values: Sequence[float]) -> Change:
    from scipy.special import stdtrit  # Student's quantile; scipy.stats takes three times as long to import

    if len(values) < 2:
        return Change(values[0], None, None, len(values))
    half = float(stdtrit(len(values) - 1, 0.975)) * stdev(values) / math.sqrt(len(values))
    return Change(fmean(values), fmean(values) - half, fmean(values) + half, len(values))


def best(study: StudyView, found: Mapping[str, Mapping[str, Change]]) -> dict[str, Change]:
    """For each target the intermediate that English chose; no change where none beat the baseline."""
    chosen = {row["target"]: row["chosen"] for row in study.selection}
    row = {}
    for target in study.targets:
        if target in chosen:
            change = found.get(chosen[target], {}).get(target)
            row[target] = change if change is not None else Change(0.0, None, None, study.seeds)
    if len(row) == len(study.targets):
        row[ALL] = Change(fmean(change.value for change in row.values()), None, None, study.seeds)
    return row


def baseline(study: StudyView) -> dict[str, float]:
    """Target → score without an intermediate task, and `all` → their mean."""
    rows = [row for row in study.gains if row["intermediate"] == study.intermediates[0]]
    found = _means(rows, "before")
    return found | ({ALL: fmean(found.values())} if len(found) == len(study.targets) else {})


def rows(study: StudyView) -> list[tuple[str, ...]]:
    """The body of the table, beginning with the baseline's scores."""
    found = {arm: changes(study, arm) for arm in study.intermediates}
    columns = (*study.targets, ALL) if len(study.targets) > 1 else study.targets
    scores = baseline(study)
    body = [("no intermediate (score)", *(text.number(scores.get(target)) for target in columns))]
    lines = [(text.intermediate(arm), row) for arm, row in found.items()]
    if len(found) > 1 and study.selection:
        lines.append(("best per target, chosen on English", best(study, found)))
    for name, row in lines:
        body.append((name, *(text.gain(row[target].value if target in row else None) for target in columns)))
    return body


def head(targets: Sequence[str]) -> tuple[str, ...]:
    """The names of its columns; the last one is XTREME's average only where all nine targets are there."""
    average = "XTREME average" if set(XTREME) <= set(targets) else f"mean of {len(targets)}"
    last = (average,) if len(targets) > 1 else ()
    return ("Change in points", *(text.target(target) for target in targets), *last)


def printed(means: Iterable[Mean]) -> list[tuple[str, ...]]:
    """The same rows from the paper's printed development-set means."""
    cells: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in means:
        if row.kind in ("dev_score", "dev_gain"):
            cells[row.intermediate][row.target].append(row.value)
    body = []
    for arm in sorted(cells, key=lambda name: (name != BASELINE, name)):
        write = text.number if arm == BASELINE else text.gain
        name = "no intermediate (score)" if arm == BASELINE else text.intermediate(arm)
        found = {target: fmean(values) for target, values in cells[arm].items()}
        body.append((name, *(write(found.get(target)) for target in (*XTREME, ALL))))
    return body
