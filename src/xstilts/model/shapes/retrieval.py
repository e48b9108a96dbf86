"""Sentence vectors read off the encoder itself: no head, no training.

Mean over every attended token, `<s>` and `</s>` included, of `hidden_states[layer]`, as XTREME and jiant do; the
layers above are never computed. Each distinct sentence is embedded once.
"""

from collections.abc import Sequence

import numpy as np
import torch

from xstilts.model.batching import Encoded, Encoder, by_length, collate, first_position, hidden_states
from xstilts.model.tokens import Tokens


def stop_at(encoder: Encoder, layer: int) -> Encoder:
    """Drop the encoder's layers above `layer`, so that its last hidden state is `hidden_states[layer]`.

    Raises:
        ValueError: the encoder has fewer layers.
    """
    layers = encoder.encoder.layer
    if not 0 <= layer <= len(layers):
        raise ValueError(
            f"retrieval.layer is {layer}, but the encoder has {len(layers)} layers; "
            f"allowed: 0 (embeddings) to {len(layers)}"
        )
    encoder.encoder.layer = layers[:layer]
    return encoder


def embed(
    encoder: Encoder, tokens: Tokens, sentences: Sequence[str], *, max_length: int, pooling: str, row: int
) -> np.ndarray:
    """One vector a sentence, shape (sentences, hidden), float32.

    Args:
        encoder: stopped at the layer to read.
        tokens: its tokenizer.
        sentences: in any language; equal ones are embedded once.
        max_length: sub-words kept of each.
        pooling: `mean` over all tokens or `cls`, the first.
        row: about how many tokens a batch holds.
    """
    distinct = list(dict.fromkeys(sentences))
    pieces = tokens.pieces(distinct)
    room = max_length - len(tokens.single(()))
    sequences = [tokens.single(pieces[sentence][:room]) for sentence in distinct]
    types = np.zeros(sum(map(len, sequences)), dtype=np.int32) if tokens.template.segments else None
    encoded = Encoded.build(sequences, types=types)
    device = next(encoder.parameters()).device
    vectors = np.empty((len(distinct), encoder.config.hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for chosen in by_length(encoded, row):
            batch = collate(encoded, chosen, first_position(encoder.config)).to(device)
            states = hidden_states(encoder, batch).float()
            if pooling == "cls":
                pooled = states[batch.starts]
            else:
                sums = torch.cat([states.new_zeros(1, states.shape[1], dtype=torch.float64), states.double().cumsum(0)])
                pooled = (sums[batch.starts + batch.sizes] - sums[batch.starts]) / batch.sizes[:, None]
            vectors[chosen] = pooled.float().cpu().numpy()
    place = {sentence: number for number, sentence in enumerate(distinct)}
    return vectors[[place[sentence] for sentence in sentences]]
