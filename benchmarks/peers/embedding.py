"""Sentence vectors as google-research/xtreme embeds them (@ 838c13b), re-stated in today's torch.

The encoder is opened again for every side of every language pair; batches of 100 sentences in file order are padded to
their longest; all layers are computed and each is pooled and kept; one of them is used.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel

from xstilts.model.tokens import Tokens

BATCH = 100


def embed(folder: Path, tokens: Tokens, sentences: Sequence[str], max_length: int) -> list[np.ndarray]:
    """One side's vectors, a matrix (sentences, hidden) for every layer, the embeddings first."""
    model = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    pieces = tokens.pieces(sentences)
    rows = [tokens.single(pieces[sentence][: max_length - 2]) for sentence in sentences]
    parts: list[list[np.ndarray]] = [[] for _ in range(model.config.num_hidden_layers + 1)]
    with torch.no_grad():
        for begin in range(0, len(rows), BATCH):
            chosen = rows[begin : begin + BATCH]
            width = max(map(len, chosen))
            ids = torch.tensor([row + [model.config.pad_token_id] * (width - len(row)) for row in chosen])
            mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in chosen])
            states = model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
            for layer, hidden in zip(parts, states, strict=True):
                total = (hidden * mask[..., None]).sum(dim=1)
                layer.append((total / mask.sum(dim=1, keepdim=True)).numpy())
    return [np.concatenate(layer) for layer in parts]
