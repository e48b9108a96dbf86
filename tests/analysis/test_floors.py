"""Far languages at chance, or near ones at the ceiling, would make a slope that is none of distance's: left out."""

import numpy as np

from xstilts.analysis import gains, pipeline
from xstilts.analysis import shown as display
from xstilts.analysis.cells import ALL
from xstilts.analysis.settings import Analysis
from xstilts.analysis.verdicts import Verdict
from xstilts.distances import from_english as distances
from xstilts.distances import grambank
from xstilts.formats.runs import Score
from xstilts.languages import table as languages

CHANCE = 100 / 3


def analysed(lowest: float, highest: float) -> tuple[Verdict, list[display.Point]]:
    """A study in which every language gains 6 ± 1 points wherever its score can move; scores fall with distance."""
    rng = np.random.default_rng(4)
    rows = distances.table([language.code for language in languages.xtreme()], 1) + grambank.read()
    near = {row.language: row.value for row in rows if row.distance == "syntactic" and row.value is not None}
    codes = [language.code for language in languages.xtreme() if language.code in near and language.code != "eng"]
    order = sorted(codes, key=lambda code: near[code])
    scores = []
    for place, code in enumerate(order):
        before = highest + (lowest - highest) * place / (len(order) - 1)
        after = before + 6 + rng.normal(0, 1)
        for arm, value in (("none", before), ("mnli", after)):
            shown = float(np.clip(value, CHANCE, 99.5) + rng.normal(0, 0.2))
            scores.append(Score("s", arm, "xnli", "xnli", code, "accuracy", 1, min(99.9, shown), 2000))
    paired = gains.pair(scores, {("xnli", "accuracy", code): CHANCE for code in codes})
    found = pipeline.analyse(paired, rows, settings=Analysis(draws=199, bootstrap=50))
    whole = next(row for row in found.verdicts if (row.intermediate, row.target, row.outcome) == (ALL, ALL, "points"))
    return whole, found.tables["points"]


def test_without_floor_or_ceiling_the_same_gain_everywhere_is_no_claim() -> None:
    verdict, points = analysed(45, 80)
    assert verdict.verdict != "supported"
    assert not any("near_chance" in point.marks or "near_ceiling" in point.marks for point in points)


def test_far_languages_at_chance_are_marked_left_out_and_fake_no_slope() -> None:
    verdict, points = analysed(5, 75)
    marked = [point for point in points if "near_chance" in point.marks]
    assert verdict.verdict != "supported"
    assert verdict.slope > -0.5
    assert len(marked) > 8
    assert not any(point.used for point in marked)
    assert any(
        f"{len(marked)} of {len(points)} gains lie between two scores not above chance" in text
        for text in verdict.caveats
    )
    assert min(point.distance for point in marked) > np.median([point.distance for point in points])


def test_near_languages_at_the_ceiling_are_marked_left_out_and_make_no_claim() -> None:
    verdict, points = analysed(60, 115)
    marked = [point for point in points if "near_ceiling" in point.marks]
    assert verdict.verdict != "supported"
    assert len(marked) > 8
    assert verdict.n + len(marked) <= len(points)
    assert any("gains lie between two scores of at least 99 points" in text for text in verdict.caveats)


def test_where_half_of_the_languages_are_at_chance_nothing_is_claimed() -> None:
    verdict, _ = analysed(-30, 75)
    assert verdict.verdict == "inconclusive"
    assert "not above chance" in verdict.reason
