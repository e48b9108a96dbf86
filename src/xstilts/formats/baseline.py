"""More seeds of the baseline than the grid has: the reserved intermediate `spare`.

DVC's matrix is a full product, so that `none` cannot have more seeds than the other intermediates, although all gains
share its noise, and seeds that no gain is taken from are what gains are adjusted with (docs/statistics.md). `spare`
learns nothing either; seed k of it is seed k + 100 of `none`. It has no gain of its own.
"""

from collections.abc import Iterable
from dataclasses import replace

from xstilts.formats.runs import BASELINE, SPARE, Score

OFFSET = 100


def training_seed(intermediate: str, seed: int) -> int:
    """The seed that a target training of this arm really uses."""
    return seed + OFFSET if intermediate == SPARE else seed


def counted(scores: Iterable[Score]) -> list[Score]:
    """Scores with those of `spare` as further seeds of `none`."""
    return [
        replace(score, intermediate=BASELINE, seed=training_seed(SPARE, score.seed))
        if score.intermediate == SPARE
        else score
        for score in scores
    ]


def check(intermediate: str, learns: bool) -> None:
    """Refuse a `spare` that learns.

    Raises:
        ValueError: its mixture is not empty.
    """
    if intermediate == SPARE and learns:
        raise ValueError(
            f"params.yaml: mixtures.{SPARE} has tasks or MLM; the name stands for more seeds of `{BASELINE}`, so that "
            "it must be {tasks: []}. Give the intermediate another name"
        )
