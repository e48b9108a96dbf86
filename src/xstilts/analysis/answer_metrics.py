"""What `dvc metrics` shows of the answer: each study's verdict over all intermediates and targets, and its numbers."""

from collections.abc import Iterable
from typing import Any

from xstilts.analysis.cells import ALL
from xstilts.analysis.verdicts import Verdict

FIELDS = {"verdict": "verdict", "slope": "slope", "low": "slope_low", "high": "slope_high", "p": "p_family"}
POINTS = "points"


def of(verdicts: Iterable[Verdict]) -> dict[str, dict[str, Any]]:
    """Verdict, tested slope with its interval (SD per SD, of gains in points), p and number of languages, by study."""
    return {
        row.study: {name: getattr(row, field) for name, field in FIELDS.items()} | {"languages": row.n}
        for row in verdicts
        if row.intermediate == row.target == ALL and row.outcome == POINTS
    }
