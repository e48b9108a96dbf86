"""`dvc exp run -S KEY=VALUE` changes what it names and nothing else: DVC's own override, applied to every profile."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.hydra import apply_overrides

import tiny
from xstilts import experiment

ROOT = Path(__file__).parent.parent
FILES = [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*.yaml"))]


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no mapping, by its dotted name; a list is one value."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{name}.{key}".lstrip("."))
    else:
        yield name, value


def read(path: Path) -> dict[str, Any]:
    return dict(leaves(yaml.safe_load(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_an_override_of_every_value_at_once_gives_each_its_own(file: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(file, tmp_path / "params.yaml"))
    before = read(path)
    wanted = {name: number for number, name in enumerate(before, 1000)}
    apply_overrides(path, [f"{name}={number}" for name, number in wanted.items()])
    assert read(path) == wanted


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_an_override_of_one_rate_changes_one_rate(file: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(file, tmp_path / "params.yaml"))
    before = read(path)
    name = next(name for name in before if name.startswith("recipes.") and name.endswith("default.learning_rate"))
    apply_overrides(path, [f"{name}=0.00123"])
    after = read(path)
    assert {key for key in after if after[key] != before[key]} == {name}
    assert after[name] == 0.00123
    assert experiment.load(path).recipes.intermediate["none"].learning_rate == 0.00123


def test_a_recipe_that_leaves_all_to_the_default_gets_a_rate_of_its_own(tmp_path: Path) -> None:
    path = Path(shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml"))
    before = experiment.load(path).recipes.intermediate
    apply_overrides(path, ["+recipes.intermediate.mnli.learning_rate=0.00123"])
    after = experiment.load(path).recipes.intermediate
    assert {name for name in after if after[name] != before[name]} == {"mnli"}
    assert after["mnli"].learning_rate == 0.00123


@pytest.mark.heavy
def test_an_experiment_and_a_sweep_run_what_their_rate_touches(workspace: Path) -> None:
    tiny.run(workspace, "git", "add", "-A")
    tiny.run(workspace, "git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "done")
    printed = tiny.run(workspace, "dvc", "exp", "run", "-S", "recipes.target.default.learning_rate=0.0005")
    ran = {line.split("'")[1].partition("@")[0] for line in printed.splitlines() if line.startswith("Running stage '")}
    assert {"target", "score", "report"} <= ran
    assert not ran & {"prepare", "text", "pretrained", "mixture", "intermediate"}
    tiny.run(workspace, "git", "checkout", "-q", "-f", "HEAD")
    tiny.run(workspace, "dvc", "checkout", "-q", "-f")
    tiny.run(workspace, "dvc", "exp", "run", "--queue", "-S", "+recipes.target.xnli.learning_rate=0.0002,0.0004")
    tiny.run(workspace, "dvc", "exp", "run", "--run-all")
    shown = json.loads(tiny.run(workspace, "dvc", "exp", "show", "--json"))
    text = json.dumps(shown)
    assert all(rate in text for rate in ("0.0005", "0.0002", "0.0004"))
