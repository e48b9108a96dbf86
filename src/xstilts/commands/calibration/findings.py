"""What one run of the pipeline found: the study's verdict and the numbers behind it, read from `results/`."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from xstilts.formats import tables
from xstilts.formats.tables import of_analysis

ALL, POINTS, REDUCTION = "all", "points", "error_reduction"
FILES = ("verdicts.json", "points.csv")  # kept of every run
NEAR_CHANCE, NEAR_CEILING = "near_chance", "near_ceiling"


@dataclass(frozen=True)
class SimulationFinding:
    """The verdict of one study.

    Attributes:
        verdict, direction, q: of the study (all intermediates, all targets).
        slope, low, high: gain in points on distance, SD per SD, 95 %; `slope_reduction` of the error reduction.
        languages: that enter the slope; `cells` languages × targets × intermediates, English not among them.
        before, gain: means over these cells, points; `gain_sd` over the languages.
        english_before, english_gain: of English, points.
        near_chance, near_ceiling: cells whose two scores are both not above chance, or both at least 99.
    """

    verdict: str
    direction: str
    q: float
    slope: float
    low: float
    high: float
    slope_reduction: float
    languages: int
    cells: int
    before: float
    gain: float
    gain_sd: float
    english_before: float
    english_gain: float
    near_chance: int
    near_ceiling: int


def read(results: Path, study: str) -> SimulationFinding:
    """What a run's `results/` hold on its study.

    Raises:
        ValueError: no verdict on it.
    """
    results = of_analysis(results)
    rows = json.loads((results / "verdicts.json").read_text(encoding="utf-8"))
    whole = {
        row["outcome"]: row for row in rows if (row["study"], row["intermediate"], row["target"]) == (study, ALL, ALL)
    }
    if set(whole) != {POINTS, REDUCTION}:
        raise ValueError(f"{results}/verdicts.json has no verdict on the study {study!r}; run the pipeline anew")
    points = _points(results / "points.csv", study)
    foreign = [row for row in points if row["english"] != "1"]
    english = [row for row in points if row["english"] == "1"]
    gains = [float(row["gain"]) for row in foreign]
    chief = whole[POINTS]
    return SimulationFinding(
        verdict=chief["verdict"],
        direction=chief["direction"] or "",
        q=_number(chief["q"]),
        slope=_number(chief["slope"]),
        low=_number(chief["slope_low"]),
        high=_number(chief["slope_high"]),
        slope_reduction=_number(whole[REDUCTION]["slope"]),
        languages=chief["n"],
        cells=len(foreign),
        before=_mean([float(row["before"]) for row in foreign]),
        gain=_mean(gains),
        gain_sd=_deviation(gains),
        english_before=_mean([float(row["before"]) for row in english]),
        english_gain=_mean([float(row["gain"]) for row in english]),
        near_chance=sum(NEAR_CHANCE in row["marks"].split() for row in foreign),
        near_ceiling=sum(NEAR_CEILING in row["marks"].split() for row in foreign),
    )


def of(values: Mapping[str, Any]) -> SimulationFinding:
    """A finding from what JSON kept of it, where NaN is null.

    Raises:
        TypeError: other fields than a finding's.
    """
    numbers = {item.name for item in fields(SimulationFinding) if item.type is float}
    known: dict[str, Any] = {
        key: math.nan if key in numbers and value is None else value for key, value in values.items()
    }
    return SimulationFinding(**known)


def by_language(folder: Path, study: str) -> dict[str, tuple[float, float]]:
    """Score without the intermediate and gain of every language but English, means over cells, points."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in _points(folder / "points.csv", study):
        if row["english"] != "1":
            found.setdefault(row["language"], []).append((float(row["before"]), float(row["gain"])))
    return {code: (_mean([b for b, _ in values]), _mean([g for _, g in values])) for code, values in found.items()}


def _points(path: Path, study: str) -> list[dict[str, str]]:
    rows = tables.read_csv(path, ("study", "intermediate", "headline"))
    return [row for row in rows if row["study"] == study and row["intermediate"] != ALL and row["headline"] == "1"]


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _deviation(values: Sequence[float]) -> float:
    if len(values) < 2:
        return math.nan
    mean = _mean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
