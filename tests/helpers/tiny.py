"""A copy of the repository with a grid that takes seconds: what `dvc repro` really does, in a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from xstilts.commands.calibration.workspace import COPIED

ROOT = Path(__file__).parents[2]
PARAMS = """\
profile: tiny
study: tiny
data:
  origin: world
  languages: &languages [eng, deu, rus, hin, tur, fin, swh, cmn, ind, heb, jpn, tam]
  world: {seed: 1, languages: *languages, documents: 60, train: 40, validation: 16, test: 12, dev: 12}
tasks: [mnli, squad_v1, xnli, xquad, tatoeba]
model: {vocabulary: 400, layers: 1, hidden: 16, heads: 2, feed_forward: 32, positions: 130}
mixtures:
  none: {tasks: []}
  mnli: {tasks: [mnli]}
intermediates: [none, mnli]
trainings: [xnli, squad_v1]
targets: [xnli, xquad, tatoeba]
starts_from: {itself: [xnli], squad_v1: [xquad], siqa: [], intermediate: [tatoeba]}
seeds: [1]
recipes:
  pretraining: {steps: 10, batch: 8, learning_rate: 1.0e-3, max_length: 32}
  intermediate:
    default: {learning_rate: 1.0e-3, batch: 8, epochs: 1, max_length: 64, stride: 32}
    none: {}
    mnli: {}
  target:
    default: {learning_rate: 1.0e-3, batch: 8, epochs: 1, max_length: 64, stride: 32}
    xnli: {}
    squad_v1: {}
retrieval: {layer: 1, centre: true, max_length: 32}
prediction: {bf16: []}
analysis: {seed: 1, draws: 99, bootstrap: 99, imputations: 3, bound: 0.3}
runtime: {accelerator: cpu, threads: 1, progress: false, keep_targets: true}
"""


def altered(text: str, old: str, new: str) -> str:
    """A text with one part replaced, which must be there exactly once."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in:\n{text}"
    return text.replace(old, new)


def copy(folder: Path, params: str = PARAMS) -> Path:
    """A git and DVC repository with the package's sources and a tiny params.yaml, nothing run yet."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copyfile(source, target)
    (folder / "params.yaml").write_text(params, encoding="utf-8")
    run(folder, "git", "init", "-q")
    run(folder, "dvc", "init", "-q")
    run(folder, "dvc", "config", "core.analytics", "false")
    run(folder, "git", "add", "-A")
    run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "start")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """The environment in which the copy's own sources are imported, and this Python's tools are found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "GIT_", "DVC_"))}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "src"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "OMP_NUM_THREADS": "1",
    }


def run(folder: Path, *command: str, ok: bool = True) -> str:
    """What a command printed; a failure shows it."""
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    if ok and done.returncode:
        raise AssertionError(f"{' '.join(command)} exited with {done.returncode}:\n{output[-6000:]}")
    return output


def stages_to_run(folder: Path) -> set[str]:
    """The stages that `dvc repro` would run now, by their names without the matrix part: `target`, `report`, …"""
    return {name.partition("@")[0] for name in instances_to_run(folder)}


def instances_to_run(folder: Path) -> set[str]:
    """The stage instances that are out of date and what follows them: `target@mnli-xnli-1`, `predict@mnli-xnli-1`, …

    `dvc repro --dry` names the first of each chain alone, since nothing it depends on has changed yet.
    """
    lines = run(folder, "dvc", "repro", "--dry").splitlines()
    first = {line.split("'")[1] for line in lines if line.startswith("Running stage '")}
    edges = [line.split('"')[1::2] for line in run(folder, "dvc", "dag", "--dot").splitlines() if "->" in line]
    found, open_ = set(first), list(first)
    while open_:
        name = open_.pop()
        after = {end for start, end in edges if start == name} - found
        found |= after
        open_ += after
    return found
