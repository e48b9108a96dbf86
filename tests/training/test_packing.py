"""Training without padding is the recipe's: the same examples in every step, the same losses, the same labels."""

import zlib
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

from toy_training import run
from xstilts.formats import prepared
from xstilts.model import encoder
from xstilts.model.architecture import first_position
from xstilts.model.attention import PACKED
from xstilts.model.batching import Encoded
from xstilts.model.settings import Model, Runtime
from xstilts.model.shapes import Lengths, classification, span, tagging
from xstilts.model.tokens import Tokens
from xstilts.prediction import predict
from xstilts.training.job import Job
from xstilts.training.learner import Learner
from xstilts.training.schedule import EncodedTask, MicroBatch, Schedule
from xstilts.training.settings import Recipe

STEPS = 200
LABELS = ("a", "b", "c")
RUNTIME = Runtime(accelerator="cpu", threads=1, progress=False)


def sequences(shape: str, number: int = 90) -> Encoded:
    """Random sequences of 3 to 40 tokens whose first plain token decides what is to be learned."""
    rng = np.random.default_rng(1)
    rows = [[0, *rng.integers(5, 60, size=size - 2).tolist(), 2] for size in rng.integers(3, 41, size=number)]
    first = np.array([row[1] for row in rows])
    if shape == "tagging":
        tags = [-100 if token < 5 else token % 3 for row in rows for token in row]
        places = np.where(np.array(tags) >= 0, np.cumsum(np.array(tags) >= 0) - 1, -100)
        return Encoded.build(rows, token_targets={"tag": np.array(tags), "place": places})
    if shape == "span":
        ends = np.array([min(1 + row[1] % 3, len(row) - 1) for row in rows])
        return Encoded.build(rows, sequence_targets={"start": np.ones_like(ends), "end": ends})
    return Encoded.build(rows, item_targets={"label": first % 3})


def trained(shape: str, attention: str) -> tuple[Learner, list[float]]:
    """A learner after so many steps, and the loss of each."""
    encoded = sequences(shape)
    heads = {"classification": classification.Head, "tagging": tagging.Head, "span": span.Head}
    torch.manual_seed(3)
    body = encoder.fresh(Model(layers=2, hidden=32, heads=2, feed_forward=64, positions=64, dropout=0.0), 60, pad=1)
    body.set_attn_implementation(attention)
    recipe = Recipe(learning_rate=5e-4, batch=8, max_length=64, steps=STEPS)
    learner = Learner(body, {shape: heads[shape](32, 0.0, LABELS)}, recipe, STEPS, seed=1).train()
    settings = learner.configure_optimizers()
    optimizer, rate = settings["optimizer"], settings["lr_scheduler"]["scheduler"]
    steps = Schedule(
        {shape: EncodedTask(shape, encoded, 8)}, seed=1, steps=STEPS, cap=1000, first_position=first_position(body)
    )
    losses = []
    for micro in steps:
        loss = learner.training_step(micro, 0)
        loss.backward()
        learner.configure_gradient_clipping(optimizer)
        optimizer.step()
        rate.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    return learner.eval(), losses


@pytest.mark.parametrize("shape", ["classification", "tagging", "span"])
def test_two_hundred_packed_steps_have_the_losses_of_padded_ones_and_lead_to_the_same_labels(shape: str) -> None:
    (packed, losses), (padded, expected) = trained(shape, PACKED), trained(shape, "sdpa")
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-5)
    assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:20])
    found, wanted = (
        predict.everything(learner.encoder, learner.heads[shape], sequences(shape), RUNTIME)
        for learner in (packed, padded)
    )
    if shape == "tagging":
        order, other = np.argsort(found["place"]), np.argsort(wanted["place"])
        np.testing.assert_array_equal(found["tag"][order], wanted["tag"][other])
    else:
        for one, another in zip(found["logits"], wanted["logits"], strict=True):
            np.testing.assert_array_equal(one.argmax(axis=0), another.argmax(axis=0))


@pytest.mark.parametrize("accumulate", [1, 3])
def test_every_step_of_a_training_has_the_recipes_examples_in_its_order(
    job: Job,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    accumulate: int,
) -> None:
    seen: dict[int, list[tuple[int, ...]]] = {}
    step = Learner.training_step

    def spied(learner: Learner, micro: MicroBatch, index: int) -> torch.Tensor:
        batch = micro.batch
        for start, size in zip(batch.starts.tolist(), batch.sizes.tolist(), strict=True):
            seen.setdefault(micro.step, []).append(tuple(batch.ids[start : start + size].tolist()))
        return step(learner, micro, index)

    monkeypatch.setattr(Learner, "training_step", spied)
    run(job, tmp_path / "resume", runtime=replace(RUNTIME, accumulate=accumulate))
    (folder,) = job.material.tasks
    rows = prepared.read(folder, "train")
    encoded, _ = classification.encode(rows, Tokens.open(job.start / "encoder"), Lengths(32), ("a", "b"))
    whole = [tuple(row.tolist()) for row in np.split(encoded.ids, encoded.offsets[1:-1])]
    each = len(whole) // job.recipe.batch
    assert sorted(seen) == list(range(2 * each))
    for number in (0, 1):
        steps = [seen[place] for place in range(number * each, (number + 1) * each)]
        assert [len(examples) for examples in steps] == [job.recipe.batch] * each
        order = np.random.default_rng([job.seed, 2, zlib.crc32(folder.name.encode()), number]).permutation(len(whole))
        assert list(chain.from_iterable(steps)) == [whole[place] for place in order]
