"""Encoders stored as a difference from the pretrained one."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from toy_training import RECIPE, RUNTIME, Memory, pairs
from xstilts import experiment
from xstilts.formats import checkpoints
from xstilts.model import encoder, weight_delta
from xstilts.training import loop
from xstilts.training.job import Job, Material
from xstilts.training.settings import Recipe

Weights = dict[str, torch.Tensor]


def matrices(seed: int = 0) -> Weights:
    made = torch.Generator().manual_seed(seed)
    return {
        "table": torch.randn(1000, 16, generator=made) * 0.05,
        "dense": torch.randn(16, 16, generator=made) * 0.05,
        "norm": torch.randn(16, generator=made),
    }


def again(parts: Weights, base: Weights) -> Weights:
    opened = {name: value.clone() for name, value in base.items()}
    weight_delta.add(parts, opened)
    return opened


def rms(value: torch.Tensor) -> float:
    return float(value.double().square().mean().sqrt())


def size(folder: Path) -> int:
    return (folder / "encoder" / weight_delta.FILE).stat().st_size


@pytest.fixture
def job(start: Path, tmp_path: Path) -> Job:
    """A training below a folder of checkpoints, stored as a difference from its `pretrained`."""
    base = tmp_path / "checkpoints" / "pretrained"
    shutil.copytree(start, base)
    output = tmp_path / "checkpoints" / "intermediate" / "toy" / "seed1"
    return Job("intermediate", "toy", 1, base, Material((pairs(tmp_path / "toy"),)), RECIPE, output, base)


def learn(job: Job, tmp_path: Path) -> dict[str, Any]:
    return loop.train(job, RUNTIME, Memory().begin, tmp_path / "resume")


def test_only_changed_tensors_and_rows_are_stored_and_come_back() -> None:
    base = matrices()
    trained = {name: value.clone() for name, value in base.items()}
    trained["table"][[3, 500]] += 0.001
    trained["norm"] += 0.002
    parts = weight_delta.between(trained, base)
    assert {name: tuple(part.shape) for name, part in parts.items()} == {
        "table": (2, 16), "table#rows": (2,), "norm": (16,),
    }  # fmt: skip
    assert parts["table#rows"].tolist() == [3, 500]
    opened = again(parts, base)
    assert torch.equal(opened["dense"], base["dense"])
    assert torch.equal(opened["table"][4:500], base["table"][4:500])
    torch.testing.assert_close(opened["table"], trained["table"], atol=0.001 * 2**-8, rtol=0)


def test_rows_that_weight_decay_alone_changed_are_one_factor() -> None:
    base = matrices()
    base["table"][1] = 0.0  # the row of padding
    trained = {**base, "table": base["table"].clone()}
    trained["table"].mul_(1 - 3e-4)
    trained["table"][[3, 500]] += 0.001
    parts = weight_delta.between(trained, base)
    assert parts["table#rows"].tolist() == [3, 500]
    assert parts["table#factor"].item() == torch.tensor(1 - 3e-4).item()
    opened = again(parts, base)
    assert torch.equal(opened["table"][4:500], trained["table"][4:500])
    # The next phase starts from these and changes other rows.
    opened["table"][7] += 0.001
    assert weight_delta.between(opened, base)["table#rows"].tolist() == [3, 7, 500]


def test_weights_of_another_architecture_have_no_difference() -> None:
    base = matrices()
    with pytest.raises(ValueError, match=r"no difference of: dense$"):
        weight_delta.between({**base, "dense": torch.zeros(2, 2)}, base)
    with pytest.raises(ValueError, match="no weights of the shape of norm"):
        weight_delta.add({"norm": torch.zeros(3)}, base)


def test_the_rounding_is_under_one_percent_of_what_was_learned(job: Job, tmp_path: Path) -> None:
    learn(replace(job, base=None, output=tmp_path / "full"), tmp_path)
    learn(job, tmp_path)
    base = encoder.open_encoder(job.start / "encoder").state_dict()
    exact = load_file(tmp_path / "full" / "encoder" / "model.safetensors")
    opened = encoder.open_encoder(job.output / "encoder").state_dict()
    update = torch.cat([(exact[name] - base[name]).flatten() for name in base])
    rounding = torch.cat([(opened[name] - exact[name]).flatten() for name in base])
    assert rms(update) > 1e-3
    assert rms(rounding) < 0.01 * rms(update)
    half = torch.cat([(exact[name].bfloat16() - exact[name]).flatten() for name in base])
    assert rms(rounding) < 0.2 * rms(half)  # weights in bf16 would lose far more


def test_a_difference_is_smaller_and_without_the_rows_that_nothing_used(job: Job, tmp_path: Path) -> None:
    learn(job, tmp_path)
    parts, base = weight_delta.read(job.output / "encoder" / weight_delta.FILE)
    table = "embeddings.word_embeddings.weight"
    assert len(parts[table + "#rows"]) == len(parts[table]) < 100 < 300
    assert base == checkpoints.weights_of(job.base or Path()) == checkpoints.read_card(job.output)["base"]
    assert size(job.output) < 0.5 * (job.start / "encoder" / "model.safetensors").stat().st_size
    assert not (job.output / "encoder" / "model.safetensors").exists()


def test_weight_decay_of_rows_that_nothing_used_costs_one_number(job: Job, tmp_path: Path) -> None:
    decaying = replace(job, recipe=replace(RECIPE, weight_decay=0.1))
    learn(decaying, tmp_path)
    learn(replace(decaying, base=None, output=tmp_path / "full"), tmp_path)
    parts, _ = weight_delta.read(job.output / "encoder" / weight_delta.FILE)
    table = "embeddings.word_embeddings.weight"
    assert parts[table + "#factor"].item() < 1
    assert len(parts[table]) < 100
    exact = load_file(tmp_path / "full" / "encoder" / "model.safetensors")[table]
    opened = encoder.open_encoder(job.output / "encoder").state_dict()[table]
    update = exact - encoder.open_encoder(job.start / "encoder").state_dict()[table]
    assert rms(opened - exact) < 0.01 * rms(update)


def test_one_seed_gives_the_same_difference_twice(job: Job, tmp_path: Path) -> None:
    first = learn(job, tmp_path)
    second = learn(replace(job, output=job.output.with_name("again")), tmp_path)
    assert first["weights"] == second["weights"]
    assert first["fingerprint"] == second["fingerprint"] != replace(job, base=None).fingerprint()


def test_the_next_phase_starts_from_exactly_what_is_stored(job: Job, tmp_path: Path) -> None:
    learn(job, tmp_path)
    stored = encoder.open_encoder(job.output / "encoder").state_dict()
    still = Recipe(learning_rate=0.0, batch=4, max_length=32, steps=1)
    target = job.output.parents[2] / "target" / "toy" / "toy" / "seed1"
    learn(replace(job, start=job.output, output=target, recipe=still), tmp_path)
    opened = encoder.open_encoder(target / "encoder").state_dict()
    assert all(torch.equal(stored[name], opened[name]) for name in stored)
    assert checkpoints.check(target)["kind"] == "intermediate"


def test_the_configuration_of_the_difference_is_the_one_that_counts(job: Job, tmp_path: Path) -> None:
    learn(job, tmp_path)
    path = job.output / "encoder" / "config.json"
    path.write_text(path.read_text().replace('_dropout_prob": 0.1', '_dropout_prob": 0.25'))
    assert encoder.open_encoder(job.output / "encoder").config.hidden_dropout_prob == 0.25


def test_a_missing_base_is_named_with_what_to_do(job: Job, tmp_path: Path) -> None:
    learn(job, tmp_path)
    shutil.rmtree(job.start)
    with pytest.raises(ValueError, match=r"seed1 is stored as a difference .* no folder pretrained/ .*dvc checkout"):
        encoder.open_encoder(job.output / "encoder")
    with pytest.raises(ValueError, match="no folder pretrained/"):
        checkpoints.check(job.output)


def test_another_base_is_refused(job: Job, tmp_path: Path) -> None:
    learn(job, tmp_path)
    card = checkpoints.read_card(job.start)
    card["weights"]["encoder/model.safetensors"] = "0" * 64
    (job.start / "card.json").write_text(json.dumps(card))
    for open_ in (lambda: encoder.open_encoder(job.output / "encoder"), lambda: checkpoints.check(job.output)):
        with pytest.raises(ValueError, match=r"from an encoder with weights \w{12}, but .*/pretrained has \w{12}"):
            open_()


def test_a_damaged_base_and_a_damaged_difference_are_found_and_named(job: Job, tmp_path: Path) -> None:
    learn(job, tmp_path)
    base = job.start / "encoder" / "model.safetensors"
    content = base.read_bytes()
    base.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"pretrained/encoder/model.safetensors is damaged: its card says sha256"):
        checkpoints.check(job.output)
    base.write_bytes(content)
    path = job.output / "encoder" / weight_delta.FILE
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"difference.safetensors is damaged"):
        checkpoints.check(job.output)
    with pytest.raises(ValueError, match=r"does not open as a difference between encoders .*dvc repro"):
        encoder.open_encoder(job.output / "encoder")


def test_an_unknown_form_of_storage_is_an_error_that_says_what_is_allowed(tmp_path: Path) -> None:
    text = Path(__file__).parents[2].joinpath("profiles/real-mini.yaml").read_text()
    assert "storage:" not in text
    (tmp_path / "params.yaml").write_text(text.replace("model:\n", "model:\n  storage: half\n"))
    with pytest.raises(ValueError, match=r"model.storage is 'half'; allowed: difference, full"):
        experiment.load(tmp_path / "params.yaml")
