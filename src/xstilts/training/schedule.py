"""Which examples every optimiser step sees: decided by the seed and the step alone.

A single task is read in shuffled passes. A mixture draws a task for each step with p ∝ min(examples, cap)
(Raffel et al. 2020, as in Phang et al. 2020), then that task's next examples. MLM draws lines over languages.
Nothing here depends on devices: a step is split among micro-batches and processes after its examples are known.
"""

import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from xstilts.model.batching import Batch, Encoded, collate
from xstilts.model.shapes import mlm


@dataclass(frozen=True)
class EncodedTask:
    """One task of a mixture, encoded. `sampling` is the probability of each item, for MLM; None means passes."""

    name: str
    encoded: Encoded
    batch: int
    sampling: np.ndarray | None = None


@dataclass(frozen=True)
class Masking:
    """How MLM masks tokens: see `shapes.mlm.hide`."""

    share: float
    mask: int
    vocabulary: int
    specials: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class MicroBatch:
    """What one process computes at once: a part of a step's batch.

    `terms` is the share of one micro-batch in the terms of the whole step's loss, so that the mean over
    micro-batches and processes is the mean over the step.
    """

    step: int
    subject: str
    batch: Batch
    terms: float


def total_steps(subjects: Mapping[str, EncodedTask], *, epochs: float, steps: int, cap: int) -> int:
    """Optimiser steps of a training: `steps`, or `epochs` passes over min(items, cap) of each task."""
    if steps:
        return steps
    if len(subjects) == 1:
        (subject,) = subjects.values()
        return max(1, round(epochs * math.ceil(len(subject.encoded) / subject.batch)))
    weights = _weights(subjects, cap)
    # As many steps as give every task its passes in expectation: Σ items / Σ p·batch.
    items = sum(min(len(subject.encoded), cap) for subject in subjects.values())
    per_step = float(sum(p * subject.batch for p, subject in zip(weights, subjects.values(), strict=True)))
    return max(1, round(epochs * items / per_step))


class Schedule:
    """The steps of one training, from any step on.

    Args:
        subjects: the tasks by name.
        seed: of the shuffles, draws and masks.
        steps: how many there are.
        cap: see `total_steps`.
        first_position: position id of a sequence's first token.
        masking: for the subject called `mlm`.
        parts: micro-batches a step and process.
        rank: the number of this process.
        world: how many processes there are.
        start: the first step to give, for a resumed training.
    """

    def __init__(
        self,
        subjects: Mapping[str, EncodedTask],
        *,
        seed: int,
        steps: int,
        cap: int,
        first_position: int,
        masking: Masking | None = None,
        parts: int = 1,
        rank: int = 0,
        world: int = 1,
        start: int = 0,
    ) -> None:
        self.subjects = dict(subjects)
        self.seed, self.steps, self.start = seed, steps, start
        self.first_position, self.masking = first_position, masking
        self.parts, self.rank, self.world = parts, rank, world
        names = list(self.subjects)
        draw = np.random.default_rng([seed, 0])
        self.order = [names[i] for i in draw.choice(len(names), size=steps, p=_weights(self.subjects, cap))]
        self._passes: dict[tuple[str, int], np.ndarray] = {}
        sampled = {one.name: one.sampling for one in self.subjects.values() if one.sampling is not None}
        self._cumulative = {name: np.cumsum(p) / p.sum() for name, p in sampled.items()}

    def __iter__(self) -> Iterator[MicroBatch]:
        taken = dict.fromkeys(self.subjects, 0)
        for step, name in enumerate(self.order):
            turn = taken[name]
            taken[name] += 1
            if step >= self.start:
                yield from self._micros(step, name, self.items(name, turn))

    def items(self, name: str, turn: int) -> np.ndarray:
        """The item numbers of a task's `turn`-th step: exactly the recipe's batch, a pass's last one may be smaller."""
        subject = self.subjects[name]
        size = len(subject.encoded)
        if subject.sampling is not None:
            rng = np.random.default_rng([self.seed, 1, turn])
            drawn: np.ndarray = np.searchsorted(self._cumulative[name], rng.random(subject.batch), side="right")
            return np.sort(drawn)
        per_pass = math.ceil(size / subject.batch)
        number, place = divmod(turn, per_pass)
        key = (name, number)
        if key not in self._passes:
            self._passes = {k: v for k, v in self._passes.items() if k[0] != name}
            rng = np.random.default_rng([self.seed, 2, zlib.crc32(name.encode()), number])
            self._passes[key] = rng.permutation(size)
        return self._passes[key][place * subject.batch : (place + 1) * subject.batch]

    def _micros(self, step: int, name: str, items: np.ndarray) -> Iterator[MicroBatch]:
        encoded = self.subjects[name].encoded
        if self.subjects[name].sampling is not None:
            encoded, items = self._hidden(step, encoded, items), np.arange(len(items))
        pieces = self.parts * self.world
        shares = np.array_split(items, pieces)
        # Every process must take part in every step: one without a share computes an item that weighs nothing.
        batches = [collate(encoded, share if len(share) else items[:1], self.first_position) for share in shares]
        counts = [_terms(batch) if len(share) else 0 for batch, share in zip(batches, shares, strict=True)]
        for place, (batch, count) in enumerate(zip(batches, counts, strict=True)):
            if place % self.world == self.rank:
                yield MicroBatch(step, name, batch, sum(counts) / pieces if count else math.inf)

    def _hidden(self, step: int, encoded: Encoded, items: np.ndarray) -> Encoded:
        if self.masking is None:
            raise ValueError("MLM needs to know its mask token")
        rng = np.random.default_rng([self.seed, 3, step])
        return mlm.hide(
            encoded,
            items,
            self.masking.share,
            mask=self.masking.mask,
            vocabulary=self.masking.vocabulary,
            specials=self.masking.specials,
            rng=rng,
        )


def _weights(subjects: Mapping[str, EncodedTask], cap: int) -> np.ndarray:
    sizes = np.array([min(len(subject.encoded), cap) for subject in subjects.values()], dtype=np.float64)
    weights: np.ndarray = sizes / sizes.sum()
    return weights


def _terms(batch: Batch) -> int:
    for name in ("hidden", "tag"):
        if name in batch.targets:
            return int((batch.targets[name] >= 0).sum())
    return batch.weight
