"""A training with its record: what MLflow shows of it, and the files that the store can be rebuilt from.

What is trained, and how, comes in as a function: nothing here decides a weight.
"""

import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from xstilts.tracking import provenance, training_run
from xstilts.tracking.training_run import TrainingRun

RESUME = Path(".xstilts/resume")
Begin = Callable[[str, Mapping[str, Any]], Any]  # a training's fingerprint and parameters → its Lightning logger
Card = dict[str, Any]


def learn(train: Callable[[Begin], Card], subject: TrainingRun, record: Path) -> Card:
    """Do a training and write its record.

    Args:
        train: does it, logging to what it is given; returns the checkpoint's card.
        subject: what it is called in MLflow.
        record: folder of its record.

    Returns:
        The card.
    """
    # Here, because Lightning takes seconds to import and the baseline does not need it.
    from xstilts.tracking.lightning_logger import RunLogger

    meter = provenance.Meter()
    signal.signal(signal.SIGTERM, _terminated)
    with RunLogger(subject) as logger:
        card = train(logger.begin)
        final = {f"final/{name}": value for name, value in card.get("final", {}).items()}
        logger.finish(record, metrics=final, provenance=provenance.collect(meter))
    return card


def untrained(make: Callable[[], Card], subject: TrainingRun, record: Path) -> Card:
    """Make a checkpoint without learning (a copy, a download), and write its record, which has no curve."""
    meter = provenance.Meter()
    card = make()
    training_run.record(
        record,
        subject,
        card["fingerprint"],
        parameters=card["parameters"],
        metrics=card["final"],
        provenance=provenance.collect(meter),
        now=int(time.time() * 1000),
    )
    return card


def _terminated(number: int, frame: object) -> None:
    raise KeyboardInterrupt
