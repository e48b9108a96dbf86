"""Every command of the documentation, typed as a user types it: installed console scripts in a shell of their own.

The lines come from the fenced blocks of README.md and docs/, so that an example is tested by being written. What cannot
be typed here stands in `NOT_TYPED` with its reason; what takes hours is typed in the form that `SHORT` gives.
"""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import documentation
from documentation import Block
from xstilts.commands import main

ROOT = Path(__file__).parent.parent
BIN = Path(sys.prefix, "bin")
GPU, RUNS, NETWORK = "needs a GPU", "tests/test_benchmarks.py runs it at a small size", "needs the network"
NOT_TYPED = {
    r"make (run|test)": "minutes each; what make would start is asked for with --dry-run below",
    r"pip install .*": NETWORK,
    r"dvc exp .*": "trains for minutes; tests/test_overrides.py types it on the small grid",
    r"xstilts encoder .*": "needs two packages of 90 MB; tests/commands/test_encoder.py makes such files",
    r"xstilts grid --address .*": "needs a Ray cluster; tests/commands/test_grid.py starts one",
    r"kubectl .*": "needs Kubernetes",
    r"export MASTER_ADDR=.*": "two machines; tests/training/test_distributed.py has two processes",
    r"NODE_RANK=\d .*": "two machines; tests/training/test_distributed.py has two processes",
    r"python benchmarks/.* --device cuda .*": GPU,
    r"\.\.\. --kernels .*": GPU,
    r"python benchmarks/(training|prediction|embedding|mining|metrics)\.py.*": RUNS,
}
# What takes hours, or is about files that are not here: the same command about less.
SHORT = (
    (r"^(xstilts calibrate .*?)( --dry)?$", r"\1 --dry"),
    (r"/usr/bin/time -v ", ""),
    (r"--params profiles/xlmr-large.yaml --brief --step", "--brief --step"),
    (r"squad_v1/udpos/seed1/f1/deu", "mnli/xnli/seed1/accuracy/deu"),
    (r"^xstilts grid --jobs 2$", "./editor params.yaml; xstilts grid --jobs 2"),  # all is up to date otherwise
    (r"^(xstilts grid --log) \S+$", r"\1 correlate"),
    (r"\bCHECKPOINT\b", "checkpoints/intermediate/mnli/seed1"),
    (r"/tmp/again\b", "OUT"),
)
MADE = re.compile(r"\b(DIR|OUT|FOLDER)\b")  # a new folder, which must be there afterwards
BLOCKS = [block for block in documentation.commands() if not block.script]


def in_installation() -> bool:
    """Whether the installed `xstilts` is of this checkout."""
    try:
        told = metadata.distribution("xstilts").read_text("direct_url.json") or "{}"
    except metadata.PackageNotFoundError:
        return False
    return bool(json.loads(told).get("url") == ROOT.as_uri()) and (BIN / "xstilts").exists()


needs_installation = pytest.mark.skipif(
    not in_installation(), reason=f"the environment {sys.prefix} has not installed this checkout: make setup"
)


def reason(line: str) -> str:
    return next((why for pattern, why in NOT_TYPED.items() if re.fullmatch(pattern, line)), "")


def shortened(line: str) -> str:
    for pattern, instead in SHORT:
        line = re.sub(pattern, instead, line)
    return line


def shell(folder: Path, line: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Type a line in a shell that has nothing of this one's environment."""
    bare = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        cwd=folder,
        env=bare | {"MLFLOW_DISABLE_TELEMETRY": "true"} | more,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def activation() -> str:
    """The line by which README says that `xstilts` and `dvc` are reached."""
    (line,) = (line for block in documentation.blocks("README.md") for line in block.lines if line.startswith("source"))
    return line


def scores(path: Path) -> None:
    """A small table of scores: one study, one arm, twelve languages, two seeds."""
    rng = np.random.default_rng(3)
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(("study", "intermediate", "target", "metric", "language", "seed", "value"))
        for code in ("eng", "deu", "rus", "hin", "tur", "fin", "swh", "cmn", "ind", "heb", "jpn", "tam", "kor"):
            for seed in (1, 2):
                for arm, more in (("none", 0), ("mnli", 2)):
                    writer.writerow(("mine", arm, "panx", "f1", code, seed, f"{60 + more + rng.normal():.3f}"))


@pytest.fixture(scope="module")
def furnished(reproduced: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository after `make run`, outside this one, in which everything that the documentation names is there."""
    folder = tmp_path_factory.mktemp("typed") / "my repository"
    shutil.copytree(reproduced, folder, symlinks=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "installation", "profiles"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    for name in ("SCORES.csv", "scores.csv"):
        scores(folder / name)
    editor = folder / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/draws: [0-9]*/draws: 101/" "$1"\n')
    editor.chmod(0o755)
    study = folder / "docs/studies/real-mini"
    study.mkdir(parents=True)
    shutil.copytree(folder / "scores", study / "scores")
    shutil.copy(folder / "params.yaml", study)
    done = shell(folder, f"{activation()}; xstilts regenerate {study.relative_to(folder)} --out first --no-report")
    assert done.returncode == 0, done.stderr
    shutil.move(folder / "first/results", study / "results")
    return folder


@needs_installation
@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_line_of_a_block_ends_well_and_makes_what_it_names(block: Block, furnished: Path, tmp_path: Path) -> None:
    lines = [line for line in block.lines if not reason(line) and not line.startswith("source ")]
    if not lines:
        return
    folder = tmp_path / "my repository"
    shutil.copytree(furnished, folder, symlinks=True)
    for place, line in enumerate(lines):
        names: list[Path] = []

        def named(match: re.Match[str], place: int = place, names: list[Path] = names) -> str:
            names.append(tmp_path / f"made {place}" / match[0])
            return shlex.quote(str(names[-1]))

        typed = MADE.sub(named, shortened(line))
        done = shell(folder, f"{activation()}\n{typed}", EDITOR="./editor")
        said = f"{block}: {typed}\n{(done.stdout + done.stderr)[-4000:]}"
        assert done.returncode == 0, said
        assert "Traceback" not in done.stderr, said
        assert all(name.exists() and any(name.iterdir()) for name in names), said


def test_every_line_can_be_typed_or_says_why_not() -> None:
    lines = [line for block in BLOCKS for line in block.lines]
    assert len(lines) > 30
    unused = [pattern for pattern in NOT_TYPED if not any(re.fullmatch(pattern, line) for line in lines)]
    assert not unused, f"no line of the documentation is left out by {unused}"
    programs = {shlex.split(line)[0] for line in lines if not reason(line)}
    known = {"xstilts", "dvc", "cp", "source", "$EDITOR", "OMP_NUM_THREADS=2"}
    assert programs <= known, f"a block that is no command is labelled ```text; or type these too: {programs - known}"


@pytest.mark.parametrize("block", [block for block in documentation.commands() if block.script], ids=str)
def test_a_script_is_one_for_its_shell(block: Block, tmp_path: Path) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs_installation
def test_what_make_would_start_is_there(furnished: Path) -> None:
    (furnished / ".venv/.installed").touch()
    for goal in ("run", "test"):
        done = shell(furnished, f"make --dry-run --old-file=.venv/.installed {goal}")
        assert done.returncode == 0, done.stderr
        for word in re.findall(r"^(?:python -m )?(\w+)", done.stdout, re.MULTILINE):
            assert word == "echo" or (BIN / word).exists(), done.stdout


# The log tells of commands that there were.
@pytest.mark.parametrize("page", [page for page in documentation.PAGES if page != "docs/log.md"])
def test_every_command_that_running_text_names_exists(page: str) -> None:
    for span in documentation.spans(page):
        for name in re.findall(r"(?:^|&& |\| |-m )xstilts ([\w-]+)", span):
            assert name in main.COMMANDS, f"{page}: `{span}`"


@needs_installation
@pytest.mark.parametrize("words", ["--version", "--help"])
def test_the_program_is_a_script_and_a_module(words: str, tmp_path: Path) -> None:
    one = shell(tmp_path, f"{shlex.quote(str(BIN / 'xstilts'))} {words}")
    two = shell(tmp_path, f"{shlex.quote(str(BIN / 'python'))} -m xstilts {words}")
    assert (one.returncode, two.returncode, one.stderr) == (0, 0, "")
    assert one.stdout == two.stdout
    assert words == "--help" or one.stdout == f"xstilts {metadata.version('xstilts')}\n"


@needs_installation
@pytest.mark.parametrize("program", ["dvc", "python -m dvc", "xstilts", "xstilts dvc"])
def test_a_stage_runs_in_the_environment_that_its_dvc_belongs_to(program: str, tmp_path: Path) -> None:
    """Without activation, as an editor's extension starts it: the first `python` on PATH may be the system's."""
    (tmp_path / "python").write_text("#!/bin/sh\necho another Python >&2\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    (tmp_path / "stage.py").write_text("import sys, xstilts; open('made', 'w').write(sys.prefix)")
    (tmp_path / "dvc.yaml").write_text("stages:\n  only:\n    cmd: python stage.py\n    outs: [made]\n")
    path = f"{tmp_path}{os.pathsep}/usr/bin:/bin"
    done = shell(tmp_path, f"git init -q; {BIN}/dvc init -q; {BIN}/{program} repro", PATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert Path((tmp_path / "made").read_text()).resolve() == Path(sys.prefix).resolve()


def test_no_script_of_the_environment_is_imported_in_place_of_a_package() -> None:
    """A console script has its own folder first on sys.path, and some wheels put `name.py` there."""
    for script in BIN.glob("*.py"):
        for source in (ROOT / "src").rglob("*.py"):
            text = source.read_text(encoding="utf-8")
            assert not re.search(rf"^\s*(?:import|from) {script.stem}\b|files\(.{script.stem}", text, re.M), source


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("dry-run", r"params.yaml: no such file; .* is not the root of the repository, the folder of dvc.yaml"),
        ("dry-run --params profiles/xlmr-larg.yaml", r"Did you mean 'profiles/xlmr-large.yaml'\?"),
        (
            "dry-run --params profiles/mine.yaml",
            r"profiles/mine.yaml: no such file; .*/profiles has calibration.yaml, ",
        ),
        ("trace mnli/xnli/seed1", r"has no scores/: start this in the root of the repository"),
        ("calibrate --out X", r"truths.yaml: no such file; .*the folder of dvc.yaml"),
        ("grid --dry", r"you are not inside of a DVC repository"),
        ("analyse score.csv --out X", r"Did you mean 'scores.csv'\?"),
        ("regenerate docs/studies/real-mini --out X", r"params.yaml: no such file; .*the folder of dvc.yaml"),
    ],
)
def test_outside_the_repository_a_command_says_where_it_belongs(
    words: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scores.csv").touch()
    if "profiles" in words:
        shutil.copytree(ROOT / "profiles", "profiles")
    assert main.main(words.split()) == 1
    said = capsys.readouterr().err
    assert re.search(told, said), said
    assert "Errno" not in said
