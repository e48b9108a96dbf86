"""`xstilts …`: what `dvc repro` does not do.

Each command is a module with `configure(parser)` and `run(arguments) -> int`; it is imported only when asked for.
"""

import argparse
import contextlib
import errno
import importlib
import io
import sys
import traceback
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

COMMANDS = {
    "check": ("xstilts.commands.check", "whether params.yaml holds together, before anything runs"),
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
        "the tables and the report of an archived study, again from its score records",
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
    "status": ("xstilts.commands.status", "what of the grid is done, runs now and is left, and where to look"),
    "completion": ("xstilts.commands.completion", "what a shell needs to complete commands and options"),
    "trace": ("xstilts.commands.trace", "from a number in the report back to run, files and commit"),
}

# Shown below each command's options: what a user types first.
EXAMPLES = {
    "check": "xstilts check profiles/xlmr-large.yaml",
    "drop-targets": "xstilts drop-targets                    # what would go; --yes deletes it",
    "dry-run": "xstilts dry-run --params profiles/xlmr-large.yaml",
    "encoder": "xstilts encoder multilingual-e5-small --out encoders/e5-small",
    "export": "xstilts export checkpoints/intermediate/mnli/seed1 mnli-encoder",
    "submission": "xstilts submission check --submission submission",
    "analyse": "xstilts analyse scores.csv --out analysis",
    "regenerate": "xstilts regenerate docs/studies/real-mini --out again --check",
    "grid": "xstilts grid --jobs 8",
    "calibrate": "xstilts calibrate --out simulation --only flat --worlds 1",
    "repro": "xstilts repro                           # all that is out of date; as dvc repro: stages, -f, --dry",
    "dvc": "xstilts dvc status",
    "status": "xstilts status --left",
    "trace": "xstilts trace mnli/xnli/seed1",
    "completion": 'eval "$(xstilts completion bash)"       # in ~/.bashrc; or zsh, fish',
}

# What follows these is another program's, options included, which argparse would take for its own.
PASSED_ON = frozenset({"repro", "dvc"})


class _Version(argparse.Action):
    """Looks the version up only where it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import xstilts

        print(f"xstilts {xstilts.__version__}")
        parser.exit()


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status is 0 only if it did what was asked."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked = next((index for index, word in enumerate(words) if not word.startswith("-")), len(words))
    before, after = words[:asked], words[asked:]
    if after and after[0] in PASSED_ON and after[1:] not in (["-h"], ["--help"]):
        parsed = parser(()).parse_args([*before, after[0]])
        parsed.words = after[1:]
    else:
        parsed = parser(after[:1]).parse_args(words)
    quiet = contextlib.redirect_stdout(io.StringIO()) if parsed.quiet else contextlib.nullcontext()
    try:
        with quiet:
            return int(importlib.import_module(COMMANDS[parsed.command][0]).run(parsed))
    except (ValueError, OSError) as error:
        if parsed.verbose:
            traceback.print_exc()
        said = _missing(error) if isinstance(error, FileNotFoundError) else error
        print(f"xstilts {parsed.command}: {said}", file=sys.stderr)
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


def parser(known: Collection[str]) -> argparse.ArgumentParser:
    """The command line.

    Args:
        known: the commands whose options are wanted: only their modules are imported.
    """
    whole = argparse.ArgumentParser(prog="xstilts", description=__doc__.splitlines()[0])
    whole.add_argument("--version", action=_Version, nargs=0, help="the version, and exit")
    whole.add_argument("-q", "--quiet", action="store_true", help="print errors alone")
    whole.add_argument("-v", "--verbose", action="store_true", help="show where in the code an error arose")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, help_text) in COMMANDS.items():
        one = commands.add_parser(
            name,
            help=help_text,
            description=help_text,
            epilog=f"example:\n  {EXAMPLES[name]}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in known:
            importlib.import_module(module).configure(one)
    return whole


if __name__ == "__main__":
    sys.exit(main())
