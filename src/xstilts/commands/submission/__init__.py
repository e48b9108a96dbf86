"""`xstilts submission`: XTREME's submission folder, written from predictions, checked, and scored.

Nine folders, 162 files when complete: what google-research/xtreme @ 838c13b reads. Scores are those of its
evaluate.py; unlike there, what fails never exits 0.
"""

import argparse
import json
import sys
from pathlib import Path

from xstilts.commands.submission import check, evaluation, export
from xstilts.formats import atomic

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the four acts to the parser."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")

    act = acts.add_parser("export", help="write a submission folder from predictions")
    _path(act, "--predictions", "predictions/<intermediate>, as the stage `predict` writes it")
    _path(act, "--data", "prepared data, as the stage `prepare` writes it")
    act.add_argument("--seed", type=int, required=True, help="the seed of the runs to export")
    _path(act, "--scores", "scores/<intermediate>, whose records go into the manifest", required=False)
    _output(act)

    act = acts.add_parser("export-labels", help="write the gold labels in the same layout")
    _path(act, "--data", "prepared data, as the stage `prepare` writes it")
    _output(act)

    act = acts.add_parser("check", help="list every fault of a submission folder")
    _path(act, "--submission", "the folder with XTREME's nine folders")
    gold = act.add_mutually_exclusive_group()
    _path(gold, "--data", "prepared data to check counts, lengths and ids against", required=False)
    _path(gold, "--labels", "a label folder to check counts, lengths and ids against", required=False)

    act = acts.add_parser("score", help="score a submission folder against a label folder")
    _path(act, "--predictions", "the folder with XTREME's nine folders")
    _path(act, "--labels", "the label folder, laid out alike")
    act.add_argument("--output", type=Path, required=True, metavar="FILE.json", help="where the scores are written")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; 0 only if nothing is missing or at fault."""
    if arguments.act == "score":
        return _score(arguments)
    if arguments.act == "check":
        return _check(arguments)
    if arguments.act == "export":
        written = export.predictions(
            arguments.predictions, arguments.data, arguments.output, seed=arguments.seed, scores=arguments.scores
        )
    else:
        written = export.labels(arguments.data, arguments.output)
    print(f"{arguments.output}: {len(written.files)} of {written.expected} files")  # noqa: T201
    if not written.missing:
        return 0
    listed = "\n".join(f"  {name}" for name in written.missing)
    print(f"{len(written.missing)} files have no source:\n{listed}", file=sys.stderr)  # noqa: T201
    return 0 if arguments.partial else 1


def _score(arguments: argparse.Namespace) -> int:
    scores, notes = evaluation.evaluate(arguments.predictions, arguments.labels)
    for note in notes:
        print(note, file=sys.stderr)  # noqa: T201
    text = json.dumps(scores, indent=1, sort_keys=True) + "\n"
    atomic.write(arguments.output, text)
    print(text, end="")  # noqa: T201
    return 0


def _check(arguments: argparse.Namespace) -> int:
    faults, notes = check.faults(arguments.submission, data=arguments.data, labels=arguments.labels)
    for line in (*notes, *faults):
        print(line)  # noqa: T201
    print(f"{arguments.submission}: {len(faults)} faults")  # noqa: T201
    return 1 if faults else 0


def _path(parser: argparse._ActionsContainer, name: str, text: str, *, required: bool = True) -> None:
    if required:
        parser.add_argument(name, type=Path, required=True, metavar="DIR", help=text)
    else:
        parser.add_argument(name, type=Path, metavar="DIR", help=text)


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="a new folder, or an empty one")
    parser.add_argument("--partial", action="store_true", help="exit 0 although some of the 162 files have no source")
