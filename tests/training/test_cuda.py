"""What needs a CUDA device: its attention kernels, recorded steps, compiled layers, and prediction.

Imports no MLflow, so that it runs where torch, Lightning and transformers are all there is:
PYTHONPATH=src:tests/helpers python -m pytest tests/training/test_cuda.py
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from toy_training import Memory, task, weights, without_dropout
from xstilts.formats import prepared
from xstilts.formats.examples import Answer, Choice, Question, SentencePair, TaggedSentence
from xstilts.model import attention
from xstilts.model.settings import Runtime
from xstilts.prediction import bitext_mining, predict
from xstilts.training import cuda_graphs, loop
from xstilts.training.job import Job, Material
from xstilts.training.settings import Recipe

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

RECIPE = Recipe(learning_rate=2e-3, batch=4, max_length=32, epochs=4, stride=8, evaluation_examples=8)
RUNTIME = Runtime(accelerator="gpu", precision="bf16-mixed", progress=False, checkpoint_seconds=10**6)
WORDS = ("cat", "mat", "number", "sat")


def pairs(folder: Path) -> Path:
    rows = [
        SentencePair(str(i), "the " + " ".join(WORDS[: 1 + i % 4]), "on the mat" * (1 + i % 3), "ab"[i % 2])
        for i in range(26)
    ]
    return task(folder, "classification", rows, ("a", "b"))


def tags(folder: Path) -> Path:
    rows = [TaggedSentence(str(i), ("the", "cat", "sat")[: 1 + i % 3], ("D", "N", "V")[: 1 + i % 3]) for i in range(24)]
    return task(folder, "tagging", rows, ("D", "N", "V"))


def questions(folder: Path) -> Path:
    rows = [Question(str(i), f"the cat number {i} sat", "who sat", (Answer("cat", 4),)) for i in range(24)]
    return task(folder, "span", rows)


def choices(folder: Path) -> Path:
    rows = [Choice(str(i), "the cat", ("sat", "sat on the mat", "number"), i % 3) for i in range(24)]
    return task(folder, "choice", rows)


@pytest.fixture
def job(start: Path, tmp_path: Path) -> Job:
    material = Material((pairs(tmp_path / "toy"),))
    return Job("target", "toy", 1, without_dropout(start, tmp_path / "calm"), material, RECIPE, tmp_path / "out")


def run(job: Job, folder: Path, runtime: Runtime = RUNTIME, logger: Memory | None = None) -> dict[int, float]:
    """Train; the curve of the loss."""
    logger = logger or Memory()
    loop.train(job, runtime, logger.begin, folder)
    return {step: metrics["train/loss"] for step, metrics in logger.points if "train/loss" in metrics}


def near(job: Job, one: Path, other: Path, share: float) -> None:
    """Two trainings differ by less than this share of what they moved the weights by."""
    before, a, b = load_file(job.start / "encoder" / "model.safetensors"), weights(one), weights(other)
    moved = sum(float((a[name] - before[name]).abs().sum()) for name in before)
    apart = sum(float((a[name] - b[name]).abs().sum()) for name in before)
    assert moved > 1
    assert apart < share * moved, f"{apart / moved:.3f} of the way apart"


def test_the_flash_kernel_computes_what_the_products_do() -> None:
    draw = torch.Generator().manual_seed(3)
    lengths = (40, 40, 31, 7, 7, 7)
    tensors = [torch.randn(1, 4, sum(lengths), 64, generator=draw) for _ in range(3)]
    weight = torch.randn(1, sum(lengths), 4, 64, generator=draw)
    exact = [tensor.clone().requires_grad_() for tensor in tensors]
    expected = attention.row_attention(exact[0], exact[1], exact[2], lengths, 0.0, None)
    (expected * weight).sum().backward()
    bounds = torch.tensor([0, *np.cumsum(lengths)], dtype=torch.int32, device="cuda")
    rounded = [tensor.to("cuda", torch.bfloat16).requires_grad_() for tensor in tensors]
    found = attention.varlen_attention(rounded[0], rounded[1], rounded[2], bounds, 64, 0.0, None)
    (found * weight.cuda()).sum().backward()
    for one, other in [(found, expected), *((a.grad, b.grad) for a, b in zip(rounded, exact, strict=True))]:
        assert one is not None
        assert other is not None
        assert float((one.detach().float().cpu() - other.detach()).norm() / other.detach().norm()) < 0.01


def test_recorded_steps_learn_what_others_do(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replayed = []
    once = cuda_graphs._Recorded.replay
    monkeypatch.setattr(cuda_graphs._Recorded, "replay", lambda *each: (replayed.append(1), once(*each))[1])
    recorded = run(job, tmp_path / "a")
    assert len(replayed) > 14  # of 28 steps
    count = len(replayed)
    plain = run(replace(job, output=tmp_path / "plain"), tmp_path / "b", replace(RUNTIME, graphs=False))
    assert len(replayed) == count
    assert recorded.keys() == plain.keys()
    assert max(abs(recorded[step] - plain[step]) for step in plain) < 0.03
    near(job, job.output, tmp_path / "plain", 0.1)


def test_compiled_layers_learn_what_others_do(job: Job, tmp_path: Path) -> None:
    run(job, tmp_path / "a")
    run(replace(job, output=tmp_path / "compiled"), tmp_path / "b", replace(RUNTIME, compile=True))
    near(job, job.output, tmp_path / "compiled", 0.1)


def test_a_recorded_training_that_stops_half_way_continues(job: Job, tmp_path: Path) -> None:
    recipe = replace(RECIPE, evaluate_every=5, patience=9)
    whole = replace(job, recipe=recipe)
    run(whole, tmp_path / "a")
    broken = replace(whole, output=tmp_path / "broken")
    every_step = replace(RUNTIME, checkpoint_seconds=0)
    with pytest.raises(InterruptedError):
        run(broken, tmp_path / "b", every_step, Memory(interrupt_at=13))
    assert list((tmp_path / "b").rglob("last.ckpt"))
    resumed = run(broken, tmp_path / "b", every_step)
    assert min(resumed) >= 13
    near(job, whole.output, broken.output, 0.1)


def test_dropout_of_a_recorded_step_is_that_of_its_seed(start: Path, job: Job, tmp_path: Path) -> None:
    wild = replace(job, start=start)
    first = run(wild, tmp_path / "a")
    again = run(replace(wild, output=tmp_path / "again"), tmp_path / "b")
    other = run(replace(wild, output=tmp_path / "other", seed=2), tmp_path / "c")
    assert max(abs(first[step] - again[step]) for step in first) < 1e-3
    assert max(abs(first[step] - other[step]) for step in first) > 1e-2


def test_a_loss_that_is_not_finite_ends_a_recorded_training(job: Job, tmp_path: Path) -> None:
    wild = replace(job, recipe=replace(RECIPE, learning_rate=1e38, warmup=0.0))
    with pytest.raises(FloatingPointError, match="Lower the learning rate"):
        run(wild, tmp_path / "a")
    assert not job.output.exists()


def test_a_mixture_learns_what_is_recorded_and_what_is_not(job: Job, tmp_path: Path) -> None:
    data = (
        pairs(tmp_path / "toy"),
        tags(tmp_path / "tags"),
        questions(tmp_path / "spans"),
        choices(tmp_path / "choices"),
    )
    mixed = replace(job, kind="intermediate", name="all", material=Material(data), recipe=replace(RECIPE, epochs=8))
    recorded = run(mixed, tmp_path / "a")
    plain = run(replace(mixed, output=tmp_path / "plain"), tmp_path / "b", replace(RUNTIME, graphs=False))
    near(job, mixed.output, tmp_path / "plain", 0.1)
    assert max(abs(recorded[step] - plain[step]) for step in plain) < 0.1


def test_neighbours_and_mined_pairs_are_those_of_a_cpu() -> None:
    rng = np.random.default_rng(4)
    x, y = (rng.standard_normal((number, 64)).astype(np.float32) for number in (700, 900))
    here, there = (
        bitext_mining.neighbours(x, y),
        bitext_mining.neighbours(torch.tensor(x).cuda(), torch.tensor(y).cuda()),
    )
    assert float((here.index_xy == there.index_xy.cpu()).float().mean()) > 0.999
    torch.testing.assert_close(there.scores_yx.cpu(), here.scores_yx, atol=1e-4, rtol=1e-4)
    mined = bitext_mining.mine(torch.tensor(x).cuda(), torch.tensor(y).cuda(), memory=1)
    assert mined.source.tolist() == bitext_mining.mine(x, y, memory=1).source.tolist()
    assert (
        bitext_mining.nearest(torch.tensor(x).cuda(), torch.tensor(y).cuda()) == bitext_mining.nearest(x, y)
    ).mean() > 0.999


def test_predictions_are_those_of_a_cpu(job: Job, tmp_path: Path) -> None:
    run(job, tmp_path / "a")
    data = tmp_path / "toy"
    rows = prepared.read(data, "train")
    prepared.write(data, prepared.read_card(data), {"train": rows, "test/eng": rows})
    here = predict.predict(job.output, "toy", data, replace(RUNTIME, accelerator="cpu"))
    there = predict.predict(job.output, "toy", data, RUNTIME)
    rounded = predict.predict(job.output, "toy", data, RUNTIME, bf16=True)
    assert here == there
    assert len(here["eng"]) == len(rounded["eng"]) == 26
