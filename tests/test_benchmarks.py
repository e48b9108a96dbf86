"""Every benchmark runs at a tiny size, and what it compares does the same work. No test looks at a time."""

import importlib.util
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

TINY = {
    "training": "--kinds xnli udpos qa --examples 40 --words 60 --table 90 --layers 1 --hidden 16 --heads 2 --steps 2 "
    "--grouped 2 --rounds 1",
    "prediction": "--languages 2 --pairs 9 --words 60 --layers 1 --hidden 16 --heads 2 --rounds 1",
    "embedding": "--languages 2 --sentences 12 --words 60 --layers 15 --hidden 16 --rounds 1",
    "mining": "--rows 300 --width 8 --rounds 1 --memory 1",
    "precision": "",
    "metrics": "--sentences 60 --pairs 300 --rounds 1",
    "storage": "--layers 1 --hidden 64 --vocabulary 5000 --used 200 --steps 2 --rate 1e-3 --rounds 1",
}
TRAINER = importlib.util.find_spec("accelerate") is not None


def run(name: str, tmp_path: Path, *more: str) -> dict[str, Any]:
    """The JSON object that a benchmark prints last."""
    script = ROOT / "benchmarks" / f"{name}.py"
    done = subprocess.run(
        [sys.executable, str(script), *TINY[name].split(), *more], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["benchmark"] == name
    return found


def rivals(report: dict[str, Any]) -> dict[str, float]:
    """Ratios by rival; each must be a positive number."""
    ratios = {row["rival"]: row["ratio"] for row in report["rows"]}
    assert all(math.isfinite(ratio) and ratio > 0 for ratio in ratios.values())
    return ratios


def test_training_is_compared_with_every_rival_and_leaves_nothing_behind(tmp_path: Path) -> None:
    report = run("training", tmp_path)
    trainer = {f"Trainer, {way}" for way in ("padded to the maximum", "padded to the longest", "group_by_length")}
    others = {"ours", "ours, every row of the table", "jiant's loop", "XTREME's loop", "bare matrix products"}
    assert set(rivals(report)) == others | (trainer if TRAINER else set())
    assert set(report["sets"]) == {"xnli", "udpos", "qa"}
    assert list(tmp_path.iterdir()) == []


def test_prediction_finds_the_labels_that_the_trainer_finds(tmp_path: Path) -> None:
    report = run("prediction", tmp_path)
    rivals(report)
    for row in report["rows"]:
        if "bf16" not in row["rival"]:
            assert row["same_label"] == 1.0
            assert row["difference"] < 1e-5


def test_embedding_gives_the_vectors_of_xtremes_loop(tmp_path: Path) -> None:
    report = run("embedding", tmp_path)
    assert set(rivals(report)) == {"ours", "XTREME's loop"}
    assert report["largest_difference"] < 1e-5


def test_mining_finds_what_faiss_finds_and_reports_its_memory(tmp_path: Path) -> None:
    report = run("mining", tmp_path)
    assert "ours" in rivals(report)
    assert all(share > 0.999 for share in report.get("same_as_faiss", ()))
    assert run("mining", tmp_path, "--memory-only")["extra_mib"] >= 0


def test_a_difference_is_smaller_and_more_faithful_than_half_precision(tmp_path: Path) -> None:
    report = run("storage", tmp_path)
    full, half, difference = (report[name] for name in ("fp32", "bf16", "difference"))
    assert difference["bytes"] < half["bytes"] < full["bytes"]
    assert full["rounding"] == 0 < difference["rounding"] < 0.01 < half["rounding"]


def test_metrics_as_arrays_equal_those_of_loops(tmp_path: Path) -> None:
    report = run("metrics", tmp_path)
    assert all(row["equal"] and math.isfinite(row["ratio"]) for row in report["rows"])


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks' own package can be imported."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_made_data_have_the_lengths_on_record_and_padding_rivals_train_on_the_same_sequences(
    peers: None, tmp_path: Path
) -> None:
    import numpy as np
    from peers import loops, material, ours

    from xstilts.model.settings import Model

    model = Model(layers=1, hidden=16, heads=2, feed_forward=32, vocabulary=0)
    for name, kind in material.KINDS.items():
        words = material.Words(50, np.random.default_rng(1))
        built = material.build(tmp_path / name, kind, material.made(kind, 300, words), words.tokenizer(), model)
        sizes = built.encoded.tokens()
        expected = np.interp(np.linspace(0, 1, 1001), material.LEVELS, kind.quantiles).mean()
        assert sizes.max() <= kind.lengths.max_length
        assert abs(sizes.mean() / expected - 1) < 0.1
        steps = ours.step_items(built, 3)
        assert [len(items) for items in steps] == [kind.batch] * 3
        loop = loops.xtreme(built, steps=2, warm=1, device="cpu")
        assert loop.parts * loop.micro == kind.batch
        ids, mask = (loop.rows.tensors[loop.names.index(column)] for column in ("input_ids", "attention_mask"))
        assert ids.shape == (len(sizes), kind.lengths.max_length)
        assert mask.sum(dim=1).tolist() == sizes.tolist()
        assert ids[mask.bool()].tolist() == built.encoded.ids.tolist()


def test_precision_says_what_to_run_where_there_is_no_trained_target(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    report = run("precision", tmp_path)
    assert report["rows"] == report["targets"] == []
