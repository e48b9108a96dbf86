"""A data set's row of fields made into a `Choice`: the same for a line of a file and a row of the Hub.

What is prompt and what is choice follows jiant (nyu-mll/jiant at daa5a258), the code of the paper's authors. Each
function raises KeyError, TypeError, ValueError or IndexError on a row that is not of its data set.
"""

from collections.abc import Mapping
from typing import Any

from xstilts.formats.examples import Choice

# COPA's own wording, in English for every language: XCOPA's rows say only "cause" or "effect".
COPA_QUESTIONS = {"cause": "What was the cause?", "effect": "What happened as a result?"}


def hellaswag(row: Mapping[str, Any]) -> Choice:
    """Prompt: `ctx_a`; choices: `ctx_b` and an ending. Without these two, the prompt is `ctx`."""
    if "ctx_a" in row:
        prompt, begun = row["ctx_a"], row["ctx_b"]
    else:
        prompt, begun = row["ctx"], ""
    choices = tuple(_text(f"{begun} {ending}") for ending in row["endings"])
    return Choice(str(row["ind"]), _text(prompt), choices, int(row["label"]))


def csqa(row: Mapping[str, Any]) -> Choice:
    """Prompt: the question; choices: the answers. `choices` is a list of rows or, on the Hub, a row of lists."""
    choices = row["choices"]
    if isinstance(choices, Mapping):
        pairs = list(zip(choices["label"], choices["text"], strict=True))
    else:
        pairs = [(choice["label"], choice["text"]) for choice in choices]
    keys = [key for key, _ in pairs]
    return Choice(
        str(row["id"]), _text(row["question"]), tuple(_text(text) for _, text in pairs), keys.index(row["answerKey"])
    )


def cosmosqa(row: Mapping[str, Any]) -> Choice:
    """Prompt: the context; choices: the question and an answer."""
    choices = tuple(_text(f"{row['question'].strip()} {row[f'answer{index}']}") for index in range(4))
    return Choice(str(row["id"]), _text(row["context"]), choices, int(row["label"]))


def siqa(row: Mapping[str, Any]) -> Choice:
    """Prompt: context and question; choices: the answers. `label` counts from 1."""
    choices = tuple(_text(row[f"answer{letter}"]) for letter in "ABC")
    return Choice(str(row["id"]), _text(f"{row['context'].strip()} {row['question']}"), choices, int(row["label"]) - 1)


def xcopa(row: Mapping[str, Any]) -> Choice:
    """Prompt: the premise and COPA's question; choices: the two alternatives."""
    prompt = _text(f"{row['premise'].strip()} {COPA_QUESTIONS[row['question']]}")
    return Choice(str(row["idx"]), prompt, (_text(row["choice1"]), _text(row["choice2"])), int(row["label"]))


def _text(text: str) -> str:
    return text.strip()
