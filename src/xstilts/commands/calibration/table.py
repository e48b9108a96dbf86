"""What was planted beside what was found: one row a run, one row a truth, as CSV and Markdown.

Separate from the runs, so that the table can be written again, also while some of them are still to come.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from xstilts.commands.calibration import accidents
from xstilts.commands.calibration.drive import Kept
from xstilts.commands.calibration.truths import NOT_SUPPORTED, SUPPORTED, Truth, TruthRun
from xstilts.formats import tables

FOUND, MISS, FALSE_ALARM, RIGHT, DESCRIBED = "found", "miss", "false alarm", "right", "described"
# Half of the cells at the floor or at the ceiling can flatten or fake a slope; the verdict's rule draws the same line.
_MARKED = 0.5
_DRAWS = 2000


@dataclass(frozen=True)
class RunRow:
    """One run; a column of runs.csv each. `digest` is of params.yaml, which lies beside the result."""

    truth: str
    control: str
    world: int
    seed: int
    expected: str
    verdict: str
    judged: str
    direction: str
    slope: float
    low: float
    high: float
    slope_reduction: float
    q: float
    languages: int
    before: float
    gain: float
    gain_sd: float
    english_before: float
    english_gain: float
    near_chance: int
    near_ceiling: int
    cells: int
    marks: str
    digest: str
    commit: str
    seconds: float
    cpu: float


@dataclass(frozen=True)
class Total:
    """One truth over its runs; a column of truths.csv each. `low` to `high` is the exact 95 % interval of the share."""

    truth: str
    control: str
    planted: str
    expected: str
    runs: int
    supported: int
    absent: int
    inconclusive: int
    share: float
    low: float
    high: float
    misses: int
    false_alarms: int
    slope: float
    gain: float
    english_gain: float
    floor: int
    ceiling: int


@dataclass(frozen=True)
class LanguageRow:
    """One language of one truth over its runs; a column of languages.csv each.

    `before` and `gain` are means, `before_effect` and `gain_effect` the deviations from the runs' means in standard
    errors of exchangeable languages, and `before_p` and `gain_p` how often the truth's largest is that large by chance.
    """

    truth: str
    language: str
    runs: int
    before: float
    gain: float
    before_effect: float
    gain_effect: float
    before_p: float
    gain_p: float


def languages(truth: Truth, found: Sequence[Mapping[str, tuple[float, float]]]) -> list[LanguageRow]:
    """The languages of a truth from what each of its runs found of them; none with fewer than two runs."""
    if len(found) < 2:
        return []
    codes = sorted(set.intersection(*(set(each) for each in found)))
    before, gain = np.moveaxis(np.array([[each[code] for code in codes] for each in found]), 2, 0)
    effects = [accidents.language_effects(values) for values in (before, gain)]
    chances = [accidents.chance(values, seed=1, draws=_DRAWS)[1] for values in (before, gain)]
    return [
        LanguageRow(truth.name, code, len(found), *(float(values[:, place].mean()) for values in (before, gain)),
                 *(float(each[place]) for each in effects), *chances)
        for place, code in enumerate(codes)
    ]  # fmt: skip


def judge(truth: Truth, verdict: str, direction: str) -> str:
    """What a verdict is worth where this was planted."""
    claimed = verdict == SUPPORTED
    if truth.expected == SUPPORTED:
        return MISS if not claimed else FOUND if direction == truth.direction else FALSE_ALARM
    if truth.expected == NOT_SUPPORTED:
        return FALSE_ALARM if claimed else RIGHT
    return DESCRIBED


def row(run: TruthRun, kept: Kept) -> RunRow:
    """One run's row."""
    found = kept.finding
    counts = (("floor", found.near_chance), ("ceiling", found.near_ceiling))
    marks = [f"{word} {count}/{found.cells}" for word, count in counts if count]
    return RunRow(
        truth=run.truth.name,
        control=run.truth.control,
        world=run.world,
        seed=run.seed,
        expected=run.truth.expected,
        verdict=found.verdict,
        judged=judge(run.truth, found.verdict, found.direction),
        direction=found.direction,
        slope=found.slope,
        low=found.low,
        high=found.high,
        slope_reduction=found.slope_reduction,
        q=found.q,
        languages=found.languages,
        before=found.before,
        gain=found.gain,
        gain_sd=found.gain_sd,
        english_before=found.english_before,
        english_gain=found.english_gain,
        near_chance=found.near_chance,
        near_ceiling=found.near_ceiling,
        cells=found.cells,
        marks=", ".join(marks),
        digest=run.digest,
        commit=kept.commit,
        seconds=kept.seconds,
        cpu=kept.cpu,
    )


def totals(rows: Sequence[RunRow], truths: Iterable[Truth]) -> list[Total]:
    """One row a truth, those without a run among them."""
    found = []
    for truth in truths:
        mine = [each for each in rows if each.truth == truth.name]
        verdicts = Counter(each.verdict for each in mine)
        judged = Counter(each.judged for each in mine)
        low = high = math.nan
        if mine:
            interval = stats.binomtest(verdicts[SUPPORTED], len(mine)).proportion_ci(method="exact")
            low, high = float(interval.low), float(interval.high)
        found.append(
            Total(
                truth=truth.name,
                control=truth.control,
                planted=truth.planted,
                expected=truth.expected,
                runs=len(mine),
                supported=verdicts[SUPPORTED],
                absent=verdicts["practically absent"],
                inconclusive=verdicts["inconclusive"],
                share=verdicts[SUPPORTED] / len(mine) if mine else math.nan,
                low=low,
                high=high,
                misses=judged[MISS],
                false_alarms=judged[FALSE_ALARM],
                slope=_mean(each.slope for each in mine),
                gain=_mean(each.gain for each in mine),
                english_gain=_mean(each.english_gain for each in mine),
                floor=sum(each.near_chance >= _MARKED * each.cells for each in mine),
                ceiling=sum(each.near_ceiling >= _MARKED * each.cells for each in mine),
            )
        )
    return found


def write(folder: Path, rows: Sequence[RunRow], truths: Iterable[Truth]) -> list[Total]:
    """Write runs.csv, truths.csv and calibration.md."""
    found = totals(rows, truths)
    tables.write_csv(folder / "runs.csv", RunRow, rows)
    tables.write_csv(folder / "truths.csv", Total, found)
    (folder / "calibration.md").write_text(markdown(rows, found), encoding="utf-8")
    return found


def markdown(rows: Sequence[RunRow], found: Sequence[Total]) -> str:
    """Both tables, for a reader."""
    planted = [f"- **{total.truth}**: {total.planted}" for total in found]
    return "\n".join(
        [*_lines(_TOTAL, map(_total, found)), "", "Planted:", "", *planted, "", *_lines(_RUN, map(_run, rows)), ""]
    )


_TOTAL = (
    "truth", "control", "expected", "runs", "supported (95 %)", "absent", "inconclusive", "misses", "false alarms",
    "slope", "gain", "gain in English", "floor", "ceiling",
)  # fmt: skip
_RUN = (
    "truth", "world", "seed", "expected", "verdict", "judged", "slope [95 %]", "slope of error reduction", "before",
    "gain ± SD", "gain in English", "marks", "params", "CPU s",
)  # fmt: skip


def _total(total: Total) -> list[object]:
    share = f"{total.supported} ({100 * total.low:.0f}–{100 * total.high:.0f} %)" if total.runs else "–"
    head = [total.truth, total.control, total.expected, total.runs, share, total.absent, total.inconclusive]
    means = [_signed(total.slope, 2), _signed(total.gain, 1), _signed(total.english_gain, 1)]
    return [*head, total.misses, total.false_alarms, *means, total.floor, total.ceiling]


def _run(row: RunRow) -> list[object]:
    slope = f"{_signed(row.slope, 2)} [{_signed(row.low, 2)}, {_signed(row.high, 2)}]"
    gains = [f"{row.before:.1f}", f"{_signed(row.gain, 1)} ± {row.gain_sd:.1f}", _signed(row.english_gain, 1)]
    head = [row.truth, row.world, row.seed, row.expected, row.verdict, row.judged]
    return [*head, slope, _signed(row.slope_reduction, 2), *gains, row.marks, f"`{row.digest}`", _whole(row.cpu)]


def _lines(names: Sequence[str], cells: Iterable[Sequence[object]]) -> list[str]:
    body = [f"| {' | '.join(str(cell) for cell in each)} |" for each in cells]
    return [f"| {' | '.join(names)} |", "|---" * len(names) + "|", *body]


def _signed(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:+.{digits}f}"


def _whole(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.0f}"


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan
