"""Words and one tag each: the first token of a word carries its tag, and nothing is truncated.

Where an encoder is causal the last token carries it, the only one that has seen the whole word.

A sentence that does not fit is split between words, as XTREME's utils_tag does (google-research/xtreme @ 838c13b):
words are added until the next one would exceed `max_length` less the special tokens, then a new sequence starts;
a word with no token, or with more than fit at all, becomes the unknown token. Every word is scored.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xstilts.formats.examples import TaggedSentence
from xstilts.model.architecture import Reading
from xstilts.model.batching import IGNORED, Batch, Encoded
from xstilts.model.shapes import Lengths
from xstilts.model.tokens import Tokens


def encode(
    examples: Sequence[TaggedSentence], tokens: Tokens, lengths: Lengths, labels: Sequence[str]
) -> tuple[Encoded, dict[str, Any]]:
    """One item a piece of a sentence; `place` numbers the words of all sentences in order.

    Raises:
        ValueError: a tag that the task does not know.
    """
    index = {label: number for number, label in enumerate(labels)}
    pieces = tokens.pieces(word for example in examples for word in example.words)
    before, after, room = _frame(tokens, lengths.max_length)
    sequences: list[list[int]] = []
    tags: list[int] = []
    places: list[int] = []
    place = 0

    def close(body: list[int], marks: list[int], numbers: list[int]) -> None:
        sequences.append([*before, *body, *after])
        for column, values in ((tags, marks), (places, numbers)):
            column.extend([IGNORED] * len(before) + values + [IGNORED] * len(after))

    for example in examples:
        body: list[int] = []
        marks: list[int] = []
        numbers: list[int] = []
        for word, tag in zip(example.words, example.tags or (None,) * len(example.words), strict=True):
            if tag is not None and tag not in index:
                raise ValueError(f"sentence {example.id}: tag {tag!r}; the task knows {', '.join(labels)}")
            word_tokens = pieces[word]
            if not word_tokens or len(word_tokens) > room:
                word_tokens = [tokens.unknown]
            if len(body) + len(word_tokens) > room:
                close(body, marks, numbers)
                body, marks, numbers = [], [], []
            body.extend(word_tokens)
            others = [IGNORED] * (len(word_tokens) - 1)
            for column, value in ((marks, 0 if tag is None else index[tag]), (numbers, place)):
                column.extend([*others, value] if tokens.reading == "last" else [value, *others])
            place += 1
        if body:
            close(body, marks, numbers)
    encoded = Encoded.build(
        sequences,
        types=np.zeros(sum(map(len, sequences)), dtype=np.int32) if tokens.template.segments else None,
        token_targets={"tag": np.array(tags, dtype=np.int64), "place": np.array(places, dtype=np.int64)},
    )
    context = {
        "ids": [example.id for example in examples],
        "words": [len(example.words) for example in examples],
        "labels": tuple(labels),
    }
    return encoded, context


def _frame(tokens: Tokens, max_length: int) -> tuple[list[int], list[int], int]:
    """Special tokens before and after a sentence, and the room between.

    The closing separator is doubled where a pair's middle one is, as XTREME does for XLM-R.
    """
    template = tokens.template
    after = [*template.single_suffix]
    if template.middle == 2 * template.single_suffix:
        after *= 2
    return list(template.prefix), after, max_length - len(template.prefix) - len(after)


class Head(nn.Module):
    """Dropout and one logit a tag, at the token of each word that carries it."""

    fixed = True

    def __init__(self, hidden: int, dropout: float, labels: Sequence[str], reading: Reading = "first") -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(hidden, len(labels))

    def logits(self, states: Tensor, batch: Batch) -> Tensor:
        """Shape (words, tags), in the order of the row."""
        logits: Tensor = self.out(self.dropout(states[batch.targets["tag"] != IGNORED]))
        return logits

    def loss(self, states: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy, summed over the words."""
        tags = batch.targets["tag"]
        if states.is_cuda:  # how many words there are would have to be fetched, and no recorded step can
            every = self.out(self.dropout(states)).float()
            return nn.functional.cross_entropy(every, tags, ignore_index=IGNORED, reduction="sum")
        return nn.functional.cross_entropy(self.logits(states, batch).float(), tags[tags != IGNORED], reduction="sum")

    def terms(self, batch: Batch) -> int:
        """One term a word."""
        return int((batch.targets["tag"] != IGNORED).sum())

    def reads(self, batch: Batch) -> Tensor | None:
        """The tokens whose states `predict` reads."""
        return torch.nonzero(batch.targets["tag"] != IGNORED)[:, 0]

    def predict(self, states: Tensor, batch: Batch) -> dict[str, np.ndarray]:
        """The best tag and the number of its word, shape (words,)."""
        places = batch.targets["place"]
        best = self.logits(states, batch).argmax(dim=1)
        return {"tag": best.cpu().numpy(), "place": places[places != IGNORED].cpu().numpy()}


def decode(predictions: dict[str, np.ndarray], context: dict[str, Any]) -> list[dict[str, Any]]:
    """The tags of every word of every sentence, its pieces joined again."""
    total = sum(context["words"])
    tags = np.full(total, -1, dtype=np.int64)
    tags[predictions["place"]] = predictions["tag"]
    if (tags < 0).any():
        raise RuntimeError(f"{int((tags < 0).sum())} of {total} words have no prediction")
    ends = np.cumsum(context["words"])
    return [
        {"id": key, "prediction": [context["labels"][tag] for tag in tags[end - count : end]]}
        for key, count, end in zip(context["ids"], context["words"], ends, strict=True)
    ]
