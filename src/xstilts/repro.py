"""`xstilts repro …`: `dvc repro …` at the price of the work alone.

The stages run as forks of one process that has imported torch and MLflow (`xstilts.warm`), and DVC changes dvc.lock in
place (`xstilts.dvc`). Stages, outputs and dvc.lock are those of `dvc repro`.
"""

import argparse
import sys

from xstilts import warm


def configure(parser: argparse.ArgumentParser) -> None:
    """Its arguments are those of `dvc repro`."""
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="…", help="as for dvc repro: --dry, -f, stages")


def run(asked: argparse.Namespace) -> int:
    """`xstilts repro …`; DVC's exit status."""
    command = [sys.executable, "-m", "xstilts.dvc", "repro", *asked.words]
    return warm.run(argparse.Namespace(words=command))
