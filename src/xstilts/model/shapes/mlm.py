"""Masked language modelling: lines of text in many languages, sampled with p ∝ size^α (Conneau & Lample 2019).

A share of the tokens is hidden: 80 % become the mask, 10 % a random token, 10 % stay (Devlin et al. 2019). Which
ones depends on the step alone, so that a resumed training hides the same. The head reads masked positions only.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from xstilts.model.batching import IGNORED, Batch, Encoded, ranges
from xstilts.model.shapes import Lengths
from xstilts.model.tokens import Tokens


def encode(texts: Mapping[str, Sequence[str]], tokens: Tokens, lengths: Lengths) -> tuple[Encoded, np.ndarray]:
    """One item a line, cut at `max_length`.

    Args:
        texts: lines by language.
        tokens: the tokenizer.
        lengths: where to cut.

    Returns:
        The lines, and the number of each line's language in the order of `texts`, shape (items,).
    """
    sequences, languages = [], []
    room = lengths.max_length - len(tokens.single(()))
    for number, language in enumerate(texts):
        pieces = tokens.pieces(texts[language])
        for line in texts[language]:
            if pieces[line]:
                sequences.append(tokens.single(pieces[line][:room]))
                languages.append(number)
    types = np.zeros(sum(map(len, sequences)), dtype=np.int32) if tokens.template.segments else None
    return Encoded.build(sequences, types=types), np.array(languages, dtype=np.int64)


def sampling(languages: np.ndarray, alpha: float) -> np.ndarray:
    """The probability of each line, shape (items,): p(language) ∝ lines^α, equal within a language."""
    counts = np.bincount(languages).astype(np.float64)
    share = np.where(counts > 0, counts, np.nan) ** alpha
    share = np.nan_to_num(share) / np.nansum(share)
    probabilities: np.ndarray = (share / np.where(counts > 0, counts, 1))[languages]
    return probabilities


def hide(
    encoded: Encoded,
    items: np.ndarray,
    share: float,
    *,
    mask: int,
    vocabulary: int,
    specials: np.ndarray,
    rng: np.random.Generator,
) -> Encoded:
    """Some lines with a share of their tokens hidden, and the true ids there as the token target `hidden`.

    Args:
        encoded: all lines.
        items: which ones, shape (items,).
        share: of the tokens that are not special.
        mask: id of the mask token.
        vocabulary: size of the vocabulary.
        specials: ids that are never hidden.
        rng: the only source of randomness here.
    """
    sizes = encoded.offsets[items + 1] - encoded.offsets[items]
    ids = encoded.ids[ranges(encoded.offsets[items], sizes)].astype(np.int64)
    candidates = np.flatnonzero(~np.isin(ids, specials))
    chosen = candidates[rng.random(len(candidates)) < share]
    if not len(chosen) and len(candidates):
        chosen = candidates[rng.integers(len(candidates), size=1)]
    draw = rng.random(len(chosen))
    hidden, truth = ids.copy(), np.full_like(ids, IGNORED)
    truth[chosen] = ids[chosen]
    hidden[chosen[draw < 0.8]] = mask
    random = chosen[draw >= 0.9]
    hidden[random] = rng.integers(vocabulary, size=len(random))
    return Encoded(
        ids=hidden,
        offsets=np.concatenate([[0], np.cumsum(sizes)]),
        items=np.arange(len(items) + 1),
        types=None if encoded.types is None else np.zeros(len(ids), dtype=np.int32),
        token_targets={"hidden": truth},
    )


class Head(nn.Module):
    """XLM-R's language-model head: dense, GELU, layer norm, the embedding table, a bias; at masked positions only.

    A table that is narrower than the hidden states (ELECTRA, RemBERT) makes the dense layer as narrow.
    """

    def __init__(self, hidden: int, embedding: nn.Embedding) -> None:
        super().__init__()
        width = embedding.embedding_dim
        self.dense = nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width, eps=1e-5)
        self.bias = nn.Parameter(torch.zeros(embedding.num_embeddings))
        # In a tuple, so that the encoder alone owns it; the module, because FSDP puts other weights in its place.
        self._embedding = (embedding,)

    def logits(self, states: Tensor) -> Tensor:
        """Shape (positions, vocabulary)."""
        states = self.norm(nn.functional.gelu(self.dense(states)))
        return nn.functional.linear(states, self._embedding[0].weight, self.bias)

    def loss(self, states: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy, summed over the masked tokens."""
        truth = batch.targets["hidden"]
        logits = self.logits(states[truth != IGNORED])
        return nn.functional.cross_entropy(logits.float(), truth[truth != IGNORED], reduction="sum")

    def terms(self, batch: Batch) -> int:
        """One term a masked token."""
        return int((batch.targets["hidden"] != IGNORED).sum())
