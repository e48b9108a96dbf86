"""The metrics against hand-made cases and against the rules written out literally (oracle.py)."""

from functools import partial

import numpy as np
import pytest

import oracle
from made_submission import IOB2, PIECES, UPOS, text
from xstilts.scoring.metrics import bitext, normalisers, spans, tags
from xstilts.scoring.metrics.classification import accuracy, precision_recall_f1


def test_accuracy_is_the_share_of_equal_rows_in_points():
    assert accuracy(["a", "b", "c", "a"], ["a", "b", "a", "a"]) == 75.0
    with pytest.raises(ValueError, match="3 predictions for 2"):
        accuracy(["a", "b"], ["a", "b", "a"])
    with pytest.raises(ValueError, match="no rows"):
        accuracy([], [])


def test_f1_is_zero_where_nothing_is_predicted_or_gold():
    assert precision_recall_f1(correct=0, predicted=0, gold=3) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    assert precision_recall_f1(correct=0, predicted=3, gold=0) == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    assert precision_recall_f1(correct=1, predicted=2, gold=4)["f1"] == pytest.approx(100 / 3)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("The  Dog's tail.", "dogs tail"),
        ("A (an) the", ""),
        ("theatre another", "theatre another"),
        ("«Дом», the дом", "«дом» дом"),  # punctuation outside ASCII stays
        ("der Hund", "der hund"),  # other languages' articles stay
        ("昨天,下午", "昨天下午"),  # Chinese stays one token
        ("x\u00a0y", "x y"),
    ],
)
def test_squad_normalises_by_its_english_rule(raw, expected):
    assert normalisers.squad(raw) == expected


@pytest.mark.parametrize(
    ("language", "raw", "expected"),
    [
        ("en", "The «Dog»", "dog"),
        ("de", "Der Hund, einem Kind", "hund kind"),
        ("de", "the Dern", "the dern"),
        ("es", "¿La casa?", "casa"),
        ("vi", "những Nhà của", "nhà"),
        ("hi", "का घर।", "का घर"),
        ("ar", "الكتاب بالبيت", "كتاب ب بيت"),  # inside words too
        ("zh", "昨天，下午ab 3点。", "昨 天 下 午 ab 3 点"),
    ],
)
def test_mlqa_normalises_by_language(language, raw, expected):
    assert normalisers.mlqa(raw, language) == expected


def test_mlqa_has_seven_languages_and_refuses_others():
    assert normalisers.MLQA_LANGUAGES == ("ar", "de", "en", "es", "hi", "vi", "zh")
    with pytest.raises(ValueError, match="no normaliser for 'th'"):
        normalisers.mlqa("x", "th")


@pytest.mark.parametrize("language", ["en", "th", *PIECES])
def test_answers_score_as_the_rules_written_out(language):
    rng = np.random.default_rng([7, len(language), ord(language[0])])
    gold = {str(key): [text(language, rng) for _ in range(rng.integers(1, 4))] for key in range(300)}
    found = {key: text(language, rng) if rng.random() < 0.6 else rows[-1] for key, rows in gold.items()}
    assert spans.squad(gold, found) == pytest.approx(oracle.answers(gold, found, oracle.squad_tokens), abs=1e-9)
    if language != "th":
        expected = oracle.answers(gold, found, partial(oracle.mlqa_tokens, language=language))
        assert spans.mlqa(gold, found, language) == pytest.approx(expected, abs=1e-9)


def test_two_empty_answers_match_exactly_but_have_f1_zero():
    assert spans.squad({"1": ["the"]}, {"1": "a."}) == {"exact_match": 100.0, "f1": 0.0}
    assert spans.mlqa({"1": ["।"]}, {"1": ""}, "hi") == {"exact_match": 100.0, "f1": 0.0}


def test_f1_counts_tokens_as_often_as_both_have_them():
    assert spans.squad({"1": ["x x y"]}, {"1": "x y y"})["f1"] == pytest.approx(100 * 2 / 3)


def test_the_best_gold_answer_counts():
    assert spans.squad({"1": ["red", "big red dog"]}, {"1": "big dog"})["f1"] == pytest.approx(80.0)


def test_a_missing_answer_scores_zero_and_an_unknown_id_is_not_looked_at():
    assert spans.squad({"1": ["x"], "2": ["y"]}, {"1": "x", "9": "z"}) == {"exact_match": 50.0, "f1": 50.0}


def test_questions_without_gold_are_an_error_except_in_squad_v2():
    with pytest.raises(ValueError, match="'1' has no gold answer"):
        spans.squad({"1": []}, {"1": ""})
    with pytest.raises(ValueError, match="no questions"):
        spans.squad({}, {})
    with pytest.raises(ValueError, match="no questions"):
        spans.squad_v2({}, {})


def test_squad_v2_takes_the_empty_answer_for_no_answer():
    gold = {"none": [], "punctuation": ["..."], "some": ["red dog"], "wrongly-none": ["x"], "wrongly-some": []}
    found = {"none": "", "punctuation": "", "some": "dog", "wrongly-none": "", "wrongly-some": "x"}
    assert spans.squad_v2(gold, found) == pytest.approx({"exact_match": 40.0, "f1": 100 * (2 + 2 / 3) / 5})


def random_tags(rng, tags, sentences=40):
    return [rng.choice(tags, rng.integers(0, 12)).tolist() for _ in range(sentences)]


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize(
    ("scheme", "reading", "parts"),
    [
        ([*UPOS, "O"], tags.upos, oracle.upos_parts),
        (["NOUN", "SCONJ", "SYM"], tags.upos, oracle.upos_parts),
        (IOB2, tags.iob2, oracle.iob2_parts),
    ],
)
def test_spans_score_as_the_rules_written_out(seed, scheme, reading, parts):
    rng = np.random.default_rng(seed)
    gold = random_tags(rng, scheme)
    found = [[tag if rng.random() < 0.7 else str(rng.choice(scheme)) for tag in row] for row in gold]
    expected = oracle.sets(oracle.iobes_spans(gold, parts), oracle.iobes_spans(found, parts))
    assert tags.span_scores(gold, found, reading) == pytest.approx(expected, abs=1e-9)


def counted(sentences, reading):
    found = tags.spans(sentences, reading, {"": 0})
    return list(zip(found.first.tolist(), found.last.tolist(), strict=True))


def test_a_run_of_one_tag_is_one_chunk_but_sconj_and_sym_stand_alone():
    assert counted([["NOUN", "NOUN", "VERB"]], tags.upos) == [(0, 1), (2, 2)]
    assert counted([["SCONJ", "SCONJ", "SYM", "SYM", "CCONJ", "CCONJ"]], tags.upos) == [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 3),
        (4, 5),
    ]


def test_confusing_cconj_with_sconj_is_wrong():
    assert tags.chunks([["CCONJ"]], [["SCONJ"]]) == {"f1": 0.0, "precision": 0.0, "recall": 0.0, "accuracy": 0.0}


def test_chunks_end_with_the_sentence_and_empty_sentences_count_for_nothing():
    assert counted([["NOUN"], [], ["NOUN"]], tags.upos) == [(0, 0), (1, 1)]
    assert counted([[], []], tags.upos) == []
    assert tags.chunks([["NOUN"], []], [["NOUN"], []])["f1"] == 100.0


def test_an_inside_tag_opens_an_entity_after_outside_another_type_or_a_sentence_start():
    sentences = [["I-PER", "I-PER", "O", "I-LOC", "I-ORG"], ["I-ORG", "B-ORG", "I-ORG"]]
    assert counted(sentences, tags.iob2) == [(0, 1), (3, 3), (4, 4), (5, 5), (6, 7)]


def test_entities_of_another_type_or_extent_are_wrong():
    gold = [["B-PER", "I-PER", "O", "B-LOC"]]
    assert tags.entities(gold, [["B-PER", "O", "O", "B-ORG"]])["f1"] == 0.0
    assert tags.entities(gold, [["B-PER", "I-PER", "O", "O"]]) == pytest.approx(
        {"f1": 200 / 3, "precision": 100.0, "recall": 50.0}
    )
    assert tags.entities([["O"]], [["O"]])["f1"] == 0.0


@pytest.mark.parametrize("tag", ["PER", "B-", "E-PER", "", "b-PER"])
def test_a_tag_that_is_not_iob2_is_an_error(tag):
    with pytest.raises(ValueError, match="is not IOB2"):
        tags.entities([["O"]], [[tag]])


def test_tags_of_another_shape_are_an_error_that_names_the_sentence():
    with pytest.raises(ValueError, match="sentence 2: 1 tags for 2"):
        tags.chunks([["X"], ["X", "X"]], [["X"], ["X"]])
    with pytest.raises(ValueError, match="1 tagged sentences for 2"):
        tags.entities([["O"], ["O"]], [["O"]])


def test_token_accuracy_compares_whole_tags():
    assert tags.token_accuracy([["A", "B"], ["C"]], [["A", "C"], ["C"]]) == pytest.approx(200 / 3)
    with pytest.raises(ValueError, match="no tokens"):
        tags.token_accuracy([[]], [[]])


def test_pairs_are_compared_as_sets():
    gold = [("a", "1"), ("b", "2"), ("c", "3")]
    found = [("a", "1"), ("a", "1"), ("b", "1")]
    assert bitext.pair_scores(gold, found) == pytest.approx({"f1": 40.0, "precision": 50.0, "recall": 100 / 3})


@pytest.mark.parametrize("seed", range(40))
def test_the_threshold_is_that_of_the_rule_written_out(seed):
    rng = np.random.default_rng(seed)
    number = int(rng.integers(1, 60))
    scores = np.round(rng.random(number), 1 if seed % 2 else 6)  # odd seeds: many ties
    candidates = {(f"s{row}", f"t{row}"): float(score) for row, score in enumerate(scores)}
    gold = {pair for pair in candidates if rng.random() < 0.5} | {("unfound", "t")}
    threshold = bitext.best_threshold(candidates, gold)
    assert threshold == oracle.threshold(candidates, gold)
    test = {pair: float(rng.choice(scores)) for pair in candidates}
    kept = {pair for pair, score in test.items() if score >= threshold}
    assert bitext.mining(test, gold, candidates, gold) == pytest.approx(oracle.sets(gold, kept), abs=1e-9)


def test_the_threshold_where_the_best_prefix_is_everything_or_nothing():
    candidates = {("a", "1"): 2.0, ("b", "2"): 1.0}
    assert bitext.best_threshold(candidates, {("a", "1"), ("b", "2")}) == 1.0
    assert bitext.best_threshold(candidates, {("a", "1")}) == 1.5
    assert bitext.best_threshold(candidates, {("a", "2")}) == 0.0
    assert bitext.best_threshold({}, {("a", "2")}) == 0.0
    with pytest.raises(ValueError, match="no gold pairs"):
        bitext.best_threshold(candidates, set())


def test_a_candidate_at_the_threshold_is_kept():
    assert bitext.mined({("a", "1"): 1.5, ("b", "2"): 1.4}, 1.5) == {("a", "1")}


def test_tatoeba_asks_each_sorted_english_sentence_for_its_foreign_line():
    assert bitext.nearest([2, 0, 0], order=[2, 0, 1]) == pytest.approx(200 / 3)
