"""What one training is called in MLflow and in its record, whether or not there is anything to train.

The baseline's intermediate training copies an encoder: it has a record and a run like any other, and no curve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xstilts.formats import learned
from xstilts.tracking import outbox, records
from xstilts.tracking.run_content import RunContent, flat, tagged

PHASES = ("pretrained", "intermediate", "target")


@dataclass(frozen=True)
class TrainingRun:
    """One training: in which study, what it starts from and what it learns.

    Attributes:
        study, profile: what it is shown under while it runs; its record holds neither.
        phase: one of `PHASES`.
        seed: of the training.
        intermediate: the intermediate's name, empty for pretraining.
        training: the task whose English training set a target starts from, empty before.
        parent: the fingerprint of the training that it starts from, as the card of that checkpoint has it.
        datasets: of each data set: name, digest, context and source, and what else is known (licence), as text.
    """

    study: str
    profile: str
    phase: str
    seed: int
    intermediate: str = ""
    training: str = ""
    parent: str = ""
    datasets: tuple[Mapping[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.phase not in PHASES:
            raise ValueError(f"a training's phase is {self.phase!r}; allowed: {', '.join(PHASES)}")

    @property
    def name(self) -> str:
        """Such as `target/mnli/xnli/seed1`; what a newer training of this name supersedes."""
        return "/".join(word for word in (self.phase, self.intermediate, self.training, f"seed{self.seed}") if word)

    def entry(self, fingerprint: str, parameters: Mapping[str, Any], *, started: int) -> RunContent:
        """The run as it begins."""
        return RunContent(
            study=self.study,
            kind="training",
            name=self.name,
            fingerprint=fingerprint,
            parent=self.parent,
            tags={
                "profile": self.profile,
                "phase": self.phase,
                "intermediate": self.intermediate,
                "training": self.training,
                "seed": str(self.seed),
            },
            parameters=flat(parameters),
            datasets=self.datasets,
            started=started,
        )


def over(
    entry: RunContent, *, metrics: Mapping[str, float], provenance: Mapping[str, Any], ended: int, step: int = 0
) -> RunContent:
    """The run as it ends, with its last metrics."""
    tags = {**entry.tags, **tagged(provenance), **learned.tags(metrics)}
    return replace(entry, metrics=dict(metrics), tags=tags, ended=ended, step=step)


def record(
    folder: Path,
    subject: TrainingRun,
    fingerprint: str,
    *,
    parameters: Mapping[str, Any],
    metrics: Mapping[str, float],
    provenance: Mapping[str, Any],
    now: int,
) -> None:
    """Record a training that had nothing to learn, and leave its run in the outbox.

    Args:
        folder: where its record goes.
        subject: the training.
        fingerprint: its content.
        parameters: nested or flat.
        metrics: as far as there are any.
        provenance: from `provenance.collect`.
        now: milliseconds since 1970.
    """
    begun = subject.entry(fingerprint, parameters, started=now)
    ended = over(begun, metrics=metrics, provenance=provenance, ended=now)
    records.write_training(folder, records.TrainingRecord(ended))
    letter = outbox.Outgoing.of(fingerprint)
    letter.start(begun)
    letter.end(ended, "FINISHED")
