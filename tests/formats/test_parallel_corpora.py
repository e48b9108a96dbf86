"""The order and the unification of parallel sentences that prediction and scoring share."""

import pytest

from xstilts.formats.parallel_corpora import distinct, english_order, expand, lines_of


def test_english_is_sorted_by_code_point_and_equal_lines_keep_their_order():
    sentences = ["b", "é", "a", "B", "a", "“x”", " z"]
    order = english_order(sentences)
    assert [sentences[line] for line in order] == [" z", "B", "a", "a", "b", "é", "“x”"]
    assert order == [6, 3, 2, 4, 0, 1, 5]


def test_equal_lines_are_one_sentence_for_which_the_last_line_stands():
    found = distinct(["x", "y", "x", "z", "x"])
    assert found.rows == (4, 1, 3)
    assert found.lines == ((0, 2, 4), (1,), (3,))


def test_a_repeated_line_is_dropped_as_in_xtreme_or_expanded_as_in_jiant():
    side = distinct(["x", "y", "x"])
    assert lines_of(0, side) == ()
    assert lines_of(0, side, "jiant") == (0, 2)
    assert lines_of(1, side) == lines_of(1, side, "jiant") == (1,)
    with pytest.raises(ValueError, match="allowed: xtreme, jiant"):
        lines_of(0, side, "all")


def test_mined_sentences_become_pairs_of_lines_in_their_order():
    sources, targets = distinct(["x", "y", "x"]), distinct(["u", "v", "v"])
    mined = [(0, 0, 1.3), (1, 1, 1.2), (1, 0, 1.1)]
    assert expand(mined, sources, targets) == [(1, 0, 1.1)]
    assert expand(mined, sources, targets, "jiant") == [
        (0, 0, 1.3),
        (2, 0, 1.3),
        (1, 1, 1.2),
        (1, 2, 1.2),
        (1, 0, 1.1),
    ]
