"""What DVC sees of the sources: code and the data that a package carries; nothing that an editor leaves there."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

import tiny

ROOT = Path(__file__).parent.parent
PACKAGE = Path("src/xstilts/report")
LEFT_BY_EDITORS = (
    ".page.html.swp",
    "page.py~",
    "page.py.orig",
    ".#page.py",
    "#page.py#",
    "4913",
    "__pycache__/page.pyc",
)
COUNTS = ("page.py", "deeper/page.py", "page.js", "page.css", "page.html", "table.csv", "table.json")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this one's .dvcignore, whose only stage depends on a package."""
    folder = tmp_path_factory.mktemp("ignore")
    (folder / PACKAGE).mkdir(parents=True)
    (folder / PACKAGE / "__init__.py").touch()
    shutil.copy(ROOT / ".dvcignore", folder)
    stage = {"cmd": "echo done > out", "deps": [PACKAGE.as_posix()], "outs": ["out"]}
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"stage": stage}}), encoding="utf-8")
    for command in ("git init -q", "dvc init -q", "dvc config core.analytics false", "dvc repro"):
        tiny.run(folder, *command.split())
    return folder


def changed(repository: Path) -> bool:
    return "up to date" not in tiny.run(repository, "dvc", "status")


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")


def test_an_editor_s_files_make_no_stage_out_of_date(repository: Path) -> None:
    write(repository, *LEFT_BY_EDITORS)
    assert not changed(repository)


@pytest.mark.parametrize("name", COUNTS)
def test_a_file_that_counts_makes_its_stage_out_of_date(repository: Path, name: str) -> None:
    write(repository, name)
    assert changed(repository)
    (repository / PACKAGE / name).unlink()
    assert not changed(repository)


def test_every_file_of_the_sources_that_git_keeps_counts() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "src"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert len(listed) > 100
    ignored = tiny.run(ROOT, "dvc", "check-ignore", *listed, ok=False).split()
    assert not ignored, f"a kind of file that .dvcignore does not name: {ignored}"
