import math
from dataclasses import replace

import numpy as np
import pytest

from xstilts.analysis import answers, verdict_rule
from xstilts.analysis import verdicts as judgement
from xstilts.analysis.cells import Cell
from xstilts.analysis.coefficients import FamilyQuestion
from xstilts.analysis.estimates import Interval
from xstilts.analysis.evidence import Evidence
from xstilts.analysis.settings import Analysis
from xstilts.analysis.verdict_rule import decide
from xstilts.analysis.verdicts import Case


def question(name: str, estimate: float, reach: float, p: float) -> FamilyQuestion:
    low, high = estimate - reach, estimate + reach
    return FamilyQuestion("s", "mnli", "panx", "points", name, estimate, low, high, low, high, p)


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
    lolo="yor",
    strength=1.4,
    agreeing=4,
    compared=4,
    also=0.4,
    detectable=0.5,
    unit=2.0,
    reliability=0.81,
    reliability_low=0.64,
    questions={
        "within": question("within", 0.5, 0.2, 0.004),
        "between": question("between", 0.7, 0.6, 0.04),
        "bend": question("bend", 0.1, 0.4, 0.6),
    },
    untested="",
)
SCALES = (
    STRONG,
    replace(STRONG, outcome="error_reduction", r=0.5, slope=0.5, p_family=0.01),
    replace(STRONG, outcome="log_odds", r=0.5, slope=0.55, p_family=0.02),
)


def verdict(
    scales: tuple[Evidence, ...] = SCALES,
    *,
    q: float | None = None,
    tests: int = 1,
    chance: tuple[int, int] = (0, 36),
) -> verdict_rule.Decision:
    p = verdict_rule.claim_p(*(scale.p_family for scale in scales))
    return decide(scales, p=p, q=p if q is None else q, tests=tests, chance=chance, settings=Analysis())


def changed(place: int, **change: object) -> tuple[Evidence, ...]:
    """The three scales with one of them changed."""
    return tuple(replace(one, **change) if i == place else one for i, one in enumerate(SCALES))  # type: ignore[arg-type]


def absent(reach: float = 0.15, reliability: tuple[float, float] = (0.95, 0.9)) -> tuple[Evidence, ...]:
    """Three scales on which nothing is seen, with intervals of this half-width."""
    around = Interval(-reach, reach)
    return tuple(
        replace(
            one, slope=0.0, p_family=0.7, absent=around, around=around, reliability=reliability[0],
            reliability_low=reliability[1],
            questions={name: question(name, 0.0, reach, 0.8) for name in ("within", "between", "bend")},
        )
        for one in SCALES
    )  # fmt: skip


@pytest.mark.parametrize(
    ("p", "claim"),
    [((0.01, 0.04, 0.02), 0.02), ((0.04, 0.01, 0.04), 0.02), ((0.03, 0.03, 0.03), 0.03), ((0.001, 0.2, 0.001), 0.1)],
)
def test_one_scale_shows_the_direction_and_the_others_confirm_it(p: tuple[float, ...], claim: float) -> None:
    assert verdict_rule.claim_p(*p) == pytest.approx(claim)


def test_a_claim_without_one_of_the_p_values_has_none() -> None:
    assert math.isnan(verdict_rule.claim_p(0.01, math.nan, 0.01))


def test_every_scale_robust_and_significant_is_supported() -> None:
    decision = verdict()
    assert (decision.verdict, decision.direction) == ("supported", "larger with distance")
    assert "4 of 4 distances agree" in decision.reason


def test_a_negative_relation_is_smaller_with_distance() -> None:
    scales = tuple(replace(one, slope=-one.slope, also=-one.also, questions={}) for one in SCALES)
    assert verdict(scales).direction == "smaller with distance"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_one_scale_does_not_confirm_is_no_claim(place: int) -> None:
    decision = verdict(changed(place, p_family=0.4))
    assert decision.verdict == "inconclusive"
    assert "a claim needs every scale" in decision.reason


def test_what_does_not_survive_correction_is_inconclusive_and_names_the_number_of_tests() -> None:
    decision = verdict(q=0.12, tests=60)
    assert decision.verdict == "inconclusive"
    assert "not after correction for 60 tests (q = 0.120)" in decision.reason


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lofo": False}, "the sign depends on a single family"),
        ({"strength": 0.9}, "it rests on a single language (yor)"),
        ({"agreeing": 2}, "only 2 of 4 distances agree"),
        ({"also": -0.1}, "adjustment for CC-100"),
        ({"questions": {"between": question("between", -0.4, 0.5, 0.1)}}, "between families points the other way"),
        ({"slope": -0.5, "also": -0.1}, "opposite directions"),
    ],
)
def test_one_doubt_on_any_scale_is_enough(place: int, change: dict[str, object], reason: str) -> None:
    decision = verdict(changed(place, **change))
    assert decision.verdict == "inconclusive"
    assert reason in decision.reason


def test_pearsons_r_decides_nothing() -> None:
    assert verdict(changed(0, r=-0.6)).verdict == "supported"


def test_intervals_inside_the_bound_everywhere_are_practically_absent() -> None:
    decision = verdict(absent())
    assert decision.verdict == "practically absent"
    assert "±0.3 SD of the true gain per SD of distance (±0.58 points per 0.1 of distance)" in decision.reason
    assert decision.within == decision.between == "practically absent"


def test_one_wide_interval_is_inconclusive_and_names_what_could_have_been_found() -> None:
    decision = verdict(absent(0.4))
    assert decision.verdict == "inconclusive"
    assert "found with 80 % power: |slope| ≥ 0.50 (0.51 of the true gain)" in decision.reason


@pytest.mark.parametrize(
    ("reliability", "reason"),
    [((math.nan, math.nan), "with one seed"), ((0.49, 0.3), "only 49% is not noise"), ((0.6, 0.2), "not ruled out")],
)
def test_noise_is_never_called_absent(reliability: tuple[float, float], reason: str) -> None:
    decision = verdict(absent(0.15, reliability))
    assert decision.verdict == "inconclusive"
    assert reason in decision.reason


@pytest.mark.parametrize("name", ["within", "between", "bend"])
def test_a_relation_of_another_shape_is_not_absent(name: str) -> None:
    scales = absent()
    questions = {**scales[0].questions, name: question(name, 0.5, 0.3, 0.01)}
    decision = verdict((replace(scales[0], questions=questions), *scales[1:]))
    assert decision.verdict == "inconclusive"


def test_a_bend_on_every_scale_is_reported() -> None:
    bent = {"bend": question("bend", 0.6, 0.3, 0.01)}
    decision = verdict(tuple(replace(one, questions=bent) for one in absent()))
    assert "lowest (U-shape) at middle distances" in decision.reason


def test_within_and_between_families_have_verdicts_of_their_own_and_one_sentence() -> None:
    decision = verdict()
    assert (decision.within, decision.between) == ("larger with distance", "larger with distance")
    alone = {**STRONG.questions, "between": question("between", 0.1, 0.6, 0.7)}
    decision = verdict(tuple(replace(one, questions=alone) for one in SCALES))
    assert decision.families == "Within families the gain is larger with distance; between families it cannot be told."


def test_untested_cells_are_inconclusive_for_their_own_reason() -> None:
    decision = verdict(changed(0, untested="4 languages, fewer than 10: shown, not tested"), q=math.nan)
    assert (decision.verdict, decision.reason) == ("inconclusive", "4 languages, fewer than 10: shown, not tested.")


def test_half_of_the_languages_at_chance_leave_nothing_to_explain() -> None:
    assert verdict(chance=(17, 36)).verdict == "supported"
    decision = verdict(chance=(18, 36))
    assert decision.verdict == "inconclusive"
    assert "not above chance" in decision.reason


def test_the_true_slope_is_the_observed_one_over_the_root_of_the_reliability() -> None:
    assert STRONG.true(0.45) == pytest.approx(0.5)
    wide = replace(STRONG, around=Interval(-0.4, 0.8)).true_interval
    assert (wide.low, wide.high) == (pytest.approx(-0.5), pytest.approx(1.0))


def cell(codes: tuple[str, ...], seeds: int = 1) -> Cell:
    size = len(codes)
    flat = np.full(size, 60.0)
    return Cell(
        "s", "mnli", "panx", "f1", codes, flat, flat + 1, np.full(size, np.nan), np.ones((size, seeds)),
        np.full(size, np.nan), np.zeros(size),
    )  # fmt: skip


def test_caveats_name_unseen_languages_single_seeds_and_the_adjusted_estimate() -> None:
    caveats = " ".join(judgement.caveats(Case("mnli", "panx", SCALES, 0.01, (cell(("deu", "yor")),))))
    assert "yor" in caveats
    assert "One run per cell" in caveats
    assert "slope +0.40" in caveats


def row(intermediate: str, target: str, verdict: str, direction: str | None = None) -> judgement.Verdict:
    return judgement._verdict(
        "s", Case(intermediate, target, SCALES, 0.01, ()), STRONG, 0.01,
        verdict_rule.Decision(verdict, "because", direction, "inconclusive", "inconclusive", "Both cannot be told."),
        (),
        Analysis(),
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
