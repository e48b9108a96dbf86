import math
from dataclasses import replace

import numpy as np
import pytest

from xstilts.analysis import answers
from xstilts.analysis import verdict_rule as verdicts
from xstilts.analysis import verdicts as judgement
from xstilts.analysis.cells import Cell
from xstilts.analysis.estimates import Interval
from xstilts.analysis.settings import Analysis
from xstilts.analysis.verdict_rule import Evidence, decide
from xstilts.analysis.verdicts import Case

STRONG = Evidence(
    outcome="points",
    n=36,
    rows=36,
    r=0.6,
    interval=Interval(0.2, 0.8),
    slope=0.62,
    around=Interval(0.25, 0.99),
    absent=Interval(0.3, 0.93),
    p_naive=0.0001,
    p_family=0.004,
    lofo=True,
    agreeing=4,
    compared=4,
    also=0.4,
    detectable=0.5,
    untested="",
)
REDUCTION = replace(STRONG, outcome="error_reduction", r=0.5, slope=0.5, p_family=0.01)


def verdict(
    points: Evidence = STRONG,
    reduction: Evidence = REDUCTION,
    *,
    q: float | None = None,
    tests: int = 1,
    guessing: tuple[int, int] = (0, 36),
) -> verdicts.Decision:
    p = verdicts.claim_p(points.p_family, reduction.p_family)
    return decide(points, reduction, p=p, q=p if q is None else q, tests=tests, guessing=guessing, settings=Analysis())


@pytest.mark.parametrize(
    ("points", "reduction", "p"), [(0.01, 0.04, 0.02), (0.04, 0.01, 0.02), (0.03, 0.03, 0.03), (0.001, 0.2, 0.1)]
)
def test_one_outcome_shows_the_direction_and_the_other_confirms_it(points: float, reduction: float, p: float) -> None:
    assert verdicts.claim_p(points, reduction) == pytest.approx(p)


def test_a_claim_without_one_of_the_two_p_values_has_none() -> None:
    assert math.isnan(verdicts.claim_p(0.01, math.nan))


def weak(evidence: Evidence, low: float, high: float) -> Evidence:
    return replace(evidence, r=0.05, slope=0.05, p_family=0.7, absent=Interval(low, high), around=Interval(low, high))


def test_both_outcomes_robust_and_significant_is_supported() -> None:
    decision = verdict()
    assert (decision.verdict, decision.direction) == ("supported", "larger with distance")
    assert "4 of 4 distances agree" in decision.reason


def test_a_negative_relation_is_smaller_with_distance() -> None:
    points, reduction = (replace(one, r=-one.r, slope=-one.slope, also=-one.also) for one in (STRONG, REDUCTION))
    assert verdict(points, reduction).direction == "smaller with distance"


def test_points_alone_are_headroom_and_no_claim() -> None:
    decision = verdict(reduction=replace(REDUCTION, p_family=0.4))
    assert decision.verdict == "inconclusive"
    assert "headroom" in decision.reason


def test_error_reduction_alone_is_no_claim() -> None:
    decision = verdict(points=replace(STRONG, p_family=0.4))
    assert decision.verdict == "inconclusive"
    assert "a claim needs both" in decision.reason


def test_what_does_not_survive_correction_is_inconclusive_and_names_the_number_of_tests() -> None:
    decision = verdict(q=0.12, tests=60)
    assert decision.verdict == "inconclusive"
    assert "not after correction for 60 tests (q = 0.120)" in decision.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lofo": False}, "the sign depends on a single family"),
        ({"agreeing": 2}, "only 2 of 4 distances agree"),
        ({"also": -0.1}, "adjustment for CC-100"),
        ({"r": -0.1}, "when families are taken into account"),
    ],
)
def test_one_doubt_in_either_outcome_is_enough(change: dict[str, object], reason: str) -> None:
    for points, reduction in ((replace(STRONG, **change), REDUCTION), (STRONG, replace(REDUCTION, **change))):
        decision = verdict(points, reduction)
        assert decision.verdict == "inconclusive"
        assert reason in decision.reason


def test_opposite_outcomes_are_no_claim() -> None:
    decision = verdict(reduction=replace(REDUCTION, r=-0.5, slope=-0.5, also=-0.3))
    assert decision.verdict == "inconclusive"
    assert "opposite directions" in decision.reason


def test_intervals_inside_the_smallest_of_interest_are_practically_absent() -> None:
    decision = verdict(weak(STRONG, -0.3, 0.4), weak(REDUCTION, -0.2, 0.3))
    assert decision.verdict == "practically absent"
    assert "|r| = 0.5" in decision.reason


def test_one_wide_interval_is_inconclusive() -> None:
    decision = verdict(weak(STRONG, -0.3, 0.4), weak(REDUCTION, -0.2, 0.6))
    assert decision.verdict == "inconclusive"
    assert "80 % power" in decision.reason


def test_untested_cells_are_inconclusive_for_their_own_reason() -> None:
    decision = verdict(replace(STRONG, untested="4 languages, fewer than 10: shown, not tested"), q=math.nan)
    assert (decision.verdict, decision.reason) == ("inconclusive", "4 languages, fewer than 10: shown, not tested.")


def test_half_of_the_languages_at_chance_leave_nothing_to_explain() -> None:
    assert verdict(guessing=(17, 36)).verdict == "supported"
    decision = verdict(guessing=(18, 36))
    assert decision.verdict == "inconclusive"
    assert "no better than guessing" in decision.reason


def cell(codes: tuple[str, ...], seeds: int = 1) -> Cell:
    size = len(codes)
    flat = np.full(size, 60.0)
    return Cell(
        "s", "mnli", "panx", "f1", codes, flat, flat + 1, np.full(size, np.nan), np.ones((size, seeds)),
        np.full(size, np.nan), np.zeros(size),
    )  # fmt: skip


def test_caveats_name_unseen_languages_single_seeds_and_the_adjusted_estimate() -> None:
    caveats = " ".join(judgement.caveats(Case("mnli", "panx", STRONG, REDUCTION, 0.01, (cell(("deu", "yor")),))))
    assert "yor" in caveats
    assert "One run per cell" in caveats
    assert "r = +0.40" in caveats


def row(intermediate: str, target: str, verdict: str, direction: str | None = None) -> judgement.Verdict:
    return judgement.Verdict(
        "s", intermediate, target, "points", "syntactic", 36, 36, 0.5, 0.1, 0.8, 0.5, 0.1, 0.9, 0.001, 0.01, 0.01,
        verdict, "because", direction, (),
    )  # fmt: skip


def test_the_answer_says_no_more_than_the_verdicts() -> None:
    told = answers.answer(
        [
            row("all", "all", "inconclusive"),
            row("mnli", "all", "supported", "larger with distance"),
            row("mnli", "panx", "supported"),
        ]
    )
    assert told["verdict"] == "inconclusive"
    assert told["sentences"][0].startswith("Whether the gain follows typological distance from English cannot be told")
    assert told["counts"] == {"supported": 1, "practically absent": 0, "inconclusive": 0}


def test_the_answer_of_a_supported_study_has_its_direction() -> None:
    told = answers.answer([row("all", "all", "supported", "smaller with distance")])
    assert told["sentences"][0].startswith("The gain is smaller in languages that are typologically farther")


def test_a_study_without_an_overall_verdict_has_no_answer() -> None:
    with pytest.raises(ValueError, match="no verdict over all"):
        answers.answer([row("mnli", "panx", "supported")])
