"""What happens beside the optimiser: curves, checkpoints to resume from, selection on English validation data."""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from safetensors.torch import load_file, save_file

from xstilts.formats import atomic
from xstilts.training import sharding
from xstilts.training.learner import Learner
from xstilts.training.schedule import MicroBatch

LAST = "last.ckpt"
BEST = "best.safetensors"


class Curves(pl.Callback):
    """Loss, learning rate, tokens per second and memory, averaged over `every` steps and sent together."""

    def __init__(self, every: int) -> None:
        self.every = every
        self._losses: list[torch.Tensor] = []
        self._tokens = 0
        self._since = time.perf_counter()

    def on_train_batch_end(self, trainer: pl.Trainer, module: Any, outputs: Any, batch: MicroBatch, index: int) -> None:
        """Lightning's hook."""
        self._losses.append(outputs["loss"].detach() if isinstance(outputs, dict) else outputs.detach())
        self._tokens += len(batch.batch.ids)
        step = trainer.global_step
        if trainer.logger is None or step != batch.step + 1:
            return
        if step % self.every and step < trainer.max_steps:
            return
        seconds = time.perf_counter() - self._since
        metrics = {
            "train/loss": torch.stack(self._losses).float().mean().item(),
            "train/learning_rate": float(trainer.optimizers[0].param_groups[0]["lr"]),
            "train/tokens_per_second": self._tokens / max(seconds, 1e-9),
            "train/memory_mib": _memory(),
        }
        trainer.logger.log_metrics(metrics, step=step)
        self._losses, self._tokens, self._since = [], 0, time.perf_counter()


class ModelSelection(pl.Callback):
    """Evaluates every so many steps; keeps the best weights and stops when `patience` evaluations brought none.

    The evaluation is the English validation loss: no target-language data ever selects a checkpoint.
    """

    def __init__(
        self, evaluate: Callable[[Learner], dict[str, float]], every: int, patience: int, folder: Path
    ) -> None:
        self.evaluate, self.every, self.patience, self.folder = evaluate, every, patience, folder
        self.start: dict[str, float] = {}  # before the first step
        self.first: dict[str, float] = {}
        self.best, self.best_step, self.since, self.seen = float("inf"), 0, 0, 0
        self.losses: dict[int, dict[str, float]] = {}  # of the best step and of the last evaluated one

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training must know."""
        names = ("start", "first", "best", "best_step", "since", "seen", "losses")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Lightning's hook."""
        self.__dict__.update(state_dict)

    def on_train_start(self, trainer: pl.Trainer, module: Any) -> None:
        """Lightning's hook."""
        if not trainer.global_step:
            self.start = self.evaluate(module)
            if trainer.logger and self.start:
                trainer.logger.log_metrics({f"validation/{name}": loss for name, loss in self.start.items()}, step=0)

    def on_train_batch_end(self, trainer: pl.Trainer, module: Any, outputs: Any, batch: MicroBatch, index: int) -> None:
        """Lightning's hook."""
        step = trainer.global_step
        if not self.every or step % self.every or step == self.seen:
            return
        self.seen = step
        module.check()
        losses = self.evaluate(module)
        if trainer.logger:
            trainer.logger.log_metrics({f"validation/{name}": loss for name, loss in losses.items()}, step=step)
        if not losses:
            return
        self.first = self.first or losses
        # Losses of different tasks have different scales: each counts relative to its first evaluation.
        relative = sum(loss / self.first[name] for name, loss in losses.items()) / len(losses)
        if relative < self.best:
            self.best, self.best_step, self.since = relative, step, 0
            if self.patience:
                weights = sharding.whole(module)
                if trainer.is_global_zero:
                    with atomic.file(self.folder / BEST) as aside:
                        save_file({name: value.contiguous() for name, value in weights.items()}, aside)
        else:
            self.since += 1
            if self.patience and self.since >= self.patience:
                trainer.should_stop = True
        self.losses = {**{at: old for at, old in self.losses.items() if at == self.best_step}, step: losses}

    def restore_best(self, module: Learner) -> int:
        """Put the best weights back, where training may stop early; returns the step that they come from, or 0."""
        if not (self.patience and self.best_step):
            return 0
        module.load_state_dict(load_file(self.folder / BEST))
        return self.best_step


class Resume(pl.Callback):
    """Writes the checkpoint that a killed training continues from: whole or not at all, every so many seconds."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.seconds = folder, seconds
        self._since = time.perf_counter()
        self._saved = -1

    def on_train_batch_end(self, trainer: pl.Trainer, module: Any, outputs: Any, batch: MicroBatch, index: int) -> None:
        """Lightning's hook; steps are never split by a checkpoint."""
        due = time.perf_counter() - self._since >= self.seconds
        if trainer.world_size > 1:  # clocks differ, and every process must take part in a checkpoint
            due = trainer.strategy.broadcast(due)
        if not due or trainer.global_step == self._saved or trainer.global_step != batch.step + 1:
            return
        module.check()
        self._saved = trainer.global_step
        self.folder.mkdir(parents=True, exist_ok=True)
        aside = atomic.beside(self.folder / LAST)  # which every process of the training takes part in writing
        try:
            trainer.save_checkpoint(aside, weights_only=False)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise OSError(
                f"the checkpoint of step {trainer.global_step} could not be written to {self.folder} ({error}); the "
                "one before it is kept. Free some disk and run the same command again: training goes on from there"
            ) from error
        if trainer.is_global_zero:
            aside.replace(self.folder / LAST)
        self._since = time.perf_counter()


def _memory() -> float:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
