from dataclasses import replace
from pathlib import Path

import pytest

from xstilts import experiment

ROOT = Path(__file__).parent.parent
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = (ROOT / "profiles" / "world.yaml").read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    path = tmp_path / "params.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_profile_is_complete(path: Path) -> None:
    assert experiment.load(path).profile == path.stem


def test_the_default_is_the_profile_world() -> None:
    assert (ROOT / "params.yaml").read_bytes() == (ROOT / "profiles" / "world.yaml").read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seeds:", "seds:", r"line \d+: unknown parameter 'seds'; did you mean 'seeds'\?"),
        ("  layers: 3", "  layer: 3", r"unknown parameter 'model.layer'; did you mean 'layers'\?"),
        ("study: world", "# nothing", r"parameter 'study' is missing"),
        ("  layers: 3", "  layers: three", r"line \d+: model.layers is 'three'; a value of type int is needed"),
        ("targets: [udpos", "targets: [udpso", r"the target 'udpso' is not in tasks .* Did you mean 'udpos'\?"),
        ("intermediates: [none, mnli", "intermediates: [mnli", r"intermediates lacks 'none', the baseline"),
        ("  none: {tasks: []}", "  none: {tasks: [mnli]}", r"mixtures.none must be empty"),
        ("  itself: [udpos, panx]", "  itself: [udpos]", r"each target stands in exactly one list"),
        (
            "  itself: [udpos, panx] # the training of the same name\n  squad_v1: [xquad]",
            "  itself: [udpos, panx, xquad]\n  squad_v1: []",
            r"starts_from must list the target 'xquad' under squad_v1",
        ),
        ("seeds: [1]", "seeds: [1, 1]", r"seeds is \[1, 1\]; it must be a list without repeats"),
        ("bf16: []", "bf16: [tatoeba]", r"prediction.bf16: the target 'tatoeba' is not in the targets with a training"),
        ("seeds: [1]", "seeds: 1", r"seeds must be a list"),
        ("profile: world", "profile: world\nprofile: other", r"profile is given twice"),
        ("  pooling: mean", "  pooling: max", r"retrieval.pooling is 'max'; allowed: mean, cls"),
        ("  origin: world", "  orgin: world", r"line \d+: unknown parameter 'data.orgin'; did you mean 'origin'\?"),
        (
            "  origin: world",
            "  origin: files\n  root: .\n  text: []",
            r"data.text is empty, but recipes.pretraining needs text",
        ),
        ("  origin: world", "  origin: files", r"data.root is missing; the origin `files` needs the folder"),
        (
            "  origin: world",
            "  origin: world\n  limits: {tset: 5}",
            r"limits: the kind 'tset' is not in .*\(text, train, ",
        ),
        (
            "  origin: world",
            "  origin: world\n  limits: {xquad: {tset: 5}}",
            r"data.limits.xquad: the kind 'tset' is not",
        ),
        ("  origin: world", "  origin: world\n  limits: {test: 0}", r"line \d+: data.limits.test is 0; allowed: 1 or"),
        ("  origin: world", "  origin: world\n  translated: deu", r"data.translated is 'deu'; a value of type bool"),
        ("  mnli: {tasks: [mnli]}", "  mnli: {tasks: []}", r"mixtures.mnli has nothing to learn from; give it tasks"),
        ("    stride: 32", "    stride: 0", r"line \d+: recipes.intermediate.none.stride is 0; allowed: 1 or more"),
        (
            "      epochs: 2",
            "      epochs: 0",
            r"recipes.intermediate.none: .* 0 epochs and 0 steps; give it one of them",
        ),
        ("    batch: 8", "    batch: 0", r"line \d+: recipes.intermediate.none.batch is 0; allowed: 1 or more"),
        ("rate: 2.0e-3", "rate: -2.0e-3", r"recipes.pretraining.learning_rate is -0.002; allowed: 0 or more"),
        ("rate: 2.0e-3", "rate: .nan", r"recipes.pretraining.learning_rate is nan; allowed: 0 or more"),
        ("    mask: 0.2", "    mask: 20", r"recipes.pretraining.mask is 20.0; allowed: 0 to 1"),
        ("seeds: [1]", "seeds: [1, -2]", r"line \d+: seeds\[1\] is -2; allowed: 0 or more"),
        ("  threads: 1", "  threads: -1", r"line \d+: runtime.threads is -1; allowed: 0 or more"),
        ("  heads: 4", "  heads: 3", r"model.hidden is 128 and model.heads 3; hidden must be a multiple of heads"),
        (
            "max_length: 128",
            "max_length: 256",
            r"intermediate.none.max_length is 256, but .* 130 leaves room for 128 tokens; .*model.positions: 258",
        ),
        ("  layer: 1", "  layer: 4", r"retrieval.layer is 4, but model.layers is 3; allowed: 0 \(embeddings\) to 3"),
    ],
)
def test_a_fault_is_named_with_what_is_allowed(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experiment.load(changed(tmp_path, old, new))


def test_numbers_may_be_written_in_every_usual_way(tmp_path: Path) -> None:
    loaded = experiment.load(changed(tmp_path, "learning_rate: 2.0e-3", "learning_rate: 2e-3"))
    assert loaded.recipes.pretraining is not None
    assert loaded.recipes.pretraining.learning_rate == 0.002


def test_the_copy_of_a_task_on_the_hub_may_be_accepted_whatever_the_task(tmp_path: Path) -> None:
    loaded = experiment.load(changed(tmp_path, "  origin: world", "  origin: world\n  own_from_hub: true"))
    assert loaded.data["own_from_hub"] is True


def test_the_default_recipe_fills_what_a_recipe_leaves_out(tmp_path: Path) -> None:
    loaded = experiment.load(changed(tmp_path, "    panx: {}", "    panx: {epochs: 7}"))
    assert "default" not in loaded.recipes.target
    assert loaded.recipes.target["panx"] == replace(loaded.recipes.target["udpos"], epochs=7)


def test_a_fault_of_a_recipe_or_of_the_default_is_named_with_its_line(tmp_path: Path) -> None:
    path = changed(tmp_path, "    panx: {}", "    panx: {epoch: 7}")
    line = path.read_text(encoding="utf-8").splitlines().index("    panx: {epoch: 7}") + 1
    with pytest.raises(ValueError, match=rf"line {line}: unknown parameter 'recipes.target.panx.epoch'; did you mean"):
        experiment.load(path)
    with pytest.raises(ValueError, match=r"line \d+: recipes.intermediate.none.batch is 0; allowed: 1 or more"):
        experiment.load(changed(tmp_path, "    batch: 8", "    batch: 0"))


def test_an_anchor_is_a_value_and_may_be_overridden(tmp_path: Path) -> None:
    anchors = "    panx: &longer {epochs: 7}\n    xquad: {<<: *longer, batch: 3}\n    xnli: *longer"
    loaded = experiment.load(changed(tmp_path, "    panx: {}", anchors))
    assert [loaded.recipes.target[name].epochs for name in ("panx", "xquad", "xnli")] == [7, 7, 7]
    assert [loaded.recipes.target[name].batch for name in ("panx", "xquad", "xnli")] == [16, 3, 16]
