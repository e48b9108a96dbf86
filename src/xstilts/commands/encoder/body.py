"""A file of blocks as transformers' BERT: which tensor is which weight."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from transformers import BertConfig, BertModel

from xstilts.commands.encoder.blocks import BlockFile

# Matrices of a layer: name in the file → transformers' module. Each has a weight (out, in) and a bias.
MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
PAD = 1  # the tokenizer's; BERT's own default is 0


def build(file: BlockFile, rows: Sequence[int] | None = None) -> BertModel:
    """The encoder in fp32, without pooler and language-model head, which the file lacks.

    Args:
        file: the weights.
        rows: the rows of the embedding table to keep, in that order; None keeps all.

    Raises:
        ValueError: the file lacks a tensor of the architecture, has one of another shape, or has some that are left.
    """
    sizes = file.sizes
    config = BertConfig(
        vocab_size=sizes.vocabulary if rows is None else len(rows),
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.feed_forward,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.types,
        layer_norm_eps=sizes.epsilon,
        pad_token_id=PAD,
        bos_token_id=0,
        eos_token_id=2,
    )
    model = BertModel(config, add_pooling_layer=False)
    used: set[str] = set()
    weights = {}
    for ours, theirs, shape in _tensors(file):
        used.add(ours)
        values = file.tensor(ours, *shape)
        weights[theirs] = torch.from_numpy(values if ours != "emb.word" or rows is None else values[np.asarray(rows)])
    left = file.entries.keys() - used
    if left:
        raise ValueError(f"{file.path} has tensors that no BERT encoder has: {', '.join(sorted(left))}")
    model.load_state_dict(weights)
    return model


def _tensors(file: BlockFile) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Every tensor: its name in the file, transformers' name, its shape."""
    sizes = file.sizes
    hidden, wide = sizes.hidden, sizes.feed_forward
    yield "emb.word", "embeddings.word_embeddings.weight", (sizes.vocabulary, hidden)
    yield "emb.pos", "embeddings.position_embeddings.weight", (sizes.positions, hidden)
    yield "emb.type", "embeddings.token_type_embeddings.weight", (sizes.types, hidden)
    yield from _norm("emb.ln", "embeddings.LayerNorm", hidden)
    for layer in range(sizes.layers):
        ours, theirs = f"l{layer}", f"encoder.layer.{layer}"
        for short, module in MATRICES.items():
            out, into = (wide, hidden) if short == "fi" else (hidden, wide) if short == "fo" else (hidden, hidden)
            yield f"{ours}.{short}.w", f"{theirs}.{module}.weight", (out, into)
            yield f"{ours}.{short}.b", f"{theirs}.{module}.bias", (out,)
        for short, module in NORMS.items():
            yield from _norm(f"{ours}.{short}", f"{theirs}.{module}", hidden)


def _norm(ours: str, theirs: str, hidden: int) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    yield f"{ours}.w", f"{theirs}.weight", (hidden,)
    yield f"{ours}.b", f"{theirs}.bias", (hidden,)
