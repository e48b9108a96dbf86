"""The five shapes of a task, and MLM: how examples become token sequences, what head reads them, how it is decoded.

A shape module provides

    encode(examples, tokens, lengths, labels) -> (Encoded, context)    context: what `decode` needs to go back
    Head(hidden, dropout, labels, reading)                             a torch module with
        loss(states, batch) -> the sum of the losses of a batch, a scalar
        terms(batch) -> how many terms that sum has
        predict(states, batch) -> arrays with one row an item, or, with `place`, one value a word
    decode(predictions, context) -> prediction rows in the order of the examples; `predictions` holds a list with
        one array an item in the order of the items, or for words the joined arrays

MLM encodes text, `encode(texts, tokens, lengths)`; its head, `Head(hidden, embedding)`, has `loss` and `terms` alone.
Retrieval has neither: it reads the encoder itself. See `docs/architecture.md`.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAMES = ("classification", "tagging", "span", "choice", "retrieval", "mlm")


@dataclass(frozen=True)
class Lengths:
    """How sequences are cut, in tokens: see `training.settings.Recipe`."""

    max_length: int
    query: int = 64
    stride: int = 128

    @classmethod
    def of(cls, recipe: Mapping[str, Any], task: str) -> "Lengths":
        """Those of one task of a recipe's mixture; the recipe is that of a checkpoint's card."""
        return cls(recipe["max_lengths"].get(task, recipe["max_length"]), recipe["query"], recipe["stride"])


def get(name: str) -> Any:
    """The module of a shape.

    Raises:
        ValueError: there is no such shape.
    """
    if name not in NAMES:
        raise ValueError(f"no shape {name!r}; known: {', '.join(NAMES)}")
    return importlib.import_module(f"xstilts.model.shapes.{name}")
