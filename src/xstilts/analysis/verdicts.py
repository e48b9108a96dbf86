"""Verdicts of every cell, of every intermediate over all targets, and of the study, with q and caveats.

Separate from the rule: here is decided which tests are corrected together. Cells: Benjamini-Hochberg over a study's
tested cells; intermediates: max-T; the means over intermediates: Benjamini-Hochberg over targets; the study: one test.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from xstilts.analysis import estimates, evidence, verdict_rule
from xstilts.analysis.cells import ALL, Cell
from xstilts.analysis.coefficients import Correlation, FamilyQuestion, Pooled
from xstilts.analysis.evidence import Evidence
from xstilts.analysis.predictors import COMPARED, PRIMARY
from xstilts.analysis.settings import Analysis
from xstilts.analysis.verdict_rule import Decision

NOT_LEARNED = "no arm is above chance on this target, so that no gain can be judged"


@dataclass(frozen=True)
class Verdict:
    """One object of verdicts.json; docs/results.md says what each field is."""

    study: str
    intermediate: str
    target: str
    outcome: str
    distance: str
    subject: str
    n: int
    rows: int
    r: float
    r_low: float
    r_high: float
    slope: float
    slope_low: float
    slope_high: float
    slope_units: float
    true_slope: float
    true_low: float
    true_high: float
    reliability: float
    reliability_low: float
    smallest_detectable: float
    bound: float
    bound_units: float
    p_naive: float
    p_family: float
    q: float
    rule: int
    verdict: str
    reason: str
    direction: str | None
    within: str
    between: str
    families: str
    caveats: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """What is judged: the evidence on every scale, and the cells behind it."""

    intermediate: str
    target: str
    scales: tuple[Evidence, ...]
    p: float
    cells: tuple[Cell, ...]

    @property
    def chance(self) -> tuple[int, int]:
        """Languages not above chance, of how many, over the cells."""
        return sum(int(cell.near_chance().sum()) for cell in self.cells), sum(len(cell.codes) for cell in self.cells)


@dataclass(frozen=True)
class Measurements:
    """The rows of one study that verdicts are made from."""

    correlations: Sequence[Correlation]
    pooled: Sequence[Pooled]
    questions: Sequence[FamilyQuestion]


def judge(
    study: str,
    cells: Sequence[Cell],
    rows: Measurements,
    settings: Analysis,
    unlearned: frozenset[str] = frozenset(),
) -> list[Verdict]:
    """All verdicts of one study, sorted; the scales of a case share verdict, reason and q.

    Args:
        study: its name.
        cells: its cells, `all` among the intermediates where it has several.
        rows: of these cells and of the mixed models.
        settings: levels.
        unlearned: targets on which no arm is above chance (`cells.unlearned`): shown, not judged.
    """
    found: dict[tuple[str, str, str], list[Correlation]] = defaultdict(list)
    for row in rows.correlations:
        if row.distance in COMPARED:
            found[row.intermediate, row.target, row.outcome].append(row)
    asked: dict[tuple[str, str, str], list[FamilyQuestion]] = defaultdict(list)
    for question in rows.questions:
        asked[question.intermediate, question.target, question.outcome].append(question)
    cases = []
    for cell in cells:
        key = (cell.intermediate, cell.target)
        scales = tuple(evidence.of_cell(found[*key, outcome], asked[*key, outcome]) for outcome in cell.outcomes)
        if cell.target in unlearned:
            scales = tuple(replace(one, untested=NOT_LEARNED) for one in scales)
        p = math.nan if any(one.untested for one in scales) else verdict_rule.claim_p(*(one.p_family for one in scales))
        cases.append(Case(*key, scales, p, (cell,)))
    judged = _corrected(study, [case for case in cases if case.intermediate != ALL], settings)
    judged += _corrected(study, [case for case in cases if case.intermediate == ALL], settings)
    judged += over_targets(study, [cell for cell in cells if cell.target not in unlearned], rows, judged, settings)
    if unlearned:
        judged = [_without(row, unlearned) if row.target == ALL else row for row in judged]
    return sorted(judged, key=lambda row: (row.intermediate, row.target, row.outcome))


def _without(row: Verdict, unlearned: frozenset[str]) -> Verdict:
    listed = ", ".join(sorted(unlearned))
    sentence = f"Left out, English (where there is none, every language) being not above chance in any arm: {listed}."
    return replace(row, caveats=(*row.caveats, sentence))


def _corrected(study: str, cases: list[Case], settings: Analysis) -> list[Verdict]:
    adjusted = estimates.benjamini_hochberg([case.p for case in cases])
    tests = sum(not math.isnan(case.p) for case in cases)
    return [row for case, q in zip(cases, adjusted, strict=True) for row in _verdicts(study, case, q, tests, settings)]


def over_targets(
    study: str, cells: Sequence[Cell], rows: Measurements, single: list[Verdict], settings: Analysis
) -> list[Verdict]:
    """Target `all` of each intermediate, and of the study; with one target or intermediate the same as that one."""
    names = sorted({cell.intermediate for cell in cells})
    targets = sorted({cell.target for cell in cells})
    found: list[Verdict] = []
    for name in names:
        if len(targets) == 1:
            found += [replace(row, target=ALL) for row in single if row.intermediate == name and row.target in targets]
            continue
        mine = tuple(cell for cell in cells if cell.intermediate == name)
        case, q = _pooled_case(name, mine, rows)
        tests = 1 if name == ALL else len([other for other in names if other != ALL])
        found += _verdicts(study, case, q, tests, settings)
    if ALL not in names:
        found += [replace(row, intermediate=ALL) for row in found]
    return found


def _pooled_case(name: str, cells: tuple[Cell, ...], rows: Measurements) -> tuple[Case, float]:
    """The case of one intermediate over all targets, and its q."""
    models = {(row.outcome, row.primary): row for row in rows.pooled if row.intermediate == name}
    asked = [row for row in rows.questions if (row.intermediate, row.target) == (name, ALL)]
    outcomes = cells[0].outcomes
    scales = tuple(
        evidence.of_pooled(
            models[outcome, True], models[outcome, False], [row for row in asked if row.outcome == outcome]
        )
        for outcome in outcomes
    )
    p = verdict_rule.claim_p(*(one.p_family for one in scales))
    q = p if name == ALL else verdict_rule.claim_p(*(models[outcome, True].p_max_t for outcome in outcomes))
    return Case(name, ALL, scales, p, cells), q


def _verdicts(study: str, case: Case, q: float, tests: int, settings: Analysis) -> list[Verdict]:
    subject = case.cells[0].subject
    decision = verdict_rule.decide(
        case.scales, p=case.p, q=q, tests=tests, chance=case.chance, settings=settings, subject=subject
    )
    notes = caveats(case)
    return [_verdict(study, case, one, q, decision, notes, settings) for one in case.scales]


def _verdict(
    study: str, case: Case, one: Evidence, q: float, decision: Decision, notes: tuple[str, ...], settings: Analysis
) -> Verdict:
    true = one.true_interval
    return Verdict(
        study=study,
        intermediate=case.intermediate,
        target=case.target,
        outcome=one.outcome,
        distance=PRIMARY,
        subject=case.cells[0].subject if case.cells else "gain",
        n=one.n,
        rows=one.rows,
        r=one.r,
        r_low=one.interval.low,
        r_high=one.interval.high,
        slope=one.slope,
        slope_low=one.around.low,
        slope_high=one.around.high,
        slope_units=one.unit * one.slope,
        true_slope=one.true(one.slope),
        true_low=true.low,
        true_high=true.high,
        reliability=one.reliability,
        reliability_low=one.reliability_low,
        smallest_detectable=one.detectable,
        bound=settings.bound,
        bound_units=settings.bound * one.unit * (math.sqrt(one.reliability) if one.known else 1.0),
        p_naive=one.p_naive,
        p_family=one.p_family,
        q=q,
        rule=verdict_rule.RULE,
        verdict=decision.verdict,
        reason=decision.reason,
        direction=decision.direction,
        within=decision.within,
        between=decision.between,
        families=decision.families,
        caveats=notes,
    )


def caveats(case: Case) -> tuple[str, ...]:
    """What else bears on the number, one sentence each."""
    found = []
    chance, counted = case.chance
    if chance:
        found.append(f"{chance} of {counted} gains lie between two scores not above chance: left out.")
    ceiling = sum(int(cell.near_ceiling().sum()) for cell in case.cells)
    if ceiling:
        found.append(f"{ceiling} of {counted} gains lie between two scores of at least 99 points: left out.")
    unseen = sorted({code for cell in case.cells for code in cell.unseen()})
    if unseen:
        found.append(f"Not in XLM-R's pretraining data: {', '.join(unseen)}.")
    if any(cell.seeds < 2 for cell in case.cells):
        found.append("One run per cell: how much of the numbers is noise is unknown, so that nothing can be absent.")
    if any((cell.examples <= 0).any() for cell in case.cells):
        found.append("The number of test examples is not known: their sampling is not part of the noise.")
    other = case.scales[0].also
    if math.isnan(other):
        found.append("Pretraining size (CC-100) and script, which may mediate or confound, are not adjusted for.")
    elif len(case.cells) == 1:
        found.append(f"Given CC-100 size and script, which may mediate or confound, slope {other:+.2f} in points.")
    else:
        found.append(f"Without CC-100 size and script, which may mediate or confound, slope {other:+.2f} in points.")
    return tuple(found)
