"""The architecture: which package may import which, and that dvc.yaml says what follows from it.

A package is what is invalidated together. A stage lists its script and the packages that the script leads to.
`tracking` tells of a training and decides nothing of it, so that stages that compute do not list it and no package that
computes imports it. `commands` and `experiment.py` are imported by no stage.
"""

import ast
from pathlib import Path

import pytest
import yaml

from imports import direct

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "xstilts"
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
ALLOWED = {  # the packages that a package may import
    "formats": set(),
    "languages": set(),
    "tasks": set(),
    "model": {"formats"},
    "preparation": {"formats", "languages", "tasks"},
    "training": {"formats", "model"},
    "prediction": {"formats", "model"},
    "tracking": {"formats"},
    "scoring": {"formats", "languages", "tracking"},
    "distances": {"formats", "languages"},
    "analysis": {"formats", "languages", "distances"},
    "report": {"formats", "languages", "analysis"},
}
COMPUTING = ("pretrained", "intermediate", "target", "predict", "predict_squad_v1", "predict_siqa", "predict_retrieval")
LABELS = {"study", "profile"}  # what a computing stage is shown under while it runs
NO_TORCH = ("scoring", "tracking", "distances", "analysis", "report", "languages", "formats", "preparation")
SCRIPTS = {
    name: stage["cmd"].split()[1] for name, stage in STAGES.items() if stage["cmd"].startswith("python pipelines")
}


def led_to(script: str) -> set[str]:
    """The packages that a script leads to: those that it imports, and what these may import."""
    found: set[str] = set()
    open_ = direct(ROOT / script)
    while open_:
        package = open_.pop()
        if package not in found:
            found.add(package)
            open_ |= ALLOWED[package]
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_run_one_way(package: str) -> None:
    found = {path.name: direct(path) - {package} - ALLOWED[package] for path in (SOURCE / package).rglob("*.py")}
    assert not {name: strange for name, strange in found.items() if strange}


def test_no_package_stands_outside_of_the_plan() -> None:
    there = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert there == {*ALLOWED, "commands"}
    assert {path.name for path in SOURCE.glob("*.py")} == {"__init__.py", "__main__.py", "experiment.py"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_stage_lists_its_script_and_the_packages_that_it_leads_to(name: str) -> None:
    script = SCRIPTS[name]
    wanted = {f"src/xstilts/{package}" for package in led_to(script)}
    if name in COMPUTING:
        assert "src/xstilts/tracking" in wanted or name.startswith("predict")
        wanted -= {"src/xstilts/tracking"}
    if "src/xstilts/tasks" in wanted:  # one task's stage knows its own file alone
        wanted = wanted - {"src/xstilts/tasks"} | {"src/xstilts/tasks/task.py"}
        if name == "prepare":
            wanted |= {"src/xstilts/tasks/${item.task}.py"}
    listed = {dep for dep in STAGES[name]["deps"] if dep.startswith(("src/", "pipelines/"))}
    assert listed == wanted | {script}


def test_every_script_is_a_stage_s_and_no_stage_imports_a_command_or_the_whole_experiment() -> None:
    scripts = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pipelines").glob("*.py")}
    assert set(SCRIPTS.values()) == scripts
    for script in scripts:
        assert direct(ROOT / script) <= set(ALLOWED), script


def test_the_first_stage_checks_the_whole_of_params_yaml_and_nothing_depends_on_it() -> None:
    first = next(iter(STAGES))
    assert first == "check"
    assert "params.yaml" in STAGES[first]["deps"]
    assert not set(STAGES[first]) & {"outs", "metrics"}


@pytest.mark.parametrize("script", sorted(set(SCRIPTS.values())))
def test_a_script_reads_the_sections_that_its_stages_list(script: str) -> None:
    stages = [name for name, other in SCRIPTS.items() if other == script]
    listed = {section(text) for name in stages for text in STAGES[name].get("params", ())}
    read = sections(ROOT / script) - {"runtime"}  # which changes no result, so that no stage lists it
    assert read - (LABELS if stages[0] in COMPUTING else set()) == listed


def section(text: str) -> str:
    """`recipes.target.${item.training}` → `recipes.target.*`."""
    before, dollar, after = text.partition("${")
    return before + "*" + after.partition("}")[2] if dollar else text


def sections(script: Path) -> set[str]:
    """The sections of params.yaml that a script reads, with `*` for what it is told on its command line."""
    found = set()
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "section":
            assert ast.unparse(node.args[0]) == "'params.yaml'"
            name = node.args[1]
            parts = name.values if isinstance(name, ast.JoinedStr) else [name]
            found.add("".join(part.value if isinstance(part, ast.Constant) else "*" for part in parts))
            found |= {word.value.value for word in node.keywords if word.arg == "filled"}
    return found


def test_nothing_that_counts_knows_torch() -> None:
    for package in NO_TORCH:
        for path in (SOURCE / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            logger = path.name == "lightning_logger.py"  # which a training's script hands to Lightning
            assert logger or not any(f"{word} torch" in text for word in ("import", "from")), path
