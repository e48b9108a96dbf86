"""What the rule needs to know of one outcome, taken from the rows of a cell or of a pooled model.

Separate so that the rule reads the same for cells and pools.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xstilts.analysis.coefficients import SLOPE, Correlation, FamilyQuestion, Pooled
from xstilts.analysis.estimates import NOWHERE, Interval


@dataclass(frozen=True)
class Evidence:
    """One outcome of one case. Everything but r is about the tested slope, SD of gain per SD of distance.

    Attributes:
        outcome: one of `cells.OUTCOMES`.
        n: languages; `rows` languages × targets.
        r, interval: Pearson's r of a cell with Fisher's interval: descriptive; NaN where pooled.
        slope, around: the tested slope, 95 %; `absent` is its 90 % interval.
        p_naive, p_family: of this outcome.
        lofo: whether the slope keeps its sign without any one family.
        lolo, strength: the language whose absence weakens the slope most, and what is then left of what a claim
            needs; 1 is enough.
        agreeing: compared distances with the sign of the slope, of `compared`.
        also: the slope given CC-100 size and script in a cell, without them where pooled: must have the same sign.
        detectable: smallest slope found with 80 % power.
        unit: outcome units per 0.1 of distance for a slope of one.
        reliability, reliability_low: share of true variance in the gains, and its lower limit; NaN where unknown.
        questions: within, between, bend → its slope; one that cannot be estimated is not there.
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
    lolo: str
    strength: float
    agreeing: int
    compared: int
    also: float
    detectable: float
    unit: float
    reliability: float
    reliability_low: float
    questions: Mapping[str, FamilyQuestion]
    untested: str

    @property
    def known(self) -> bool:
        """Whether the reliability is known."""
        return not math.isnan(self.reliability)

    def limit(self, bound: float) -> float:
        """The bound of true gains on the observed scale, at the lower limit of the reliability; 0 if unknown."""
        return bound * math.sqrt(self.reliability_low) if self.known else 0.0

    def true(self, value: float) -> float:
        """A slope of observed gains on the scale of true ones; NaN where the reliability is unknown or 0."""
        return value / math.sqrt(self.reliability) if self.known and self.reliability > 0 else math.nan

    @property
    def true_interval(self) -> Interval:
        """95 % on the scale of true gains: what reaches away from zero at the lower limit of the reliability."""
        low, high = self.around.low, self.around.high
        far = math.sqrt(self.reliability_low) if self.known else 0.0
        return Interval(
            self.true(low) if low > 0 else low / far if far > 0 else math.nan,
            self.true(high) if high < 0 else high / far if far > 0 else math.nan,
        )


def of_cell(rows: Sequence[Correlation], questions: Sequence[FamilyQuestion]) -> Evidence:
    """The evidence of one cell and outcome from its rows of all compared distances.

    Args:
        rows: Pearson and slope of the primary distance, slopes of the compared ones.
        questions: of this cell and outcome.
    """
    r = next(row for row in rows if row.role == "primary" and row.method == "pearson")
    slope = next(row for row in rows if row.role == "primary" and row.method == SLOPE)
    others = [row.estimate for row in rows if row.method == SLOPE and not math.isnan(row.estimate)]
    return Evidence(
        outcome=r.outcome,
        n=r.n,
        rows=r.n,
        r=r.estimate,
        interval=Interval(r.fisher_low, r.fisher_high),
        slope=slope.estimate,
        around=Interval(slope.family_low, slope.family_high),
        absent=Interval(slope.absent_low, slope.absent_high),
        p_naive=r.p_naive,
        p_family=slope.p_family,
        lofo=slope.lofo_low * slope.estimate > 0 and slope.lofo_high * slope.estimate > 0,
        lolo=slope.lolo_language,
        strength=slope.lolo_strength,
        agreeing=sum(value * slope.estimate > 0 for value in others),
        compared=len(others),
        also=slope.adjusted,
        detectable=slope.smallest_detectable,
        unit=slope.unit,
        reliability=slope.reliability,
        reliability_low=slope.reliability_low,
        questions={row.question: row for row in questions},
        untested="" if slope.tested else r.note,
    )


def of_pooled(row: Pooled, unadjusted: Pooled, questions: Sequence[FamilyQuestion]) -> Evidence:
    """The evidence of one intermediate and outcome over all targets."""
    return Evidence(
        outcome=row.outcome,
        n=row.languages,
        rows=row.rows,
        r=math.nan,
        interval=NOWHERE,
        slope=row.slope,
        around=Interval(row.slope_low, row.slope_high),
        absent=Interval(row.absent_low, row.absent_high),
        p_naive=row.p_naive,
        p_family=row.p_family,
        lofo=row.same_sign_lofo,
        lolo=row.lolo_language,
        strength=row.lolo_strength,
        agreeing=row.same_sign_distances,
        compared=row.distances_compared,
        also=unadjusted.slope,
        detectable=row.smallest_detectable,
        unit=row.unit,
        reliability=row.reliability,
        reliability_low=row.reliability_low,
        questions={one.question: one for one in questions},
        untested=row.note,
    )
