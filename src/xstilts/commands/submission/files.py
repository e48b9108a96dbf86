"""The files of a submission and of its labels: read as evaluate.py reads them, written whole or not at all."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from xstilts.formats.examples import Question


def lines(path: Path) -> list[str]:
    """The lines of a file, stripped; blank ones stay.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not UTF-8.
    """
    text = _text(path)
    return [line.strip() for line in text.removesuffix("\n").split("\n")] if text else []


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
        ValueError: the file is not one JSON object of strings.
    """
    found = _json(path)
    if not isinstance(found, dict):
        raise ValueError(f'{path} holds a {type(found).__name__}; expected one object {{"question id": "answer text"}}')
    wrong = [key for key, value in found.items() if not isinstance(value, str)]
    if wrong:
        raise ValueError(f"{path}: the answer of {wrong[0]!r} is {str(found[wrong[0]])!r:.80}, expected a string")
    return found


def gold_answers(path: Path) -> dict[str, list[str]]:
    """The gold answers by question id, from SQuAD's JSON (`{"data": […]}` or the bare list).

    Raises:
        ValueError: the file is not SQuAD's JSON.
    """
    found = _json(path)
    articles = found["data"] if isinstance(found, dict) and "data" in found else found
    try:
        return {
            question["id"]: [answer["text"] for answer in question["answers"]]
            for article in articles
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        }
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is not SQuAD's JSON ({error!r}); expected data/paragraphs/qas/answers") from error


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


def write(path: Path, text: str) -> None:
    """Write a file in UTF-8 with Unix line ends, aside first, so that it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".partial")
    aside.write_text(text, encoding="utf-8", newline="\n")
    aside.replace(path)


def _squad_question(question: Question) -> dict[str, Any]:
    answers = [{"text": answer.text, "answer_start": answer.start} for answer in question.answers]
    return {"id": question.id, "question": question.question, "answers": answers}


def _text(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 at byte {error.start}; save it in that encoding") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _json(path: Path) -> Any:
    try:
        return json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from error
