"""What pip installs from a wheel is the whole program: the same verdicts as in a checkout, and every file they need."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from test_typed import scores

SOURCES = ("src", "installation", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
WORDS = ("analyse", "scores.csv", "--draws", "100", "--imputations", "2", "--workers", "1", "--out")


def run(folder: Path, *words: str | Path, **more: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", **more}
    done = subprocess.run(
        [str(word) for word in words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}\n{(done.stdout + done.stderr)[-4000:]}"
    return done.stdout


def sources(folder: Path) -> Path:
    """The files that an installation is made from, without what earlier ones left in the checkout."""
    folder.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built through a source distribution as a publisher builds it, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = sources(folder / "tree")
    build = "import sys; sys.path.insert(0, 'installation'); import backend; print(backend.build_sdist(sys.argv[1]))"
    name = run(tree, sys.executable, "-c", build, folder).splitlines()[-1]
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet")
    run(folder, sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder / "made", folder / name)
    (made,) = (folder / "made").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and this one's packages but for this one's xstilts."""
    folder = tmp_path_factory.mktemp("environment")
    run(folder, sys.executable, "-m", "venv", "--without-pip", "new")
    python = folder / "new/bin/python"
    place = Path(run(folder, python, "-c", "import site; print(site.getsitepackages()[0])").strip())
    others = [path for path in sys.path if path.endswith("site-packages")]
    (place / "others.pth").write_text("\n".join(others) + "\n")  # whose own .pth files are not read then
    options = ("--no-deps", "--no-index", "--disable-pip-version-check", "--quiet")
    run(folder, sys.executable, "-m", "pip", "--python", python, "install", *options, wheel)
    assert run(folder, python, "-c", "import xstilts; print(xstilts.__file__)").startswith(str(place))
    return folder / "new/bin"


def test_a_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {name.removeprefix("src/") for name in tracked.splitlines() if (ROOT / name).exists()} - inside


def test_analyse_judges_in_a_wheel_as_in_a_checkout(installed: Path, tmp_path: Path) -> None:
    scores(tmp_path / "scores.csv")
    run(tmp_path, installed / "xstilts", *WORDS, "wheel")
    run(tmp_path, sys.executable, "-m", "xstilts", *WORDS, "checkout", PYTHONPATH=str(ROOT / "src"))
    tables = sorted(path.name for path in (tmp_path / "checkout").iterdir() if path.is_file())
    assert {"verdicts.json", "answers.json", "distances.csv"} <= set(tables)
    for name in tables:
        assert (tmp_path / "wheel" / name).read_bytes() == (tmp_path / "checkout" / name).read_bytes(), name
    assert ",grambank," in (tmp_path / "wheel/distances.csv").read_text()
    assert (tmp_path / "wheel/report/index.html").stat().st_size > 50_000


def test_what_a_wheel_installed_it_removes(wheel: Path, installed: Path) -> None:
    assert run(installed, installed / "xstilts", "--version").startswith("xstilts ")
    (line,) = installed.parent.rglob("xstilts-stages.pth")
    run(installed, sys.executable, "-m", "pip", "--python", installed / "python", "uninstall", "--yes", "xstilts")
    assert not line.exists()
    assert not (installed / "xstilts").exists()
