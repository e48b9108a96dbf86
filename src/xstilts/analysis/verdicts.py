"""Verdicts of every cell, of every intermediate over all targets, and of the study, with q and caveats.

Separate from the rule: here is decided which tests are corrected together. Cells: Benjamini-Hochberg over a study's
tested cells; intermediates: max-T; the means over intermediates: Benjamini-Hochberg over targets; the study: one test.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from xstilts.analysis import estimates, specification
from xstilts.analysis import verdict_rule as verdicts
from xstilts.analysis.cells import ALL, OUTCOMES, Cell
from xstilts.analysis.measure import Correlation
from xstilts.analysis.pooled import Pooled
from xstilts.analysis.predictors import COMPARED, PRIMARY, Predictor
from xstilts.analysis.settings import Analysis
from xstilts.analysis.verdict_rule import Decision, Evidence

NOT_LEARNED = "no arm is better than guessing on this target, so that no gain can be judged"


@dataclass(frozen=True)
class Verdict:
    """One object of verdicts.json."""

    study: str
    intermediate: str
    target: str
    outcome: str
    distance: str
    n: int
    rows: int
    r: float
    r_low: float
    r_high: float
    slope: float
    slope_low: float
    slope_high: float
    p_naive: float
    p_family: float
    q: float
    verdict: str
    reason: str
    direction: str | None
    caveats: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """What is judged: the evidence on both outcomes, and the cells behind it."""

    intermediate: str
    target: str
    points: Evidence
    reduction: Evidence
    p: float
    cells: tuple[Cell, ...]

    @property
    def guessing(self) -> tuple[int, int]:
        """Languages no better than guessing, of how many, over the cells."""
        return sum(int(cell.near_chance().sum()) for cell in self.cells), sum(len(cell.codes) for cell in self.cells)


def judge(
    study: str,
    cells: Sequence[Cell],
    correlations: Sequence[Correlation],
    pooled: Sequence[Pooled],
    predictor: Predictor,
    settings: Analysis,
    unlearned: frozenset[str] = frozenset(),
) -> list[Verdict]:
    """All verdicts of one study, sorted; the two outcomes of a case share verdict, reason and q.

    Args:
        study: its name.
        cells: its cells, `all` among the intermediates where it has several.
        correlations: rows of these cells, of the compared distances.
        pooled: its mixed models.
        predictor: the primary distance.
        settings: levels.
        unlearned: targets on which no arm is better than guessing (`cells.unlearned`): shown, not judged.
    """
    evidence: dict[tuple[str, str, str], list[Correlation]] = defaultdict(list)
    for row in correlations:
        if row.distance in COMPARED:
            evidence[row.intermediate, row.target, row.outcome].append(row)
    cases = []
    for cell in cells:
        both = [
            verdicts.of_cell(
                evidence[cell.intermediate, cell.target, outcome],
                specification.partial(cell, outcome, predictor, "log_cc100+latin", "all", "pearson")[1],
            )
            for outcome in OUTCOMES
        ]
        if cell.target in unlearned:
            both = [replace(one, untested=NOT_LEARNED) for one in both]
        p = math.nan if any(one.untested for one in both) else verdicts.claim_p(both[0].p_family, both[1].p_family)
        cases.append(Case(cell.intermediate, cell.target, both[0], both[1], p, (cell,)))
    rows = _corrected(study, [case for case in cases if case.intermediate != ALL], settings)
    rows += _corrected(study, [case for case in cases if case.intermediate == ALL], settings)
    rows += over_targets(study, [cell for cell in cells if cell.target not in unlearned], pooled, rows, settings)
    if unlearned:
        rows = [_without(row, unlearned) if row.target == ALL else row for row in rows]
    return sorted(rows, key=lambda row: (row.intermediate, row.target, row.outcome))


def _without(row: Verdict, unlearned: frozenset[str]) -> Verdict:
    listed = ", ".join(sorted(unlearned))
    sentence = (
        f"Left out, English (where there is none, every language) being no better than guessing in any arm: {listed}."
    )
    return replace(row, caveats=(*row.caveats, sentence))


def _corrected(study: str, cases: list[Case], settings: Analysis) -> list[Verdict]:
    adjusted = estimates.benjamini_hochberg([case.p for case in cases])
    tests = sum(not math.isnan(case.p) for case in cases)
    return [row for case, q in zip(cases, adjusted, strict=True) for row in _verdicts(study, case, q, tests, settings)]


def over_targets(
    study: str, cells: Sequence[Cell], pooled: Sequence[Pooled], single: list[Verdict], settings: Analysis
) -> list[Verdict]:
    """Target `all` of each intermediate, and of the study; with one target or intermediate the same as that one."""
    names = sorted({cell.intermediate for cell in cells})
    targets = sorted({cell.target for cell in cells})
    rows: list[Verdict] = []
    for name in names:
        if len(targets) == 1:
            rows += [replace(row, target=ALL) for row in single if row.intermediate == name]
            continue
        models = {(row.outcome, row.primary): row for row in pooled if row.intermediate == name}
        both = [verdicts.of_pooled(models[outcome, True], models[outcome, False]) for outcome in OUTCOMES]
        corrected = [models[outcome, True] for outcome in OUTCOMES]
        p = verdicts.claim_p(*(row.p_family for row in corrected))
        q = p if name == ALL else verdicts.claim_p(*(row.p_max_t for row in corrected))
        tests = 1 if name == ALL else len([other for other in names if other != ALL])
        mine = tuple(cell for cell in cells if cell.intermediate == name)
        rows += _verdicts(study, Case(name, ALL, both[0], both[1], p, mine), q, tests, settings)
    if ALL not in names:
        rows += [replace(row, intermediate=ALL) for row in rows]
    return rows


def _verdicts(study: str, case: Case, q: float, tests: int, settings: Analysis) -> list[Verdict]:
    decision = verdicts.decide(
        case.points, case.reduction, p=case.p, q=q, tests=tests, guessing=case.guessing, settings=settings
    )
    found = caveats(case)
    return [_verdict(study, case, one, q, decision, found) for one in (case.points, case.reduction)]


def _verdict(study: str, case: Case, one: Evidence, q: float, decision: Decision, notes: tuple[str, ...]) -> Verdict:
    return Verdict(
        study,
        case.intermediate,
        case.target,
        one.outcome,
        PRIMARY,
        one.n,
        one.rows,
        one.r,
        one.interval.low,
        one.interval.high,
        one.slope,
        one.around.low,
        one.around.high,
        one.p_naive,
        one.p_family,
        q,
        decision.verdict,
        decision.reason,
        decision.direction,
        notes,
    )


def caveats(case: Case) -> tuple[str, ...]:
    """What else bears on the number, one sentence each."""
    found = []
    guessing, counted = case.guessing
    if guessing:
        found.append(f"{guessing} of {counted} gains lie between two scores no better than guessing.")
    ceiling = sum(int(cell.near_ceiling().sum()) for cell in case.cells)
    if ceiling:
        found.append(f"{ceiling} of {counted} gains lie between two scores of at least 99 points.")
    unseen = sorted({code for cell in case.cells for code in cell.unseen()})
    if unseen:
        found.append(f"Not in XLM-R's pretraining data: {', '.join(unseen)}.")
    if any(cell.seeds < 2 for cell in case.cells):
        found.append("One run per cell: seed noise and the noise ceiling are unknown.")
    other = case.points.also
    if math.isnan(other):
        found.append("Pretraining size (CC-100) and script, which may mediate or confound, are not adjusted for.")
    elif len(case.cells) == 1:
        found.append(f"Given CC-100 size and script, which may mediate or confound, r = {other:+.2f} in points.")
    else:
        found.append(f"Without CC-100 size and script, which may mediate or confound, slope {other:+.2f} in points.")
    return tuple(found)
