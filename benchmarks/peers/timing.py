"""Rivals in turn, round after round: CPU seconds of this process, or wall seconds of a synchronised CUDA device."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Spent:
    """Seconds, and how many real tokens (or other units of work) they went to."""

    seconds: float
    work: int

    @property
    def each(self) -> float:
        """Seconds a unit of work."""
        return self.seconds / self.work


def now(device: str = "cpu") -> float:
    """CPU seconds of all threads of this process; on CUDA, wall seconds once the device has nothing left to do.

    On a machine that others use too, CPU time is what can be compared; a CUDA device is timed alone.
    """
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


class Stopwatch:
    """Notes the time after every step; the first `warm` steps do not count.

    Args:
        device: `cpu` or `cuda`.
        warm: steps before the watch starts, at least one.
    """

    def __init__(self, device: str, warm: int) -> None:
        self.device, self.warm = device, warm
        self.steps = 0
        self.began = self.ended = 0.0

    def step(self) -> None:
        """A step is over."""
        self.steps += 1
        self.ended = now(self.device)
        if self.steps == self.warm:
            self.began = self.ended

    def spent(self, tokens: list[int]) -> Spent:
        """What the steps after the warm-up took; `tokens` are the real tokens of every step."""
        return Spent(self.ended - self.began, sum(tokens[self.warm : self.steps]))


def measured(task: Callable[[], object], work: int, device: str = "cpu") -> Spent:
    """The time of one call that does so much work."""
    before = now(device)
    task()
    return Spent(now(device) - before, work)


def alternate(rivals: Mapping[str, Callable[[], Spent]], rounds: int) -> dict[str, float]:
    """The median over rounds of each rival's seconds a unit of work; in every round each rival has one turn."""
    spent: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, rival in rivals.items():
            gc.collect()
            spent[name].append(rival().each)
    return {name: statistics.median(times) for name, times in spent.items()}
