"""The first screen: which study speaks, what it says in points, and what its two figures draw."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import synthetic_results
from xstilts import report
from xstilts.languages import table as languages
from xstilts.report import answer, context, opening, page, tables, vector
from xstilts.report.answer import Finding, Span
from xstilts.report.context import StudyNote
from xstilts.report.origin import Origin
from xstilts.report.tables import ReportTables
from xstilts.report.vector import Box

SPAN = Span("deu", "jpn", 0.36, 0.27)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> ReportTables:
    """A study of forty languages and one of ten."""
    return tables.read(synthetic_results.write(tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="module")
def found(results: ReportTables) -> dict[str, Finding]:
    """What each study says."""
    notes = context.notes(results.studies, None)
    return {row.study.name: row for row in answer.findings(results, notes, SPAN)}


def test_change_in_points_is_the_slope_times_the_distance_between_the_two_languages(
    results: ReportTables, found: dict[str, Finding]
) -> None:
    world = found["world"]
    row = world.study.pooled["all", "points", "adjusted"]
    assert world.change == pytest.approx(float(row["slope_units"]) * 10 * 0.27)
    wide = (float(row["slope_high"]) - float(row["slope_low"])) / float(row["slope"])
    assert world.low is not None and world.high is not None and world.change is not None
    assert (world.high - world.low) / world.change == pytest.approx(wide)


def _finding(word: str, change: float | None, **more: Any) -> Finding:
    overall = {"n": 24, "verdict": word, "slope_low": -1.0, "slope_high": 0.5, **more}
    study = tables.StudyView("s", {"seeds": "xnli:1"}, {}, ("mnli",), ("xnli",), {}, {}, [], [],
                         {("all", "all", "points"): overall}, {}, {}, {}, {}, {}, {}, [], [])  # fmt: skip
    ends = (None, None) if change is None else (change - 1.1, change + 1.2)
    return Finding(study, StudyNote("t", ""), change, *ends, None, 7)


@pytest.mark.parametrize(
    ("word", "change", "sentence"),
    [
        (
            "inconclusive",
            -0.4,
            "From German to Japanese the gain changes by −0.4 points, between −1.5 and +0.8: too uncertain to tell "
            "from no change.",
        ),
        (
            "supported",
            -3.0,
            "From German to Japanese the gain changes by −3.0 points, between −4.1 and −1.8: enough to tell from no "
            "change.",
        ),
        (
            "inconclusive",
            None,
            "These 24 languages cannot tell whether the gain changes with distance from English.",
        ),
    ],
)
def test_the_answer_is_one_plain_sentence(word: str, change: float | None, sentence: str) -> None:
    assert answer.sentence(_finding(word, change), SPAN) == sentence


def test_the_study_that_can_tell_most_is_chosen_whatever_it_says() -> None:
    few, many = _finding("supported", -3.0, n=10), _finding("inconclusive", 0.1, n=24)
    narrow = _finding("inconclusive", 0.1, n=24, slope_low=-0.2)
    made_up = Finding(narrow.study, StudyNote("t", "", origin=Origin(artificial=True)), 0.1, 0.0, 0.2, None, 7)
    assert answer.best([few, many, narrow, made_up]) is narrow
    assert answer.best([few, made_up]) is few


def test_the_figure_has_a_mark_for_every_language_that_enters_and_names_six(found: dict[str, Finding]) -> None:
    world = found["world"]
    codes = {row["language"] for row in answer.used(world.study)}
    assert len(codes) > 30
    drawn = opening.scatter(world, SPAN, opening.WIDE, 392)
    assert drawn is not None and len(drawn.marks) == len(codes)
    named = {spot.code for spot in opening.named(opening.spots(world), SPAN)}
    assert len(named) == 6 and {"deu", "jpn"} <= named
    assert [guide.words for guide in drawn.guides] == ["German", "Japanese"]
    others = {languages.get(code).name for code in named - {"deu", "jpn"}}
    assert {label.words for label in drawn.labels} <= others


def test_targets_are_moved_to_one_mean_before_languages_are_averaged() -> None:
    def row(target: str, language: str, gain: float) -> dict[str, str]:
        return {
            "target": target,
            "language": language,
            "family": "F",
            "distance": "0.4",
            "gain": str(gain),
            "used": "1",
        }

    points = {
        ("mnli", "xnli"): [row("xnli", "deu", 1.0), row("xnli", "fra", 3.0)],
        ("mnli", "panx"): [row("panx", "deu", 10.0), row("panx", "swh", 14.0)],
    }
    verdicts = {("mnli", name, "points"): {"q": 0.5, "reason": ""} for name in ("xnli", "panx")}
    study = tables.StudyView("s", {"seeds": ""}, {}, ("mnli",), ("xnli", "panx"), {}, points, [], [],
                         verdicts, {}, {}, {}, {}, {}, {}, [], [])  # fmt: skip
    finding = Finding(study, StudyNote("t", ""), None, None, None, None, 1)
    gains = {spot.code: spot.gain for spot in opening.spots(finding)}
    # xnli has the mean 2, panx 12: both move to 7.
    assert gains == {"deu": pytest.approx((6 + 5) / 2), "fra": pytest.approx(8), "swh": pytest.approx(9)}


def test_forest_has_a_row_for_every_study_and_its_square_lies_in_its_interval(found: dict[str, Finding]) -> None:
    for width in (1216, opening.NARROW):
        drawn = opening.forest(list(found.values()), width)
        assert [row.finding.study.name for row in drawn.rows] == list(found)
        for row in drawn.rows:
            assert row.low is not None and row.estimate is not None and row.high is not None
            assert drawn.box.left <= row.low <= row.estimate <= row.high <= drawn.box.right


def test_a_language_without_distance_is_replaced_by_the_nearest_and_the_farthest(results: ReportTables) -> None:
    known = {key: row for key, row in results.distances.items() if key != ("syntactic", "jpn")}
    thinner = tables.ReportTables(results.studies, known, results.coverage, results.method)
    between = answer.span(thinner)
    values = {code: float(row["value"]) for (name, code), row in known.items() if name == "syntactic" and row["value"]}
    shown = {row["language"] for study in results.studies for row in answer.used(study)} | {"deu"}
    assert between.far == max(shown & set(values), key=lambda code: values[code])
    assert between.difference == pytest.approx(values[between.far] - values[between.near])


def _without_entries(study: tables.StudyView) -> tables.StudyView:
    return replace(study, points={key: [{**r, "used": "0"} for r in rows] for key, rows in study.points.items()})


def _without_slopes(study: tables.StudyView) -> tables.StudyView:
    lost = dict.fromkeys(("slope", "slope_low", "slope_high", "q"))
    return replace(study, verdicts={key: {**row, **lost} for key, row in study.verdicts.items()})


@pytest.mark.parametrize("lacking", [_without_entries, _without_slopes])
@pytest.mark.parametrize("distances", [True, False])
def test_a_study_that_can_tell_nothing_makes_a_page_that_says_so(
    tmp_path: Path, lacking: Callable[[tables.StudyView], tables.StudyView], distances: bool
) -> None:
    plan = synthetic_results.Plan("solo", ("mnli",), {"bucc2018": ("deu", "fra", "rus", "cmn")}, 1)
    read = tables.read(synthetic_results.write(tmp_path, (plan,)))
    known = read.distances if distances else {key: {**row, "value": ""} for key, row in read.distances.items()}
    read = replace(read, studies=tuple(map(_without_slopes, map(lacking, read.studies))), distances=known)
    written = page.render(read, context.notes(read.studies, None), report.Context())
    text = re.sub(r"<[^>]*>", "", written)
    assert "These 40 languages cannot tell whether the gain changes with distance from English." in text
    assert "no test" in text


def test_labels_cover_no_mark_and_no_other_label() -> None:
    marks = [(100.0, 100.0), (130.0, 100.0), (100.0, 115.0)]
    placed = vector.labels([(*mark, "Swahili") for mark in marks], marks, Box(0, 0, 300, 200))
    areas = []
    for label in placed:
        width = vector.LETTER * len(label.words)
        left = label.x - {"start": 0, "middle": width / 2, "end": width}[label.anchor]
        areas.append((left, label.y - vector.LINE, left + width, label.y + 2))
    assert len(placed) == 3
    for order, (left, top, right, bottom) in enumerate(areas):
        assert not any(left < x < right and top < y < bottom for x, y in marks)
        for other in areas[order + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


@pytest.mark.parametrize(
    ("domain", "count", "values"),
    [((-1.6, 0.7), 7, [-1.5, -1.0, -0.5, 0.0, 0.5]), ((0.33, 0.72), 6, [0.4, 0.5, 0.6, 0.7]), ((0, 1), 1, [0, 1])],
)
def test_ticks_are_round(domain: tuple[float, float], count: int, values: list[float]) -> None:
    assert vector.ticks(domain, count) == pytest.approx(values)
