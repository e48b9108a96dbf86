"""The claims of the paper beside what was measured: claimed, measured, interval, and whether they agree.

An average agrees if the 95 % interval over seeds holds it; "better", "gain" and "no gain" agree or disagree only where
an interval leaves out zero. With one seed there is no interval, and nothing is claimed from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xstilts.analysis.published import Claim
from xstilts.report import headline, text
from xstilts.report.headline import Change
from xstilts.report.tables import ALL, StudyView

AGREES, DISAGREES, UNMEASURED = "agrees", "disagrees", "not measured"
HEAD = ("Claim", "Claimed", "Measured", "95 % over seeds", "Outcome", "Why", "Source")
_VARIANTS = {"mlm": "_mlm", "translated": "_translated"}

Found = Mapping[str, Mapping[str, Change]]


@dataclass(frozen=True)
class Judgement:
    """What a study says of one claim."""

    outcome: str
    why: str
    change: Change | None = None


def rows(study: StudyView, claims: Sequence[Claim]) -> list[tuple[str, ...]]:
    """The claims table of one measured study."""
    found = {arm: headline.changes(study, arm) for arm in study.intermediates}
    body: list[tuple[str, ...]] = []
    for claim in claims:
        judged = judge(study, found, claim)
        body.append(
            (
                claim.text,
                claim.relation if claim.value is None else text.gain(claim.value),
                text.gain(judged.change.value) if judged.change else text.ABSENT,
                text.interval(judged.change.low, judged.change.high, 1) if judged.change else text.ABSENT,
                judged.outcome,
                judged.why,
                claim.source,
            )
        )
    return body


def judge(study: StudyView, found: Found, claim: Claim) -> Judgement:
    """Whether a study agrees with a claim."""
    target = claim.target
    if target == ALL and not set(headline.XTREME) <= set(study.targets):
        lacking = [text.target(name) for name in headline.XTREME if name not in study.targets]
        return Judgement(UNMEASURED, f"XTREME's average needs all nine targets; missing: {', '.join(lacking)}.")
    if target != ALL and target not in study.targets:
        return Judgement(UNMEASURED, f"{text.target(target)} is not a target of this study.")
    kinds: dict[str, Callable[[StudyView, Found, Claim], Judgement]] = {"any": _any, "alone": _versus}
    return kinds.get(claim.intermediate, _one)(study, found, claim)


def _one(study: StudyView, found: Found, claim: Claim) -> Judgement:
    name, target = claim.intermediate, claim.target
    row = headline.best(study, found) if name == "best" else found.get(name, {})
    change = row.get(target)
    if change is None:
        return Judgement(
            UNMEASURED, f"{text.intermediate(name)} is not an intermediate of this study with every target and seed."
        )
    if change.low is None or change.high is None:
        return Judgement(UNMEASURED, _no_interval(change), change)
    if claim.value is not None:
        inside = change.low <= claim.value <= change.high
        return Judgement(
            AGREES if inside else DISAGREES,
            f"The interval {'holds' if inside else 'leaves out'} the claimed value.",
            change,
        )
    return _signed(change, wanted=-1 if claim.relation == "no gain" else 1)


def _any(study: StudyView, found: Found, claim: Claim) -> Judgement:
    """`gain`: one intermediate that is clearly above zero is enough; `no gain`: none may be. Variants do not count."""
    target, variants = claim.target, tuple(_VARIANTS.values())
    measured = {arm: row[target] for arm, row in found.items() if target in row and not arm.endswith(variants)}
    if not measured:
        return Judgement(UNMEASURED, "No intermediate has this target.")
    name = max(measured, key=lambda arm: measured[arm].value)
    top, count = measured[name], len(measured)
    if top.low is None or top.high is None:
        return Judgement(UNMEASURED, _no_interval(top), top)
    up = top.low > 0
    gained = f"The best of {count}, {text.intermediate(name)}, {'gains' if up else 'does not clearly gain'}."
    if claim.relation == "no gain":
        if up:
            return Judgement(DISAGREES, gained, top)
        clear = top.high <= 0.5
        why = "No interval goes above half a point." if clear else f"{gained} The interval allows a gain."
        return Judgement(AGREES if clear else UNMEASURED, why, top)
    return Judgement(AGREES if up else DISAGREES if top.high < 0 else UNMEASURED, gained, top)


def _versus(study: StudyView, found: Found, claim: Claim) -> Judgement:
    """Intermediates against their own variants: mixed with MLM, or translated."""
    suffix, target = _VARIANTS[claim.versus], claim.target
    pairs = [(arm, arm + suffix) for arm in found if arm + suffix in found]
    if not pairs:
        return Judgement(UNMEASURED, f"No intermediate of this study has a variant named <intermediate>{suffix}.")
    change = headline.difference(study, pairs, target)
    if change is None or change.low is None:
        return Judgement(UNMEASURED, _no_interval(change), change)
    return _signed(change, wanted=1)


def _signed(change: Change, *, wanted: int) -> Judgement:
    low, high = change.low or 0.0, change.high or 0.0
    if low <= 0 <= high:
        return Judgement(UNMEASURED, "The interval holds zero: the sign is not settled.", change)
    return Judgement(AGREES if (low > 0) == (wanted > 0) else DISAGREES, "The interval leaves out zero.", change)


def _no_interval(change: Change | None) -> str:
    if change is None or change.seeds < 2:
        return "One seed: no interval."
    return "A choice over intermediates has no interval over seeds."
