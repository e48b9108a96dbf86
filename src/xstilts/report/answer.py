"""The answer in plain words: which study speaks loudest, and how large its effect is in points.

Nothing is estimated here: a slope of `results/` is written as the difference that it means between two languages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import stdev

from xstilts.languages import table as languages
from xstilts.report import text
from xstilts.report.context import StudyNote
from xstilts.report.tables import PRIMARY, ReportTables, Row, StudyView, number

NEAR, FAR = "deu", "jpn"  # one of the nearest and one of the farthest languages with well-known grammars
OUTCOME = "points"
_MEANINGS = {
    "supported": "enough to tell from no change",
    "practically absent": "a relation, if there is one, is weak",
    "inconclusive": "too uncertain to tell from no change",
}
_SURE = {
    "supported": "Fairly sure: the relation holds after correction for related languages and for the number of tests.",
    "practically absent": "Fairly sure that a relation of the size of interest is ruled out; a weaker one is not.",
    "inconclusive": "Not sure: these data can neither show a relation nor rule one out.",
}


@dataclass(frozen=True)
class Span:
    """Two languages and how much farther the second is from English."""

    near: str
    far: str
    start: float  # the distance of the near one from English
    difference: float


@dataclass(frozen=True)
class Finding:
    """What one study says, in points: the gain at the far language minus the gain at the near one.

    Attributes:
        study: the study.
        note: how it is introduced.
        change: points; None where no slope was estimated.
        low: of the 95 % interval, family-aware.
        high: its other end.
        slope: points for one unit of distance.
        families: families among the languages that enter.
    """

    study: StudyView
    note: StudyNote
    change: float | None
    low: float | None
    high: float | None
    slope: tuple[float, float, float] | None
    families: int

    @property
    def languages(self) -> int:
        """Languages that enter."""
        return int(self.study.overall["n"])

    @property
    def word(self) -> str:
        """The verdict."""
        return str(self.study.overall["verdict"])

    @property
    def sure(self) -> str:
        """How sure one can be."""
        return _SURE.get(self.word, "")

    @property
    def weight(self) -> tuple[bool, int, bool, float]:
        """Sorts by what a study can tell, whatever it says: natural, many languages, an estimate, a narrow one."""
        overall = self.study.overall
        wide = overall["slope_high"] - overall["slope_low"] if self.change is not None else 0.0
        return self.note.origin.artificial, -self.languages, self.change is None, wide


def span(results: ReportTables) -> Span:
    """German and Japanese; where the primary distance lacks one of them, the nearest and the farthest language.

    Without any distance the difference is 0, and no study has a change.
    """
    shown = {row["language"] for study in results.studies for row in used(study)}
    known = {code: number(row["value"]) for (name, code), row in results.distances.items() if name == PRIMARY}
    values = {code: value for code, value in known.items() if value is not None and code in shown | {NEAR, FAR}}
    if not values:
        return Span(NEAR, FAR, 0.0, 0.0)
    near, far = NEAR, FAR
    if near not in values or far not in values:
        near, far = min(values, key=lambda code: values[code]), max(values, key=lambda code: values[code])
    return Span(near, far, values[near], values[far] - values[near])


def used(study: StudyView) -> list[Row]:
    """The points that enter the overall verdict: of the mean over intermediates, targets that something learned."""
    return [row for name in study.learned for row in study.points.get((study.arms[0], name), ()) if row["used"] == "1"]


def findings(results: ReportTables, notes: Mapping[str, StudyNote], between: Span) -> list[Finding]:
    """What every study says, in the order of the report."""
    return [finding(study, notes[study.name], between) for study in results.studies]


def best(found: Iterable[Finding]) -> Finding:
    """The study that can tell most: in natural languages, with most languages, with the narrowest interval."""
    return min(found, key=lambda finding: finding.weight)


def finding(study: StudyView, note: StudyNote, between: Span) -> Finding:
    """What one study says of the difference between two languages."""
    slope = _slope(study)
    ends = [None] * 3 if slope is None or not between.difference else [value * between.difference for value in slope]
    families = len({row["family"] for row in used(study)})
    change, low, high = ends
    return Finding(study, note, change, low, high, slope, families)


def _slope(study: StudyView) -> tuple[float, float, float] | None:
    """Estimate and 95 % interval in points for one unit of distance."""
    row = study.overall
    if any(row[name] is None for name in ("slope", "slope_low", "slope_high")):
        return None
    unit = _unit(study)
    return None if unit is None else (unit * row["slope"], unit * row["slope_low"], unit * row["slope_high"])


def _unit(study: StudyView) -> float | None:
    """Points for one unit of distance that a slope of one SD per SD means."""
    found = study.overall
    if found.get("slope_units") is not None and found["slope"]:
        return 10 * float(found["slope_units"]) / float(found["slope"])
    for (arm, outcome, _), row in study.pooled.items():
        if (arm, outcome, row["primary"]) == (study.arms[0], OUTCOME, "1") and number(row["slope"]):
            return 10 * float(row["slope_units"]) / float(row["slope"])
    rows = used(study)
    spread = stdev(float(row["distance"]) for row in rows) if len(rows) > 1 else 0.0
    return stdev(float(row["gain"]) for row in rows) / spread if spread else None


def sentence(finding: Finding, between: Span) -> str:
    """The answer of a study, for somebody who knows no statistics."""
    near, far = (languages.get(code).name for code in (between.near, between.far))
    if finding.change is None:
        return f"These {finding.languages} languages cannot tell whether the gain changes with distance from English."
    meaning = _MEANINGS.get(finding.word, finding.word)
    ends = (
        f"between {text.gain(finding.low)} and {text.gain(finding.high)}" if finding.low is not None else "no interval"
    )
    return f"From {near} to {far} the gain changes by {text.gain(finding.change)} points, {ends}: {meaning}."


def compared(study: StudyView) -> str:
    """What was trained and tested, in a line."""
    arms = ", ".join(text.intermediate(arm) for arm in study.intermediates[:4])
    more = f" and {len(study.intermediates) - 4} more" if len(study.intermediates) > 4 else ""
    return f"{arms}{more}, tested on {', '.join(text.target(name) for name in study.targets)}"
