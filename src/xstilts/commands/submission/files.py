"""The files of a submission and of its labels: read as evaluate.py reads them, written whole or not at all."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from xstilts.formats import text
from xstilts.formats.examples import Question


def lines(path: Path) -> list[str]:
    """The lines of a file, stripped; blank ones stay.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not UTF-8.
    """
    whole = _text(path)
    return [line.strip() for line in whole.removesuffix("\n").split("\n")] if whole else []


def sentences(path: Path) -> list[list[str]]:
    """The tags of every sentence; a blank line ends one, so that two in a row make an empty sentence."""
    found: list[list[str]] = []
    current: list[str] = []
    for line in lines(path):
        if line:
            current.append(line)
        else:
            found.append(current)
            current = []
    return [*found, current] if current else found


def pairs(path: Path) -> list[tuple[str, ...]]:
    """BUCC's pairs of ids, foreign first."""
    return [tuple(line.split("\t")) for line in lines(path)]


def predicted_answers(path: Path) -> dict[str, str]:
    """The answer texts by question id.

    Raises:
        ValueError: the file is not one JSON object of strings, or an id is there twice.
    """
    found = text.read_json(path)
    if not isinstance(found, dict):
        raise ValueError(f'{path} holds a {type(found).__name__}; expected one object {{"question id": "answer text"}}')
    wrong = [key for key, value in found.items() if not isinstance(value, str)]
    if wrong:
        raise ValueError(f"{path}: the answer of {wrong[0]!r} is {str(found[wrong[0]])!r:.80}, expected a string")
    return found


def gold_answers(path: Path) -> list[tuple[str, list[str]]]:
    """Question ids with their gold answers in file order, from SQuAD's JSON (`{"data": […]}` or the bare list).

    An id that is there twice is two questions, as SQuAD's and MLQA's scripts walk the file.

    Raises:
        ValueError: the file is not SQuAD's JSON; the message names the question.
    """
    found = text.read_json(path)
    articles = found["data"] if isinstance(found, dict) and "data" in found else found
    made: list[tuple[str, list[str]]] = []
    try:
        for article in articles:
            for paragraph in article["paragraphs"]:
                made += [_gold(question) for question in paragraph["qas"]]
    except (KeyError, TypeError) as error:
        after = f" after question {made[-1][0]!r:.80}" if made else ""
        said = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{path} is not SQuAD's JSON{after} ({said}); expected data/paragraphs/qas/answers") from error
    return made


def _gold(question: Any) -> tuple[str, list[str]]:
    id_, answers = question["id"], [answer["text"] for answer in question["answers"]]
    for value in (id_, *answers):
        if not isinstance(value, str):
            what = "null" if value is None else f"of type {type(value).__name__}"
            raise TypeError(f"an id or a gold answer is {what}, where text is needed")
    return id_, answers


def squad(questions: Iterable[Question], title: str) -> dict[str, Any]:
    """SQuAD's JSON of questions; neighbours with one context share a paragraph."""
    paragraphs = [
        {"context": context, "qas": [_squad_question(question) for question in group]}
        for context, group in groupby(questions, key=lambda question: question.context)
    ]
    return {"version": "1.1", "data": [{"title": title, "paragraphs": paragraphs}]}


def tags_text(tagged: Iterable[Sequence[str]]) -> str:
    """One tag a line and a blank line after every sentence."""
    return "".join("".join(f"{tag}\n" for tag in sentence) + "\n" for sentence in tagged)


def lines_text(rows: Iterable[object]) -> str:
    """One row a line."""
    return "".join(f"{row}\n" for row in rows)


def json_text(content: Mapping[str, Any]) -> str:
    """JSON in UTF-8, one entry a line."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _squad_question(question: Question) -> dict[str, Any]:
    answers = [{"text": answer.text, "answer_start": answer.start} for answer in question.answers]
    return {"id": question.id, "question": question.question, "answers": answers}


def _text(path: Path) -> str:
    return text.read(path).replace("\r\n", "\n").replace("\r", "\n")
