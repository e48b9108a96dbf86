"""What the page's charts draw, as plain lists: short, because it is written into the page itself.

The order of every list is the contract with page_*.js, which names the same fields.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xstilts.languages import table as languages
from xstilts.report import text
from xstilts.report.families import SHAPES, look
from xstilts.report.tables import ALL, FEATURE_GROUPS, PRIMARY, ReportTables, Row, StudyView, number

OUTCOMES = ("points", "error_reduction")
DIGITS = 5


def short(value: float | str | None) -> float | None:
    """A number with as many digits as a screen can show, which keeps the page small."""
    parsed = number(value) if isinstance(value, str) else value
    if parsed is None:
        return None
    rounded = float(f"{parsed:.{DIGITS}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _numbers(row: Row, columns: str) -> list[float | None]:
    return [short(row[column]) for column in columns.split()]


def data(results: ReportTables, titles: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the charts of one page draw."""
    shown = sorted({row["language"] for study in results.studies for rows in study.points.values() for row in rows})
    families = sorted({languages.get(code).family for code in shown}, key=lambda name: (look(name).hue, name))
    return {
        "families": [[name, look(name).hue, look(name).shape] for name in families],
        "shapes": {name: outline for name, (_, outline) in SHAPES.items()},
        "languages": {code: _language(code, families) for code in shown},
        "distances": _distances(results, shown),
        "groups": [name for name in FEATURE_GROUPS if any(key[0] == name for key in results.distances)],
        "labels": {
            "outcomes": text.OUTCOMES,
            "targets": {name: text.target(name) for name in _names(results, "targets")},
            "intermediates": {name: text.intermediate(name) for name in _names(results, "intermediates")},
        },
        "studies": {study.name: _study(study, titles[study.name]) for study in results.studies},
    }


def _names(results: ReportTables, what: str) -> list[str]:
    return sorted({ALL} | {name for study in results.studies for name in getattr(study, what)})


def _language(code: str, families: Sequence[str]) -> list[Any]:
    language = languages.get(code)
    return [
        language.name,
        families.index(language.family),
        language.genus,
        language.script,
        language.cc100,
        int(language.pretrained),
    ]


def _distances(results: ReportTables, shown: Iterable[str]) -> dict[str, Any]:
    """Name → label, role, and language → [value, features shared with English, features known]."""
    roles = {row["distance"]: row["role"] for row in results.coverage}
    analysed = roles.keys() | set(FEATURE_GROUPS)
    names = [name for name in dict.fromkeys(name for name, _ in results.distances) if name in analysed]
    names.sort(key=lambda name: (name != PRIMARY, list(text.DISTANCES).index(name) if name in text.DISTANCES else 99))
    return {
        name: {
            "label": text.distance(name),
            "role": roles.get(name, ""),
            "values": {
                code: _numbers(results.distances[name, code], "value shared known")
                for code in shown
                if (name, code) in results.distances
            },
        }
        for name in names
    }


def _study(study: StudyView, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "intermediates": study.arms,
        "targets": study.targets,
        "metrics": study.metrics,
        "seeds": study.seeds,
        "points": {"|".join(key): [_point(row) for row in rows] for key, rows in study.points.items()},
        "correlations": _correlations(study),
        "verdicts": {
            "|".join(key[:2]): [row["verdict"], row["reason"], int(row["q"] is None)]
            for key, row in study.verdicts.items()
        },
        "pooled": {
            f"{arm}|{outcome}": [*_numbers(row, "slope slope_low slope_high p_family p_max_t"), row["adjustment"]]
            for (arm, outcome, _), row in study.pooled.items()
            if row["primary"] == "1"
        },
        "lofo": {
            "|".join(key): [[row["family"], *_numbers(row, "n estimate low high")] for row in rows]
            for key, rows in study.lofo.items()
        },
        "families": {
            "|".join(key): [
                [row["family"], *_numbers(row, "languages mean shrunken low high distance")] for row in rows
            ]
            for key, rows in study.families.items()
        },
        "contrasts": {
            "|".join(key): _numbers(row, "families r_across_families difference p_permutation p_floor")
            for key, row in study.contrasts.items()
        },
        "specification": _specification(study),
    }


def _point(row: Row) -> list[Any]:
    columns = "before gain gain_low gain_high gain_se error_reduction error_reduction_se examples chance used seeds"
    return [row["language"], *_numbers(row, columns), row["marks"]]


def _correlations(study: StudyView) -> dict[str, list[Any]]:
    """`intermediate|target|outcome|distance` → the tested slope's numbers, Pearson's r with naive interval, words."""
    columns = (
        "n families estimate family_low family_high p_naive p_family q smallest_detectable noise_ceiling "
        "without_indo_european n_without_indo_european lofo_low lofo_high tested"
    )
    found = {}
    for (*key, method), row in study.correlations.items():
        if method == "slope":
            pearson = study.correlations.get((*key, "pearson"))
            plain = _numbers(pearson, "estimate fisher_low fisher_high p_naive") if pearson else [None] * 4
            numbers = _numbers({**row, "p_naive": pearson["p_naive"] if pearson else ""}, columns)
            found["|".join(key)] = [*numbers, *plain[:3], row["lofo_family"], row["note"]]
    return found


def _specification(study: StudyView) -> dict[str, Any]:
    """The choices once, and for each cell one number per choice, in thousandths: estimate, low, high, n.

    A full grid has some fifty thousand of them.
    """
    columns = ("outcome", "distance", "covariates", "languages", "method")
    choices = sorted({tuple(row[name] for name in columns) for rows in study.specification.values() for row in rows})
    cells: dict[str, dict[tuple[str, ...], Row]] = {}
    for (arm, target, _), rows in study.specification.items():
        cell = cells.setdefault(f"{arm}|{target}", {})
        cell.update({tuple(row[name] for name in columns): row for row in rows})
    primary = next(
        (tuple(row[name] for name in columns) for rows in study.specification.values() for row in rows
         if row["primary"] == "1" and row["outcome"] == "points"),
        None,
    )  # fmt: skip
    return {
        "choices": choices,
        "primary": choices.index(primary) if primary else -1,
        "cells": {name: [_thousandths(cell.get(choice)) for choice in choices] for name, cell in cells.items()},
    }


def _thousandths(row: Row | None) -> Sequence[int | None] | int:
    if row is None or not row["estimate"]:
        return 0
    ends = [number(row[name]) for name in ("estimate", "low", "high")]
    return [*(None if end is None else round(1000 * end) for end in ends), int(row["n"])]
