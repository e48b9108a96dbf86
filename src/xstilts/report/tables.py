"""The files of `results/`, read once and cut into studies; docs/results.md names every column. Nothing is computed."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.formats import tables as tables_of
from xstilts.report.text import INTERMEDIATES, TARGETS

Row = Mapping[str, str]
ALL = "all"
PRIMARY = "syntactic"
# Distances that rest on features which may be missing, one for each group of features.
FEATURE_GROUPS = ("syntactic", "grambank", "phonological", "inventory", "featural")

# What the report needs of each file, so that a file of another version fails with its name and not as a bare KeyError.
_COLUMNS = {
    "gains": "study intermediate target metric language seed headline before after gain",
    "points": "study intermediate target metric headline language name family english before after gain gain_low "
    "gain_high gain_se error_reduction error_reduction_se examples chance marks distance shared known used seeds",
    "correlations": "study intermediate target outcome distance method role n families estimate family_low family_high "
    "fisher_low fisher_high p_naive p_family q smallest_detectable reliability noise_ceiling lofo_low lofo_high "
    "lofo_family lolo_low lolo_high without_indo_european n_without_indo_european tested note",
    "pooled": "study intermediate outcome adjustment primary slope slope_low slope_high p_family p_max_t "
    "slope_units note",
    "families": "study intermediate target outcome family languages mean shrunken low high distance",
    "family_contrasts": "study intermediate target outcome families r_across_families r_low r_high indo_european rest "
    "difference p_permutation p_floor",
    "leave_one_family_out": "study intermediate target outcome distance family n estimate low high",
    "specification": "study intermediate target outcome distance covariates languages method n estimate "
    "low high primary",
    "coverage": "distance role languages missing r_known r_log_cc100 note",
    "predictors": "study intermediate target outcome predictor model n estimate low high r2",
    "selection": "study target metric chosen english_before english_after mean_before mean_after best best_after",
    "studies": "study languages seeds note",
    "distances": "language distance value shared known",
}
_BESIDE = ("gains", "distances")  # which are not of the analysis

CHANCE_LEVELS = "above chance"  # in the reason of a cell whose target no intermediate learned


def number(text: str | None) -> float | None:
    """A field as a number; None where it is empty."""
    return float(text) if text else None


@dataclass(frozen=True)
class StudyView:
    """One study's rows, by the keys that charts and tables ask for.

    Keys: cells are (intermediate, target); `verdicts`, `families`, `contrasts`, `lofo`, `specification` add outcome;
    `correlations` adds outcome, distance and method; `pooled` is (intermediate, outcome, adjustment).
    """

    name: str
    row: Row
    answer: Mapping[str, Any]
    intermediates: tuple[str, ...]
    targets: tuple[str, ...]
    metrics: Mapping[str, str]
    points: Mapping[tuple[str, ...], Sequence[Row]]
    other_points: Sequence[Row]
    gains: Sequence[Row]
    verdicts: Mapping[tuple[str, ...], Mapping[str, Any]]
    correlations: Mapping[tuple[str, ...], Row]
    pooled: Mapping[tuple[str, ...], Row]
    families: Mapping[tuple[str, ...], Sequence[Row]]
    contrasts: Mapping[tuple[str, ...], Row]
    lofo: Mapping[tuple[str, ...], Sequence[Row]]
    specification: Mapping[tuple[str, ...], Sequence[Row]]
    predictors: Sequence[Row]
    selection: Sequence[Row]

    @property
    def arms(self) -> tuple[str, ...]:
        """The intermediates to show: their mean first where there are several."""
        return (ALL, *self.intermediates) if len(self.intermediates) > 1 else self.intermediates

    @property
    def seeds(self) -> int:
        """The largest number of paired seeds of any target."""
        return max((len({row["seed"] for row in rows}) for rows in _by(self.gains, "target").values()), default=0)

    def verdict(self, intermediate: str, target: str, outcome: str = "points") -> Mapping[str, Any] | None:
        """The verdict of a cell, of an intermediate (`target` all) or of the study (both all)."""
        return self.verdicts.get((intermediate, target, outcome))

    def excluded(self, intermediate: str, target: str) -> str:
        """Why a cell was not judged (too few languages, nothing learned); empty where it was."""
        found = self.verdict(intermediate, target)
        if found is None:
            return "not judged"
        return "" if found["q"] is not None else str(found["reason"])

    @property
    def learned(self) -> tuple[str, ...]:
        """The targets on which some intermediate is above chance; all, if there is none."""
        found = tuple(name for name in self.targets if CHANCE_LEVELS not in self.excluded(self.arms[0], name))
        return found or self.targets

    @property
    def overall(self) -> Mapping[str, Any]:
        """The verdict of the whole study."""
        found = self.verdict(ALL, ALL)
        if found is None:
            raise ValueError(
                f"results/verdicts.json has no row for study {self.name!r} with intermediate and target 'all'; "
                "run `dvc repro correlate` again"
            )
        return found


@dataclass(frozen=True)
class ReportTables:
    """Everything below `results/`. `distances` is (distance, language) → row."""

    studies: tuple[StudyView, ...]
    distances: Mapping[tuple[str, str], Row]
    coverage: Sequence[Row]
    method: Mapping[str, Any]


def read(folder: Path) -> ReportTables:
    """Read `results/`.

    Raises:
        ValueError: a file lacks a column; the message names both.
        OSError: a file is missing.
    """
    inner = tables_of.of_analysis(folder)
    tables = {
        name: _table((folder if name in _BESIDE else inner) / f"{name}.csv", columns.split())
        for name, columns in _COLUMNS.items()
    }
    verdicts = json.loads((inner / "verdicts.json").read_text(encoding="utf-8"))
    answers = json.loads((inner / "answers.json").read_text(encoding="utf-8"))
    parts = {name: _by(rows, "study") for name, rows in tables.items() if "study" in _COLUMNS[name].split()}
    studies = tuple(
        _study(row, answers.get(row["study"], {}), [v for v in verdicts if v["study"] == row["study"]],
               {name: part.get((row["study"],), []) for name, part in parts.items()})
        for row in tables["studies"]
    )  # fmt: skip
    return ReportTables(
        studies=studies,
        distances={(row["distance"], row["language"]): row for row in tables["distances"]},
        coverage=tables["coverage"],
        method=json.loads((inner / "method.json").read_text(encoding="utf-8")),
    )


def _table(path: Path, columns: list[str]) -> list[dict[str, str]]:
    try:
        return tables_of.read_csv(path, columns)
    except ValueError as error:
        raise ValueError(
            f"{error}; docs/results.md names the columns of every file. "
            "It was written by another version: run `dvc repro correlate` again"
        ) from error


def _by(rows: Iterable[Row], *keys: str) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[key] for key in keys)].append(row)
    return dict(found)


def _one(rows: Iterable[Row], *keys: str) -> dict[tuple[str, ...], Row]:
    return {key: found[0] for key, found in _by(rows, *keys).items()}


def _order(names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    places = {name: place for place, name in enumerate(known)}
    return tuple(sorted(names, key=lambda name: (places.get(name, len(places)), name)))


def _study(
    row: Row, answer: Mapping[str, Any], verdicts: list[dict[str, Any]], tables: dict[str, list[Row]]
) -> StudyView:
    headline = [point for point in tables["points"] if point["headline"] == "1"]
    cell = ("intermediate", "target")
    return StudyView(
        name=row["study"],
        row=row,
        answer=answer,
        intermediates=_order({point["intermediate"] for point in headline} - {ALL}, INTERMEDIATES),
        targets=_order({point["target"] for point in headline}, TARGETS),
        metrics={point["target"]: point["metric"] for point in headline},
        points=_by(headline, *cell),
        other_points=[point for point in tables["points"] if point["headline"] != "1"],
        gains=tables["gains"],
        verdicts={(v["intermediate"], v["target"], v["outcome"]): v for v in verdicts},
        correlations=_one(tables["correlations"], *cell, "outcome", "distance", "method"),
        pooled=_one(tables["pooled"], "intermediate", "outcome", "adjustment"),
        families=_by(tables["families"], *cell, "outcome"),
        contrasts=_one(tables["family_contrasts"], *cell, "outcome"),
        lofo=_by((r for r in tables["leave_one_family_out"] if r["distance"] == PRIMARY), *cell, "outcome"),
        specification=_by(tables["specification"], *cell, "outcome"),
        predictors=tables["predictors"],
        selection=tables["selection"],
    )
