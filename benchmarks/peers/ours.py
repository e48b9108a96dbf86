"""This project's own training, through `training.train`: the same code as `make run` goes through."""

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pytorch_lightning.loggers.logger import Logger

from peers.material import Material
from peers.timing import Spent, now
from xstilts import jobs, training
from xstilts.jobs import Job
from xstilts.params import Recipe, Runtime
from xstilts.schedule import Schedule, Subject


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
    subject = Subject(material.kind.task, material.encoded, material.kind.batch)
    cap = recipe(material, steps).cap
    return Schedule({subject.name: subject}, seed=1, steps=steps, cap=cap, first_position=2)


def step_items(material: Material, steps: int) -> list[np.ndarray]:
    """The item numbers of every step."""
    plan = schedule(material, steps)
    return [plan.items(name, turn) for turn, name in enumerate(plan.order)]


class _Points(Logger):
    """A logger that looks at the clock whenever a point of the curve comes."""

    name = version = "points"

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device
        self.points: list[tuple[int, float]] = []

    def begin(self, fingerprint: str, parameters: Mapping[str, Any]) -> "_Points":
        """What `training.train` calls to make its logger."""
        return self

    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        """Lightning's hook."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Lightning's hook."""
        if "train/loss" in metrics:
            self.points.append((int(step or 0), now(self.device)))


class Rival:
    """A call trains for so many steps from the material's encoder; what is timed lies between two points of the curve.

    Args:
        material: what is trained.
        steps: optimiser steps a call; the curve has a point every tenth of them, the first ends the warm-up.
        runtime: where it runs.
    """

    def __init__(self, material: Material, *, steps: int, runtime: Runtime) -> None:
        self.material, self.steps, self.runtime = material, steps, runtime
        sizes = material.encoded.tokens()
        self.tokens = [int(sizes[items].sum()) for items in step_items(material, steps)]

    def __call__(self) -> Spent:
        """Train; seconds and real tokens between the first and the last point of the curve."""
        logger = _Points("cpu" if self.runtime.accelerator == "cpu" else "cuda")
        data = (self.material.data,)
        # What is tokenised is cached below the working directory.
        with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
            folder = Path(name)
            chosen = recipe(self.material, self.steps)
            task = self.material.kind.task
            job = Job("target", task, 1, self.material.start, jobs.Material(data), chosen, folder / "out")
            training.train(job, self.runtime, logger.begin, folder / "resume")
        (first, began), (last, ended) = logger.points[0], logger.points[-1]
        return Spent(ended - began, sum(self.tokens[first:last]))
