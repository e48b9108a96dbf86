"""`xstilts …`: what `dvc repro` does not do.

Each command is a module with `configure(parser)` and `run(arguments) -> int`; it is imported only when asked for.
"""

import argparse
import errno
import importlib
import sys
from difflib import get_close_matches
from pathlib import Path

COMMANDS = {
    "drop-targets": ("xstilts.commands.drop_targets", "delete target checkpoints whose predictions are made"),
    "dry-run": (
        "xstilts.commands.dry_run.command",
        "what the grid in params.yaml takes: steps, hours, disk; with --step, one step of it",
    ),
    "encoder": ("xstilts.commands.encoder", "a pretrained encoder of a hundred languages without the Hub"),
    "export": ("xstilts.commands.export", "a checkpoint as a plain transformers folder"),
    "submission": ("xstilts.commands.submission", "export, check or score an XTREME submission folder"),
    "analyse": ("xstilts.commands.analyse", "the gain-versus-distance analysis for anybody's scores"),
    "regenerate": (
        "xstilts.commands.regenerate.command",
        "the tables and the report of a kept study, again from its score records",
    ),
    "grid": ("xstilts.commands.grid", "the stages of `dvc repro` in parallel, here or on a Ray cluster"),
    "calibrate": (
        "xstilts.commands.calibration",
        "the pipeline on worlds whose truth was planted, and what it found there",
    ),
    "repro": (
        "xstilts.commands.repro",
        "dvc repro for grids: stages as forks of one process, dvc.lock changed in place",
    ),
    "dvc": ("xstilts.commands.dvc", "DVC's own command line, with dvc.lock changed in place"),
    "warm": ("xstilts.commands.fork_server", "run a command whose stages do not each import torch and MLflow anew"),
    "status": ("xstilts.commands.status", "what of the grid is done, runs now and is left, and where to look"),
    "trace": ("xstilts.commands.trace", "from a number in the report back to run, files and commit"),
}

# What follows these is another program's, options included, which argparse would take for its own.
PASSED_ON = frozenset({"repro", "dvc", "warm"})


class _Version(argparse.Action):
    """Looks the version up only where it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import xstilts

        print(f"xstilts {xstilts.__version__}")
        parser.exit()


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status is 0 only if it did what was asked."""
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="xstilts", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action=_Version, nargs=0, help="the version, and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = words[0] if words else ""
    for name, (module, help_text) in COMMANDS.items():
        subparser = commands.add_parser(name, help=help_text, description=help_text)
        if name == asked:
            importlib.import_module(module).configure(subparser)
    if asked in PASSED_ON and words[1:] not in (["-h"], ["--help"]):
        parsed = argparse.Namespace(command=asked, words=words[1:])
    else:
        parsed = parser.parse_args(words)
    try:
        return int(importlib.import_module(COMMANDS[parsed.command][0]).run(parsed))
    except FileNotFoundError as error:
        print(f"xstilts {parsed.command}: {_missing(error)}", file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print(f"xstilts {parsed.command}: {error}", file=sys.stderr)
        return 1


def _missing(error: FileNotFoundError) -> str:
    """What is not there, and what is there instead: its neighbours, or no repository at all."""
    if error.errno != errno.ENOENT or not isinstance(error.filename, str):
        return str(error)
    path = Path(error.filename)
    near = sorted(each.name for each in path.parent.glob(f"*{path.suffix}")) if path.suffix else []
    close = get_close_matches(path.name, near, n=1)
    text = f"{path}: no such file"
    if near:
        text += f"; {path.parent.absolute()} has {', '.join(near[:12])}{', …' if len(near) > 12 else ''}"
    elif not path.is_absolute() and not Path("dvc.yaml").exists():
        text += f"; {Path.cwd()} is not the root of the repository, the folder of dvc.yaml"
    return f"{text}. Did you mean {str(path.with_name(close[0]))!r}?" if close else text


if __name__ == "__main__":
    sys.exit(main())
