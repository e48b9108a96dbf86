"""Distances from English: against reference values, and that little knowledge never passes for a distance."""

import csv
from pathlib import Path

import numpy as np
import pytest

from xstilts.distances import from_english as distances
from xstilts.distances import grambank
from xstilts.languages import table as languages
from xstilts.languages import uriel

REPOSITORY = Path(__file__).resolve().parents[2]
REFERENCE = REPOSITORY.parent / "shared" / "facts" / "lang2vec_distances_from_eng.csv"

# language: known syntactic features, syntactic shared-only, syntactic zero-filled, inventory, genetic (Jaccard).
# Computed independently from lang2vec 1.1.2's arrays; an empty inventory has no number.
BY_HAND = {
    "afr": (37, 0.4207, 0.6337, 0.5144, 0.6667),
    "arb": (66, 0.5681, 0.6623, None, 1.0),
    "bul": (86, 0.4032, 0.4770, 0.5210, 0.9286),
    "ben": (52, 0.5936, 0.7015, 0.4982, 0.9333),
    "heb": (87, 0.4769, 0.5282, 0.5549, 1.0),
    "kaz": (12, 0.6667, 0.8989, None, 1.0),
    "guj": (48, 0.5456, 0.6854, 0.4753, 0.9333),
    "azj": (0, None, 0.5717, 0.5491, 1.0),
    "deu": (None, None, None, None, 0.6364),
    "nld": (None, None, None, None, 0.7143),
    "eng": (103, 0.0, 0.0, 0.0, 0.0),
}


@pytest.fixture(scope="module")
def rows() -> list[distances.Distance]:
    codes = [language.code for language in languages.LANGUAGES]
    return distances.table(codes, seed=1) + grambank.read()


@pytest.fixture(scope="module")
def by_name(rows) -> dict[tuple[str, str], distances.Distance]:
    return {(row.language, row.distance): row for row in rows}


def test_every_language_has_every_distance_once(rows, by_name):
    assert len(rows) == len(by_name)
    names = {row.distance for row in rows} - {distances.GRAMBANK}
    assert all((language.code, name) in by_name for language in languages.LANGUAGES for name in names)


@pytest.mark.parametrize("code", sorted(BY_HAND))
def test_distances_equal_the_numbers_worked_out_before(code, by_name):
    known, shared_only, zero_filled, inventory, genetic = BY_HAND[code]
    if known is not None:
        assert by_name[code, "syntactic"].known == known
        assert by_name[code, "syntactic"].raw == (None if shared_only is None else pytest.approx(shared_only, abs=1e-3))
        assert by_name[code, "syntactic_zero_filled"].raw == pytest.approx(zero_filled, abs=1e-3)
        assert by_name[code, "inventory"].raw == (None if inventory is None else pytest.approx(inventory, abs=1e-3))
    assert by_name[code, "genetic"].raw == pytest.approx(genetic, abs=1e-3)


@pytest.mark.skipif(not REFERENCE.exists(), reason=f"the reference table {REFERENCE.name} is not beside the repository")
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (group + suffix, f"{group}_recomputed_{theirs}")
        for group in distances.GROUPS
        for suffix, theirs in (("", "shared_only"), ("_zero_filled", "zero_filled"), ("_knn", "knn_imputed"))
    ]
    + [
        ("genetic", "genetic_jaccard"),
        ("genetic_over_english", "genetic_1_minus_shared_over_eng"),
        ("genetic_over_language", "genetic_1_minus_shared_over_x"),
        ("geographic", "geographic"),
        ("grambank", "grambank_hamming"),
    ],
)
def test_distances_equal_the_reference_table(ours, theirs, by_name):
    with REFERENCE.open(encoding="utf-8", newline="") as lines:
        reference = {row["iso639_3_used"]: row[theirs] for row in csv.DictReader(lines) if row[theirs]}
    assert len(reference) >= 30
    found = {code: by_name[code, ours].raw for code in reference}
    assert found == {code: pytest.approx(float(value), abs=1e-3) for code, value in reference.items()}


def test_too_few_shared_features_leave_the_value_empty_and_keep_the_raw_number(by_name):
    for code in ("kaz", "jav", "zsm"):
        for name in ("syntactic", "syntactic_zero_filled", "syntactic_knn"):
            row = by_name[code, name]
            assert (row.value, row.coverage_ok) == (None, False)
            assert row.raw is not None
    assert by_name["ita", "phonological_zero_filled"].value is None
    usable = [language.code for language in languages.xtreme() if by_name[language.code, "syntactic"].coverage_ok]
    assert len(usable) - 1 == 36
    usable = [language.code for language in languages.xtreme() if by_name[language.code, "phonological"].coverage_ok]
    assert len(usable) - 1 == 26


def test_an_angle_needs_two_directions():
    one, other = np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    assert distances.angular(one, other) == pytest.approx(0.5)
    assert distances.angular(one, 3 * other) == pytest.approx(0.5)
    assert distances.angular(other, np.array([0.0, 1.0, 0.0])) == pytest.approx(1.0)
    assert distances.angular(one, np.zeros(3)) is None
    assert distances.angular(np.zeros(0), np.zeros(0)) is None


def test_unknown_features_count_in_neither_language():
    one, other = np.array([1.0, 1.0, np.nan, 1.0]), np.array([1.0, 1.0, 1.0, np.nan])
    assert distances.shared_only(one, other) == 0
    assert distances.zero_filled(one, other) == pytest.approx(2 / np.pi * np.arccos(2 / 3))


def test_standard_errors_repeat_with_the_seed_and_grow_as_features_fail(by_name):
    again = distances.typological("fin", "syntactic", seed=1)[0]
    assert again == by_name["fin", "syntactic"]
    assert distances.typological("fin", "syntactic", seed=2)[0].se != again.se
    covered = [by_name[language.code, "syntactic"] for language in languages.xtreme() if language.code != "eng"]
    assert 0.04 < float(np.median([row.se for row in covered])) < 0.08
    assert by_name["jav", "syntactic"].se > 0.15


def test_a_place_found_from_lattice_distances_lies_in_its_country():
    x, y, z = distances.positions(["jpn"])[0]
    assert np.degrees(np.arcsin(z)) == pytest.approx(35, abs=1)
    assert np.degrees(np.arctan2(y, x)) == pytest.approx(135, abs=1)


def test_coverage_confounds_zero_filled_distances_more_than_shared_ones(rows):
    found = {row.distance: row for row in distances.confounding(rows, [row.code for row in languages.xtreme()])}
    assert found["syntactic"].n == 36
    assert found["syntactic_zero_filled"].with_known[0] < -0.5 < found["syntactic"].with_known[0]
    assert found["inventory"].with_known is None  # every inventory known is known whole


def test_confounding_equals_correlations_done_by_hand():
    rows = [
        distances.Distance(code, "toy", value, known, known, True, value)
        for code, value, known in [("fra", 0.1, 10), ("deu", 0.2, 20), ("fin", 0.3, 30), ("eng", 0.0, 900)]
    ]
    (found,) = distances.confounding(rows, ["fra", "deu", "fin", "eng"])
    assert (found.n, found.with_known) == (3, (pytest.approx(1.0), pytest.approx(1.0)))
    sizes = np.log10(np.array([56.8, 66.6, 54.3]) + 0.05)
    assert found.with_cc100[0] == pytest.approx(np.corrcoef([0.1, 0.2, 0.3], sizes)[0, 1])
    assert found.with_cc100[1] == pytest.approx(-0.5)


def test_distances_survive_their_file(tmp_path, by_name):
    rows = [by_name["fin", "syntactic"], by_name["kaz", "syntactic"], by_name["afr", "geographic_km"]]
    distances.write(tmp_path / "distances.csv", rows)
    back = {(row.language, row.distance): row for row in distances.read(tmp_path / "distances.csv")}
    assert back["kaz", "syntactic"].value is None
    assert back["kaz", "syntactic"].raw == pytest.approx(by_name["kaz", "syntactic"].raw, abs=1e-6)
    assert back["fin", "syntactic"].shared == by_name["fin", "syntactic"].shared
    first = (tmp_path / "distances.csv").read_bytes()
    distances.write(tmp_path / "distances.csv", reversed(rows))
    assert (tmp_path / "distances.csv").read_bytes() == first


def test_a_file_of_other_columns_is_refused(tmp_path):
    (tmp_path / "distances.csv").write_text("language,value\nfin,0.5\n")
    with pytest.raises(ValueError, match="no column distance, shared"):
        distances.read(tmp_path / "distances.csv")


def test_a_damaged_grambank_row_is_named_by_line(tmp_path):
    path = tmp_path / "grambank.csv"
    path.write_text("language,glottocode,hamming,shared\nfin,finn1318,0.24,196\nfi,finn1318,0.24,196\n")
    with pytest.raises(ValueError, match=r"line 3: .*'fin'"):
        grambank.read(path)


def test_a_language_that_uriel_lacks_is_an_error():
    with pytest.raises(ValueError, match="no language 'xxx'"):
        distances.typological("xxx", "syntactic", seed=1)
    assert "zho" in uriel.arrays("syntactic").codes  # a macrolanguage that this project never asks for
