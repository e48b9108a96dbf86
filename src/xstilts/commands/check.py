"""`xstilts check`: the whole of params.yaml, before anything runs.

A stage reads its own sections of it; whether the sections fit together is looked at here.
"""

import argparse
from pathlib import Path

from xstilts import experiment


def first(root: Path) -> None:
    """What `xstilts repro` and `xstilts grid` do first, where the pipeline has the stage `check`.

    Raises:
        ValueError: as `run`.
    """
    stages, params = root / "dvc.yaml", root / "params.yaml"
    if stages.exists() and params.exists() and "xstilts check" in stages.read_text(encoding="utf-8"):
        experiment.load(params)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", nargs="?", type=Path, default=Path("params.yaml"), metavar="FILE")


def run(arguments: argparse.Namespace) -> int:
    """Check a file and say what it asks for.

    Raises:
        ValueError: what is wrong with it, with file, line and what is allowed.
    """
    grid = experiment.load(arguments.file)
    print(  # noqa: T201
        f"{arguments.file}: profile {grid.profile}, study {grid.study}: {len(grid.intermediates)} intermediates × "
        f"{len(grid.targets)} targets × {len(grid.seeds)} seeds"
    )
    return 0
