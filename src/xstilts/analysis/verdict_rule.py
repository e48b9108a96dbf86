"""The rule that turns numbers into *supported*, *practically absent* or *inconclusive*, and says why in words.

Separate because the rule was fixed before any result (docs/statistics.md) and reads as one page. A claim needs both
outcomes: the gain in points alone follows headroom, the relative error reduction alone may follow the baseline.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xstilts.analysis.estimates import Interval
from xstilts.analysis.measure import SLOPE, Correlation
from xstilts.analysis.pooled import Pooled
from xstilts.analysis.settings import Analysis

SUPPORTED, ABSENT, INCONCLUSIVE = "supported", "practically absent", "inconclusive"
AGREEING = 3  # of the four compared distances


@dataclass(frozen=True)
class Evidence:
    """What the rule needs to know of one outcome.

    Attributes:
        outcome: points or error_reduction.
        n: languages; `rows` languages × targets.
        r, interval: Pearson's r of a cell, the slope of a pooled model; 95 %, family-aware.
        slope, around: the family-aware slope that is tested, 95 %; `absent` is its 90 % interval.
        p_naive, p_family: of this outcome.
        lofo: whether r keeps its sign without any one family.
        agreeing: compared distances with the sign of r, of `compared`.
        also: what must have the same sign: given CC-100 size and script in a cell, without them where pooled.
        detectable: smallest |r| found with 80 % power; NaN where unknown.
        without: r without Indo-European, NaN where unknown.
        untested: why nothing is tested; empty where something is.
    """

    outcome: str
    n: int
    rows: int
    r: float
    interval: Interval
    slope: float
    around: Interval
    absent: Interval
    p_naive: float
    p_family: float
    lofo: bool
    agreeing: int
    compared: int
    also: float
    detectable: float
    untested: str


@dataclass(frozen=True)
class Decision:
    """A verdict, why, and the sign of the relation where one is supported."""

    verdict: str
    reason: str
    direction: str | None


def of_cell(rows: Sequence[Correlation], adjusted: float) -> Evidence:
    """The evidence of one cell and outcome from its rows of all compared distances.

    Args:
        rows: Pearson and slope of the primary distance, Pearson of the compared ones.
        adjusted: r given CC-100 size and script; NaN where it is not defined.
    """
    r = next(row for row in rows if row.role == "primary" and row.method == "pearson")
    slope = next(row for row in rows if row.role == "primary" and row.method == SLOPE)
    others = [row.estimate for row in rows if row.method == "pearson" and not math.isnan(row.estimate)]
    return Evidence(
        outcome=r.outcome,
        n=r.n,
        rows=r.n,
        r=r.estimate,
        interval=Interval(r.family_low, r.family_high),
        slope=slope.estimate,
        around=Interval(slope.family_low, slope.family_high),
        absent=Interval(slope.absent_low, slope.absent_high),
        p_naive=r.p_naive,
        p_family=slope.p_family,
        lofo=r.lofo_low * r.estimate > 0 and r.lofo_high * r.estimate > 0,
        agreeing=sum(value * r.estimate > 0 for value in others),
        compared=len(others),
        also=adjusted,
        detectable=r.smallest_detectable,
        untested="" if slope.tested else r.note,
    )


def of_pooled(row: Pooled, unadjusted: Pooled) -> Evidence:
    """The evidence of one intermediate and outcome over all targets."""
    around = Interval(row.slope_low, row.slope_high)
    return Evidence(
        outcome=row.outcome,
        n=row.languages,
        rows=row.rows,
        r=row.slope,
        interval=around,
        slope=row.slope,
        around=around,
        absent=Interval(row.absent_low, row.absent_high),
        p_naive=row.p_naive,
        p_family=row.p_family,
        lofo=row.same_sign_lofo,
        agreeing=row.same_sign_distances,
        compared=row.distances_compared,
        also=unadjusted.slope,
        detectable=math.nan,
        untested=row.note,
    )


def claim_p(points: float, reduction: float) -> float:
    """The p of "distance goes along with both outcomes, in one direction" from the two-sided p of each; NaN for NaN.

    One outcome shows the direction (two-sided), the other must confirm it (one-sided, half of its p). With one slope
    zero and the other as large as one likes this errs with the level of a one-sided test.
    """
    if math.isnan(points) or math.isnan(reduction):
        return math.nan
    return max(min(points, reduction), max(points, reduction) / 2)


def decide(
    points: Evidence,
    reduction: Evidence,
    *,
    p: float,
    q: float,
    tests: int,
    guessing: tuple[int, int],
    settings: Analysis,
) -> Decision:
    """Apply the rule.

    Args:
        points: evidence on the gain in points.
        reduction: evidence on the relative error reduction.
        p: `claim_p` of the two outcomes.
        q: the same, corrected for the other tests.
        tests: how many tests q corrects for.
        guessing: languages no better than guessing before and after, of how many.
        settings: level and smallest |r| of interest.
    """
    both = (points, reduction)
    for evidence in both:
        if evidence.untested:
            return Decision(INCONCLUSIVE, _sentence(evidence.untested), None)
    if guessing[1] and 2 * guessing[0] >= guessing[1]:
        reason = f"{guessing[0]} of {guessing[1]} languages are no better than guessing, before and after."
        return Decision(INCONCLUSIVE, reason, None)
    numbers = f"{_numbers(points, 'gain in points')}; {_numbers(reduction, 'relative error reduction')}."
    if q < settings.alpha:
        doubts = _doubts(points, reduction)
        if doubts:
            return Decision(INCONCLUSIVE, f"The tests pass (q = {_p(q)}), but {', and '.join(doubts)}. {numbers}", None)
        word = "larger with distance" if points.slope > 0 else "smaller with distance"
        agreeing = min(points.agreeing, reduction.agreeing)
        reason = (
            f"The gain is {word}: both outcomes pass (q = {_p(q)} for {_count(tests)}), no single family "
            f"carries the sign, and {agreeing} of {points.compared} distances agree. {numbers}"
        )
        return Decision(SUPPORTED, reason, word)
    passing = [evidence.outcome for evidence in both if evidence.p_family < settings.alpha]
    if not passing and all(evidence.absent.inside(settings.sesoi) for evidence in both):
        bound = f"{settings.sesoi:g}"
        reason = f"If there is a relation, it is weaker than |r| = {bound} (90 % intervals inside ±{bound}). {numbers}"
        return Decision(ABSENT, reason, None)
    return Decision(INCONCLUSIVE, f"{_doubt(passing, points, p < settings.alpha, q, tests)} {numbers}", None)


def _doubts(points: Evidence, reduction: Evidence) -> list[str]:
    both = (points, reduction)
    found = []
    if points.slope * reduction.slope <= 0:
        found.append("the two outcomes point in opposite directions")
    if any(evidence.slope * evidence.r < 0 for evidence in both):
        found.append("the sign changes when families are taken into account")
    if any(evidence.slope * evidence.also < 0 for evidence in both):
        found.append("the sign changes with the adjustment for CC-100 size and script")
    if not all(evidence.lofo for evidence in both):
        found.append("the sign depends on a single family")
    if min(evidence.agreeing for evidence in both) < AGREEING:
        agreeing = min(both, key=lambda evidence: evidence.agreeing)
        found.append(f"only {agreeing.agreeing} of {agreeing.compared} distances agree on the sign")
    return found


def _doubt(passing: list[str], points: Evidence, alone: bool, q: float, tests: int) -> str:
    if alone:
        return f"Both outcomes pass alone, but not after correction for {_count(tests)} (q = {_p(q)})."
    if passing == ["points"]:
        return "The gain in points goes along with distance, the relative error reduction not: headroom may explain it."
    if passing == ["error_reduction"]:
        return "The relative error reduction goes along with distance, the gain in points not: a claim needs both."
    power = (
        ""
        if math.isnan(points.detectable)
        else f", and only |r| ≥ {points.detectable:.2f} would be found with 80 % power"
    )
    return f"No relation is shown, and none above the smallest of interest is ruled out{power}."


def _numbers(evidence: Evidence, name: str) -> str:
    low, high = evidence.around.low, evidence.around.high
    r = "" if evidence.r == evidence.slope else f"r = {evidence.r:+.2f}, "
    return (
        f"{name[0].upper() + name[1:] if evidence.outcome == 'points' else name}: {r}slope {evidence.slope:+.2f} "
        f"[{low:+.2f}, {high:+.2f}] SD per SD, Monte Carlo p = {_p(evidence.p_family)}, n = {evidence.n}"
    )


def _count(tests: int) -> str:
    return f"{tests} tests" if tests != 1 else "one test"


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1g}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
