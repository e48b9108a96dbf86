"""What `dvc metrics` shows of the answer: the study's verdict over all intermediates and targets, and its numbers."""

from collections.abc import Iterable
from typing import Any

from xstilts.analysis.cells import ALL
from xstilts.analysis.verdicts import Verdict

FIELDS = {"verdict": "verdict", "slope": "slope", "low": "slope_low", "high": "slope_high", "p": "p_family"}
POINTS = "points"


def of(verdicts: Iterable[Verdict], study: str) -> dict[str, Any]:
    """Verdict, tested slope with its interval (SD per SD, of gains in points), p and number of languages of a study.

    A number that was not computed is None. A study without a verdict has nothing.
    """
    for row in verdicts:
        if row.study == study and row.intermediate == row.target == ALL and row.outcome == POINTS:
            found = {name: getattr(row, field) for name, field in FIELDS.items()} | {"languages": row.n}
            return {name: None if value != value else value for name, value in found.items()}
    return {}
