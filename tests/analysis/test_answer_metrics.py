import json
import math
from types import SimpleNamespace

from xstilts.analysis import answer_metrics


def row(study: str, target: str, slope: float) -> SimpleNamespace:
    return SimpleNamespace(
        study=study, intermediate="all", target=target, outcome="points", verdict="inconclusive",
        slope=slope, slope_low=slope - 1, slope_high=slope + 1, p_family=0.5, n=12,
    )  # fmt: skip


def test_the_answer_is_the_study_s_own_verdict_over_everything() -> None:
    rows = [row("paper", "all", 9.0), row("mine", "xnli", 8.0), row("mine", "all", -0.25)]
    assert answer_metrics.of(rows, "mine") == {
        "verdict": "inconclusive", "slope": -0.25, "low": -1.25, "high": 0.75, "p": 0.5, "languages": 12,
    }  # fmt: skip
    assert answer_metrics.of(rows, "other") == {}


def test_what_was_not_computed_is_null_in_json() -> None:
    answer = answer_metrics.of([row("mine", "all", math.nan)], "mine")
    assert (answer["slope"], answer["p"]) == (None, 0.5)
    json.dumps(answer, allow_nan=False)
