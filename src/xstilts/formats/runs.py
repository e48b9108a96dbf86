"""What a run is called, and what it measures: the words that paths, MLflow tags, CSV columns and reports share.

`spare` is more seeds of the baseline than the grid has. DVC's matrix is a full product, so that `none` cannot have more
seeds than the other intermediates, although all gains share its noise, and seeds that no gain is taken from are what
gains are adjusted with (docs/statistics.md). `spare` learns nothing either; seed k of it is seed k + 100 of `none`. It
has no gain of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

BASELINE = "none"
SPARE = "spare"
SPARE_OFFSET = 100  # from a seed of `spare` to the seed of `none` that it is


@dataclass(frozen=True, order=True)
class RunKey:
    """One arm of the experiment on one target: `mnli/xnli/seed1`."""

    intermediate: str
    target: str
    seed: int

    @property
    def path(self) -> PurePosixPath:
        """The run's place below `scores/` or `predictions/`."""
        return PurePosixPath(self.intermediate, self.target, f"seed{self.seed}")

    @property
    def baseline(self) -> "RunKey":
        """The same target and seed without intermediate training."""
        return RunKey(BASELINE, self.target, self.seed)

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, order=True)
class Score:
    """One number: a metric of one run in one language.

    `value` is in points, 0 to 100. `study` separates what this pipeline measured from what papers printed.
    `training` is the task whose English training set the target started from, empty for retrieval.
    `examples` is how many test examples (sentences, questions, pairs) the value rests on, 0 where unknown.
    """

    study: str
    intermediate: str
    training: str
    target: str
    language: str
    metric: str
    seed: int
    value: float
    examples: int = 0

    @property
    def key(self) -> RunKey:
        """The run that this number belongs to."""
        return RunKey(self.intermediate, self.target, self.seed)


def training_seed(intermediate: str, seed: int) -> int:
    """The seed that a target training of this arm really uses."""
    return seed + SPARE_OFFSET if intermediate == SPARE else seed


def counted(scores: Iterable[Score]) -> list[Score]:
    """Scores with those of `spare` as further seeds of `none`."""
    return [
        replace(score, intermediate=BASELINE, seed=training_seed(SPARE, score.seed))
        if score.intermediate == SPARE
        else score
        for score in scores
    ]


def check_spare(intermediate: str, learns: bool) -> None:
    """Refuse a `spare` that learns.

    Raises:
        ValueError: its mixture is not empty.
    """
    if intermediate == SPARE and learns:
        raise ValueError(
            f"params.yaml: mixtures.{SPARE} has tasks or MLM; the name stands for more seeds of `{BASELINE}`, so that "
            "it must be {tasks: []}. Give the intermediate another name"
        )
