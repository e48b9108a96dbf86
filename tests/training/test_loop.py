from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from toy_training import RECIPE, RUNTIME, Memory, pairs, run, same, task, weights, without_dropout
from xstilts.formats import checkpoints, prepared
from xstilts.formats.examples import Answer, Choice, Question, TaggedSentence
from xstilts.model.settings import Runtime
from xstilts.tracking import recorded_training
from xstilts.tracking.training_run import TrainingRun
from xstilts.training import loop
from xstilts.training.job import Job, Material


def test_one_seed_gives_the_same_bytes_twice_and_another_seed_others(job: Job, tmp_path: Path) -> None:
    first = run(job, tmp_path / "resume")
    again = run(replace(job, output=tmp_path / "again"), tmp_path / "resume")
    other = run(replace(job, output=tmp_path / "other", seed=2), tmp_path / "resume")
    assert first["weights"] == again["weights"]
    assert first["fingerprint"] == again["fingerprint"] != other["fingerprint"]
    assert not same(weights(job.output), weights(tmp_path / "other"))


def test_a_training_that_stops_half_way_continues_to_the_same_bytes(job: Job, tmp_path: Path) -> None:
    whole = run(job, tmp_path / "resume")
    broken = replace(job, output=tmp_path / "broken")
    every_step = replace(RUNTIME, checkpoint_seconds=0)
    with pytest.raises(InterruptedError):
        run(broken, tmp_path / "other", Memory(interrupt_at=5), every_step)
    assert not broken.output.exists()
    assert list((tmp_path / "other").rglob("last.ckpt"))
    logger = Memory()
    resumed = run(broken, tmp_path / "other", logger, every_step)
    assert resumed["weights"] == whole["weights"]
    assert min(step for step, _ in logger.points) >= 5
    assert not list((tmp_path / "other").rglob("*.ckpt"))


def test_early_stopping_survives_an_interruption_and_keeps_the_best_weights(job: Job, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=6, evaluate_every=2, patience=3, learning_rate=0.5)
    wild = replace(job, recipe=recipe)
    whole = run(wild, tmp_path / "resume")
    assert whole["final"]["best_step"] < whole["final"]["steps"] < 36
    broken = replace(wild, output=tmp_path / "broken")
    every_step = replace(RUNTIME, checkpoint_seconds=0)
    with pytest.raises(InterruptedError):
        run(broken, tmp_path / "other", Memory(interrupt_at=5), every_step)
    assert run(broken, tmp_path / "other", runtime=every_step)["weights"] == whole["weights"]


@pytest.mark.parametrize("runtime", [replace(RUNTIME, accumulate=2), replace(RUNTIME, gradient_checkpointing=True)])
def test_the_runtime_does_not_change_what_is_learned(job: Job, tmp_path: Path, runtime: Runtime) -> None:
    recipe = replace(RECIPE, epochs=1)
    calm = replace(job, recipe=recipe, start=without_dropout(job.start, tmp_path / "calm"))
    run(calm, tmp_path / "resume")
    split = replace(calm, output=tmp_path / "split")
    assert (
        run(split, tmp_path / "resume", runtime=runtime)["fingerprint"]
        == checkpoints.read_card(calm.output)["fingerprint"]
    )
    for name, value in weights(calm.output).items():
        torch.testing.assert_close(weights(split.output)[name], value, atol=2e-4, rtol=1e-3, msg=name)


@pytest.mark.parametrize("lengths", [{"max_length": 600}, {"max_lengths": {"toy": 600}}])
def test_a_length_that_the_encoder_has_no_positions_for_is_refused(job: Job, tmp_path: Path, lengths: dict) -> None:
    with pytest.raises(ValueError, match=r"a max_length of .* is 600, but the encoder takes at most \d+ tokens"):
        run(replace(job, recipe=replace(job.recipe, **lengths)), tmp_path / "resume")


def test_no_test_data_changes_the_fingerprint_of_a_training(job: Job, tmp_path: Path) -> None:
    before = job.fingerprint()
    folder = job.material.tasks[0]
    rows = prepared.read(folder, "train")
    card = prepared.read_card(folder)
    prepared.write(folder, card, {"train": rows, "validation": rows[:8], "test/swh": rows[:3]})
    assert job.fingerprint() == before
    prepared.write(folder, card, {"train": rows[:-1], "validation": rows[:8], "test/swh": rows[:3]})
    assert job.fingerprint() != before


def test_a_loss_that_is_not_finite_stops_with_the_step_and_keeps_the_last_checkpoint(job: Job, tmp_path: Path) -> None:
    wild = replace(job, recipe=replace(RECIPE, learning_rate=1e30, clip=0.0))
    with pytest.raises(FloatingPointError, match=r"the loss of step \d+ \(toy\) is nan"):
        run(wild, tmp_path / "resume", runtime=replace(RUNTIME, checkpoint_seconds=0))
    assert list((tmp_path / "resume").rglob("last.ckpt"))
    assert not job.output.exists()


def test_a_full_disk_names_the_checkpoint_and_keeps_the_one_before(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pytorch_lightning as pl

    save = pl.Trainer.save_checkpoint

    def full(self: Any, path: Any, **more: Any) -> None:
        save(self, path, **more)
        if self.global_step >= 4:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.Trainer, "save_checkpoint", full)
    with pytest.raises(OSError, match="checkpoint of step 4 could not be written"):
        run(job, tmp_path / "resume", runtime=replace(RUNTIME, checkpoint_seconds=0))
    (last,) = (tmp_path / "resume").rglob("*.ckpt*")
    assert torch.load(last, weights_only=False)["global_step"] == 3


def test_a_mixture_of_every_shape_with_mlm_learns_with_one_head_each(start: Path, tmp_path: Path) -> None:
    tagged = [TaggedSentence(str(i), ("the", "cat", "sat"), ("D", "N", "V")) for i in range(20)]
    asked = [Question(str(i), "the cat sat on the mat .", "who sat ?", (Answer("the cat", 0),)) for i in range(20)]
    chosen = [Choice(str(i), "the cat", ("sat", "mat"), 0) for i in range(20)]
    folders = (
        pairs(tmp_path / "toy"),
        task(tmp_path / "tags", "tagging", tagged, ("D", "N", "V")),
        task(tmp_path / "questions", "span", asked),
        task(tmp_path / "choices", "choice", chosen),
    )
    text = start.parent / "text"
    (text / "heldout").mkdir(exist_ok=True)
    for code in ("eng", "arb", "tha"):
        (text / "heldout" / f"{code}.txt").write_text((text / f"{code}.txt").read_text()[:400])
    recipe = replace(RECIPE, steps=60, batch=8, learning_rate=3e-3)
    before = replace(recipe, steps=1, learning_rate=1e-9)
    mixed = Job("intermediate", "mixed", 1, start, Material(folders, text), recipe, tmp_path / "out")
    card = run(mixed, tmp_path / "resume")
    untrained = run(replace(mixed, recipe=before, output=tmp_path / "before"), tmp_path / "resume")
    assert set(card["heads"]) == {"toy", "tags", "questions", "choices"}
    losses = {name for name in card["final"] if name.startswith("validation/")}
    assert {"validation/mlm/arb", "validation/mlm/eng", "validation/mlm/tha", "validation/tags"} <= losses
    for name in losses - {"validation/toy"}:
        assert card["final"][name] < untrained["final"][name], name


def test_a_training_with_its_record_leaves_the_bytes_of_one_without(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(job, tmp_path / "resume")
    monkeypatch.chdir(tmp_path)
    told = replace(job, output=tmp_path / "told")
    subject = TrainingRun("study", "profile", "target", 1, "none", "toy", checkpoints.parent(job.start), job.datasets)
    recorded_training.learn(
        lambda logger: loop.train(told, RUNTIME, logger, tmp_path / "resume"), subject, tmp_path / "record"
    )
    files = {path.relative_to(job.output) for path in job.output.rglob("*") if path.is_file()}
    assert {"run.json", "curve.jsonl"} == {path.name for path in (tmp_path / "record").iterdir()}
    for path in files | {path.relative_to(told.output) for path in told.output.rglob("*") if path.is_file()}:
        assert (job.output / path).read_bytes() == (told.output / path).read_bytes(), path


def test_an_empty_mixture_is_the_pretrained_encoder_byte_for_byte(start: Path, tmp_path: Path) -> None:
    job = Job("intermediate", "none", 1, start, Material(), RECIPE, tmp_path / "none" / "seed1")
    subject = TrainingRun("study", "profile", "intermediate", 1, "none")

    def copy() -> dict[str, Any]:
        return checkpoints.inherit(start, job.output, name="none", seed=1, recipe=asdict(RECIPE))

    card = recorded_training.untrained(copy, subject, tmp_path / "record")
    assert (job.output / "encoder" / "model.safetensors").read_bytes() == (
        start / "encoder" / "model.safetensors"
    ).read_bytes()
    assert card["parent"] == checkpoints.read_card(start)["fingerprint"]
    assert card["heads"] == {}
    assert checkpoints.check(job.output) == card


def test_the_next_phase_starts_with_a_fresh_head(job: Job, tmp_path: Path) -> None:
    run(job, tmp_path / "resume")
    still = replace(RECIPE, steps=1, learning_rate=0.0)
    run(replace(job, start=job.output, output=tmp_path / "next", recipe=still), tmp_path / "resume")
    before, after = weights(job.output), weights(tmp_path / "next")
    assert all(
        torch.equal(before[name], after[name]) for name in before if name.startswith(("encoder.", "embeddings."))
    )
    assert not torch.equal(before["out.weight"], after["out.weight"])


def test_a_changed_byte_in_a_checkpoint_is_found_and_named(job: Job, tmp_path: Path) -> None:
    run(job, tmp_path / "resume")
    path = job.output / "heads" / "toy.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"heads/toy.safetensors is damaged: its card says sha256"):
        checkpoints.check(job.output)


def test_curves_hold_loss_rate_throughput_and_memory(job: Job, tmp_path: Path) -> None:
    logger = Memory()
    run(job, tmp_path / "resume", logger)
    steps, metrics = zip(*logger.points, strict=True)
    trained = [one for one in metrics if "train/loss" in one]
    assert set(trained[0]) == {"train/loss", "train/learning_rate", "train/tokens_per_second", "train/memory_mib"}
    assert max(steps) == 12
    assert trained[-1]["train/learning_rate"] < trained[2]["train/learning_rate"]
    assert logger.parameters["steps"] == 12
