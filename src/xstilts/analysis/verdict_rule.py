"""The rule that turns numbers into *supported*, *practically absent* or *inconclusive*, and says why in words.

Separate because the rule is frozen and numbered (docs/statistics.md, `RULE`) and reads as one page. A change of the
rule is a new number, with the table of error rates again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xstilts.analysis.evidence import Evidence
from xstilts.analysis.settings import Analysis

RULE = 2
SUPPORTED, ABSENT, INCONCLUSIVE = "supported", "practically absent", "inconclusive"
AGREEING = 3  # of the four compared distances
RELIABLE = 0.5  # of the gains, below which nothing is absent
CONTRARY = 0.2  # p of a slope between families that points the other way, below which it contradicts
LARGER, SMALLER = "larger with distance", "smaller with distance"
NAMES = {"points": "points", "error_reduction": "error reduction", "log_odds": "log-odds"}


@dataclass(frozen=True)
class Decision:
    """A verdict, why, and the sign of the relation where one is supported.

    Attributes:
        verdict, reason, direction: of the slope over all languages.
        within, between: verdicts on the slope within families and between them.
        families: one sentence on both.
    """

    verdict: str
    reason: str
    direction: str | None
    within: str
    between: str
    families: str


def claim_p(*p: float) -> float:
    """The p of a claim: one scale shows the direction (two-sided), every other must confirm it (one-sided).

    Args:
        p: two-sided, one of each scale; NaN if any is.
    """
    return math.nan if any(math.isnan(one) for one in p) else max(min(p), max(p) / 2)


def decide(
    scales: Sequence[Evidence],
    *,
    p: float,
    q: float,
    tests: int,
    chance: tuple[int, int],
    settings: Analysis,
    subject: str = "gain",
) -> Decision:
    """Apply the rule.

    Args:
        scales: evidence on every scale, points first.
        p: `claim_p` of them.
        q: the same, corrected for the other tests.
        tests: how many tests q corrects for.
        chance: languages not above chance before and after, of how many.
        settings: level and smallest slope of interest.
        subject: what follows distance: gain, or score.
    """
    for evidence in scales:
        if evidence.untested:
            return _decision(INCONCLUSIVE, _sentence(evidence.untested), None, scales, settings, subject)
    if chance[1] and 2 * chance[0] >= chance[1]:
        reason = f"{chance[0]} of {chance[1]} languages are not above chance, before and after."
        return _decision(INCONCLUSIVE, reason, None, scales, settings, subject)
    numbers = _numbers(scales, settings, subject)
    if q < settings.alpha:
        doubts = doubted(scales, settings)
        if doubts:
            reason = f"The tests pass (q = {_p(q)}), but {', and '.join(doubts)}. {numbers}"
            return _decision(INCONCLUSIVE, reason, None, scales, settings, subject)
        word = LARGER if scales[0].slope > 0 else SMALLER
        agreeing = min(evidence.agreeing for evidence in scales)
        reason = (
            f"The {subject} is {word}: every scale passes (q = {_p(q)} for {_count(tests)}), no single family or "
            f"language carries it, and {agreeing} of {scales[0].compared} distances agree.{_bends(scales, settings)} "
            f"{numbers}"
        )
        return _decision(SUPPORTED, reason, word, scales, settings, subject)
    missing = not_absent(scales, settings)
    if not missing:
        reason = (
            f"A slope of ±{settings.bound:g} SD of the true {subject} per SD of distance "
            f"({_per_step(scales[0], settings)}) is ruled out on every scale, within and between families and for a "
            f"bend: all 90 % intervals lie inside, at the lower limit of the reliability. {numbers}"
        )
        return _decision(ABSENT, reason, None, scales, settings, subject)
    reason = f"{_doubt(scales, p, q, tests, settings)} {missing[0]} {numbers}"
    return _decision(INCONCLUSIVE, reason, None, scales, settings, subject)


def doubted(scales: Sequence[Evidence], settings: Analysis) -> list[str]:
    """What forbids a claim whose tests pass, one clause each; empty where nothing does."""
    found = []
    first = scales[0].slope
    if any(evidence.slope * first <= 0 for evidence in scales):
        found.append("the scales (points, error reduction, log-odds) point in opposite directions")
    if any(_contradicted(evidence) for evidence in scales):
        found.append("the slope between families points the other way")
    if any(evidence.slope * evidence.also < 0 for evidence in scales):
        found.append("the sign changes with the adjustment for CC-100 size and script")
    if not all(evidence.lofo for evidence in scales):
        found.append("the sign depends on a single family")
    lone = min(scales, key=lambda evidence: evidence.strength)
    if lone.strength < 1:
        found.append(f"it rests on a single language ({lone.lolo})")
    if min(evidence.agreeing for evidence in scales) < AGREEING:
        agreeing = min(scales, key=lambda evidence: evidence.agreeing)
        found.append(f"only {agreeing.agreeing} of {agreeing.compared} distances agree on the sign")
    return found


def _contradicted(evidence: Evidence) -> bool:
    between = evidence.questions.get("between")
    return between is not None and between.estimate * evidence.slope < 0 and between.p < CONTRARY


def not_absent(scales: Sequence[Evidence], settings: Analysis) -> list[str]:
    """Why the relation is not shown to be absent, one sentence each; empty where it is absent."""
    found = []
    if not all(evidence.known for evidence in scales):
        found.append("Nor can it be called absent: with one seed it is not known how much of these numbers is noise.")
    elif (least := min(evidence.reliability for evidence in scales)) < RELIABLE:
        found.append(f"Nor can it be called absent: of the spread over languages only {least:.0%} is not noise.")
    if any(evidence.p_family < settings.alpha for evidence in scales):
        found.append("Nor can it be called absent: one scale shows a slope.")
    if not all(evidence.absent.inside(evidence.limit(settings.bound)) for evidence in scales):
        found.append(f"A slope of ±{settings.bound:g} is not ruled out either.")
    for question, words in (("bend", "a bend"), ("within", "a slope within families"), ("between", "one between them")):
        if not all(_inside(evidence, question, settings) for evidence in scales):
            found.append(f"{words[0].upper()}{words[1:]} of that size is not ruled out either.")
    return found


def _inside(evidence: Evidence, question: str, settings: Analysis) -> bool:
    row = evidence.questions.get(question)
    limit = evidence.limit(settings.bound)
    return row is None or (-limit < row.absent_low and row.absent_high < limit)


def _decision(
    verdict: str, reason: str, direction: str | None, scales: Sequence[Evidence], settings: Analysis, subject: str
) -> Decision:
    within, between = (_asked(scales, question, settings) for question in ("within", "between"))
    words = {
        LARGER: f"the {subject} is larger with distance",
        SMALLER: f"the {subject} is smaller with distance",
        ABSENT: f"the {subject} practically does not follow distance",
        INCONCLUSIVE: "it cannot be told",
    }
    sentence = f"Within families {words[within]}; between families {words[between]}."
    return Decision(verdict, reason, direction, within, between, sentence)


def _asked(scales: Sequence[Evidence], question: str, settings: Analysis) -> str:
    """The verdict on the slope within or between families; the p of the two questions are corrected by Holm."""
    if any(evidence.untested or question not in evidence.questions for evidence in scales):
        return INCONCLUSIVE
    rows = [evidence.questions[question] for evidence in scales]
    p = claim_p(*(row.p for row in rows))
    both = [
        claim_p(*(evidence.questions[name].p for evidence in scales))
        for name in ("within", "between")
        if all(name in evidence.questions for evidence in scales)
    ]
    corrected = 2 * p if p <= min(both) else max(p, 2 * min(both))
    if corrected < settings.alpha and all(row.estimate * rows[0].estimate > 0 for row in rows):
        return LARGER if rows[0].estimate > 0 else SMALLER
    reliable = all(evidence.known and evidence.reliability >= RELIABLE for evidence in scales)
    absent = reliable and all(_inside(evidence, question, settings) for evidence in scales)
    return ABSENT if absent and p >= settings.alpha else INCONCLUSIVE


def _bends(scales: Sequence[Evidence], settings: Analysis) -> str:
    """A sentence where every scale shows that the relation is no straight line; empty otherwise."""
    rows = [evidence.questions["bend"] for evidence in scales if "bend" in evidence.questions]
    signs = {math.copysign(1, row.estimate) for row in rows}
    if len(rows) < len(scales) or len(signs) > 1 or not claim_p(*(row.p for row in rows)) < settings.alpha:
        return ""
    shape = "lowest (U-shape)" if rows[0].estimate > 0 else "highest (inverted U)"
    return (
        f" The relation bends: it is {shape} at middle distances (bend {rows[0].estimate:+.2f} "
        f"[{rows[0].low:+.2f}, {rows[0].high:+.2f}], p = {_p(rows[0].p)})."
    )


def _doubt(scales: Sequence[Evidence], p: float, q: float, tests: int, settings: Analysis) -> str:
    passing = [evidence.outcome for evidence in scales if evidence.p_family < settings.alpha]
    bend = _bends(scales, settings)
    if p < settings.alpha:
        return f"Every scale passes alone, but not after correction for {_count(tests)} (q = {_p(q)}).{bend}"
    if passing:
        failing = [NAMES[evidence.outcome] for evidence in scales if evidence.outcome not in passing]
        shown = " and ".join(NAMES[name] for name in passing)
        silent = " and ".join(failing) or "the direction"
        return f"Seen in {shown} alone, not in {silent}: a claim needs every scale.{bend}"
    return f"No relation is shown.{bend}"


def _numbers(scales: Sequence[Evidence], settings: Analysis, subject: str) -> str:
    texts = []
    for evidence in scales:
        low, high = evidence.around.low, evidence.around.high
        step = f" ({evidence.unit * evidence.slope:+.2g} per 0.1 of distance)"
        texts.append(
            f"{NAMES[evidence.outcome]} {evidence.slope:+.2f} [{low:+.2f}, {high:+.2f}]{step}, "
            f"p = {_p(evidence.p_family)}"
        )
    first = scales[0]
    r = "" if math.isnan(first.r) else f", r = {first.r:+.2f} (descriptive)"
    least = first.true(first.detectable)
    trust = f"reliability {first.reliability:.2f}" if first.known else "reliability unknown"
    power = f"|slope| ≥ {first.detectable:.2f}" + ("" if math.isnan(least) else f" ({least:.2f} of the true {subject})")
    return (
        f"Slopes in SD of the {subject} per SD of distance: {'; '.join(texts)}; n = {first.n}{r}; {trust}; smallest "
        f"slope of interest ±{settings.bound:g} ({_per_step(first, settings)}); found with 80 % power: {power}."
    )


def _per_step(evidence: Evidence, settings: Analysis) -> str:
    """The smallest effect of interest in points per step of distance."""
    scale = math.sqrt(evidence.reliability) if evidence.known else 1.0
    return f"±{settings.bound * scale * evidence.unit:.2g} points per 0.1 of distance"


def _count(tests: int) -> str:
    return f"{tests} tests" if tests != 1 else "one test"


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1g}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
