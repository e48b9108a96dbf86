"""Upstream files that hold what nobody expects: null, other encodings, numbers that are none. Never the word `None`."""

import json
from pathlib import Path
from typing import Any

import pytest

from xstilts.formats.examples import TaggedSentence
from xstilts.preparation import choice_rows
from xstilts.preparation.files import choices, conllu, pairs, squad, tagged
from xstilts.preparation.files.lines import columns
from xstilts.preparation.rows import Notes

HELLASWAG = {"ind": 4, "ctx_a": "A man sits.", "ctx_b": "He", "endings": ["stands.", "falls."], "label": 0}
CSQA = {
    "id": "q1",
    "question": {"stem": "Where?", "choices": [{"label": "A", "text": "here"}, {"label": "B", "text": "there"}]},
    "answerKey": "A",
}
SIQA = {"context": "c", "question": "q", "answerA": "a", "answerB": "b", "answerC": "c", "correct": "A"}
XCOPA = {"premise": "p", "question": "cause", "choice1": "a", "choice2": "b", "idx": 0, "label": 1}
SQUAD = {"id": "q1", "question": "What?", "answers": [{"text": "stone", "answer_start": 0}]}


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content) + "\n", encoding="utf-8")
    return path


def squad_file(path: Path, question: dict[str, Any], context: Any = "stone wall") -> Path:
    paragraphs = [{"context": context, "qas": [SQUAD | {"id": "q0"}, question]}]
    return write(path, json.dumps({"data": [{"paragraphs": paragraphs}]}, indent=1))


def test_row_22_a_null_ctx_b_is_empty(tmp_path: Path) -> None:
    path = write(tmp_path / "hellaswag_train.jsonl", HELLASWAG | {"ctx_b": None})
    (row,) = choices.hellaswag([path], {}, Notes())
    assert row.example.choices == ("stands.", "falls.")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("reader", "row"),
    [
        (choices.hellaswag, HELLASWAG | {"ctx_a": None}),
        (choices.hellaswag, HELLASWAG | {"endings": [None, "falls."]}),
        (choices.hellaswag, HELLASWAG | {"endings": None}),
        (choices.hellaswag, HELLASWAG | {"ind": None}),
        (choices.hellaswag, HELLASWAG | {"label": None}),
        (choices.hellaswag, HELLASWAG | {"label": "²"}),
        (choices.csqa, CSQA | {"id": None}),
        (choices.csqa, CSQA | {"question": {"stem": None, "choices": CSQA["question"]["choices"]}}),  # type: ignore[index]
        (choices.csqa, CSQA | {"question": {"stem": "x", "choices": [{"label": "A", "text": None}]}}),
        (choices.csqa, CSQA | {"question": {"stem": "x", "choices": None}}),
        (choices.csqa, CSQA | {"question": {"stem": "x", "choices": [None]}}),
        (choices.csqa, CSQA | {"answerKey": "E"}),
        (choices.siqa, SIQA | {"context": None}),
        (choices.siqa, SIQA | {"answerB": None}),
        (choices.xcopa, XCOPA | {"premise": None}),
        (choices.xcopa, XCOPA | {"choice2": None}),
        (choices.xcopa, XCOPA | {"idx": None}),
        (choices.xcopa, XCOPA | {"question": None}),
        (choices.xcopa, XCOPA | {"question": "why"}),
    ],
)
def test_rows_23_and_24_any_other_null_is_an_error_with_file_and_line(tmp_path: Path, reader: Any, row: Any) -> None:
    good = {choices.hellaswag: HELLASWAG, choices.csqa: CSQA, choices.siqa: SIQA, choices.xcopa: XCOPA}[reader]
    path = write(tmp_path / "rows.jsonl", json.dumps(good) + "\n" + json.dumps(row) + "\n")
    with pytest.raises(ValueError, match=r"rows\.jsonl, line 2: .*; expected "):
        list(reader([path], {}, Notes()))


@pytest.mark.parametrize("make", [choice_rows.hellaswag, choice_rows.csqa, choice_rows.cosmosqa, choice_rows.siqa])
def test_row_23_a_row_of_nulls_never_becomes_text(make: Any) -> None:
    class Nulls(dict[str, Any]):
        def __missing__(self, key: str) -> None:
            return None

    with pytest.raises(ValueError, match=r"null|no field"):
        choice_rows.made(make, Nulls())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": None}, "'id' is null, where text is needed"),
        ({"question": None}, "'question' is null, where text is needed"),
        ({"question": 3}, "'question' is of type int, where text is needed"),
        ({"answers": None}, "'NoneType' object is not iterable"),
        ({"answers": [{"text": None, "answer_start": 0}]}, "'text' is null"),
        ({"answers": [{"text": "stone", "answer_start": None}]}, "'answer_start' is null, where a number is needed"),
        ({"answers": [{"text": "stone", "answer_start": "abc"}]}, "'answer_start' 'abc' is not a whole number"),
        ({"answers": [{"text": "stone", "answer_start": "²"}]}, "'answer_start' '²' is not a whole number"),
        ({"answers": [{"text": "stone", "answer_start": 1.5}]}, "'answer_start' is of type float"),
    ],
)
def test_rows_23_and_27_squad_names_file_line_and_question(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = squad_file(tmp_path / "xquad.de.json", SQUAD | change)
    with pytest.raises(ValueError, match=rf"xquad\.de\.json, line \d+: article 0, after question 'q[01]': .*{said}"):
        list(squad.squad([path], {}, Notes()))


def test_row_23_a_null_context_is_an_error(tmp_path: Path) -> None:
    path = squad_file(tmp_path / "xquad.de.json", SQUAD, context=None)
    with pytest.raises(ValueError, match="'context' is null"):
        list(squad.squad([path], {}, Notes()))


def test_row_25_squad_in_utf16_is_named_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "xquad.de.json"
    path.write_bytes(json.dumps({"data": []}).encode("utf-16"))
    with pytest.raises(ValueError, match=r"xquad\.de\.json, line 1: the file is in UTF-16.*iconv -f UTF-16"):
        list(squad.squad([path], {}, Notes()))


def test_row_26_squad_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = squad_file(tmp_path / "xquad.de.json", SQUAD)
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert [row.example.id for row in squad.squad([path], {}, Notes())] == ["q0", "q1"]  # type: ignore[union-attr]


def test_fault_11_deep_json_and_null_lines_are_errors_with_their_line(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", json.dumps(HELLASWAG) + "\n" + "[" * 100_000 + "\n")
    with pytest.raises(ValueError, match=r"rows\.jsonl, line 2: JSON that is nested too deep"):
        list(choices.hellaswag([path], {}, Notes()))
    with pytest.raises(ValueError, match=r"rows\.jsonl, line 1: JSON of type null"):
        list(pairs.nli_json([write(path, "null\n")], {}, Notes()))


CONLLU = "{id}\t{form}\t_\tNOUN\t_\t_\t{head}\t_\t_\t_\n"


def treebank(path: Path, *rows: tuple[str, str, str]) -> Path:
    return write(path, "".join(CONLLU.format(id=id_, form=form, head=head) for id_, form, head in rows) + "\n")


def test_row_29_a_word_of_no_break_spaces_keeps_its_place_and_is_counted(tmp_path: Path) -> None:
    path = treebank(tmp_path / "ru_made-ud-test.conllu", ("1", "дом", "0"), ("2", "\u00a0", "1"), ("3", "стол", "1"))
    notes = Notes()
    (row,) = conllu.conllu([path], {"language": "ru"}, notes)
    assert row.example == TaggedSentence("", ("дом", "", "стол"), ("NOUN",) * 3)
    assert notes.summary() == {"empty_words": 1}


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([("2-1", "ab", "_"), ("1", "a", "0"), ("2", "b", "1")], 1),
        ([("0-1", "ab", "_"), ("1", "a", "0"), ("2", "b", "1")], 1),
        ([("1-9", "ab", "_"), ("1", "a", "0")], 1),
        ([("1-999999999999", "ab", "_"), ("1", "a", "0")], 1),
        ([("1", "a", "0"), ("²", "b", "1")], 2),
        ([("1", "a", "0"), ("2", "b", "x")], 2),
        ([("1", "a", "0"), ("1" * 4301, "b", "1")], 2),
        ([("1-2-3", "a", "0"), ("1", "b", "0")], 1),
    ],
)
def test_row_31_a_range_or_id_that_is_none_is_named_with_file_and_line(
    tmp_path: Path, rows: list[tuple[str, str, str]], line: int
) -> None:
    path = treebank(tmp_path / "ru_made-ud-test.conllu", *rows)
    with pytest.raises(ValueError, match=rf"ru_made-ud-test\.conllu, line {line}: .*; expected "):
        list(conllu.conllu([path], {"language": "ru"}, Notes()))


def test_row_32_ccgbank_words_are_shown_as_they_were_printed(tmp_path: Path) -> None:
    words = {r"1\/2": "1/2", r"and\/or\/not": "and/or/not", r"\*\*": "**", "-LRB-": "(", "-RCB-": "}", "a-b": "a-b"}
    leaves = " ".join(f"(<L N X X {word} N>)" for word in words)
    path = write(tmp_path / "wsj_0001.auto", f"ID=wsj_0001.1 PARSER=GOLD NUMPARSE=1\n(<T N 0 6> {leaves} )\n")
    (row,) = tagged.ccgbank([path], {}, Notes())
    assert row.example.words == tuple(words.values())  # type: ignore[union-attr]


def test_every_reader_of_lines_reads_a_byte_order_mark_and_names_windows_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_bytes("\ufeffa\tb\nc\td\n".encode())
    assert list(columns(path, 2)) == [(1, ["a", "b"]), (2, ["c", "d"])]
    path.write_bytes("a\tb\nété\td\n".encode("cp1252"))
    with pytest.raises(ValueError, match=r"rows\.tsv, line 2: byte 0xe9 is not UTF-8.*WINDOWS-1252"):
        list(columns(path, 2))
