"""Steps with rounded weights, and batches filled up for recorded steps; what needs a device is in test_cuda.py."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from toy_training import RECIPE, RUNTIME, Memory, pairs, run, same, weights, without_dropout
from xstilts.model import encoder, shapes
from xstilts.model.batching import IGNORED, Batch, Encoded, collate, hidden_states
from xstilts.model.settings import Model
from xstilts.model.shapes import classification, span, tagging
from xstilts.training import cuda_graphs
from xstilts.training.cuda_graphs import BUCKET, filled
from xstilts.training.job import Job, Material
from xstilts.training.learner import Learner
from xstilts.training.master_weights import MasterWeights

SIZES = Model(layers=2, hidden=32, heads=2, feed_forward=64, positions=66, dropout=0.0)


def learner(decay: float = 0.0) -> Learner:
    torch.manual_seed(1)
    body = encoder.fresh(SIZES, 50, pad=1)
    heads = {
        "pairs": classification.Head(SIZES.hidden, 0.0, "ab"),
        "tags": tagging.Head(SIZES.hidden, 0.0, "abc"),
        "spans": span.Head(SIZES.hidden, 0.0, ()),
    }
    recipe = replace(RECIPE, learning_rate=1e-3, weight_decay=decay)
    return Learner(body, heads, recipe, 10, 1).train()


def encoded(shape: str) -> Encoded:
    rng = np.random.default_rng(2)
    sizes = rng.integers(4, 30, size=12)
    rows = [rng.integers(2, 50, size=size) for size in sizes]
    if shape == "tags":
        tags = rng.integers(-1, 3, size=int(sizes.sum()))
        return Encoded.build(rows, token_targets={"tag": np.where(tags < 0, IGNORED, tags)})
    if shape == "spans":
        return Encoded.build(rows, sequence_targets={"start": sizes - 2, "end": sizes - 1})
    return Encoded.build(rows, item_targets={"label": rng.integers(2, size=12)})


def by_autocast(learning: Learner, steps: int) -> list[float]:
    """Steps as Lightning takes them under `bf16-mixed`."""
    optimizer, losses = learning.configure_optimizers()["optimizer"], []
    for step in range(steps):
        batch = collate(encoded("pairs"), np.arange(4) + 4 * (step % 3), 2)
        with torch.autocast("cpu", torch.bfloat16):
            loss = learning.sum_of_losses("pairs", batch) / 4
        loss.backward()
        learning.configure_gradient_clipping(optimizer)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def whole(learning: Learner, monkeypatch: pytest.MonkeyPatch) -> torch.optim.Optimizer:
    """Prepare for steps as they are recorded."""
    optimizer: torch.optim.Optimizer = learning.configure_optimizers()["optimizer"]
    monkeypatch.setattr(Learner, "optimizer", property(lambda self: optimizer))
    for group in optimizer.param_groups:
        group["lr"] = torch.tensor(group["lr"])
    learning.halves = MasterWeights(learning.encoder, optimizer, compiled=False)
    return optimizer


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_steps_with_rounded_weights_learn_what_autocast_learns(decay: float, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = learner(decay), learner(decay)
    start = {name: weight.detach().clone() for name, weight in first.named_parameters()}
    losses = by_autocast(first, 6)
    optimizer = whole(second, monkeypatch)
    for step, loss in enumerate(losses):
        batch = collate(encoded("pairs"), np.arange(4) + 4 * (step % 3), 2)
        assert second.whole_step("pairs", batch, torch.tensor(4.0)).item() == pytest.approx(loss, abs=1e-3)
    weights = dict(second.named_parameters())
    for name, weight in first.named_parameters():
        if "spans" in name or "tags" in name or "key.bias" in name:  # no gradient, or none but rounding
            continue
        moved = float((weight.detach() - start[name]).abs().mean())
        # A gradient near zero may change its sign by a rounding, which moves Adam's first steps.
        assert float((weights[name] - weight).detach().abs().mean()) < 0.02 * moved, name
        assert moved > 1e-5, name
    assert {float(state["step"]) for state in optimizer.state.values()} == {6.0}
    for name, half in second.halves.weights.items():  # type: ignore[union-attr]
        assert torch.equal(half, second.encoder.get_parameter(name).bfloat16()), name


def test_a_step_whose_gradient_is_not_finite_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    learning = learner()
    optimizer = whole(learning, monkeypatch)
    batch = collate(encoded("pairs"), np.arange(4), 2)
    learning.whole_step("pairs", batch, torch.tensor(4.0))
    before = {name: weight.detach().clone() for name, weight in learning.named_parameters()}
    assert not torch.isfinite(learning.whole_step("pairs", batch, torch.tensor(0.0)))
    assert all(torch.equal(before[name], weight) for name, weight in learning.named_parameters())
    assert {float(state["step"]) for state in optimizer.state.values()} == {1.0}
    learning.whole_step("pairs", batch, torch.tensor(4.0))
    assert not torch.equal(before["heads.pairs.dense.weight"], learning.heads["pairs"].dense.weight)  # type: ignore[arg-type, union-attr]


def test_losses_that_are_not_finite_are_found_when_looked_at() -> None:
    learning = learner()
    learning._unchecked = [(3, "pairs", torch.tensor(1.0)), (4, "pairs", torch.tensor(float("nan")))]
    with pytest.raises(FloatingPointError, match=r"step 4 \(pairs\) is nan"):
        learning.check()
    learning.check()


def test_a_whole_step_without_rounded_weights_says_so() -> None:
    with pytest.raises(RuntimeError, match="rounded weights"):
        learner().whole_step("pairs", collate(encoded("pairs"), np.arange(4), 2), torch.tensor(4.0))


@pytest.mark.parametrize("shape", ["pairs", "tags", "spans"])
@pytest.mark.parametrize("items", [1, 5, 12])
def test_a_filled_row_has_the_same_loss_and_gradients(shape: str, items: int) -> None:
    batch = collate(encoded(shape), np.arange(items), 2)
    full = filled(batch, 40)
    assert len(full.ids) % BUCKET == 0
    assert 0 < len(full.ids) - len(batch.ids) <= BUCKET
    assert int(full.bounds[-1]) == len(full.ids)
    assert torch.equal(full.bounds[:-1], batch.bounds)
    # On a CPU attention goes by the lengths, which only bound those of a filled batch.
    more = len(full.ids) - len(batch.ids)
    on_cpu = replace(full, lengths=(*batch.lengths, more))
    gradients = []
    for row in (batch, on_cpu):
        learning = learner()
        loss = learning.sum_of_losses(shape, row)
        loss.backward()
        assert torch.isfinite(loss)
        gradients.append([loss.detach()] + [one.grad for one in learning.parameters() if one.grad is not None])
    assert len(gradients[0]) == len(gradients[1])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(other, one, atol=2e-5, rtol=1e-4)


def test_what_is_recorded_has_fixed_shapes() -> None:
    fixed = {name: getattr(shapes.get(name).Head, "fixed", False) for name in ("classification", "tagging", "span")}
    assert all(fixed.values())
    assert not shapes.get("choice").Head.fixed
    assert not getattr(shapes.mlm.Head, "fixed", False)


def test_the_rounded_weights_are_those_of_linear_layers() -> None:
    learning = learner()
    halves = MasterWeights(learning.encoder, learning.configure_optimizers()["optimizer"], compiled=False)
    assert len(halves.weights) == 2 * 6 * SIZES.layers
    assert all(half.dtype == torch.bfloat16 for half in halves.weights.values())
    assert not any("Norm" in name or "embeddings" in name for name in halves.weights)


@pytest.mark.parametrize("shape", ["pairs", "tags", "spans"])
def test_a_prediction_is_the_same_where_only_what_is_read_is_computed(shape: str) -> None:
    learning = learner().eval()
    body, head = learning.encoder, learning.heads[shape]
    batch = collate(encoded(shape), np.arange(12), 2)
    if shape == "tags":
        numbers = torch.arange(len(batch.ids))
        batch.targets["place"] = torch.where(batch.targets["tag"] == IGNORED, IGNORED, numbers)
    with torch.inference_mode():
        whole = head.predict(hidden_states(body, batch), batch)  # type: ignore[operator, union-attr]
        some = head.predict(hidden_states(body, batch, read=head.reads(batch)), batch)  # type: ignore[operator, union-attr]
    assert whole.keys() == some.keys()
    for name, values in whole.items():
        np.testing.assert_allclose(some[name], values, atol=1e-5)


class Recording:
    """Stands in for a recorded step: notes when one is made and when it is replayed."""

    made: ClassVar[list[tuple[str, int]]] = []
    replayed: ClassVar[list[float]] = []

    def __init__(self, steps: cuda_graphs.Graphs, subject: str, batch: Batch, terms: torch.Tensor) -> None:
        self.made.append((subject, len(batch.ids)))

    def replay(self, batch: Batch, terms: float) -> torch.Tensor:
        self.replayed.append(terms)
        return torch.tensor(terms)


class Stream:
    """Stands in for a stream of a device."""

    def wait_stream(self, other: object) -> None: ...


@pytest.fixture
def without_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `Graphs` asks of torch.cuda, on a machine without a device."""
    for name, stand_in in (
        ("Stream", lambda device: Stream()),
        ("current_stream", lambda device: Stream()),
        ("stream", lambda stream: nullcontext()),
        ("graph_pool_handle", lambda: None),
    ):
        monkeypatch.setattr(torch.cuda, name, stand_in)


@pytest.mark.usefixtures("without_device")
def test_a_shape_is_recorded_when_it_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graphs, "_Recorded", Recording)
    monkeypatch.setattr(Recording, "made", [])
    monkeypatch.setattr(Recording, "replayed", [])
    ran = []

    def compute(subject: str, batch: Batch, terms: torch.Tensor) -> torch.Tensor:
        ran.append((subject, len(batch.ids), float(terms)))
        return terms

    steps = cuda_graphs.Graphs(compute, 40, torch.device("cpu"))
    rows = encoded("pairs")
    small, large = (collate(rows, np.arange(count), 2) for count in (2, 12))
    short, long = (len(filled(batch, 40).ids) for batch in (small, large))
    assert short < long
    for number, batch in enumerate((small, large, small, large, small), start=1):
        assert float(steps.step("pairs", batch, number, fixed=True)) == number
    assert ran == [("pairs", short, 1.0), ("pairs", long, 2.0)]
    assert Recording.made == [("pairs", short), ("pairs", long)]
    assert Recording.replayed == [3, 4, 5]
    for number in (6, 7, 8):
        assert float(steps.step("choices", small, number, fixed=False)) == number
    assert ran[2:] == [("choices", short, 6.0), ("choices", short, 7.0), ("choices", short, 8.0)]
    assert float(steps.step("tags", small, 9, fixed=True)) == 9
    assert len(ran) == 6  # another subject is another shape


def test_what_a_machine_lacks_to_record_steps_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"triton": object(), "gcc": None, "clang": "/usr/bin/clang"}
    monkeypatch.setattr(cuda_graphs.importlib.util, "find_spec", lambda name: found[name])
    monkeypatch.setattr(cuda_graphs.shutil, "which", lambda name: found[name])
    monkeypatch.delenv("CC", raising=False)
    assert cuda_graphs.lacking() == ""
    found["clang"] = None
    assert "C compiler" in cuda_graphs.lacking()
    monkeypatch.setenv("CC", "/opt/cc")
    assert cuda_graphs.lacking() == ""
    found["triton"] = None
    assert cuda_graphs.lacking() == "the package triton"


class Repeated:
    """Stands in for a recorded step: does it again."""

    def __init__(self, steps: cuda_graphs.Graphs, subject: str, batch: Batch, terms: torch.Tensor) -> None:
        self.steps, self.subject = steps, subject

    def replay(self, batch: Batch, terms: float) -> torch.Tensor:
        return self.steps.compute(self.subject, batch, torch.tensor(terms))


@pytest.mark.usefixtures("without_device")
def test_lightning_drives_whole_steps_and_resumes_them(
    start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a recorded training but the recording, on a CPU: hooks, rates, checkpoints, selection."""
    rounded = replace(RUNTIME, precision="bf16-mixed", checkpoint_seconds=0)
    recipe = replace(RECIPE, learning_rate=2e-3, evaluate_every=4, patience=9)
    material = Material((pairs(tmp_path / "toy"),))
    job = Job("target", "toy", 1, without_dropout(start, tmp_path / "calm"), material, recipe, tmp_path / "plain")
    plain, recorded, resumed = Memory(), Memory(), Memory()
    run(job, tmp_path / "a", plain, rounded)
    monkeypatch.setattr(Learner, "recordable", lambda self: True)
    monkeypatch.setattr("xstilts.training.learner.lacking", lambda: "")
    monkeypatch.setattr(cuda_graphs, "_Recorded", Repeated)
    # Attention on a CPU goes by the true lengths, which a filled row does not say.
    monkeypatch.setattr(cuda_graphs, "filled", lambda batch, longest: batch)
    whole, broken = replace(job, output=tmp_path / "whole"), replace(job, output=tmp_path / "broken")
    run(whole, tmp_path / "b", recorded, rounded)
    with pytest.raises(InterruptedError):
        run(broken, tmp_path / "c", Memory(interrupt_at=6), rounded)
    assert list((tmp_path / "c").rglob("last.ckpt"))
    run(broken, tmp_path / "c", resumed, rounded)
    before = load_file(job.start / "encoder" / "model.safetensors")
    found = {folder: load_file(tmp_path / folder / "encoder" / "model.safetensors") for folder in ("plain", "whole")}
    moved = sum(float((found["plain"][name] - before[name]).abs().sum()) for name in before)
    apart = sum(float((found["plain"][name] - found["whole"][name]).abs().sum()) for name in before)
    assert apart < 0.05 * moved
    assert same(weights(whole.output), weights(broken.output))
    rates = [
        {step: point["train/learning_rate"] for step, point in one.points if "train/learning_rate" in point}
        for one in (plain, recorded)
    ]
    assert rates[0] == pytest.approx(rates[1])
    assert min(step for step, _ in resumed.points) >= 6


@pytest.mark.usefixtures("without_device")
def test_steps_are_not_recorded_where_something_is_missing_and_the_log_says_so(
    start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Learner, "recordable", lambda self: True)
    monkeypatch.setattr("xstilts.training.learner.lacking", lambda: "a C compiler")
    monkeypatch.setattr(cuda_graphs.Graphs, "step", None)
    job = Job("target", "toy", 1, start, Material((pairs(tmp_path / "toy"),)), RECIPE, tmp_path / "out")
    run(job, tmp_path / "a", runtime=replace(RUNTIME, precision="bf16-mixed"))
    assert "a C compiler is missing" in caplog.text
    assert not learner().graphs
