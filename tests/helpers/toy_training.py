"""A training of seconds on a made task, and what tests look at afterwards. Imports no MLflow."""

import shutil
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.loggers.logger import Logger
from safetensors.torch import load_file

from xstilts.formats import prepared
from xstilts.formats.examples import SentencePair
from xstilts.formats.prepared import Card
from xstilts.model.settings import Runtime
from xstilts.training import loop
from xstilts.training.job import Job
from xstilts.training.settings import Recipe

RECIPE = Recipe(learning_rate=5e-3, batch=4, max_length=32, epochs=2, stride=8, evaluation_examples=8)
RUNTIME = Runtime(accelerator="cpu", threads=1, progress=False)


class Memory(Logger):
    """Keeps what it is given; interrupts the training when a step is reached."""

    def __init__(self, interrupt_at: int = 10**9) -> None:
        super().__init__()
        self.interrupt_at = interrupt_at
        self.points: list[tuple[int, dict[str, float]]] = []
        self.fingerprint = ""
        self.parameters: dict[str, Any] = {}

    name = version = "memory"

    def begin(self, fingerprint: str, parameters: Any) -> "Memory":
        self.fingerprint, self.parameters = fingerprint, dict(parameters)
        return self

    def log_hyperparams(self, *_: Any, **__: Any) -> None: ...

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.points.append((step or 0, metrics))
        if (step or 0) >= self.interrupt_at:
            raise InterruptedError("stopped by the test")


def task(folder: Path, shape: str, rows: list[Any], labels: tuple[str, ...] = ()) -> Path:
    card = Card(name=folder.name, shape=shape, scorer="accuracy", metrics=("accuracy",), labels=labels)
    prepared.write(folder, card, {"train": rows, "validation": rows[:8]})
    return folder


def pairs(folder: Path, number: int = 24) -> Path:
    words = ("cat", "mat", "number", "sat")
    rows = [SentencePair(str(i), f"the {words[i % 4]}", "on the mat", "ab"[i % 2]) for i in range(number)]
    return task(folder, "classification", rows, ("a", "b"))


def run(job: Job, resume: Path, logger: Memory | None = None, runtime: Runtime = RUNTIME) -> dict[str, Any]:
    return loop.train(job, runtime, (logger or Memory()).begin, resume)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    heads = (load_file(path) for path in sorted((folder / "heads").glob("*.safetensors")))
    return load_file(folder / "encoder" / "model.safetensors") | {k: v for head in heads for k, v in head.items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def without_dropout(start: Path, folder: Path) -> Path:
    """A copy of a checkpoint whose encoder drops nothing."""
    shutil.copytree(start, folder)
    config = folder / "encoder" / "config.json"
    text = config.read_text(encoding="utf-8")
    assert text.count('_dropout_prob": 0.1') == 2  # of hidden states and of attention
    config.write_text(text.replace('_dropout_prob": 0.1', '_dropout_prob": 0.0'), encoding="utf-8")
    return folder
