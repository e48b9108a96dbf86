"""Submissions and gold files that are wrong: the score that evaluate.py gives, a remark, or an error with the file."""

import json
from pathlib import Path

import pytest

from made_submission import LANGUAGES
from xstilts.commands import main
from xstilts.commands.submission import evaluation, files
from xstilts.scoring.metrics import spans


def write(folder: Path, task: str, content: str, *, language: str = "", other: str = "") -> Path:
    """The file of one language, and `other` for all the others."""
    suffix = "json" if task in ("xquad", "mlqa", "tydiqa") else "tsv"
    for code in LANGUAGES[task].split():
        path = folder / task / f"test-{code}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if code == language else other or content, encoding="utf-8")
    return folder


def gold(*questions: tuple[str, list[object]]) -> str:
    qas = [{"id": id_, "answers": [{"text": text} for text in answers]} for id_, answers in questions]
    return json.dumps({"data": [{"paragraphs": [{"qas": qas}]}]})


def test_row_34_a_byte_order_mark_before_predictions_costs_no_points(tmp_path: Path) -> None:
    lines = "neutral\nentailment\ncontradiction\n"
    labels = write(tmp_path / "labels", "xnli", lines)
    predictions = write(tmp_path / "predictions", "xnli", lines)
    for path in predictions.rglob("test-d*.tsv"):
        path.write_text(lines, encoding="utf-8-sig")
    scores, _ = evaluation.evaluate(predictions, labels)
    assert scores["xnli"]["avg_accuracy"] == 100.0


@pytest.mark.parametrize(
    ("task", "right", "given", "said"),
    [
        ("udpos", "NOUN\nVERB\n\n", "noun\nverb\n\n", "2 of 2 values can never be right, as 'noun'"),
        ("xnli", "neutral\nentailment\n", "1\n0\n", "2 of 2 values can never be right, as '1'"),
        ("tatoeba", "0\n1\n", "[0]\n1\n", r"1 of 2 values can never be right, as '\[0\]'"),
        ("bucc2018", "de-1\ten-1\n", "de-1 en-1\n", "1 lines are no pair of ids"),
    ],
)
def test_row_35_predictions_that_can_never_be_right_are_remarked(
    tmp_path: Path, task: str, right: str, given: str, said: str
) -> None:
    labels = write(tmp_path / "labels", task, right)
    _, notes = evaluation.evaluate(write(tmp_path / "predictions", task, given), labels)
    (remark,) = [note for note in notes if note.startswith(f"{task}/test-de.tsv")]
    assert __import__("re").search(said, remark)
    _, notes = evaluation.evaluate(labels, labels)
    assert [note for note in notes if note.startswith(f"{task}/")] == []


@pytest.mark.parametrize("task", ["xquad", "mlqa", "tydiqa"])
def test_row_37_a_question_id_that_is_there_twice_counts_twice(tmp_path: Path, task: str) -> None:
    labels = write(tmp_path / "labels", task, gold(("q1", ["stone"]), ("q2", ["wood"]), ("q1", ["iron"])))
    predictions = write(tmp_path / "predictions", task, json.dumps({"q1": "iron", "q2": "water"}))
    scores, notes = evaluation.evaluate(predictions, labels)
    assert scores[task]["exact_match"]["en"] == pytest.approx(100 / 3)
    assert any("1 question ids stand in the gold file more than once and count each time, as 'q1'" in x for x in notes)


def test_row_37_pairs_and_mappings_of_gold_answers_score_alike() -> None:
    golds = {"q1": ["stone"], "q2": ["wood"]}
    assert spans.squad(golds, {"q1": "stone"}) == spans.squad(list(golds.items()), {"q1": "stone"})


@pytest.mark.parametrize(
    "content",
    [
        gold(("q1", ["a"]), ("q2", [None])),
        '{"data": null}',
        '{"data": [{"paragraphs": [{"qas": [{"id": null, "answers": []}]}]}]}',
        '{"data": [null]}',
        "[[]]",
        '{"data": [{"paragraphs": [{"qas": [{"id": ["x"], "answers": []}]}]}]}',
        "null",
        "3",
    ],
)
def test_row_38_gold_that_is_none_is_an_error_with_its_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "test-de.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"test-de\.json.*is not SQuAD's JSON"):
        files.gold_answers(path)


def test_an_answer_that_is_given_twice_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "test-de.json"
    path.write_text('{"q1": "a",\n "q2": "b",\n "q1": "c"}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"test-de\.json, line 3: the key 'q1' twice"):
        files.predicted_answers(path)


def test_score_and_check_name_the_file_of_whatever_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = write(tmp_path / "labels", "xquad", gold(("q1", ["a"])))
    deep = write(tmp_path / "deep", "xquad", "[" * 100_000, language="de", other='{"q1": "a"}')
    words = [
        "submission",
        "score",
        "--predictions",
        str(deep),
        "--labels",
        str(labels),
        "--output",
        str(tmp_path / "s"),
    ]
    assert main.main(words) != 0
    assert "test-de.json, line 1: JSON that is nested too deep" in capsys.readouterr().err
    assert main.main(["submission", "check", "--submission", str(deep), "--labels", str(labels)]) != 0
    assert "test-de.json, line 1: JSON that is nested too deep" in capsys.readouterr().out
