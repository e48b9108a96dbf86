"""`xstilts regenerate FOLDER --out DIR`: every number of an archived study again, from its score records alone.

A study below docs/studies/ keeps `params.yaml`, `scores/`, `overlap.csv` (measured on data that is not kept) and, of
what follows from them, `results/` and `report/`. No data, weights or GPU are needed. The runs are restored to MLflow,
so that `xstilts trace RUN --repository FOLDER` finds them.
"""

import argparse
import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

from xstilts import experiment, report
from xstilts.analysis import gains, pipeline, regression
from xstilts.commands.regenerate import study_curves, study_page
from xstilts.distances import from_english as distances
from xstilts.distances import grambank, imputation
from xstilts.experiment import Params
from xstilts.formats import tables
from xstilts.formats.runs import BASELINE, SPARE, RunKey, Score
from xstilts.languages import table as languages
from xstilts.tracking import provenance, records, scores

PLACEBO = "placebo"
CLOSE = 1e-6  # how much a number may differ on another machine, relative and absolute


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="such as docs/studies/real-mini")
    parser.add_argument("--out", type=Path, required=True, help="folder for results/ and report/")
    parser.add_argument("--check", action="store_true", help="fail if a table of FOLDER/results has other numbers")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; no result depends on it")
    parser.add_argument("--no-report", action="store_true", help="tables only")


def run(arguments: argparse.Namespace) -> int:
    """Restore, compute and write; with --check, 1 if a kept table has other numbers.

    Raises:
        FileNotFoundError: a run of the grid in FOLDER/params.yaml has no record.
        ValueError: a record is damaged, or disagrees with the store.
    """
    folder, results = arguments.folder, arguments.out / "results"
    grid = experiment.load(folder / "params.yaml")
    paired = measured_gains(folder, grid)
    analysis = grid.analysis
    codes = languages.with_rows({gain.language for gain in paired})
    far = distances.table(codes, analysis.seed) + grambank.read()
    imputed = imputation.impute(codes, analysis.seed, analysis.imputations)
    overlap = folder / "overlap.csv"
    found = pipeline.analyse(
        paired,
        far,
        imputed,
        regression.read(overlap) if overlap.exists() else None,
        analysis,
        arguments.workers,
    )
    gains.write(results / "gains.csv", paired)
    distances.write(results / "distances.csv", far)
    imputation.write(results / "imputed_distances.csv", imputed)
    pipeline.write(results / "analysis", found)
    (arguments.out / "tables.md").write_text(study_page.write(results), encoding="utf-8")
    if (folder / "trainings").exists():
        study_curves.write(folder / "trainings", arguments.out)
    for name, answer in found.answers.items():
        print(f"{name}: {' '.join(answer['sentences'])}")  # noqa: T201
    if not arguments.no_report:
        command = f"xstilts regenerate {folder} --out DIR"
        facts = [("profile", grid.profile)]
        origin = report.origin.measured(asdict(grid.model), grid.data, provenance.commit())
        context = report.Context(command=command, versions=provenance.versions(), facts=facts, origin=origin)
        report.write(results, arguments.out / "report", context=context)
    return told(differences(folder / "results", results)) if arguments.check else 0


def measured_gains(folder: Path, grid: Params) -> list[gains.Gain]:
    """The gains of a study's records, by way of MLflow, and with spare seeds those of the placebo."""
    keys = complete(folder / "scores", grid)
    trainings = folder / "trainings"
    recorded = scores.restore(
        folder / "scores",
        trainings=trainings if trainings.exists() else None,
        study=grid.study,
        profile=grid.profile,
        keys=keys,
    )
    found = scores.read(grid.study, among=recorded)
    made = records.read_scores(folder / "scores", keys)
    return gains.pair(found + placebo(found), gains.chances(made), gains.failures(made))


def complete(folder: Path, grid: Params) -> list[RunKey]:
    """The runs that a study has records of; a target may have fewer seeds than the grid, alike for each intermediate.

    Raises:
        FileNotFoundError: a run that the others call for has no record.
        ValueError: a record belongs to no run of the grid.
    """
    there = {records.key_of(made) for made in records.read_scores(folder)}
    strange = there - {RunKey(*key) for key in product(grid.intermediates, grid.targets, grid.seeds)}
    if strange:
        raise ValueError(f"{folder}: {', '.join(map(str, sorted(strange)))} is in no grid of params.yaml beside it")
    seeds = {target: {key.seed for key in there if key.target == target} or {grid.seeds[0]} for target in grid.targets}
    wanted = {
        RunKey(name, target, seed) for target, found in seeds.items() for name in grid.intermediates for seed in found
    }
    if missing := sorted(wanted - there):
        raise FileNotFoundError(f"{folder}: no record of {', '.join(map(str, missing))}, as other intermediates have")
    return sorted(wanted)


def placebo(found: Iterable[Score]) -> list[Score]:
    """A study in which the spare baseline stands as an intermediate: its arms differ in nothing but their seeds."""
    arms = {BASELINE: BASELINE, SPARE: PLACEBO}
    scored = [
        replace(score, study=f"{score.study}-{PLACEBO}", intermediate=arms[score.intermediate])
        for score in found
        if score.intermediate in arms
    ]
    return scored if any(score.intermediate == PLACEBO for score in scored) else []


def told(found: Sequence[str]) -> int:
    """Print what differs; the exit status."""
    for line in found[:20]:
        print(f"DIFFERS: {line}")  # noqa: T201
    print(f"{len(found)} differences" if found else "every kept number is the same")  # noqa: T201
    return 1 if found else 0


def differences(kept: Path, made: Path) -> list[str]:
    """Where the CSV and JSON files of a folder differ from those of the same names in another."""
    found = []
    for path in sorted(kept.rglob("*.csv")) + sorted(kept.rglob("*.json")):
        if path.name == "method.json":  # versions of packages
            continue
        again = made / path.name
        one, other = _cells(path), _cells(again if again.exists() else tables.of_analysis(made) / path.name)
        places = [place for place in one if place not in other or not _alike(one[place], other[place])]
        found += [f"{path.name} {place}: {one[place]} kept, {other.get(place)} now" for place in places[:5]]
        if len(one) != len(other) and not places:
            found.append(f"{path.name}: {len(one)} values kept, {len(other)} now")
    return found


def _cells(path: Path) -> dict[str, str]:
    if path.suffix == ".csv":
        rows = tables.read_csv(path, ())
        return {f"line {number}, {name}": text for number, row in enumerate(rows, 2) for name, text in row.items()}
    return dict(_leaves(json.loads(path.read_text(encoding="utf-8")), ""))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(part, f"{place}/{name}")
    else:
        yield place, str(value)


def _alike(one: str, other: str) -> bool:
    try:
        return math.isclose(float(one), float(other), rel_tol=CLOSE, abs_tol=CLOSE) or one == other
    except ValueError:
        return one == other
