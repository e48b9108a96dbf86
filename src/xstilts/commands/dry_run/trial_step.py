"""One optimiser step a shape with the real module, random weights and random tokens: does it fit, and how fast?

Everything but weights, text and tokenizer is what training uses: the encoder from its configuration, the shapes' heads,
`Learner`, `Schedule` and Lightning's trainer.
"""

import gc
import logging
import resource
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn

from xstilts import tasks
from xstilts.commands.dry_run import configurations, cost
from xstilts.commands.dry_run.architectures import Architecture
from xstilts.experiment import Params
from xstilts.model import encoder, shapes
from xstilts.model.architecture import first_position
from xstilts.model.batching import Encoded
from xstilts.model.settings import OFFSET
from xstilts.model.shapes import mlm
from xstilts.training.job import MLM
from xstilts.training.learner import Learner
from xstilts.training.schedule import EncodedTask, Masking, MicroBatch, Schedule
from xstilts.training.settings import Recipe

logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
warnings.filterwarnings(
    "ignore", message=r".*(treespec, LeafSpec|does not have many workers|IterableDataset|litlogger).*"
)

HEADER = ("shape", "recipe of", "examples", "tokens", "parameters", "loss", "seconds", "peak GiB")
SHAPES = ("classification", "tagging", "span", "choice", MLM)
SPECIAL = 5  # ids below are taken for special tokens


@dataclass(frozen=True)
class Taken:
    """One step that was taken; `peak` is bytes on the device, or of the process on a CPU."""

    shape: str
    training: str
    items: int
    tokens: int
    parameters: int
    loss: float
    seconds: float
    peak: int

    def cells(self) -> tuple[str, ...]:
        """The step as a row of a table."""
        counts = (f"{value:,}" for value in (self.items, self.tokens, self.parameters))
        return (
            self.shape,
            self.training,
            *counts,
            f"{self.loss:.4f}",
            f"{self.seconds:.2f}",
            f"{self.peak / 2**30:.2f}",
        )


class _Watch(pl.Callback):
    """Notes loss and time of the one step, its optimiser's included."""

    loss, seconds = float("nan"), 0.0

    def on_train_batch_start(self, trainer: pl.Trainer, module: Any, batch: MicroBatch, index: int) -> None:
        self._since = time.perf_counter()

    def on_train_batch_end(self, trainer: pl.Trainer, module: Any, outputs: Any, batch: MicroBatch, index: int) -> None:
        self.loss = float(outputs["loss"] if isinstance(outputs, Mapping) else outputs)  # waits for the device
        self.seconds = time.perf_counter() - self._since


def take(
    params: Params, architecture: Architecture, *, items: int | None, accelerator: str, precision: str, seed: int = 1
) -> Iterator[Taken]:
    """A step for each shape, with the recipe of the first training that has it, or of the first target training.

    Args:
        params: recipes, runtime.
        architecture: the encoder.
        items: examples a batch, None for the recipe's.
        accelerator: as Lightning names it.
        precision: as Lightning names it.
        seed: of weights and tokens.
    """
    if params.runtime.threads:
        torch.set_num_threads(params.runtime.threads)
    torch.manual_seed(seed)
    body = build(architecture).train()
    rng = np.random.default_rng(seed)
    for shape in SHAPES:
        name, recipe = _recipe(params, shape)
        batch = items or recipe.batches.get(name, recipe.batch)
        sampling = np.full(batch, 1 / batch) if shape == MLM else None
        task = MLM if shape == MLM else name
        subject = EncodedTask(
            shape, random_items(shape, cost.length(task), recipe, architecture, batch, rng), batch, sampling
        )
        taken = _step(params, body, subject, name, recipe, accelerator=accelerator, precision=precision, seed=seed)
        gc.collect()  # trainer and module hold each other; without it two optimisers' moments are in memory
        yield taken


def build(architecture: Architecture) -> nn.Module:
    """The encoder from its configuration, with the attention that training gives it."""
    row: Mapping[str, Any] = architecture.config or {
        "model_type": architecture.kind,
        "vocab_size": architecture.vocabulary,
        "hidden_size": architecture.hidden,
        "num_hidden_layers": architecture.layers,
        "num_attention_heads": architecture.heads,
        "intermediate_size": architecture.feed_forward,
        "max_position_embeddings": architecture.positions,
        "type_vocab_size": architecture.types,
        "hidden_dropout_prob": architecture.dropout,
        "attention_probs_dropout_prob": architecture.dropout,
    }
    body: nn.Module = encoder.unpadded(configurations.built(row, "cpu"))
    return body


def _recipe(params: Params, shape: str) -> tuple[str, Recipe]:
    """The first target training of a shape, else the first intermediate, else the first target's recipe."""
    recipes = [(name, name, params.recipes.target[name]) for name in params.trainings]
    for name in params.intermediates:
        mixture = params.mixtures[name]
        learned = (*mixture.tasks, *((MLM,) if mixture.mlm else ()))
        if len(learned) == 1:
            recipes.append((name, learned[0], params.recipes.intermediate[name]))
    for name, task, recipe in recipes:
        if shape == (MLM if task == MLM else tasks.get(task).shape):
            return name, recipe
    return next(iter(params.trainings)), params.recipes.target[params.trainings[0]]


def random_items(
    shape: str,
    length: tuple[int, int],
    recipe: Recipe,
    architecture: Architecture,
    items: int,
    rng: np.random.Generator,
) -> Encoded:
    """Items of random tokens, about as long as the task's, with random targets."""
    sequences, mean = length if shape != "choice" or length[0] > 1 else (4, length[1])
    most = min(recipe.max_length, architecture.positions - OFFSET)
    sizes = np.clip(rng.poisson(mean, size=items * sequences), 4, most)
    rows = [rng.integers(SPECIAL, architecture.vocabulary, size=size).tolist() for size in sizes]
    total = int(sizes.sum())
    columns: dict[str, Any] = {}
    if shape == "classification":
        columns["item_targets"] = {"label": rng.integers(3, size=items)}
    elif shape == "choice":
        columns["item_targets"] = {"label": rng.integers(sequences, size=items)}
    elif shape == "tagging":
        columns["token_targets"] = {"tag": rng.integers(17, size=total), "place": np.arange(total)}
    elif shape == "span":
        columns["sequence_targets"] = {name: rng.integers(sizes) for name in ("start", "end")}
    if architecture.types > 1:
        columns["types"] = np.zeros(total, dtype=np.int32)
    return Encoded.build(rows, per_item=sequences, **columns)


def _step(
    params: Params,
    body: Any,
    subject: EncodedTask,
    training: str,
    recipe: Recipe,
    *,
    accelerator: str,
    precision: str,
    seed: int,
) -> Taken:
    runtime = params.runtime
    head = _head(subject.name, body)
    learner = Learner(body, {subject.name: head}, recipe, 1, seed).train()
    if runtime.gradient_checkpointing:
        body.activation_checkpointing_enable()
    masking = Masking(recipe.mask, SPECIAL - 1, int(body.config.vocab_size), np.arange(SPECIAL))
    learner.schedule = lambda: Schedule(
        {subject.name: subject},
        seed=seed,
        steps=1,
        cap=recipe.cap,
        first_position=first_position(body),
        masking=masking,
        parts=runtime.accumulate,
    )
    watch = _Watch()
    place: dict[str, Any] = {"accelerator": accelerator, "precision": precision}
    trainer = pl.Trainer(
        **place,
        max_steps=1,
        devices=1,
        accumulate_grad_batches=runtime.accumulate,
        callbacks=[watch],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    trainer.fit(learner)
    for parameter in learner.parameters():
        parameter.grad = None  # the next shape's optimiser has room for its own
    number = sum(parameter.numel() for parameter in learner.parameters())
    return Taken(
        subject.name,
        training,
        subject.batch,
        len(subject.encoded.ids),
        number,
        watch.loss,
        watch.seconds,
        _peak(accelerator),
    )


def _head(shape: str, body: Any) -> nn.Module:
    hidden, dropout = body.config.hidden_size, getattr(body.config, "hidden_dropout_prob", 0.1)
    if shape == MLM:
        return mlm.Head(hidden, body.get_input_embeddings())
    labels = tuple(str(number) for number in range({"classification": 3, "tagging": 17}.get(shape, 0)))
    head: nn.Module = shapes.get(shape).Head(hidden, dropout, labels)
    return head


def _peak(accelerator: str) -> int:
    if torch.cuda.is_available() and accelerator != "cpu":
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
