import ast
import shlex
from pathlib import Path

import pytest
import yaml

from imports import closure
from xstilts import experiment as params
from xstilts import tasks

ROOT = Path(__file__).parent.parent
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
# Found by name at run time, so that no import statement shows them.
BY_NAME = {
    "src/xstilts/preparation/__init__.py": "src/xstilts/preparation",
    "src/xstilts/model/shapes/__init__.py": "src/xstilts/model/shapes",
}
# Data that a module reads from beside itself.
READS = {"src/xstilts/distances/grambank.py": "src/xstilts/distances/grambank.csv"}
# No result can depend on them.
SAYS_NOTHING = {"src/xstilts/__init__.py", "src/xstilts/tasks/__init__.py"} | {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "src").rglob("__init__.py")
    if len(ast.parse(path.read_text(encoding="utf-8")).body) == 1  # a docstring
}


def script(stage: dict) -> str:
    return next(word for word in shlex.split(stage["cmd"]) if word.endswith(".py"))


def needed(path: str) -> set[str]:
    files = closure(ROOT / path, ROOT / "src") | {path}
    for trigger, folder in BY_NAME.items():
        if trigger in files:
            for module in (ROOT / folder).rglob("*.py"):
                files |= closure(module, ROOT / "src") | {module.relative_to(ROOT).as_posix()}
    files |= {READS[path] for path in files & READS.keys()}
    return files - SAYS_NOTHING


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_everything_that_its_script_imports(name: str) -> None:
    deps = [dep for dep in STAGES[name]["deps"] if isinstance(dep, str)]
    missing = {
        file for file in needed(script(STAGES[name])) if not any(file == d or file.startswith(d + "/") for d in deps)
    }
    assert not missing, f"add to dvc.yaml, {name}, deps: {sorted(missing)}"


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_no_source_that_its_script_does_not_import(name: str) -> None:
    files = needed(script(STAGES[name]))
    unused = {
        dep
        for dep in STAGES[name]["deps"]
        if dep.startswith(("src/", "pipelines/"))
        and "${" not in dep
        and not any(f == dep or f.startswith(dep + "/") for f in files)
    }
    assert not unused, f"remove from dvc.yaml, {name}, deps: {sorted(unused)}"


def test_every_script_is_a_stage_s_and_every_stage_has_a_script() -> None:
    scripts = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pipelines").glob("*.py")}
    assert {script(stage) for stage in STAGES.values()} == scripts


def test_nothing_that_trains_knows_languages_statistics_or_the_report() -> None:
    for stage in ("pretrained", "intermediate", "target", "predict"):
        files = needed(script(STAGES[stage]))
        assert not {
            f for f in files if any(word in f for word in ("languages", "correlation", "gains", "report", "metrics"))
        }


def test_nothing_that_counts_knows_torch() -> None:
    for stage in ("score", "distances", "published", "gains", "correlate", "report"):
        for file in needed(script(STAGES[stage])):
            text = (ROOT / file).read_text(encoding="utf-8")
            assert "import torch" not in text and "from torch" not in text, f"{stage}: {file}"


@pytest.mark.parametrize("path", sorted((ROOT / "profiles").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_profile_names_tasks_that_exist_and_trainings_that_they_start_from(path: Path) -> None:
    loaded = params.load(path)
    for name in loaded.tasks:
        assert tasks.get(name).name == name
    start = loaded.starts_from
    for target in loaded.targets:
        training = tasks.get(target).training
        group = "intermediate" if training is None else "itself" if training == target else training
        assert target in getattr(start, group), f"{target} starts from {training}"


def test_every_table_in_the_package_has_the_module_that_reads_it() -> None:
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*.csv")} == set(READS.values())
