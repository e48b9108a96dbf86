"""From the rows of a prediction file to a task's numbers, and the floor under them."""

import subprocess
import sys

import pytest

from xstilts import tasks
from xstilts.formats.examples import (
    Answer,
    Choice,
    ParallelSentences,
    Question,
    SentencePair,
    TaggedSentence,
    label_counts,
)
from xstilts.scoring import SCORERS, Inputs, majority, score


def predicted(values, ids=None):
    return [{"id": str(row) if ids is None else ids[row], "prediction": value} for row, value in enumerate(values)]


PAIRS = [SentencePair(str(row), "a", "b", label) for row, label in enumerate("xxyz")]
TAGGED = [TaggedSentence("0", ("a", "b"), ("NOUN", "VERB")), TaggedSentence("1", ("c",), ("NOUN",))]
NAMES = [TaggedSentence("0", ("a", "b"), ("B-PER", "I-PER")), TaggedSentence("1", ("c",), ("O",))]
QUESTIONS = [
    Question("0", "the red dog", "?", (Answer("red dog", 4),)),
    Question("1", "Der Hund", "?", (Answer("Hund", 4),)),
]
LINES = [ParallelSentences(str(row), f"f{row}", str(row), text) for row, text in enumerate("cab")]


@pytest.mark.parametrize(
    ("scorer", "gold", "rows", "expected"),
    [
        ("accuracy", PAIRS, predicted("xyyz"), {"accuracy": 75.0}),
        (
            "choice_accuracy",
            [Choice("0", "p", ("a", "b"), 1), Choice("1", "p", ("a", "b"), 0)],
            predicted([1, 1]),
            {"accuracy": 50.0},
        ),
        ("accuracy_per_tag", TAGGED, predicted([["NOUN", "NOUN"], ["NOUN"]]), {"accuracy": 200 / 3}),
        ("chunks", TAGGED, predicted([["NOUN", "NOUN"], ["NOUN"]]), {"f1": 40.0, "accuracy": 200 / 3}),
        ("entities", NAMES, predicted([["I-PER", "I-PER"], ["B-LOC"]]), {"f1": 200 / 3}),
        ("squad", QUESTIONS, predicted(["a red dog", "der Hund"]), {"exact_match": 50.0, "f1": 100 * (1 + 2 / 3) / 2}),
        (
            "squad_v2",
            [Question("0", "c", "?", ()), QUESTIONS[1]],
            predicted(["", ""]),
            {"exact_match": 50.0, "f1": 50.0},
        ),
        ("nearest", LINES, predicted([1, 2, 1], ids=[0, 1, 2]), {"accuracy": 200 / 3}),
    ],
)
def test_each_scorer_gives_its_metrics_in_points(scorer, gold, rows, expected):
    found = score(scorer, list(expected), Inputs(gold, rows, "deu"))
    assert found.values == pytest.approx(expected)
    assert found.examples == len(gold)


def test_mlqa_uses_the_rule_of_the_language():
    rows = predicted(["a red dog", "der Hund"])
    assert score("mlqa", ["exact_match"], Inputs(QUESTIONS, rows, "deu")).values == {"exact_match": 50.0}
    assert score("mlqa", ["exact_match"], Inputs(QUESTIONS[1:], rows[1:], "deu")).values == {"exact_match": 100.0}
    with pytest.raises(ValueError, match="no normaliser for 'fi'"):
        score("mlqa", ["f1"], Inputs(QUESTIONS, rows, "fin"))


def test_tatoeba_is_scored_both_ways_where_there_are_rows_for_it():
    forward, backward = predicted([1, 2, 0], ids=[0, 1, 2]), predicted([0, 0, 2], ids=[0, 1, 2])
    found = score("nearest", ["accuracy", "accuracy_reverse"], Inputs(LINES, forward, "deu", reverse=backward))
    assert found.values == pytest.approx({"accuracy": 100.0, "accuracy_reverse": 200 / 3})
    with pytest.raises(ValueError, match="gave no accuracy_reverse"):
        score("nearest", ["accuracy", "accuracy_reverse"], Inputs(LINES, forward, "deu"))


def test_mining_counts_gold_pairs_and_needs_the_development_corpus():
    gold = [ParallelSentences("s0", "x", "t0", "y"), ParallelSentences("s1", "x", None, None)]
    rows = [{"source_id": "s0", "target_id": "t0", "score": 1.2}, {"source_id": "s1", "target_id": "t9", "score": 0.9}]
    found = score("mining", ["f1"], Inputs(gold, rows, "deu", development=gold, development_rows=rows))
    assert (found.values, found.examples) == ({"f1": 100.0}, 1)
    with pytest.raises(ValueError, match="needs the development corpus"):
        score("mining", ["f1"], Inputs(gold, rows, "deu"))


@pytest.mark.parametrize(
    ("scorer", "gold", "rows", "message"),
    [
        ("accuracy", PAIRS, predicted("xyy"), "3 predictions for 4 examples in deu"),
        (
            "accuracy",
            PAIRS,
            predicted("xyyz", ids="0132"),
            "prediction 3 in deu is for id '3', the gold example is '2'",
        ),
        ("accuracy", PAIRS, predicted([1, 1, 1, 1]), "is '1', expected str"),
        ("accuracy", TAGGED, predicted("xx"), "is not a SentencePair"),
        ("accuracy", [SentencePair("0", "a", "b", None)], predicted("x"), "no gold label"),
        ("accuracy", [], [], "no gold examples"),
        ("chunks", TAGGED, predicted([["NOUN"], ["NOUN"]]), "sentence 1: 1 tags for 2"),
        ("chunks", [TaggedSentence("0", ("a",), None)], predicted([["X"]]), "no gold tags"),
        ("squad", [QUESTIONS[0], QUESTIONS[0]], predicted(["a", "b"], ids="00"), "more than once"),
        ("squad", QUESTIONS, [{"id": "0"}, {"id": "1"}], "is 'None', expected str"),
        ("nearest", LINES, predicted([0, 1, 3], ids=[0, 1, 2]), "line 3 is outside 0 to 2"),
        ("nearest", LINES, predicted([0, 1], ids=[0, 1]), "must have the ids 0 to 2"),
        ("nearest", LINES, predicted([True, 1, 2], ids=[0, 1, 2]), "expected int"),
        ("nearest", [ParallelSentences("0", "x", None, None)], predicted([0], ids=[0]), "lacks a side"),
        ("chunk", TAGGED, [], "Did you mean 'chunks'"),
    ],
)
def test_predictions_that_do_not_fit_the_gold_are_an_error(scorer, gold, rows, message):
    with pytest.raises(ValueError, match=message):
        score(scorer, ["accuracy"], Inputs(gold, rows, "deu"))


def test_every_task_names_a_scorer_that_gives_its_metrics():
    given = {
        "accuracy": {"accuracy"},
        "choice_accuracy": {"accuracy"},
        "accuracy_per_tag": {"accuracy"},
        "chunks": {"f1", "precision", "recall", "accuracy"},
        "entities": {"f1", "precision", "recall"},
        "squad": {"f1", "exact_match"},
        "squad_v2": {"f1", "exact_match"},
        "mlqa": {"f1", "exact_match"},
        "nearest": {"accuracy", "accuracy_reverse"},
        "mining": {"f1", "precision", "recall"},
    }
    assert given.keys() == set(SCORERS)
    for name in tasks.names():
        task = tasks.get(name)
        assert set(task.metrics) <= given[task.scorer], name


def test_the_majority_baseline_predicts_the_commonest_label_of_the_training_set():
    training = [SentencePair(str(row), "a", "b", label) for row, label in enumerate("yyz")]
    assert majority("accuracy", ["accuracy"], PAIRS, label_counts(training), language="deu") == {"accuracy": 25.0}
    choices = [Choice("0", "p", ("a", "b"), 1), Choice("1", "p", ("a", "b"), 0)]
    counts = label_counts(choices[1:])
    assert majority("choice_accuracy", ["accuracy"], choices, counts, language="deu") == {"accuracy": 50.0}
    with pytest.raises(ValueError, match="no labelled training example"):
        majority("accuracy", ["accuracy"], PAIRS, {}, language="deu")


def test_the_majority_baseline_tags_every_word_with_the_commonest_tag():
    floor = majority("chunks", ["f1", "accuracy"], TAGGED, label_counts(TAGGED), language="deu")
    assert floor == pytest.approx({"f1": 40.0, "accuracy": 200 / 3})
    names = [TaggedSentence("0", ("a", "b"), ("O", "O")), NAMES[0]]
    assert majority("entities", ["f1"], NAMES, label_counts([*names, NAMES[1]]), language="deu") == {"f1": 0.0}


def test_the_majority_baseline_answers_with_the_whole_context_or_with_none():
    floor = majority("squad", ["exact_match", "f1"], QUESTIONS, {}, language="deu")
    assert floor == pytest.approx({"exact_match": 50.0, "f1": 100 * (1 + 2 / 3) / 2})
    assert majority("mlqa", ["exact_match"], QUESTIONS, {}, language="deu") == {"exact_match": 50.0}
    unanswerable = [Question("0", "c", "?", ()), QUESTIONS[1]]
    assert majority("squad_v2", ["f1"], unanswerable, {}, language="eng") == {"f1": 50.0}


def test_the_majority_baseline_of_retrieval_is_chance_and_of_mining_undefined():
    floor = majority("nearest", ["accuracy", "accuracy_reverse"], LINES, {}, language="deu")
    assert floor == pytest.approx({"accuracy": 100 / 3, "accuracy_reverse": 100 / 3})
    assert majority("mining", ["f1"], LINES, {}, language="deu") == {}


def test_scoring_imports_no_torch():
    script = (
        "import sys, xstilts.scoring, xstilts.commands.submission; "
        "sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
