"""Two processes of a CPU (gloo) learn what one learns: the same examples and masks, the mean of the same losses."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from toy_training import RECIPE, RUNTIME, Memory, pairs, weights, without_dropout
from xstilts.training import loop
from xstilts.training.job import Job, Material

# A process of its own: DDP starts the second one by running the same command again.
SCRIPT = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from toy_training import Memory
from xstilts.training import loop as training
from xstilts.training.job import Job, Material
from xstilts.model.settings import Runtime
from xstilts.training.settings import Recipe

start, data, text, output, resume, runtime = (json.loads(word) for word in sys.argv[2:])
recipe = Recipe(learning_rate=5e-3, batch=6, max_length=32, steps=12, stride=8, evaluate_every=4, evaluation_examples=8)
material = Material((Path(data),), Path(text) if text else None)
job = Job("target", "toy", 1, Path(start), material, recipe, Path(output))
training.train(job, Runtime(accelerator="cpu", threads=1, progress=False, **runtime), Memory().begin, Path(resume))
"""


def learn(folder: Path, start: Path, *, text: Path | None = None, **runtime: object) -> dict[str, torch.Tensor]:
    """The weights after a training with this runtime; dropout is off, since each process draws its own."""
    folder.mkdir()
    data = pairs(folder / "toy", 33)  # 33 = 5 batches of 6 and one of 3: shares of unequal size
    words = (str(start), str(data), str(text) if text else None, str(folder / "out"), str(folder / "resume"), runtime)
    (folder / "learn.py").write_text(SCRIPT)
    command = [
        sys.executable,
        str(folder / "learn.py"),
        str(Path(__file__).parents[1] / "helpers"),
        *map(json.dumps, words),
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=400
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return weights(folder / "out")


@pytest.fixture
def calm(start: Path, tmp_path: Path) -> Path:
    return without_dropout(start, tmp_path / "calm")


def close(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, atol=5e-4, rtol=5e-3, msg=name)


@pytest.mark.heavy
def test_two_processes_learn_what_one_learns_and_save_together_what_they_resume_from(
    calm: Path, tmp_path: Path
) -> None:
    alone = learn(tmp_path / "alone", calm)
    close(alone, learn(tmp_path / "two", calm, devices=2, strategy="ddp", checkpoint_seconds=0))


@pytest.mark.heavy
def test_two_processes_with_two_parts_each_learn_a_mixture_with_mlm_as_one_does(
    calm: Path, start: Path, tmp_path: Path
) -> None:
    text = start.parent / "text"
    alone = learn(tmp_path / "alone", calm, text=text)
    close(alone, learn(tmp_path / "two", calm, text=text, devices=2, accumulate=2))


@pytest.mark.heavy
def test_two_processes_that_share_the_weights_out_learn_what_one_learns(
    calm: Path, start: Path, tmp_path: Path
) -> None:
    alone = learn(tmp_path / "alone", calm)
    close(alone, learn(tmp_path / "two", calm, devices=2, strategy="fsdp", checkpoint_seconds=0))
    text = start.parent / "text"
    alone = learn(tmp_path / "mixture", calm, text=text)
    close(alone, learn(tmp_path / "shared", calm, text=text, devices=2, strategy="fsdp"))


@pytest.mark.parametrize("strategy", ["deepspeed", "fsdp_cpu_offload"])
def test_another_strategy_that_shards_the_weights_is_refused(start: Path, tmp_path: Path, strategy: str) -> None:
    job = Job("target", "toy", 1, start, Material((pairs(tmp_path / "toy"),)), RECIPE, tmp_path / "out")
    with pytest.raises(ValueError, match=rf"runtime.strategy is '{strategy}'; allowed: auto, ddp .* and fsdp"):
        loop.train(job, replace(RUNTIME, strategy=strategy), Memory().begin, tmp_path / "resume")


def test_sharding_asks_for_a_number_of_devices(start: Path, tmp_path: Path) -> None:
    job = Job("target", "toy", 1, start, Material((pairs(tmp_path / "toy"),)), RECIPE, tmp_path / "out")
    with pytest.raises(ValueError, match=r"fsdp needs a number of devices a node, and runtime.devices is 'auto'"):
        loop.train(job, replace(RUNTIME, strategy="fsdp", devices="auto"), Memory().begin, tmp_path / "resume")
