"""Everything at once: gains and distances in, all tables of `results/` out.

Separate because the order of the parts, their random streams and their files are one subject. docs/results.md
describes the files.
"""

import functools
import platform
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from xstilts.analysis import (
    answers,
    cells,
    estimates,
    families,
    measure,
    pooled,
    predictors,
    regression,
    sample,
    specification,
)
from xstilts.analysis import gains as gain_rows
from xstilts.analysis import (
    shown as display,
)
from xstilts.analysis import (
    verdicts as judgement,
)
from xstilts.analysis.cells import ALL, OUTCOMES, Cell
from xstilts.analysis.gains import Gain
from xstilts.analysis.predictors import COMPARED, PRIMARY, Predictor
from xstilts.analysis.settings import Analysis
from xstilts.distances.from_english import Distance
from xstilts.distances.imputation import ImputedDistance
from xstilts.formats import tables
from xstilts.languages import table as languages

WORTH_SHARING = 8  # cells; fewer take less time than starting a process

FILES: dict[str, type] = {
    "points": display.Point,
    "correlations": measure.Correlation,
    "pooled": pooled.Pooled,
    "families": families.Family,
    "family_contrasts": families.Contrast,
    "leave_one_family_out": measure.LeftOut,
    "specification": specification.Specification,
    "coverage": predictors.Coverage,
    "predictors": regression.Coefficient,
    "selection": display.Selection,
    "studies": display.Study,
}


@dataclass(frozen=True)
class Results:
    """The rows of every CSV file by its name, and the three JSON files."""

    tables: dict[str, list[Any]]
    verdicts: list[judgement.Verdict]
    answers: dict[str, dict[str, Any]]
    method: dict[str, Any]


def analyse(
    gains: Sequence[Gain],
    distances: Sequence[Distance],
    imputed: Iterable[ImputedDistance] = (),
    measured: regression.Measured | None = None,
    settings: Analysis | None = None,
    workers: int = 1,
    remarks: Mapping[str, Sequence[str]] | None = None,
) -> Results:
    """The whole analysis; the same inputs and seed give the same numbers, whatever the number of workers.

    Args:
        gains: as `gains.pair` gives them, of any number of studies.
        distances: of at least the languages of the gains, from English.
        imputed: distances of completed feature vectors.
        measured: sub-word overlap and fertility by target and language.
        settings: seed, draws, levels.
        workers: processes that share the cells.
        remarks: by study, what its note in studies.csv says besides, such as scores that no gain is taken from.

    Raises:
        ValueError: no gains, gains in English alone, or no primary distance.
    """
    if not gains:
        raise ValueError("no gains to analyse: run `dvc repro gains`")
    for name in sorted({gain.study for gain in gains}):
        if {gain.language for gain in gains if gain.study == name} == {languages.ENGLISH}:
            raise ValueError(
                f"study {name!r}: English is the only language with a gain; it is never correlated, since its distance "
                "from itself is zero. Add scores in other languages, or leave the study out"
            )
    chosen = settings or Analysis()
    sides = predictors.load(distances, imputed)
    found: dict[str, list[Any]] = {name: [] for name in FILES}
    verdicts: list[judgement.Verdict] = []
    judged = gain_rows.judged(gains)
    everything = cells.build(judged)
    for name in sorted({gain.study for gain in gains}):
        mine = [cell for cell in everything if cell.study == name]
        before = len(found["correlations"])
        unlearned = cells.unlearned(judged, name)
        models = _models([cell for cell in mine if cell.target not in unlearned], sides, chosen, found)
        parts = _cells(mine, functools.partial(_cell, sides=sides, measured=measured or {}, settings=chosen), workers)
        for part in parts:
            for table, added in part.items():
                found[table] += added
        rows = _with_q(found["correlations"][before:])
        found["correlations"][before:] = rows
        found["pooled"] += models
        verdicts += judgement.judge(name, mine, rows, models, _primary(sides), chosen, unlearned)
        tested = sum(row.tested for row in rows if _counts(row))
        found["studies"].append(display.study(name, gains, tested, (remarks or {}).get(name, ())))
    codes = sorted({code for cell in everything for code in cell.codes})
    found["coverage"] = predictors.coverage(sides, codes)
    _show(gains, sides, distances, found)
    by_study = {
        name: [row for row in verdicts if row.study == name] for name in sorted({row.study for row in verdicts})
    }
    told = {name: answers.answer(rows) for name, rows in by_study.items()}
    return Results(found, verdicts, told, _method(chosen, sides, codes))


def write(folder: Path, results: Results) -> None:
    """Write every file of `FILES`, verdicts.json, answers.json and method.json."""
    for name, kind in FILES.items():
        tables.write_csv(folder / f"{name}.csv", kind, results.tables[name])
    tables.write_json(folder / "verdicts.json", [asdict(row) for row in results.verdicts])
    tables.write_json(folder / "answers.json", results.answers)
    tables.write_json(folder / "method.json", results.method)


def stream(settings: Analysis, *words: str) -> np.random.Generator:
    """A random stream of its own for what the words name, whatever else is analysed."""
    return np.random.default_rng([settings.seed, zlib.crc32("/".join(words).encode())])


def _cells(
    mine: list[Cell], one: Callable[[Cell], dict[str, list[Any]]], workers: int
) -> Iterable[dict[str, list[Any]]]:
    """One cell after the other, or several at a time where there are enough to pay for the processes."""
    if workers < 2 or len(mine) < WORTH_SHARING:
        return map(one, mine)
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(one, mine, chunksize=4))


def _cell(
    cell: Cell, sides: list[Predictor], measured: regression.Measured, settings: Analysis
) -> dict[str, list[Any]]:
    """The rows of one cell for every table that it adds to."""
    found: dict[str, list[Any]] = defaultdict(list)
    primary = _primary(sides)
    for outcome in OUTCOMES:
        rng = stream(settings, cell.study, cell.intermediate, cell.target, outcome)
        seen: dict[object, sample.Sample] = {}
        for side in sides:
            part = sample.take(cell, outcome, side, settings, rng, seen)
            found["correlations"] += measure.correlate(cell, outcome, side, part, settings, rng)
            if side.name in COMPARED:
                found["leave_one_family_out"] += measure.leave_out(cell, outcome, side, part)
        means, contrast = families.view(cell, outcome, primary)
        found["families"] += means
        found["family_contrasts"] += [contrast] if contrast else []
        found["specification"] += specification.curve(cell, outcome, sides)
        found["predictors"] += regression.compare(cell, outcome, primary, measured)
    return dict(found)


def _primary(sides: list[Predictor]) -> Predictor:
    return next(side for side in sides if side.name == PRIMARY)


def _models(
    mine: list[Cell], sides: list[Predictor], settings: Analysis, found: dict[str, list[Any]]
) -> list[pooled.Pooled]:
    groups: dict[str, list[Cell]] = defaultdict(list)
    for cell in mine:
        groups[cell.intermediate].append(cell)
    rows = []
    for outcome in OUTCOMES:
        rng = stream(settings, mine[0].study, "pooled", outcome)
        models, left = pooled.study_models(dict(groups), outcome, sides, settings, rng)
        rows += models
        found["leave_one_family_out"] += left
    return sorted(rows, key=lambda row: (row.intermediate, row.outcome, row.adjustment))


def _counts(row: measure.Correlation) -> bool:
    """Whether a row is its cell's primary one."""
    return (row.role, row.method, row.outcome) == ("primary", "pearson", "points") and row.intermediate != ALL


def _with_q(rows: list[measure.Correlation]) -> list[measure.Correlation]:
    """Benjamini-Hochberg over the cells of one study, for each outcome, distance and method; `all` on its own."""
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        groups[row.outcome, row.distance, row.method, row.intermediate == ALL].append(place)
    result = list(rows)
    for places in groups.values():
        adjusted = estimates.benjamini_hochberg([rows[place].p_family for place in places])
        for place, q in zip(places, adjusted, strict=True):
            result[place] = replace(rows[place], q=q)
    return result


def _show(
    gains: Sequence[Gain], sides: list[Predictor], distances: Sequence[Distance], found: dict[str, list[Any]]
) -> None:
    primary = _primary(sides)
    coverage = {row.language: row for row in distances if row.distance == PRIMARY}
    headlines = {(gain.study, gain.target, gain.metric) for gain in gains if gain.headline}
    shown = cells.build(gains, english=True, headline_only=False)
    for cell in shown:
        found["points"] += display.points(cell, (cell.study, cell.target, cell.metric) in headlines, primary, coverage)
    found["selection"] = display.selections(
        [cell for cell in shown if (cell.study, cell.target, cell.metric) in headlines]
    )


def _method(settings: Analysis, sides: list[Predictor], codes: list[str]) -> dict[str, Any]:
    primary = _primary(sides)
    return {
        "seed": settings.seed,
        "draws": settings.draws,
        "resamples": settings.bootstrap,
        "imputations": max((len(values) for values in primary.spread.values()), default=0),
        "alpha": settings.alpha,
        "sesoi": settings.sesoi,
        "minimum_languages": settings.minimum,
        "primary_distance": PRIMARY,
        "compared_distances": list(COMPARED),
        "excluded": {side.name: [code for code in codes if code not in side.values] for side in sides},
        "languages": codes,
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in ("numpy", "scipy", "lang2vec")},
        },
    }
