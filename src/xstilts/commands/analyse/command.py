"""Read, check, analyse, write.

The file has the columns study, intermediate, target, metric, language, seed, value: points, ISO 639-3 or XTREME's
two-letter codes, `none` as the intermediate of the baseline; `training` and `examples` (test examples behind a
value) may be there. Every bad row is reported, with its line, before anything is written; what is left out of the
analysis is said on the console, in studies.csv and in the report.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from xstilts import report
from xstilts.analysis import gains, pipeline, regression
from xstilts.analysis.gains import Gain
from xstilts.analysis.predictors import PRIMARY
from xstilts.analysis.settings import Analysis
from xstilts.commands.analyse import scores
from xstilts.distances import from_english as distances
from xstilts.distances import grambank, imputation
from xstilts.distances.from_english import Distance
from xstilts.distances.imputation import ImputedDistance
from xstilts.languages import table as languages


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("scores", type=Path, metavar="SCORES.csv", help=f"columns {', '.join(scores.COLUMNS)}")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables, and for report/ in it")
    parser.add_argument("--seed", type=int, default=1, help="of all random draws (default 1)")
    parser.add_argument("--draws", type=int, default=2000, help="Monte Carlo draws of every p (default 2000)")
    parser.add_argument("--imputations", type=int, default=20, help="completed feature vectors (default 20; 0: none)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; no result depends on it")
    parser.add_argument("--distances", type=Path, help="a distances.csv to use instead of computing one")
    parser.add_argument(
        "--grambank", type=Path, default=grambank.TABLE, help="table of Grambank distances (default: ours)"
    )
    parser.add_argument(
        "--predictors", type=Path, help="overlap and fertility: columns target,language,overlap,fertility"
    )
    parser.add_argument(
        "--scale",
        type=int,
        choices=scores.SCALES,
        help="100: values are fractions of 1; 1: they are points, however small (default: points; no fractions)",
    )
    parser.add_argument("--no-report", action="store_true", help="tables only")


def run(arguments: argparse.Namespace) -> int:
    """Check everything, analyse, then write.

    Raises:
        ValueError: bad rows, all listed with their lines; nothing has been written then.
    """
    if arguments.draws < 100 or arguments.imputations < 0:
        raise ValueError("--draws must be at least 100 (a p of .05 needs many), --imputations at least 0")
    given, paired, unused = scores.paired(arguments.scores, arguments.scale)
    codes = sorted({gain.language for gain in paired} | {languages.ENGLISH})
    far, imputed = _distances(arguments, codes)
    remarks = scores.left_out(given)
    for name, text in _without_distance(paired, far).items():
        remarks.setdefault(name, []).append(text)
    measured = regression.read(arguments.predictors) if arguments.predictors else {}
    settings = Analysis(seed=arguments.seed, draws=arguments.draws, bootstrap=arguments.draws)
    results = pipeline.analyse(paired, far, imputed, measured, settings, arguments.workers, remarks)
    gains.write(arguments.out / "gains.csv", paired)
    distances.write(arguments.out / "distances.csv", far)
    imputation.write(arguments.out / "imputed_distances.csv", imputed)
    pipeline.write(arguments.out, results)
    unused += _unmeasured(arguments.predictors, paired, measured) + _unknown(arguments.distances, far)
    for line in [*unused, *(f"{name}: {text}" for name, texts in remarks.items() for text in texts)]:
        print(f"remark: {line}", file=sys.stderr)  # noqa: T201
    for name, answer in results.answers.items():
        print(f"{name}: {' '.join(answer['sentences'])}")  # noqa: T201
    if not arguments.no_report:
        context = report.Context(command=_command(arguments))
        report.write(arguments.out, arguments.out / "report", context=context)
        print(f"report: {arguments.out / 'report' / 'index.html'}")  # noqa: T201
    return 0


def _command(arguments: argparse.Namespace) -> str:
    """What must be typed to have the same again."""
    words = ["xstilts", "analyse", str(arguments.scores), "--out", str(arguments.out)]
    for name in ("seed", "draws", "scale", "distances", "predictors"):
        value = getattr(arguments, name)
        words += [] if value is None else [f"--{name}", str(value)]
    return shlex.join(words)


def _without_distance(paired: Iterable[Gain], far: Iterable[Distance]) -> Mapping[str, str]:
    """By study, the languages whose gains no primary distance can be set beside."""
    placed = {row.language for row in far if row.distance == PRIMARY and row.value is not None}
    lost: dict[str, set[str]] = {}
    for gain in paired:
        if gain.language not in placed and gain.language != languages.ENGLISH:
            lost.setdefault(gain.study, set()).add(gain.language)
    return {
        study: f"shown, not correlated, without a usable {PRIMARY} distance: {' '.join(sorted(codes))}"
        for study, codes in sorted(lost.items())
    }


def _unmeasured(path: Path, paired: Iterable[Gain], measured: regression.Measured) -> list[str]:
    """By target, the languages whose overlap and fertility are lacking: its others are then not used either."""
    lacking: dict[str, set[str]] = {}
    for gain in paired:
        if measured and gain.language != languages.ENGLISH and (gain.target, gain.language) not in measured:
            lacking.setdefault(gain.target, set()).add(gain.language)
    return [
        f"{path}: {target} has no row for {' '.join(sorted(codes))}; overlap and fertility are compared only "
        "where every language with a distance has them"
        for target, codes in sorted(lacking.items())
    ]


def _unknown(path: Path | None, far: Iterable[Distance]) -> list[str]:
    names = sorted({row.distance for row in far} - set(distances.NAMES)) if path else []
    return (
        [f"{path}: not analysed: the distances {', '.join(names)}; known: {', '.join(distances.NAMES)}"]
        if names
        else []
    )


def _distances(arguments: argparse.Namespace, codes: list[str]) -> tuple[list[Distance], list[ImputedDistance]]:
    if arguments.distances:
        return distances.read(arguments.distances), []
    far = distances.table(codes, arguments.seed)
    far += [row for row in grambank.read(arguments.grambank) if row.language in codes]
    draws = arguments.imputations
    return far, imputation.impute(codes, arguments.seed, draws) if draws else []
