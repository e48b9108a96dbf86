"""A pair of sentences and one label: `<s> first </s></s> second </s>`, read at `<s>`.

An encoder whose first token has seen nothing of the rest is read at the last one or at the mean of all: see
`architecture.reading`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xstilts.formats.examples import SentencePair
from xstilts.model.architecture import Reading
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

    A fresh dense layer reads `<s>`, or what stands for a sequence; the encoder has no pooler of its own.

    Attributes:
        fixed: whether the shapes of a step follow from those of its batch (see `xstilts.training.cuda_graphs`).
    """

    fixed = True

    def __init__(self, hidden: int, dropout: float, labels: Sequence[str], reading: Reading = "first") -> None:
        super().__init__()
        self.reading = reading
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, max(len(labels), 1))

    def logits(self, states: Tensor, batch: Batch) -> Tensor:
        """Shape (sequences, labels)."""
        whole = self.dropout(sequence_states(states, batch, self.reading))
        logits: Tensor = self.out(self.dropout(torch.tanh(self.dense(whole))))
        return logits

    def loss(self, states: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy, summed over the items."""
        return nn.functional.cross_entropy(self.logits(states, batch).float(), batch.targets["label"], reduction="sum")

    def terms(self, batch: Batch) -> int:
        """One term an item."""
        return batch.weight

    def reads(self, batch: Batch) -> Tensor | None:
        """The tokens whose states `predict` reads; None for all."""
        return None if self.reading == "mean" else _places(batch, self.reading)

    def predict(self, states: Tensor, batch: Batch) -> dict[str, np.ndarray]:
        """Logits, shape (items, labels)."""
        return {"logits": self.logits(states, batch).float().cpu().numpy()}


def sequence_states(states: Tensor, batch: Batch, reading: Reading) -> Tensor:
    """The states that stand for each sequence, shape (sequences, hidden), in the order of the items."""
    if reading != "mean":
        return states[_places(batch, reading)]
    ends = batch.bounds[1:].long()
    row = torch.bucketize(torch.arange(len(states), device=states.device), ends, right=True)
    sums = states.new_zeros(len(ends), states.shape[1]).index_add(0, row, states)
    return sums[torch.bucketize(batch.starts, ends, right=True)] / batch.sizes[:, None].to(states.dtype)


def _places(batch: Batch, reading: Reading) -> Tensor:
    return batch.starts if reading == "first" else batch.starts + batch.sizes - 1


def decode(predictions: dict[str, Any], context: dict[str, Any]) -> list[dict[str, Any]]:
    """The label of the largest logit, per example."""
    best = [int(row.argmax()) for row in predictions["logits"]]
    return [
        {"id": key, "prediction": context["labels"][label]} for key, label in zip(context["ids"], best, strict=True)
    ]
