"""Each metric is broken on purpose, and the golden comparison must notice: in our folder and in the official one."""

import json
import re

import numpy as np
import pytest

import golden
import made_submission
import oracle
from xstilts.commands.submission import evaluation, files
from xstilts.formats.examples import ParallelSentences
from xstilts.formats.parallel_corpora import distinct, expand
from xstilts.prediction import bitext_mining
from xstilts.prediction.bitext_mining import mine
from xstilts.scoring import Inputs, rows, rules, score
from xstilts.scoring.metrics import bitext, normalisers, spans, tags
from xstilts.scoring.metrics.classification import precision_recall_f1

NEVER = re.compile(r"(?!)")


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ours")
    return folder, made_submission.make(folder, seed=11, size=16)


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    folder = golden.unpack(tmp_path_factory.mktemp("official"))
    return folder, json.loads((folder / "expected.json").read_text(encoding="utf-8"))


def compare(folder) -> set[str]:
    """The golden comparison: what differs from the expected scores."""
    place, expected = folder
    return golden.differences(evaluation.evaluate(place / "predictions", place / "labels")[0], expected)


def sconj_like_any_tag(patch):
    patch.setattr(tags, "upos", lambda tag: ("" if tag == "O" else tag, False))


def types_without_their_first_letter(patch):
    """What seqeval does from 0.0.16 on."""
    patch.setattr(tags, "upos", lambda tag: (tag[1:] or "_", tag.startswith("S")))


def accuracy_for_chunk_f1(patch):
    patch.setattr(
        evaluation.tags,
        "span_scores",
        lambda gold, found, reading: {"f1": tags.token_accuracy(gold, found), "precision": 0.0, "recall": 0.0},
    )


def inside_tags_open_nothing(patch):
    spans_of = tags.spans

    def strict(sentences, reading, types):
        found = spans_of(sentences, reading, types)
        flat = [tag for sentence in sentences for tag in sentence]
        opened = np.array([not flat[row].startswith("I-") for row in found.first], dtype=bool)
        return tags.Spans(found.first[opened], found.last[opened], found.kind[opened], found.tokens)

    patch.setattr(tags, "spans", strict)


def begin_tags_continue(patch):
    patch.setattr(tags, "iob2", lambda tag: ("", False) if tag == "O" else (tag[2:], False))


def spans_cross_sentences(patch):
    patch.setattr(tags, "_begins", lambda sentences, tokens: np.arange(tokens) == 0)


def types_do_not_matter(patch):
    patch.setattr(tags, "iob2", lambda tag: ("", False) if tag == "O" else ("X", tag[0] == "B"))


def precision_for_recall(patch):
    def swapped(*, correct, predicted, gold):
        return precision_recall_f1(correct=correct, predicted=gold, gold=predicted)

    patch.setattr(tags, "precision_recall_f1", swapped)
    patch.setattr(bitext, "precision_recall_f1", swapped)


def squad_normaliser_in_mlqa(patch):
    patch.setattr(normalisers, "mlqa", lambda text, language: normalisers.squad(text))


def mlqa_normaliser_in_tydiqa_and_xquad(patch):
    patch.setattr(normalisers, "squad", lambda text: normalisers.mlqa(text, "en"))


def english_articles_in_every_mlqa_language(patch):
    rule = normalisers.mlqa
    patch.setattr(normalisers, "mlqa", lambda text, language: rule(text, "zh" if language == "zh" else "en"))


def chinese_not_split_into_characters(patch):
    patch.setattr(normalisers, "_HAN", re.compile(r"((?!))"))


def arabic_articles_at_word_starts_only(patch):
    patch.setitem(normalisers._MLQA_ARTICLES, "ar", r"\bال")


def english_articles_kept(patch):
    patch.setattr(normalisers, "_SQUAD_ARTICLES", NEVER)


def two_empty_answers_have_f1_one(patch):
    def generous(gold, found, *, both_empty=0.0):
        return spans_token_f1(gold, found, both_empty=1.0)

    spans_token_f1 = spans.token_f1
    patch.setattr(spans, "token_f1", generous)


def tokens_counted_once(patch):
    def as_sets(gold, found, *, both_empty=0.0):
        left, right = set(gold.split()), set(found.split())
        return 2 * len(left & right) / (len(left) + len(right)) if left and right else both_empty

    patch.setattr(spans, "token_f1", as_sets)


def first_gold_answer_only(patch):
    best = spans.best
    patch.setattr(spans, "best", lambda answers, *more, **named: best(answers[:1], *more, **named))


def missing_answers_left_out_of_the_mean(patch):
    def of_the_answered(gold, found, normalise):
        return answered([row for row in spans._questions(gold) if row[0] in found], found, normalise)

    answered = spans._answered
    patch.setattr(spans, "_answered", of_the_answered)


def pairs_counted_as_often_as_they_come(patch):
    def as_lists(gold, found):
        correct = sum(pair in set(gold) for pair in found)
        return precision_recall_f1(correct=correct, predicted=len(found), gold=len(gold))

    patch.setattr(bitext, "pair_scores", as_lists)


def english_side_first(patch):
    pairs = files.pairs
    rule = evaluation._RULES["mining"]
    swapped = evaluation._Rule(rule.gold, lambda path: [pair[::-1] for pair in pairs(path)], rule.metric, rule.remarks)
    patch.setitem(evaluation._RULES, "mining", swapped)


def tatoeba_flipped(patch):
    """Ask each foreign line for its English line: the inverse permutation."""
    rule = evaluation._RULES["nearest"]

    def inverse(path):
        lines = [int(line) for line in files.lines(path)]
        return [str(place) for place in np.argsort(lines, kind="stable")]

    patch.setitem(evaluation._RULES, "nearest", evaluation._Rule(inverse, rule.predicted, rule.metric, rule.remarks))


def tatoeba_in_file_order(patch):
    rule = evaluation._RULES["nearest"]
    unsorted = evaluation._Rule(
        lambda path: [str(row) for row in range(len(files.lines(path)))],
        rule.predicted,
        rule.metric,
        rule.remarks,
    )
    patch.setitem(evaluation._RULES, "nearest", unsorted)


def fractions_instead_of_points(patch):
    accuracy = evaluation.accuracy
    patch.setattr(evaluation, "accuracy", lambda gold, found: accuracy(gold, found) / 100)


def overall_as_the_mean_of_the_groups(patch):
    overall = evaluation.overall

    def of_groups(averages):
        found = overall(averages)
        return found | {"all_task": sum(found[group] for group in oracle.GROUPS) / len(oracle.GROUPS)}

    patch.setattr(evaluation, "overall", of_groups)


def answers_averaged_by_f1_alone(patch):
    averaged = evaluation.averaged

    def f1_alone(values):
        found = averaged(values)
        return found | {"avg_metric": found.get("avg_f1", found["avg_metric"])}

    patch.setattr(evaluation, "averaged", f1_alone)


def a_language_left_out_of_the_average(patch):
    averaged = evaluation.averaged

    def without_english(values):
        kept = {metric: {code: value for code, value in row.items() if code != "en"} for metric, row in values.items()}
        return averaged(kept)

    patch.setattr(evaluation, "averaged", without_english)


MUTATIONS = {
    sconj_like_any_tag: "udpos/f1/",
    types_without_their_first_letter: "udpos/f1/",
    accuracy_for_chunk_f1: "udpos/f1/",
    inside_tags_open_nothing: "panx/f1/",
    begin_tags_continue: "panx/f1/",
    spans_cross_sentences: "panx/f1/",
    types_do_not_matter: "panx/f1/",
    precision_for_recall: "bucc2018/precision/",
    squad_normaliser_in_mlqa: "mlqa/f1/",
    mlqa_normaliser_in_tydiqa_and_xquad: "tydiqa/",
    english_articles_in_every_mlqa_language: "mlqa/f1/de",
    chinese_not_split_into_characters: "mlqa/f1/zh",
    arabic_articles_at_word_starts_only: "mlqa/f1/ar",
    english_articles_kept: "xquad/f1/",
    two_empty_answers_have_f1_one: "xquad/f1/",
    tokens_counted_once: "xquad/f1/",
    first_gold_answer_only: "tydiqa/f1/",
    missing_answers_left_out_of_the_mean: "xquad/exact_match/",
    pairs_counted_as_often_as_they_come: "bucc2018/f1/",
    english_side_first: "bucc2018/f1/",
    tatoeba_flipped: "tatoeba/accuracy/",
    tatoeba_in_file_order: "tatoeba/accuracy/",
    fractions_instead_of_points: "xnli/accuracy/",
    overall_as_the_mean_of_the_groups: "all_task",
    answers_averaged_by_f1_alone: "mlqa/avg_metric",
    a_language_left_out_of_the_average: "xnli/avg_accuracy",
}


def test_without_a_mutation_nothing_differs(ours):
    assert compare(ours) == set()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_broken_metric_is_noticed_in_our_golden_folder(ours, monkeypatch, mutation):
    mutation(monkeypatch)
    assert any(path.startswith(MUTATIONS[mutation]) for path in compare(ours))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_broken_metric_is_noticed_in_the_official_golden_folder(official, monkeypatch, mutation):
    assert compare(official) == set()
    mutation(monkeypatch)
    assert any(path.startswith(MUTATIONS[mutation]) for path in compare(official))


# --- what is decided before a submission is written: Tatoeba's order, BUCC's threshold and mining ------------------


def tatoeba():
    """Five lines whose sorted order is neither the file's nor its own inverse; the gold is predicted."""
    english = ["d", "a", "e", "b", "c"]
    gold = [ParallelSentences(str(row), f"f{row}", str(row), text) for row, text in enumerate(english)]
    found = [{"id": row, "prediction": line} for row, line in enumerate([1, 3, 4, 0, 2])]
    return score("nearest", ["accuracy"], Inputs(gold, found, "deu")).values["accuracy"]


def test_tatoebas_direction_and_order_are_noticed(monkeypatch):
    assert tatoeba() == 100.0
    order = rules.english_order
    monkeypatch.setattr(rules, "english_order", lambda texts: np.argsort(order(texts)).tolist())  # xx to English
    assert tatoeba() < 100.0
    monkeypatch.setattr(rules, "english_order", lambda texts: list(range(len(texts))))  # unsorted
    assert tatoeba() < 100.0


def bucc():
    """A test candidate lies exactly on the development threshold, so that any shift of it changes the score."""
    pairs = [ParallelSentences(f"s{row}", "x", f"t{row}", "y") for row in range(4)]
    development = [(0, 0, 1.5), (1, 1, 1.25), (2, 3, 1.0), (3, 2, 0.5)]
    test = [(0, 0, 1.5), (1, 1, 1.125), (2, 3, 1.1), (3, 3, 0.75)]

    def as_rows(scored):
        return [{"source_id": f"s{left}", "target_id": f"t{right}", "score": value} for left, right, value in scored]

    found = Inputs(pairs, as_rows(test), "deu", development=pairs, development_rows=as_rows(development))
    return score("mining", ["f1", "precision", "recall"], found).values


def bucc_expected():
    gold = {(f"s{row}", f"t{row}") for row in range(4)}
    return oracle.sets(gold, {("s0", "t0"), ("s1", "t1")})


def thresholds():
    rule = bitext.best_threshold
    return {
        "epsilon": lambda found, gold: rule(found, gold) + 1e-9,
        "the last kept score": lambda found, gold: min(s for s in found.values() if s > rule(found, gold)),
        "the next score": lambda found, gold: max(s for s in found.values() if s < rule(found, gold)),
        "none": lambda found, gold: 0.0,
    }


def test_buccs_score_is_that_of_the_rule():
    assert bucc() == pytest.approx(bucc_expected(), abs=1e-9)


@pytest.mark.parametrize("name", thresholds())
def test_another_bucc_threshold_is_noticed(monkeypatch, name):
    monkeypatch.setattr(bitext, "best_threshold", thresholds()[name])
    assert bucc() != pytest.approx(bucc_expected(), abs=1e-9)


def test_a_candidate_below_instead_of_at_the_threshold_is_noticed(monkeypatch):
    monkeypatch.setattr(bitext, "mined", lambda found, bar: {pair for pair, value in found.items() if value > bar})
    assert bucc() != pytest.approx(bucc_expected(), abs=1e-9)


def test_a_pair_that_comes_twice_keeps_its_best_score(monkeypatch):
    twice = [{"source_id": "a", "target_id": "b", "score": value} for value in (1.0, 2.0, 1.5)]
    assert rows.candidates(twice) == {("a", "b"): 2.0}


def test_a_union_of_duplicates_is_noticed():
    sources, targets = distinct(["x", "y", "x"]), distinct(["u", "v"])
    dropped = expand([(0, 0, 1.2), (1, 1, 1.1)], sources, targets)
    assert dropped == [(1, 1, 1.1)]
    assert expand([(0, 0, 1.2), (1, 1, 1.1)], sources, targets, "jiant") != dropped


@pytest.mark.parametrize("change", ["k", "cosine", "not one to one"])
def test_another_way_of_mining_is_noticed(monkeypatch, change):
    rng = np.random.default_rng(3)
    centre = rng.standard_normal(16)
    x = (rng.standard_normal((60, 16)) + centre).astype("f4")
    y = (x[:50] + rng.standard_normal((50, 16))).astype("f4")
    expected = [(left, right) for left, right, _ in oracle.mine(x, y, 4)]
    found = mine(x, y)
    assert list(zip(found.source.tolist(), found.target.tolist(), strict=True)) == expected
    if change == "k":
        other = mine(x, y, k=1)
    elif change == "cosine":
        near = (y / np.linalg.norm(y, axis=1, keepdims=True)) @ (x / np.linalg.norm(x, axis=1, keepdims=True)).T
        other = type(found)(near.argmax(axis=1), np.arange(len(y)), near.max(axis=1))
    else:
        monkeypatch.setattr(bitext_mining, "one_to_one", lambda source, target: np.arange(len(source)))
        other = mine(x, y)
    assert list(zip(other.source.tolist(), other.target.tolist(), strict=True)) != expected
