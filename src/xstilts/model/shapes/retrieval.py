"""Sentence vectors read off the encoder itself: no head, no training.

Mean over every attended token, `<s>` and `</s>` included, of `hidden_states[layer]`, as XTREME and jiant do; the
layers above are never computed. Each distinct sentence is embedded once.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xstilts.model import architecture
from xstilts.model.architecture import Encoder
from xstilts.model.batching import Encoded, Stopped, by_length, collate, hidden_states
from xstilts.model.tokens import Tokens


def stop_at(encoder: Encoder, layer: int) -> Encoder:
    """Make an encoder's last hidden state `hidden_states[layer]`, as transformers counts and norms them.

    Layers above are dropped. Where an encoder has no list of layers, all of them are computed.

    Raises:
        ValueError: the encoder has fewer layers.
    """
    number = encoder.config.num_hidden_layers
    if not 0 <= layer <= number:
        raise ValueError(
            f"retrieval.layer is {layer}, but the encoder has {number} layers; allowed: 0 (embeddings) to {number}"
        )
    if layer == number:
        return encoder
    layers = architecture.layers(encoder)
    if layers is None:
        encoder.register_forward_pre_hook(_asking, with_kwargs=True)
        encoder.register_forward_hook(lambda _, inputs, found: _stop(found.hidden_states[layer]))
        return encoder
    # Its input is read: after their top layer some encoders have a norm, which no other layer's states go through.
    layers[layer].register_forward_pre_hook(
        lambda _, inputs, named: _stop(inputs[0] if inputs else named["hidden_states"]), with_kwargs=True
    )
    del layers[layer + 1 :]
    return encoder


def _asking(_: Any, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return inputs, {**named, "output_hidden_states": True}


def _stop(states: Tensor) -> None:
    raise Stopped(states)


def embed(
    encoder: Encoder, tokens: Tokens, sentences: Sequence[str], *, max_length: int, pooling: str, row: int
) -> np.ndarray:
    """One vector a sentence, shape (sentences, hidden), float32.

    Args:
        encoder: stopped at the layer to read.
        tokens: its tokenizer.
        sentences: in any language; equal ones are embedded once.
        max_length: tokens kept of each.
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
    first = architecture.first_position(encoder)
    with torch.inference_mode():
        for chosen in by_length(encoded, row):
            batch = collate(encoded, chosen, first).to(device)
            states = hidden_states(encoder, batch).float()
            if pooling == "cls":
                pooled = states[batch.starts]
            else:
                sums = torch.cat([states.new_zeros(1, states.shape[1], dtype=torch.float64), states.double().cumsum(0)])
                pooled = (sums[batch.starts + batch.sizes] - sums[batch.starts]) / batch.sizes[:, None]
            vectors[chosen] = pooled.float().cpu().numpy()
    place = {sentence: number for number, sentence in enumerate(distinct)}
    return vectors[[place[sentence] for sentence in sentences]]
