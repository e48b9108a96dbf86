"""Sequences without padding: the speed of training and prediction lives here.

A batch is one row of real tokens. Attention stays inside each sequence (`xstilts.model.attention`, through
transformers' attention interface), so that no model code is copied and no pad token is computed. An encoder without
that interface gets length-sorted padding instead.

Positions begin anew in every sequence; `xstilts.model.architecture` says where.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from xstilts.model import architecture
from xstilts.model.architecture import Encoder
from xstilts.model.attention import PACKED

# Tokens of a batch without gradients. On a CPU its activations should stay near the core: docs/benchmarks.md.
ON_CPU, ON_CUDA = 2048, 8192

IGNORED = -100  # torch's ignore_index: a token without a label


@dataclass(frozen=True)
class Encoded:
    """Many token sequences, flat.

    Attributes:
        ids: token ids, shape (tokens,).
        offsets: where each sequence begins, shape (sequences + 1,).
        items: where each item begins among the sequences, shape (items + 1,). An item is what the recipe's batch
            counts: a pair, a window, a piece of a sentence, or the alternatives of one choice.
        types: segment ids for encoders that have them (BERT), shape (tokens,).
        token_targets: per token, e.g. tag indices, shape (tokens,).
        sequence_targets: per sequence, e.g. answer positions, shape (sequences,).
        item_targets: per item, e.g. class indices, shape (items,).
    """

    ids: np.ndarray
    offsets: np.ndarray
    items: np.ndarray
    types: np.ndarray | None = None
    token_targets: Mapping[str, np.ndarray] = field(default_factory=dict)
    sequence_targets: Mapping[str, np.ndarray] = field(default_factory=dict)
    item_targets: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.items) - 1

    def tokens(self) -> np.ndarray:
        """Tokens of each item, shape (items,)."""
        return np.diff(self.offsets[self.items])

    @classmethod
    def build(cls, sequences: Sequence[Sequence[int]], per_item: int | Sequence[int] = 1, **columns: Any) -> "Encoded":
        """Flatten lists of ids; `per_item` is the number of sequences of each item."""
        offsets = np.zeros(len(sequences) + 1, dtype=np.int64)
        np.cumsum([len(sequence) for sequence in sequences], out=offsets[1:])
        ids = np.fromiter((token for sequence in sequences for token in sequence), dtype=np.int32, count=offsets[-1])
        if isinstance(per_item, int):
            items = np.arange(0, len(sequences) + 1, per_item, dtype=np.int64)
        else:
            items = np.concatenate([[0], np.cumsum(per_item)]).astype(np.int64)
        return cls(ids=ids, offsets=offsets, items=items, **columns)


@dataclass(frozen=True)
class Batch:
    """Some items as one row of tokens, the sequences ordered by length.

    Attributes:
        ids, positions: shape (tokens,).
        types: segment ids, shape (tokens,), or None.
        lengths: of the sequences as they lie in the row, longest first.
        bounds: where each of them begins in the row, and the row's end, shape (sequences + 1,).
        starts, sizes: first token and length of each sequence in the order of the items, shape (sequences,).
        items: how many sequences each item has, shape (items,).
        targets: per token (in the row's order), per sequence or per item (both in the items' order).
        weight: how many items the batch has.
    """

    ids: Tensor
    positions: Tensor
    types: Tensor | None
    lengths: tuple[int, ...]
    bounds: Tensor
    starts: Tensor
    sizes: Tensor
    items: Tensor
    targets: dict[str, Tensor]
    weight: int

    def to(self, device: torch.device) -> "Batch":
        """The batch on another device."""
        moved = {name: value.to(device, non_blocking=True) for name, value in self.targets.items()}
        types = None if self.types is None else self.types.to(device, non_blocking=True)
        tensors = (self.ids, self.positions, self.bounds, self.starts, self.sizes, self.items)
        ids, positions, bounds, starts, sizes, items = (tensor.to(device, non_blocking=True) for tensor in tensors)
        return Batch(ids, positions, types, self.lengths, bounds, starts, sizes, items, moved, self.weight)


def collate(encoded: Encoded, chosen: np.ndarray, first_position: int) -> Batch:
    """Lay the chosen items out as one row.

    Args:
        encoded: all sequences.
        chosen: item numbers, shape (items,).
        first_position: the position id of a sequence's first token.
    """
    counts = encoded.items[chosen + 1] - encoded.items[chosen]
    sequences = ranges(encoded.items[chosen], counts)
    sizes = encoded.offsets[sequences + 1] - encoded.offsets[sequences]
    order = np.argsort(-sizes, kind="stable")
    laid = sizes[order]
    tokens = ranges(encoded.offsets[sequences[order]], laid)
    begins = np.cumsum(laid) - laid
    starts = np.empty_like(begins)
    starts[order] = begins
    targets = {name: torch.from_numpy(column[tokens]) for name, column in encoded.token_targets.items()}
    targets |= {name: torch.from_numpy(column[sequences]) for name, column in encoded.sequence_targets.items()}
    targets |= {name: torch.from_numpy(column[chosen]) for name, column in encoded.item_targets.items()}
    return Batch(
        ids=torch.from_numpy(encoded.ids[tokens].astype(np.int64)),
        positions=torch.from_numpy(np.arange(len(tokens)) - np.repeat(begins, laid) + first_position),
        types=None if encoded.types is None else torch.from_numpy(encoded.types[tokens].astype(np.int64)),
        lengths=tuple(laid.tolist()),
        bounds=torch.from_numpy(np.append(begins, len(tokens)).astype(np.int32)),
        starts=torch.from_numpy(starts),
        sizes=torch.from_numpy(sizes),
        items=torch.from_numpy(counts),
        targets=targets,
        weight=len(chosen),
    )


def by_length(encoded: Encoded, tokens: int) -> Iterator[np.ndarray]:
    """Item numbers in batches of about `tokens` tokens, longest items first: one pass for prediction."""
    sizes = encoded.tokens()
    order = np.argsort(-sizes, kind="stable")
    begin, total = 0, 0
    for place, item in enumerate(order):
        if total and total + sizes[item] > tokens:
            yield order[begin:place]
            begin, total = place, 0
        total += int(sizes[item])
    if begin < len(order):
        yield order[begin:]


def budget(device: torch.device, asked: int = 0) -> int:
    """About how many tokens a batch without gradients holds there: as many as are asked for, or as suit the device."""
    return asked or (ON_CPU if device.type == "cpu" else ON_CUDA)


def ranges(begins: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The concatenation of begin, begin + 1, … for each begin and count."""
    ends = np.cumsum(counts)
    numbers: np.ndarray = np.arange(ends[-1] if len(ends) else 0) + np.repeat(begins - (ends - counts), counts)
    return numbers


class Stopped(Exception):
    """Raised behind the last layer that is wanted; `states` are its own, shape (sequences, tokens, hidden)."""

    def __init__(self, states: Tensor) -> None:
        super().__init__()
        self.states = states


def hidden_states(
    encoder: Encoder, batch: Batch, weights: Mapping[str, Tensor] | None = None, read: Tensor | None = None
) -> Tensor:
    """The encoder's last hidden states of every real token, shape (tokens, hidden), in the row's order.

    Args:
        encoder: as `encoder.open_encoder` gives it, or stopped at a layer.
        batch: on the encoder's device.
        weights: what stands in the place of some of its parameters, by name.
        read: tokens whose states are wanted, shape (wanted,); where the last layer of a whole encoder can, it leaves
            those of others at 0.
    """
    facts = architecture.facts(encoder)
    arguments: dict[str, Any] = {"use_cache": False} if "use_cache" in facts.arguments else {}
    types = batch.types if facts.segments else None
    if encoder.config._attn_implementation == PACKED:
        arguments |= {} if types is None else {"token_type_ids": types[None]}
        arguments |= {
            "input_ids": batch.ids[None],
            "position_ids": batch.positions[None],
            "packed_lengths": batch.lengths,
            "packed_bounds": batch.bounds,
        }
        last = after_attention(encoder) if read is not None else None
        with _narrowed(last, read):
            packed = _run(encoder, arguments, weights)[0]
        if last is None or read is None:
            return packed
        return packed.new_zeros(len(batch.ids), packed.shape[1]).index_copy_(0, read, packed)
    width = batch.lengths[0]
    mask = (
        torch.arange(width, device=batch.ids.device)[None]
        < torch.tensor(batch.lengths, device=batch.ids.device)[:, None]
    )
    # Behind the end of each sequence: positions are the same as without pads, whatever the encoder is used to.
    padded = torch.full(mask.shape, encoder.config.pad_token_id or 0, dtype=torch.long, device=batch.ids.device)
    padded[mask] = batch.ids
    if types is not None:
        arguments["token_type_ids"] = torch.zeros_like(padded).masked_scatter_(mask, types)
    found = _run(encoder, {**arguments, "input_ids": padded, "attention_mask": mask.long()}, weights)
    return found[:, :width][mask]  # Longformer's layers have rows of whole windows


def _run(encoder: Encoder, arguments: dict[str, Any], weights: Mapping[str, Tensor] | None) -> Tensor:
    try:
        found = encoder(**arguments) if weights is None else functional_call(encoder, dict(weights), (), arguments)
    except Stopped as stopped:
        return stopped.states
    states: Tensor = found.last_hidden_state
    return states


def after_attention(encoder: Encoder) -> Any:
    """What follows the attention of BERT's last layer and its like, all of it token by token; None elsewhere."""
    layers = architecture.layers(encoder)
    return getattr(getattr(layers[-1], "attention", None), "output", None) if layers else None


@contextmanager
def _narrowed(module: Any, read: Tensor | None) -> Iterator[None]:
    """From this module on, go on with some tokens of the row alone."""
    if module is None or read is None:
        yield
        return
    hook = module.register_forward_pre_hook(lambda _, inputs: tuple(one.index_select(1, read) for one in inputs))
    try:
        yield
    finally:
        hook.remove()
