import math
from dataclasses import replace
from pathlib import Path

import pytest

from xstilts.analysis import gains
from xstilts.formats.runs import Score


def score(
    intermediate: str, language: str, seed: int, value: float, metric: str = "accuracy", examples: int = 0
) -> Score:
    return Score("s", intermediate, "xnli", "xnli", language, metric, seed, value, examples)


# Two languages, two seeds: before 60 62 / 40 44, after 70 64 / 40 50.
TABLE = [
    score("none", "deu", 1, 60.0),
    score("none", "deu", 2, 62.0),
    score("none", "hin", 1, 40.0),
    score("none", "hin", 2, 44.0),
    score("mnli", "deu", 1, 70.0),
    score("mnli", "deu", 2, 64.0),
    score("mnli", "hin", 1, 40.0),
    score("mnli", "hin", 2, 50.0),
]


def test_gain_is_after_minus_before_with_the_same_seed() -> None:
    found = {(gain.language, gain.seed): gain.gain for gain in gains.pair(TABLE)}
    assert found == {("deu", 1): 10.0, ("deu", 2): 2.0, ("hin", 1): 0.0, ("hin", 2): 6.0}


def test_error_reduction_is_the_share_of_the_remaining_error() -> None:
    found = {(gain.language, gain.seed): gain.error_reduction for gain in gains.pair(TABLE)}
    assert found[("deu", 1)] == pytest.approx(25.0)  # 10 of 40 points of error
    assert found[("hin", 2)] == pytest.approx(100 * 6 / 56)


def test_error_reduction_of_a_perfect_baseline_is_not_defined() -> None:
    assert math.isnan(gains.error_reduction(100.0, 99.0))


def test_order_of_the_scores_does_not_matter() -> None:
    assert str(gains.pair(TABLE[::-1])) == str(gains.pair(TABLE))


def test_a_seed_without_its_own_baseline_is_an_error_that_names_the_run() -> None:
    with pytest.raises(ValueError, match=r"missing baseline: no score s none/xnli/seed3 accuracy/deu"):
        gains.pair([*TABLE, score("mnli", "deu", 3, 70.0)])


def test_a_language_without_baseline_is_an_error() -> None:
    with pytest.raises(ValueError, match="accuracy/tha"):
        gains.pair([*TABLE, score("mnli", "tha", 1, 70.0)])


def test_the_baseline_of_another_study_is_no_baseline() -> None:
    with pytest.raises(ValueError, match="missing baseline"):
        gains.pair([replace(row, study="other") if row.intermediate == "mnli" else row for row in TABLE])


def test_a_score_given_twice_is_an_error_even_with_the_same_value() -> None:
    with pytest.raises(ValueError, match="given twice"):
        gains.pair([*TABLE, TABLE[4]])


@pytest.mark.parametrize("value", [-0.1, 100.5, math.nan, math.inf])
def test_a_value_outside_the_points_is_an_error(value: float) -> None:
    with pytest.raises(ValueError, match="outside 0–100"):
        gains.pair([*TABLE, score("none", "tha", 1, value)])


def test_nothing_but_baselines_is_an_error() -> None:
    with pytest.raises(ValueError, match="no intermediate"):
        gains.pair(TABLE[:4])


def test_extra_baseline_seeds_become_the_spare_baseline() -> None:
    spare = [score("none", "deu", 3, 61.0), score("none", "deu", 4, 65.0)]
    found = {gain.language: gain.spare_before for gain in gains.pair([*TABLE, *spare])}
    assert found["deu"] == 63.0
    assert math.isnan(found["hin"])


def test_a_baseline_seed_that_any_intermediate_uses_is_not_spare() -> None:
    rows = [*TABLE, score("none", "deu", 3, 61.0), score("qqp", "deu", 3, 61.0)]
    assert all(math.isnan(gain.spare_before) for gain in gains.pair(rows))


def test_f1_is_the_headline_and_the_others_are_kept() -> None:
    rows = [replace(row, metric=metric) for row in TABLE for metric in ("exact_match", "f1")]
    assert {gain.metric: gain.headline for gain in gains.pair(rows)} == {"exact_match": False, "f1": True}


@pytest.mark.parametrize(
    ("metrics", "chosen"),
    [({"accuracy", "accuracy_reverse"}, "accuracy"), ({"exact_match", "f1"}, "f1"), ({"b", "a"}, "a")],
)
def test_headline_prefers_f1_then_accuracy_then_the_alphabet(metrics: set[str], chosen: str) -> None:
    assert gains.headline(metrics) == chosen


def test_examples_are_the_smaller_number_of_the_two_arms() -> None:
    rows = [score("none", "deu", 1, 60.0, examples=500), score("mnli", "deu", 1, 61.0, examples=400)]
    assert gains.pair(rows)[0].examples == 400


def test_recorded_majority_replaces_the_guessing_rate() -> None:
    record = {"target": "xnli", "majority": {"accuracy/deu": 34.5}}
    found = {gain.language: gain.chance for gain in gains.pair(TABLE, gains.chances([record]))}
    assert found == {"deu": 34.5, "hin": pytest.approx(100 / 3)}


def test_writing_and_reading_gives_the_same_gains_to_the_last_digit(tmp_path: Path) -> None:
    rows = gains.pair([*TABLE, score("none", "deu", 3, 61.1)])
    gains.write(tmp_path / "gains.csv", rows)
    assert str(gains.read(tmp_path / "gains.csv")) == str(rows)


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gains.csv").write_text("study,gain\ns,1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no column intermediate"):
        gains.read(tmp_path / "gains.csv")
