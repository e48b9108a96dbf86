"""A data set's row of fields made into a `Choice`: the same for a line of a file and a row of the Hub.

What is prompt and what is choice follows jiant (nyu-mll/jiant at daa5a258), the code of the paper's authors. Each
function raises KeyError, TypeError, ValueError or IndexError on a row that is not of its data set; `made` calls one and
says what is wrong. A field that is null is an error, never the text "None".
"""

from collections.abc import Callable, Mapping
from typing import Any

from xstilts.formats import fields
from xstilts.formats.examples import Choice

# COPA's own wording, in English for every language: XCOPA's rows say only "cause" or "effect".
COPA_QUESTIONS = {"cause": "What was the cause?", "effect": "What happened as a result?"}


def made(make: Callable[[Mapping[str, Any]], Choice], row: Mapping[str, Any]) -> Choice:
    """A row as one of the functions below makes it.

    Raises:
        ValueError: the row lacks a field, or one is not of its type; the message names the field.
    """
    try:
        return make(row)
    except KeyError as error:
        raise ValueError(f"no field {error}") from error
    except (AttributeError, IndexError, TypeError) as error:
        raise ValueError(str(error)) from error


def hellaswag(row: Mapping[str, Any]) -> Choice:
    """Prompt: `ctx_a`; choices: `ctx_b`, which may be empty or null, and an ending. Without the two, prompt: `ctx`."""
    if "ctx_a" in row:
        prompt, begun = text(row["ctx_a"], "ctx_a"), "" if row["ctx_b"] is None else text(row["ctx_b"], "ctx_b")
    else:
        prompt, begun = text(row["ctx"], "ctx"), ""
    choices = tuple(f"{begun} {ending}".strip() for ending in texts(row["endings"], "endings"))
    return Choice(_id(row["ind"], "ind"), prompt, choices, _label(row["label"]))


def csqa(row: Mapping[str, Any]) -> Choice:
    """Prompt: the question; choices: the answers. `choices` is a list of rows or, on the Hub, a row of lists."""
    choices = row["choices"]
    if isinstance(choices, Mapping):
        pairs = list(zip(choices["label"], choices["text"], strict=True))
    else:
        if not isinstance(choices, list):
            raise TypeError(f"'choices' is {kind_of(choices)}, where a list is needed")
        pairs = [(choice["label"], choice["text"]) for choice in choices]
    keys = [text(key, "choices: label") for key, _ in pairs]
    answers = tuple(text(answer, "choices: text") for _, answer in pairs)
    if row["answerKey"] not in keys:
        raise ValueError(f"'answerKey' is {row['answerKey']!r}; the choices are {', '.join(keys)}")
    return Choice(_id(row["id"], "id"), text(row["question"], "question"), answers, keys.index(row["answerKey"]))


def cosmosqa(row: Mapping[str, Any]) -> Choice:
    """Prompt: the context; choices: the question and an answer."""
    question = text(row["question"], "question")
    answers = (text(row[name], name) for name in ("answer0", "answer1", "answer2", "answer3"))
    choices = tuple(f"{question} {answer}".strip() for answer in answers)
    return Choice(_id(row["id"], "id"), text(row["context"], "context"), choices, _label(row["label"]))


def siqa(row: Mapping[str, Any]) -> Choice:
    """Prompt: context and question; choices: the answers. `label` counts from 1."""
    choices = tuple(text(row[f"answer{letter}"], f"answer{letter}") for letter in "ABC")
    prompt = f"{text(row['context'], 'context')} {text(row['question'], 'question')}".strip()
    return Choice(_id(row["id"], "id"), prompt, choices, _label(row["label"]) - 1)


def xcopa(row: Mapping[str, Any]) -> Choice:
    """Prompt: the premise and COPA's question; choices: the two alternatives."""
    kind = text(row["question"], "question")
    if kind not in COPA_QUESTIONS:
        raise ValueError(f"'question' is {kind!r}; allowed: {', '.join(COPA_QUESTIONS)}")
    prompt = f"{text(row['premise'], 'premise')} {COPA_QUESTIONS[kind]}".strip()
    choices = (text(row["choice1"], "choice1"), text(row["choice2"], "choice2"))
    return Choice(_id(row["idx"], "idx"), prompt, choices, _label(row["label"]))


def ecare(row: Mapping[str, Any]) -> Choice:
    """As XCOPA's rows, under e-CARE's names."""
    names = {"question": "ask-for", "premise": "premise", "choice1": "hypothesis1", "choice2": "hypothesis2"}
    return xcopa({ours: row[theirs] for ours, theirs in names.items()} | {"idx": row["index"], "label": row["label"]})


def text(value: object, name: str) -> str:
    """Text without the space around it.

    Raises:
        TypeError: it is null or of another type.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name!r} is {kind_of(value)}, where text is needed")
    return value.strip()


def texts(value: object, name: str) -> list[str]:
    """A list of texts."""
    if not isinstance(value, list | tuple):
        raise TypeError(f"{name!r} is {kind_of(value)}, where a list of texts is needed")
    return [text(item, f"{name}[{place}]") for place, item in enumerate(value)]


def kind_of(value: object) -> str:
    """What a value of JSON is, as an error says it."""
    return "null" if value is None else f"of type {type(value).__name__}"


def _id(value: object, name: str) -> str:
    if value is None or isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"{name!r} is {kind_of(value)}, where text or a number is needed")
    return str(value)


def _label(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"'label' is {kind_of(value)}, where a number is needed")
    try:
        return fields.integer(str(value))
    except ValueError as error:
        raise ValueError(f"'label' {error}") from error
