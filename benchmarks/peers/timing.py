"""Rivals in turn, round after round: CPU seconds of this process, or wall seconds of a synchronised CUDA device.

Wall seconds on CUDA contain what the host takes to launch kernels, which differs between machines more than the devices
do. `Clock.kernels` counts the seconds that kernels ran instead: a lower bound, as of a host that is never late.
"""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch.profiler import ProfilerActivity, profile


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


class Clock:
    """What passes between start and stop.

    Attributes:
        kernels: of all clocks: whether they count the seconds of a CUDA device's kernels.
    """

    kernels = False

    def __init__(self, device: str) -> None:
        self.device, self.began = device, 0.0
        self.profiler: profile | None = None

    def start(self) -> None:
        """Begin to count."""
        self.began = now(self.device)
        if self.kernels:
            self.profiler = profile(activities=[ProfilerActivity.CUDA])
            self.profiler.start()

    def stop(self) -> float:
        """Seconds since the start."""
        ended = now(self.device)
        if self.profiler is None:
            return ended - self.began
        self.profiler.stop()
        spans = ("aten::", "Optimizer", "cuda", "ProfilerStep")  # contain kernels that are counted by themselves
        rows = [row for row in self.profiler.key_averages() if not row.key.startswith(spans)]
        return float(sum(row.self_device_time_total for row in rows)) / 1e6


class Stopwatch:
    """Notes the time after the first `warm` steps, which do not count, and after the last.

    It looks at no other: on CUDA that would keep the next step's launches from running ahead.

    Args:
        device: `cpu` or `cuda`.
        warm: steps before the watch starts, at least one.
        steps: how many there will be.
    """

    def __init__(self, device: str, warm: int, steps: int) -> None:
        self.warm, self.last = warm, steps
        self.steps, self.seconds, self.clock = 0, 0.0, Clock(device)

    def step(self) -> None:
        """A step is over."""
        self.steps += 1
        if self.steps == self.warm:
            self.clock.start()
        if self.steps == self.last:
            self.seconds = self.clock.stop()

    def spent(self, tokens: list[int]) -> Spent:
        """What the steps after the warm-up took; `tokens` are the real tokens of every step."""
        return Spent(self.seconds, sum(tokens[self.warm : self.last]))


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
