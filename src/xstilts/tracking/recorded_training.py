"""A training with its record: what MLflow shows of it, and the files that the store can be rebuilt from."""

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xstilts.experiment import Runtime
from xstilts.formats import checkpoints, fingerprints
from xstilts.tracking import provenance
from xstilts.tracking import training_run as trainings
from xstilts.tracking.training_run import Subject
from xstilts.training.job import Job

RESUME = Path(".xstilts/resume")
TRAININGS = Path("trainings")


def learn(job: Job, subject: Subject, runtime: Runtime, record: Path) -> dict[str, Any]:
    """Do a training, or inherit the encoder where there is nothing to learn, and write its record.

    Args:
        job: the training.
        subject: what it is called in MLflow.
        runtime: where it is computed.
        record: folder of its record.

    Returns:
        The checkpoint's card.
    """
    meter = provenance.Meter()
    if not job.material.tasks and not job.material.text:
        card = checkpoints.inherit(job.start, job.output, name=job.name, seed=job.seed, recipe=job.recipe)
        trainings.record(
            record,
            subject,
            card["fingerprint"],
            parameters=card["parameters"],
            metrics=card["final"],
            provenance=provenance.collect(meter),
            now=int(time.time() * 1000),
        )
        return card

    # Here, because Lightning and torch take seconds to import and the baseline needs neither.
    from xstilts.tracking.lightning_logger import RunLogger
    from xstilts.training import loop as training

    signal.signal(signal.SIGTERM, _terminated)
    with RunLogger(subject) as logger:
        card = training.train(job, runtime, logger.begin, RESUME)
        final = {f"final/{name}": value for name, value in card.get("final", {}).items()}
        logger.finish(record, metrics=final, provenance=provenance.collect(meter))
    return card


def datasets(job: Job) -> tuple[Mapping[str, str], ...]:
    """What MLflow lists as the data sets of a training."""
    rows = [(folder.name, folder / "train.jsonl") for folder in job.material.tasks]
    rows += [("text", job.material.text)] if job.material.text else []
    return tuple(
        {"name": name, "digest": fingerprints.of_path(path)[:36], "context": "training", "source": path.as_posix()}
        for name, path in rows
    )


def _terminated(number: int, frame: object) -> None:
    raise KeyboardInterrupt
