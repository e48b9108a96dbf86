"""What a run is called, and what it measures: the words that paths, MLflow tags, CSV columns and reports share."""

from dataclasses import dataclass
from pathlib import PurePosixPath

BASELINE = "none"
SPARE = "spare"  # more seeds of the baseline: see `baseline`


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
