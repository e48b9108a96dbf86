"""The embedding table cut to the rows that a training uses, and written back when it ends.

Rows of tokens that no training sequence has get no gradient, so that Adam leaves them where they are, save for the
weight decay, which shrinks them by a known factor. XLM-R's table has 250,002 rows and an English training set uses a
tenth of them: the optimiser's step and its state shrink by that much, and the weights come out the same. Not for MLM,
whose head reads every row.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from xstilts.model.architecture import Encoder
from xstilts.model.batching import Encoded


class TrimmedEmbedding(nn.Module):
    """Some rows of an embedding table, found by the ids of the whole one.

    Args:
        table: the whole table; it stays as it is until `written_back`.
        used: the ids whose rows are kept, sorted, shape (rows,).
    """

    place: Tensor

    def __init__(self, table: nn.Embedding, used: np.ndarray) -> None:
        super().__init__()
        rows = torch.from_numpy(used.astype(np.int64))
        # An id without a row has an index out of range, which torch refuses on every device.
        place = torch.full((table.num_embeddings,), len(used), dtype=torch.int64)
        place[rows] = torch.arange(len(used))
        self.weight = nn.Parameter(table.weight.detach()[rows].clone())
        self.register_buffer("place", place, persistent=False)
        padding = table.padding_idx
        self.padding_idx = int(place[padding]) if padding is not None and place[padding] < len(used) else None
        self._whole = (table, rows)  # in a tuple, so that neither the optimiser nor a checkpoint has it

    def forward(self, ids: Tensor) -> Tensor:
        """The vectors of some ids, shape (..., hidden)."""
        return nn.functional.embedding(self.place[ids], self.weight, self.padding_idx)

    def absent(self) -> int:
        """How many weights of the whole table are not here."""
        return int(self._whole[0].weight.numel() - self.weight.numel())

    def written_back(self, decay: float) -> nn.Embedding:
        """The whole table with the trained rows in it, the others multiplied by `decay`."""
        table, rows = self._whole
        with torch.no_grad():
            if decay != 1.0:
                table.weight.mul_(decay)
            table.weight[rows] = self.weight.to(table.weight)
        return table


def used(sets: Iterable[Encoded], *always: int) -> np.ndarray:
    """The ids that occur in any of these sets, and `always`, sorted, shape (rows,)."""
    found = [np.unique(encoded.ids) for encoded in sets]
    return np.unique(np.concatenate([*found, np.array(always, dtype=np.int64)]))


def trimmable(encoder: Encoder) -> bool:
    """Whether the encoder's table is a plain one; some multiply what they look up."""
    return type(encoder.get_input_embeddings()) is nn.Embedding


def trim(encoder: Encoder, ids: np.ndarray) -> None:
    """Put a table with the rows of `ids` alone in the place of the encoder's own."""
    encoder.set_input_embeddings(TrimmedEmbedding(encoder.get_input_embeddings(), ids))


def restore(encoder: Encoder, decay: float = 1.0) -> None:
    """Give a trimmed encoder its whole table back; without effect on one that is whole.

    Args:
        encoder: on the CPU.
        decay: what weight decay made of the rows without gradient: Π (1 - rate · decay) over the steps done.
    """
    table = encoder.get_input_embeddings()
    if isinstance(table, TrimmedEmbedding):
        encoder.set_input_embeddings(table.written_back(decay))


def parameters(encoder: Encoder) -> int:
    """How many weights an encoder has, those of rows that were cut away included."""
    table = encoder.get_input_embeddings()
    absent = table.absent() if isinstance(table, TrimmedEmbedding) else 0
    return absent + sum(int(parameter.numel()) for parameter in encoder.parameters())
