"""Questions on paragraphs in SQuAD's JSON: SQuAD 1.1 and 2.0, XQuAD, MLQA, TyDiQA-GoldP."""

import json
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts.formats import fields
from xstilts.formats import text as formats_text
from xstilts.formats.examples import Answer, Question
from xstilts.preparation import choice_rows
from xstilts.preparation.rows import Notes, Row, fault

LANGUAGE_SEPARATOR = "-"  # TyDiQA's ids begin with the language: english-123-4


def squad(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """The questions of JSON files.

    Options:
        unanswerable: whether a question may have no answer (SQuAD 2.0).
        only: TyDiQA's name of a language: keep its questions of a file that mixes languages.
        must: the same, for a file of one language: another id is an error.
    """
    for path in paths:
        text = formats_text.read(path)
        ends = [at for at, character in enumerate(text) if character == "\n"] if "\n" in text.rstrip() else []
        at = 0
        for question in _questions(path, text, _data(path, text), bool(options.get("unanswerable"))):
            language = question.id.partition(LANGUAGE_SEPARATOR)[0]
            if "must" in options and language != options["must"]:
                raise fault(path, _line(text, question.id), f"question {question.id!r}", f"ids {options['must']}-…")
            if "only" not in options or language == options["only"]:
                at = max(at, text.find(json.dumps(question.id), at))
                yield Row(str(path), bisect(ends, at) + 1, question)


def _data(path: Path, text: str) -> list[Any]:
    parsed = formats_text.parse_json(text, path)
    if not isinstance(parsed, dict) or not isinstance(parsed.get("data"), list):
        raise fault(path, 1, "JSON without a list 'data'", '{"data": [{"paragraphs": …}]}')
    data: list[Any] = parsed["data"]
    return data


def _questions(path: Path, text: str, data: list[Any], unanswerable: bool) -> Iterator[Question]:
    last = ""
    for number, article in enumerate(data):
        try:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    last = _text(question, "id")
                    answers = tuple(Answer(_text(row, "text"), _start(row)) for row in question["answers"])
                    made = Question(last, _text(paragraph, "context"), _text(question, "question"), answers)
                    _check(path, text, last, answers, unanswerable, question.get("is_impossible"))
                    yield made
        except (KeyError, TypeError, AttributeError) as error:
            lacking = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            raise fault(
                path,
                _line(text, last) if last else 1,
                f"article {number}, after question {last!r:.80}: {lacking}",
                "paragraphs with a context and qas; qas with id, question and answers (text, answer_start)",
            ) from error


def _text(row: Mapping[str, Any], name: str) -> str:
    found = row[name]
    if not isinstance(found, str):
        raise TypeError(f"{name!r} is {choice_rows.kind_of(found)}, where text is needed")
    return found


def _start(row: Mapping[str, Any]) -> int:
    found = row["answer_start"]
    try:
        if isinstance(found, bool) or not isinstance(found, int | str):
            raise ValueError(f"is {choice_rows.kind_of(found)}, where a number is needed")
        return fields.integer(str(found))
    except ValueError as error:
        raise TypeError(f"'answer_start' {error}") from error


def _check(path: Path, text: str, id_: str, answers: tuple[Answer, ...], unanswerable: bool, impossible: Any) -> None:
    if any(not answer.text for answer in answers):
        raise fault(
            path,
            _line(text, id_),
            f"question {id_!r} with an empty answer",
            "the original file; XTREME's preparation strips the answers of test sets",
        )
    if not answers and not unanswerable:
        raise fault(path, _line(text, id_), f"question {id_!r} without answers", "one or more")
    if impossible is not None and unanswerable and bool(impossible) != (not answers):
        raise fault(
            path,
            _line(text, id_),
            f"question {id_!r}: is_impossible {impossible}",
            f"{not answers}, as its answers say",
        )


def _line(text: str, id_: str) -> int:
    """The line of a question's id in the text."""
    return text.count("\n", 0, max(0, text.find(json.dumps(id_)))) + 1
