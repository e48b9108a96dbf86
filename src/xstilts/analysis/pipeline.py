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
    coefficients,
    estimates,
    families,
    measure,
    pooled,
    predictors,
    regression,
    sample,
    specification,
    verdict_rule,
)
from xstilts.analysis import gains as gain_rows
from xstilts.analysis import (
    shown as display,
)
from xstilts.analysis import (
    verdicts as judgement,
)
from xstilts.analysis.cells import ALL, Cell
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
    "correlations": coefficients.Correlation,
    "questions": coefficients.FamilyQuestion,
    "pooled": coefficients.Pooled,
    "families": families.Family,
    "family_contrasts": families.Contrast,
    "leave_one_family_out": coefficients.LeftOut,
    "specification": specification.Specification,
    "coverage": predictors.Coverage,
    "predictors": regression.Coefficient,
    "selection": display.SelectionRow,
    "studies": display.StudyRow,
}


@dataclass(frozen=True)
class AnalysisResults:
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
    *,
    levels: bool = False,
) -> AnalysisResults:
    """The whole analysis; the same inputs and seed give the same numbers, whatever the number of workers.

    Args:
        gains: as `gains.pair` gives them, of any number of studies.
        distances: of at least the languages of the gains, from English.
        imputed: distances of completed feature vectors.
        measured: token overlap and fertility by target and language.
        settings: seed, draws, levels.
        workers: processes that share the cells.
        remarks: by study, what its note in studies.csv says besides, such as scores that no gain is taken from.
        levels: the gains are scores themselves (`gains.levels`).

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
    everything = cells.build(judged, levels=levels)
    for name in sorted({gain.study for gain in gains}):
        mine = [cell for cell in everything if cell.study == name]
        before, asked = len(found["correlations"]), len(found["questions"])
        unlearned = cells.unlearned(judged, name)
        models = _models([cell for cell in mine if cell.target not in unlearned], sides, chosen, found)
        parts = _cells(mine, functools.partial(_cell, sides=sides, measured=measured or {}, settings=chosen), workers)
        for part in parts:
            for table, added in part.items():
                found[table] += added
        rows = _with_q(found["correlations"][before:])
        found["correlations"][before:] = rows
        found["pooled"] += models
        measured_rows = judgement.Measurements(rows, models, found["questions"][asked:])
        verdicts += judgement.judge(name, mine, measured_rows, chosen, unlearned)
        tested = sum(row.tested for row in rows if _counts(row))
        found["studies"].append(display.study(name, gains, tested, (remarks or {}).get(name, ())))
    codes = sorted({code for cell in everything for code in cell.codes})
    found["coverage"] = predictors.coverage(sides, codes)
    _show(gains, sides, distances, found, levels)
    by_study = {
        name: [row for row in verdicts if row.study == name] for name in sorted({row.study for row in verdicts})
    }
    told = {name: answers.answer(rows) for name, rows in by_study.items()}
    return AnalysisResults(found, verdicts, told, _method(chosen, sides, codes, levels))


def write(folder: Path, results: AnalysisResults) -> None:
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
    """One cell after the other, or several at a time where there are enough to pay for the processes.

    Cells of one target follow each other: they share languages, and with them the covariances.
    """
    mine = sorted(mine, key=lambda cell: (cell.target, cell.intermediate))
    if workers < 2 or len(mine) < WORTH_SHARING:
        return map(one, mine)
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(one, mine, chunksize=-(-len(mine) // (2 * workers))))


def _cell(
    cell: Cell, sides: list[Predictor], measured: regression.Measured, settings: Analysis
) -> dict[str, list[Any]]:
    """The rows of one cell for every table that it adds to."""
    found: dict[str, list[Any]] = defaultdict(list)
    primary = _primary(sides)
    for outcome in cell.outcomes:
        rng = stream(settings, cell.study, cell.intermediate, cell.target, outcome)
        shown = outcome in cell.outcomes[:2]
        for side in sides:
            if not shown and side.name not in COMPARED:
                continue
            part = sample.take(cell, outcome, side)
            rows = measure.measure(cell, outcome, side, part, settings, rng)
            found["correlations"] += rows.correlations
            found["questions"] += rows.questions
            found["leave_one_family_out"] += rows.left_out
        if not shown:
            continue
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
) -> list[coefficients.Pooled]:
    groups: dict[str, list[Cell]] = defaultdict(list)
    for cell in mine:
        groups[cell.intermediate].append(cell)
    rows = []
    for outcome in mine[0].outcomes:
        rng = stream(settings, mine[0].study, "pooled", outcome)
        models = pooled.study_models(dict(groups), outcome, sides, settings, rng)
        rows += models.pooled
        found["questions"] += models.questions
        found["leave_one_family_out"] += models.left_out
    return sorted(rows, key=lambda row: (row.intermediate, row.outcome, row.adjustment))


def _counts(row: coefficients.Correlation) -> bool:
    """Whether a row is its cell's primary one."""
    return (row.role, row.method, row.outcome) == ("primary", coefficients.SLOPE, "points") and row.intermediate != ALL


def _with_q(rows: list[coefficients.Correlation]) -> list[coefficients.Correlation]:
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
    gains: Sequence[Gain],
    sides: list[Predictor],
    distances: Sequence[Distance],
    found: dict[str, list[Any]],
    levels: bool,
) -> None:
    primary = _primary(sides)
    coverage = {row.language: row for row in distances if row.distance == PRIMARY}
    headlines = {(gain.study, gain.target, gain.metric) for gain in gains if gain.headline}
    shown = cells.build(gains, english=True, headline_only=False, levels=levels)
    for cell in shown:
        found["points"] += display.points(cell, (cell.study, cell.target, cell.metric) in headlines, primary, coverage)
    found["selection"] = display.selections(
        [cell for cell in shown if (cell.study, cell.target, cell.metric) in headlines]
    )


def _method(settings: Analysis, sides: list[Predictor], codes: list[str], levels: bool) -> dict[str, Any]:
    primary = _primary(sides)
    return {
        "seed": settings.seed,
        "draws": settings.draws,
        "resamples": settings.bootstrap,
        "imputations": max((len(values) for values in primary.spread.values()), default=0),
        "alpha": settings.alpha,
        "rule": verdict_rule.RULE,
        "bound": settings.bound,
        "levels": levels,
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
