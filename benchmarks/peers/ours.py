"""This project's own training, through `training.train`: the same code as `make run` goes through."""

import contextlib
import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from pytorch_lightning.loggers.logger import Logger

from peers.material import Material
from peers.timing import Clock, Spent
from xstilts.model.settings import Runtime
from xstilts.training import job as jobs
from xstilts.training import loop
from xstilts.training.job import Job
from xstilts.training.schedule import EncodedTask, Schedule
from xstilts.training.settings import Recipe


def recipe(material: Material, steps: int) -> Recipe:
    """As many steps of the kind's batch; no evaluation on the way."""
    kind = material.kind
    return Recipe(
        learning_rate=2e-5,
        batch=kind.batch,
        max_length=kind.lengths.max_length,
        query=kind.lengths.query,
        stride=kind.lengths.stride,
        steps=steps,
        warmup=0.0,
    )


def schedule(material: Material, steps: int) -> Schedule:
    """The steps that `training.train` takes."""
    subject = EncodedTask(material.kind.task, material.encoded, material.kind.batch)
    cap = recipe(material, steps).cap
    return Schedule({subject.name: subject}, seed=1, steps=steps, cap=cap, first_position=2)


def step_items(material: Material, steps: int) -> list[np.ndarray]:
    """The item numbers of every step."""
    plan = schedule(material, steps)
    return [plan.items(name, turn) for turn, name in enumerate(plan.order)]


class _Points(Logger):
    """A logger that looks at the clock whenever a point of the curve comes."""

    name = version = "points"

    def __init__(self, device: str, first: int, last: int) -> None:
        super().__init__()
        self.device, self.first, self.last = device, first, last
        self.clock = Clock(device)
        self.points: list[tuple[int, float]] = []  # step, and seconds since the point before

    def begin(self, fingerprint: str, parameters: Mapping[str, Any]) -> "_Points":
        """What `training.train` calls to make its logger."""
        return self

    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        """Lightning's hook."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Lightning's hook."""
        if "train/loss" not in metrics or not self.first <= (step or 0) <= self.last:
            return
        self.points.append((int(step or 0), self.clock.stop() if self.points else 0.0))
        self.clock = Clock(self.device)
        if step != self.last:
            self.clock.start()


class Rival:
    """A call trains for so many steps from the material's encoder; what is timed lies between points of the curve.

    Args:
        material: what is trained.
        steps: optimiser steps a call; the curve has a point every tenth of them, but every fiftieth step at least.
        runtime: where it runs.

    On a CPU the first point ends the warm-up. On CUDA that is the point two thirds of the way: until then most shapes
    have been recorded, which a training does once. Of the stretches between points the median counts.
    """

    def __init__(self, material: Material, *, steps: int, runtime: Runtime) -> None:
        self.material, self.steps, self.runtime = material, steps, runtime
        sizes = material.encoded.tokens()
        self.tokens = [int(sizes[items].sum()) for items in step_items(material, steps)]

    def __call__(self) -> Spent:
        """Train; seconds and real tokens of the timed stretches."""
        cuda = self.runtime.accelerator != "cpu"
        every = max(1, min(50, self.steps // 10))
        first = every * (2 * self.steps // (3 * every)) if cuda else every
        last = every * (self.steps // every)
        # A stretch has some sixty thousand kernels.
        logger = _Points("cuda" if cuda else "cpu", last - every if Clock.kernels else first, last)
        data = (self.material.data,)
        # What is tokenised is cached below the working directory.
        with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
            folder = Path(name)
            chosen = recipe(self.material, self.steps)
            task = self.material.kind.task
            job = Job("target", task, 1, self.material.start, jobs.Material(data), chosen, folder / "out")
            loop.train(job, self.runtime, logger.begin, folder / "resume")
        stretches = [
            Spent(seconds, sum(self.tokens[began:ended])) for (began, _), (ended, seconds) in pairwise(logger.points)
        ]
        if not cuda:
            return Spent(sum(one.seconds for one in stretches), sum(one.work for one in stretches))
        return sorted(stretches, key=lambda one: one.each)[len(stretches) // 2]
