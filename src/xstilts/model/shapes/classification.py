"""A pair of sentences and one label: `<s> first </s></s> second </s>`, read at `<s>`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xstilts.formats.examples import SentencePair
from xstilts.model.batching import Batch, Encoded
from xstilts.model.shapes import Lengths
from xstilts.model.tokens import Tokens, longest_first


def encode(
    examples: Sequence[SentencePair], tokens: Tokens, lengths: Lengths, labels: Sequence[str]
) -> tuple[Encoded, dict[str, Any]]:
    """One sequence a pair, the longer sentence cut first where both do not fit.

    Raises:
        ValueError: a label that the task does not know.
    """
    index = {label: number for number, label in enumerate(labels)}
    pieces = tokens.pieces(text for example in examples for text in (example.first, example.second))
    room = lengths.max_length - tokens.template.pair_specials
    sequences: list[list[int]] = []
    segments: list[int] = []
    targets: list[int] = []
    for example in examples:
        first, second = longest_first(pieces[example.first], pieces[example.second], room)
        sequences.append(tokens.pair(first, second))
        segments.extend(tokens.segments(len(first), len(second)) if tokens.template.segments else ())
        if example.label is not None and example.label not in index:
            raise ValueError(f"example {example.id}: label {example.label!r}; the task knows {', '.join(labels)}")
        targets.append(-1 if example.label is None else index[example.label])
    types = np.array(segments, dtype=np.int32) if tokens.template.segments else None
    encoded = Encoded.build(sequences, types=types, item_targets={"label": np.array(targets, dtype=np.int64)})
    return encoded, {"ids": [example.id for example in examples], "labels": tuple(labels)}


class Head(nn.Module):
    """RoBERTa's classification head: dropout, dense, tanh, dropout, one logit a label.

    A fresh dense layer reads `<s>`; the encoder has no pooler of its own.

    Attributes:
        fixed: whether the shapes of a step follow from those of its batch (see `xstilts.training.cuda_graphs`).
    """

    fixed = True

    def __init__(self, hidden: int, dropout: float, labels: Sequence[str]) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, max(len(labels), 1))

    def logits(self, states: Tensor, batch: Batch) -> Tensor:
        """Shape (sequences, labels)."""
        first = self.dropout(states[batch.starts])
        logits: Tensor = self.out(self.dropout(torch.tanh(self.dense(first))))
        return logits

    def loss(self, states: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy, summed over the items."""
        return nn.functional.cross_entropy(self.logits(states, batch).float(), batch.targets["label"], reduction="sum")

    def terms(self, batch: Batch) -> int:
        """One term an item."""
        return batch.weight

    def reads(self, batch: Batch) -> Tensor | None:
        """The tokens whose states `predict` reads."""
        return batch.starts

    def predict(self, states: Tensor, batch: Batch) -> dict[str, np.ndarray]:
        """Logits, shape (items, labels)."""
        return {"logits": self.logits(states, batch).float().cpu().numpy()}


def decode(predictions: dict[str, Any], context: dict[str, Any]) -> list[dict[str, Any]]:
    """The label of the largest logit, per example."""
    best = [int(row.argmax()) for row in predictions["logits"]]
    return [
        {"id": key, "prediction": context["labels"][label]} for key, label in zip(context["ids"], best, strict=True)
    ]
