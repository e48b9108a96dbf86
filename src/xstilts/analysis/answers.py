"""The sentences that open a report: what was found, and on what it rests.

Separate because they are made from verdicts alone and must not say more than these do.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from xstilts.analysis.cells import ALL
from xstilts.analysis.verdict_rule import ABSENT, INCONCLUSIVE, SUPPORTED
from xstilts.analysis.verdicts import Verdict


def answer(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Sentences, the study's verdict and the counts of cell verdicts, from the verdicts of one study.

    Raises:
        ValueError: the study has no verdict over all intermediates and targets.
    """
    rows = [row for row in verdicts if row.outcome == "points"]
    whole = next((row for row in rows if row.intermediate == ALL and row.target == ALL), None)
    if whole is None:
        raise ValueError("no verdict over all intermediates and targets: nothing can be answered")
    counts = Counter(row.verdict for row in rows if row.intermediate != ALL and row.target != ALL)
    parts = {word: counts.get(word, 0) for word in (SUPPORTED, ABSENT, INCONCLUSIVE)}
    tally = ", ".join(f"{count} {word}" for word, count in parts.items())
    total = sum(parts.values())
    cells = "one intermediate and target" if total == 1 else f"{total} pairs of intermediate and target"
    return {
        "sentences": [_first(whole), whole.families, f"Of {cells}, {tally}.{_levels(whole, parts)}"],
        "verdict": whole.verdict,
        "within": whole.within,
        "between": whole.between,
        "rule": whole.rule,
        "counts": parts,
    }


def _levels(whole: Verdict, parts: dict[str, int]) -> str:
    """Why the study and its cells may differ, where they do."""
    if whole.verdict == SUPPORTED and not parts[SUPPORTED] and sum(parts.values()) > 1:
        return " The study pools what no pair shows alone: it is one test, the pairs share the error rate among them."
    if whole.verdict != SUPPORTED and parts[SUPPORTED]:
        return " A pair can be supported where the study is not: targets differ, and the study asks for all of them."
    return ""


def _first(row: Verdict) -> str:
    if math.isnan(row.slope):
        numbers = f"{row.n} languages"
    else:
        interval = f"95 % interval {row.slope_low:+.2f} to {row.slope_high:+.2f}"
        numbers = (
            f"slope {row.slope:+.2f} SD per SD, {interval}, family-aware p = {row.p_family:.3f}, {row.n} languages"
        )
    if row.verdict == SUPPORTED:
        more = "larger" if row.direction == "larger with distance" else "smaller"
        return f"The {row.subject} is {more} in languages that are typologically farther from English ({numbers})."
    if row.verdict == ABSENT:
        return f"The {row.subject} practically does not follow typological distance from English ({numbers})."
    question = f"Whether the {row.subject} follows typological distance from English"
    return f"{question} cannot be told from these scores ({numbers})."
