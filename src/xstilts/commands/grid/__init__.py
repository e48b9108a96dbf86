"""`xstilts grid`: the stages that DVC would run one after another, as tasks of a Ray cluster.

DVC stays the authority: its graph says what depends on what, its commands run the stages, its locks, cache and
run-cache hold. Ray places ready stages on machines by the resources that they declare. See docs/cluster.md.
"""

import argparse
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=_positive, metavar="N", help="cores to use on this machine (default: all)")
    where.add_argument(
        "--address", metavar="HOST:PORT", help="an existing Ray cluster (`auto`: the one on this machine)"
    )
    parser.add_argument("--targets", nargs="+", default=[], metavar="STAGE", help="only these, with all they need")
    parser.add_argument("--dry", action="store_true", help="print the plan with GPU hours and disk; run nothing")
    parser.add_argument("--log", metavar="STAGE", help="print the log of a stage of the latest run")
    parser.add_argument(
        "--retries", type=_count, default=2, metavar="N", help="of a stage whose worker died (default: 2)"
    )
    parser.add_argument(
        "--clones", action="store_true", help="machines share no folder: a clone each, through the DVC remote"
    )
    parser.add_argument(
        "--clone-folder",
        type=Path,
        metavar="DIR",
        help="where clones lie on every machine (default: .xstilts/clones here)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run, plan, or print a log; 0 if every wanted stage is up to date (or planned), 1 if not, 130 if stopped."""
    from xstilts.commands.grid import (
        command,  # here, because the guard of every stage imports this package and needs none of it
    )

    try:
        return command.run(arguments)
    except KeyboardInterrupt:
        return 130


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is not 0 or more")
    return number
