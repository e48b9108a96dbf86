"""A prompt and its continuations: one sequence a continuation, one logit each, a softmax over them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xstilts.formats.examples import Choice
from xstilts.model.architecture import Reading
from xstilts.model.batching import Batch, Encoded
from xstilts.model.shapes import Lengths, classification
from xstilts.model.tokens import Tokens


def encode(
    examples: Sequence[Choice], tokens: Tokens, lengths: Lengths, labels: Sequence[str]
) -> tuple[Encoded, dict[str, Any]]:
    """One item an example, one sequence a continuation; `labels` is unused.

    A prompt that does not fit is cut from its start, because the question stands at its end (as jiant does); a
    continuation longer than the whole room is cut from its end.
    """
    pieces = tokens.pieces(text for example in examples for text in (example.prompt, *example.choices))
    room = lengths.max_length - tokens.template.pair_specials
    sequences: list[list[int]] = []
    segments: list[int] = []
    for example in examples:
        for choice in example.choices:
            second = pieces[choice][:room]
            keep = room - len(second)
            first = pieces[example.prompt][-keep:] if keep else []
            sequences.append(tokens.pair(first, second))
            segments.extend(tokens.segments(len(first), len(second)) if tokens.template.segments else ())
    encoded = Encoded.build(
        sequences,
        per_item=[len(example.choices) for example in examples],
        types=np.array(segments, dtype=np.int32) if tokens.template.segments else None,
        item_targets={"label": np.array([-1 if e.label is None else e.label for e in examples], dtype=np.int64)},
    )
    return encoded, {"ids": [example.id for example in examples]}


class Head(classification.Head):
    """The classification head with a single logit a sequence."""

    fixed = False  # how many continuations there are is read from the batch

    def __init__(self, hidden: int, dropout: float, labels: Sequence[str], reading: Reading = "first") -> None:
        super().__init__(hidden, dropout, (), reading)

    def logits(self, states: Tensor, batch: Batch) -> Tensor:
        """Shape (items, most continuations), -inf where an item has fewer."""
        flat = super().logits(states, batch)[:, 0]
        mask = torch.arange(int(batch.items.max()), device=flat.device)[None] < batch.items[:, None]
        return flat.new_full(mask.shape, float("-inf")).masked_scatter(mask, flat)


def decode(predictions: dict[str, Any], context: dict[str, Any]) -> list[dict[str, Any]]:
    """The number of the continuation with the largest logit, per example."""
    best = [int(row.argmax()) for row in predictions["logits"]]
    return [{"id": key, "prediction": number} for key, number in zip(context["ids"], best, strict=True)]
