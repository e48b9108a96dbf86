"""The training curve on its way to MLflow: a Lightning logger that never makes training wait.

Points go to the outbox on disk. While a training is long, a thread of its own opens MLflow and sends them every few
seconds; a short training is over before that, and the next stage sends what it left. One point logged at once costs
more than a small model's step; in batches it costs nothing that one could measure.
"""

import logging
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from lightning_fabric.utilities.rank_zero import rank_zero_only
from pytorch_lightning.loggers.logger import Logger

from xstilts.tracking import outbox, records, redaction, store, training_run
from xstilts.tracking.run_content import RunContent

_log = logging.getLogger(__name__)
_TOLD = "training goes on; its curve is kept in %s and sent when the store answers, or by a later stage. %s"
_LEFT = "the training is over; its curve is in %s and a later stage will send it. %s"
_LAST = 20.0  # seconds that the end of a training waits for its curve to be sent
_KILLED = ("KeyboardInterrupt", "SIGTERMException")


class RunLogger(Logger):
    """Log one training.

    Use it as a context: `with RunLogger(subject) as logger`, in it `logger.begin(fingerprint, parameters)` gives
    Lightning its logger, and `logger.finish(folder)` ends the run as FINISHED. Leaving the context without `finish`
    ends it as KILLED on Ctrl-C and SIGTERM, else as FAILED. On ranks other than zero it does nothing.

    Args:
        subject: the training.
        patience: seconds before the thread opens MLflow; infinity leaves everything to the next stage.
        interval: seconds between two sendings.
    """

    def __init__(self, subject: training_run.TrainingRun, *, patience: float = 10.0, interval: float = 5.0) -> None:
        super().__init__()
        self._subject = subject
        self._patience, self._interval = patience, interval
        self._entry: RunContent | None = None
        self._letter: outbox.Outgoing | None = None
        self._buffer: list[store.Point] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._over = self._killed = self._told = False
        self._trouble = ""

    @property
    def name(self) -> str:
        """The run's name."""
        return self._subject.name

    @property
    def version(self) -> str:
        """The beginning of the run's fingerprint; empty before it has begun."""
        return self._entry.fingerprint[:12] if self._entry else ""

    def begin(self, fingerprint: str, parameters: Mapping[str, Any]) -> "RunLogger":
        """Begin the run; what the first process of a training calls, the others may.

        Args:
            fingerprint: of everything that can change the result.
            parameters: nested or flat.
        """
        self._entry = self._subject.entry(fingerprint, parameters, started=_now())
        if _first():
            self._letter = outbox.Outgoing.of(fingerprint)
            self._letter.start(self._entry)
            if self._patience != float("inf"):
                self._thread = threading.Thread(target=self._work, name="xstilts-curves", daemon=True)
                self._thread.start()
        return self

    def __enter__(self) -> "RunLogger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._entry is not None and not self._over:
            killed = self._killed or (kind is not None and kind.__name__ in _KILLED)
            self._end("KILLED" if killed else "FAILED", replace(self._entry, ended=_now()))

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Keep points of the curve; Lightning calls it."""
        if _first():
            at = _now()
            with self._lock:
                # Lightning adds the epoch to everything; the step says the same.
                self._buffer += [
                    (name, float(value), at, step or 0) for name, value in metrics.items() if name != "epoch"
                ]

    def log_hyperparams(self, params: Namespace | Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        """Nothing: the run's parameters came with `begin`."""

    def finalize(self, status: str) -> None:
        """Write what is buffered. Lightning calls it after each fit and test, so the run is not over yet."""
        error = sys.exc_info()[1]
        self._killed = self._killed or type(error).__name__ in _KILLED
        self._write()

    def finish(
        self, folder: Path, *, metrics: Mapping[str, float] | None = None, provenance: Mapping[str, Any]
    ) -> None:
        """End the run as FINISHED and write its record, `run.json` and `curve.jsonl`.

        Args:
            folder: of the record.
            metrics: final values beside the curve's last ones.
            provenance: from `provenance.collect`.

        Raises:
            ValueError: the run has not begun.
        """
        if not _first():
            return
        if self._entry is None or self._letter is None:
            raise ValueError(f"the run {self.name} is to be finished and has not begun; call begin() first")
        self._write()
        curve = self._letter.curve()
        last = {name: value for name, value, _, _ in curve}
        ended = training_run.over(
            self._entry,
            metrics={**last, **(metrics or {})},
            provenance=provenance,
            ended=_now(),
            step=max((step for _, _, _, step in curve), default=0),
        )
        records.write_training(folder, records.TrainingRecord(ended, curve=tuple(curve)))
        self._end("FINISHED", ended)

    def _end(self, status: str, entry: RunContent) -> None:
        self._over = True
        self._write()
        if self._letter is not None:
            self._letter.end(entry, status)
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=_LAST)
            if self._trouble or self._thread.is_alive():
                _log.warning(_LEFT, self._letter and self._letter.path, self._trouble or "the store does not answer")

    def _write(self) -> None:
        with self._lock:
            if self._buffer and self._letter is not None:
                self._letter.points(self._buffer)
            self._buffer = []  # only now: what could not be written is tried again

    def _work(self) -> None:
        """Send until the run is over; a training that ends before the thread's patience does never opens MLflow."""
        if self._stop.wait(self._patience):
            return
        over = False
        while not over:
            over = self._stop.wait(self._interval)
            self._send()

    def _send(self) -> None:
        """Write and send; whatever goes wrong is told once, and tried again the next time: the thread does not die."""
        assert self._letter is not None
        try:
            self._write()
            self._letter.send(store.connect(), wait=False)
            self._trouble = ""
        except Exception as error:
            self._trouble = redaction.redacted(f"{error}" if isinstance(error, ValueError) else f"{error!r}")
            if not self._told:
                _log.warning(_TOLD, self._letter.path, self._trouble)
            self._told = True


def _first() -> bool:
    """Whether this process is the one of its training that logs."""
    return int(getattr(rank_zero_only, "rank", 0) or 0) == 0


def _now() -> int:
    return int(time.time() * 1000)
