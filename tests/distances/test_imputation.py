"""Predicted syntactic features: better than the worldwide majority, honest in their spread, and repeatable."""

import numpy as np
import pytest

from xstilts.distances import from_english as distances
from xstilts.distances import imputation
from xstilts.languages import table as languages
from xstilts.languages import uriel

CODES = [language.code for language in languages.LANGUAGES]


@pytest.fixture(scope="module")
def imputed() -> dict[str, list[float]]:
    rows = imputation.impute(CODES, seed=1)
    return {code: [row.value for row in rows if row.language == code] for code in CODES}


@pytest.mark.parametrize("visible", [12, 30])
def test_hidden_features_are_predicted_far_above_the_majority_baseline(visible):
    found = imputation.evaluate(CODES, seed=11, visible=visible)
    assert found.features > 1500
    assert found.majority < 0.76
    assert found.accuracy > 0.86
    assert found.log_loss < 0.65 * found.majority_log_loss
    assert found.error < 0.6 * found.visible_error  # nearer to the truth than the distance on what is visible


def test_nine_tenths_intervals_hold_the_true_distance_in_about_eight_tenths_of_languages():
    assert 0.7 < imputation.evaluate(CODES, seed=11, visible=30).within < 0.97


def test_every_language_has_every_imputation_and_known_languages_do_not_vary(imputed):
    assert all(len(values) == imputation.IMPUTATIONS for values in imputed.values())
    assert set(imputed["eng"]) == {0.0}
    spread = {code: float(np.std(values, ddof=1)) for code, values in imputed.items()}
    known = {code: distances.typological(code, "syntactic", seed=1)[0].known for code in CODES}
    poor = [spread[code] for code in CODES if known[code] < 40]
    rich = [spread[code] for code in CODES if 90 <= known[code] < 103]
    assert min(poor) > max(rich)


def test_the_same_seed_gives_the_same_imputations_in_any_order(imputed):
    again = imputation.impute(["kaz", "fin"], seed=1)
    assert [row.value for row in again if row.language == "fin"] == imputed["fin"]
    assert [row.value for row in imputation.impute(["kaz"], seed=2)] != imputed["kaz"]


def test_known_features_are_never_overwritten():
    row = uriel.arrays("syntactic").row("jav")
    completed = imputation.complete("jav", row, 5, np.random.default_rng(1))
    known = ~np.isnan(row)
    assert not np.isnan(completed).any()
    assert (completed[:, known] == row[known]).all()


def test_exclusive_features_are_seldom_drawn_together():
    names = uriel.arrays("syntactic").names
    prepositions, postpositions = (names.index(f"S_ADPOSITION_{side}_NOUN") for side in ("BEFORE", "AFTER"))
    row = uriel.arrays("syntactic").row("azj")  # nothing is known of it; its family and neighbours have postpositions
    completed = imputation.complete("azj", row, 50, np.random.default_rng(1))
    assert np.mean(completed[:, postpositions] == 1) > 0.7
    assert np.mean((completed[:, prepositions] == 1) & (completed[:, postpositions] == 1)) < 0.15


def test_a_language_never_votes_for_itself():
    row = uriel.arrays("syntactic").row("eus")
    right = []
    for feature in np.flatnonzero(~np.isnan(row)):
        hidden = row.copy()
        hidden[feature] = np.nan
        right.append((imputation.predict("eus", hidden)[feature] > 0.5) == row[feature])
    assert 0.75 < np.mean(right) < 1  # its own vote would agree on everything else and be right each time


def test_too_many_visible_features_leave_nothing_to_test():
    with pytest.raises(ValueError, match="lower `visible`"):
        imputation.evaluate(["kaz"], seed=1, visible=30)


def test_imputations_survive_their_file(tmp_path):
    rows = [imputation.ImputedDistance("kaz", 1, 0.61), imputation.ImputedDistance("fin", 0, 0.5)]
    imputation.write(tmp_path / "imputed.csv", rows)
    assert imputation.read(tmp_path / "imputed.csv") == rows[::-1]
