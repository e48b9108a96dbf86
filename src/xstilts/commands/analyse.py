"""`xstilts analyse SCORES.csv --out DIR`: the gain-versus-distance analysis for anybody's scores, without training.

The file has the columns study, intermediate, target, metric, language, seed, value: points, ISO 639-3 or XTREME's
two-letter codes, `none` as the intermediate of the baseline; `training` and `examples` (test examples behind a
value) may be there. Every bad row is reported, with its line, before anything is written.
"""

import argparse
import csv
import math
import os
from dataclasses import dataclass
from pathlib import Path

from xstilts import report
from xstilts.analysis import gains, regression
from xstilts.analysis import pipeline as study
from xstilts.analysis.sample import Settings
from xstilts.distances import from_english as distances
from xstilts.distances import grambank, imputation
from xstilts.distances.from_english import Distance
from xstilts.distances.imputation import ImputedDistance
from xstilts.formats.runs import Score
from xstilts.languages import table as languages

COLUMNS = ("study", "intermediate", "target", "metric", "language", "seed", "value")
NAMES = ("study", "intermediate", "target", "metric")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("scores", type=Path, metavar="SCORES.csv", help=f"columns {', '.join(COLUMNS)}")
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
    parser.add_argument("--no-report", action="store_true", help="tables only")


def run(arguments: argparse.Namespace) -> int:
    """Check everything, analyse, then write.

    Raises:
        ValueError: bad rows, all listed with their lines; nothing has been written then.
    """
    if arguments.draws < 100 or arguments.imputations < 0:
        raise ValueError("--draws must be at least 100 (a p of .05 needs many), --imputations at least 0")
    paired = gains.pair(read(arguments.scores))
    codes = sorted({gain.language for gain in paired} | {languages.ENGLISH})
    far, imputed = _distances(arguments, codes)
    measured = regression.read(arguments.predictors) if arguments.predictors else {}
    settings = Settings(seed=arguments.seed, draws=arguments.draws, resamples=arguments.draws)
    results = study.analyse(paired, far, imputed, measured, settings, arguments.workers)
    gains.write(arguments.out / "gains.csv", paired)
    distances.write(arguments.out / "distances.csv", far)
    imputation.write(arguments.out / "imputed_distances.csv", imputed)
    study.write(arguments.out, results)
    for name, answer in results.answers.items():
        print(f"{name}: {' '.join(answer['sentences'])}")  # noqa: T201
    if not arguments.no_report:
        command = f"xstilts analyse {arguments.scores} --out {arguments.out} --seed {arguments.seed}"
        context = report.Context(command=f"{command} --draws {arguments.draws}")
        report.write(arguments.out, arguments.out / "report", context=context)
        print(f"report: {arguments.out / 'report' / 'index.html'}")  # noqa: T201
    return 0


def _distances(arguments: argparse.Namespace, codes: list[str]) -> tuple[list[Distance], list[ImputedDistance]]:
    if arguments.distances:
        return distances.read(arguments.distances), []
    far = distances.table(codes, arguments.seed)
    far += [row for row in grambank.read(arguments.grambank) if row.language in codes]
    draws = arguments.imputations
    return far, imputation.impute(codes, arguments.seed, draws) if draws else []


@dataclass(frozen=True)
class _Line:
    number: int
    score: Score


def read(path: Path) -> list[Score]:
    """The scores of a file.

    Raises:
        ValueError: what is wrong, row by row with its line number: a missing column, a field that is empty or not a
            number, an unknown language, a value outside 0–100, a key given twice, a gain without baseline.
    """
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        found = tuple(reader.fieldnames or ())
        missing = [name for name in COLUMNS if name not in found]
        if missing:
            raise ValueError(f"{path}, line 1: no column {', '.join(missing)}; found: {', '.join(found) or 'nothing'}")
        rows = [(reader.line_num, row) for row in reader]
    if not rows:
        raise ValueError(f"{path}: no rows below the header")
    wrong: list[tuple[int, str]] = []
    good: list[_Line] = []
    for number, row in rows:
        texts = _faults(row)
        wrong += [(number, text) for text in texts]
        if not texts:
            good.append(_Line(number, _score(row)))
    scores = [line.score for line in good]
    wrong += [(good[place].number, text) for place, text in gains.problems(scores)]
    if wrong:
        listed = "\n".join(f"  line {number}: {text}" for number, text in sorted(wrong))
        raise ValueError(f"{path}: {len(wrong)} problem(s); nothing was written\n{listed}")
    return scores


def _faults(row: dict[str, str | None]) -> list[str]:
    """What is wrong with one row by itself."""
    faults = [f"{name} is empty" for name in COLUMNS if not (row[name] or "").strip()]
    if None in row:
        faults.append("more fields than the header has columns")
    if faults:
        return faults
    try:
        languages.parse(_text(row, "language"))
    except ValueError as error:
        faults.append(f"unknown language: {error}")
    if not _text(row, "seed").lstrip("-").isdigit():
        faults.append(f"seed {row['seed']!r} is not a whole number")
    for name in ("value", "examples"):
        text = (row.get(name) or "").strip()
        if text and not _number(text):
            faults.append(f"{name} {text!r} is not a number")
    if not faults and not 0 <= float(_text(row, "value")) <= 100:
        faults.append(f"value {_text(row, 'value')} is outside 0–100; scores are points")
    return faults


def _text(row: dict[str, str | None], name: str) -> str:
    return (row.get(name) or "").strip()


def _number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _score(row: dict[str, str | None]) -> Score:
    return Score(
        study=_text(row, "study"),
        intermediate=_text(row, "intermediate"),
        training=_text(row, "training"),
        target=_text(row, "target"),
        language=languages.parse(_text(row, "language")).code,
        metric=_text(row, "metric"),
        seed=int(_text(row, "seed")),
        value=float(_text(row, "value")),
        examples=int(float(_text(row, "examples") or 0)),
    )
