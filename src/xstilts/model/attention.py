"""Attention inside each sequence of a row without padding, as transformers' attention interface calls it.

What transformers' own implementations know of a layer counts here too: fewer heads of keys than of queries, causal
attention, and windows (of ModernBERT's local layers) where a sequence is longer than one.

On CUDA one call of torch's kernels for rows of sequences. On a CPU, sequences of equal length lie side by side (a run)
and go through one product together. SDPA has no fast kernel with dropout there, and one call of it costs more than a
short run's products, so that it is left to long sequences without gradients; `row_attention` computes what it would.
"""

from functools import lru_cache
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from xstilts.model import dropout as dropping

_FLASH = (torch.bfloat16, torch.float16)
_BEARS = ("softcap", "s_aux", "sinks", "position_bias", "alibi")  # what some layers give their attention
_LONG = 100  # mean tokens of a sequence from which SDPA is faster than `row_attention` without gradients


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    packed_lengths: tuple[int, ...],
    packed_bounds: Tensor,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    sliding_window: int | None = None,
    **others: object,
) -> tuple[Tensor, None]:
    """Attention inside each sequence of a row.

    Args:
        module: the attention layer, which says whether it is causal.
        query: shape (1, heads, tokens, size).
        key: as `query`; it may have a fraction of the heads, each of which serves several of the queries.
        value: as `key`.
        attention_mask: unused, there is no padding.
        packed_lengths: of the sequences in the row, in order, longest first.
        packed_bounds: where they begin in the row, and its end.
        dropout: of the attention weights.
        scaling: of the dot products.
        is_causal: whether no token sees later ones; None asks the layer.
        sliding_window: tokens see those that are fewer places away than this.
        others: what else the layer gives.

    Returns:
        Shape (1, tokens, heads, size), and no weights.

    Raises:
        NotImplementedError: something else bears on the weights; such an encoder is padded.
    """
    if unknown := [name for name in _BEARS if others.get(name) is not None]:
        raise NotImplementedError(f"attention in rows without padding knows no {', '.join(unknown)}")
    if query.dtype != value.dtype:  # rotated in fp32, under autocast
        query, key = query.to(value.dtype), key.to(value.dtype)
    if key.shape[1] != query.shape[1]:
        key, value = (one.repeat_interleave(query.shape[1] // one.shape[1], dim=1) for one in (key, value))
    causal = bool(getattr(module, "is_causal", False) if is_causal is None else is_causal)
    window = sliding_window if sliding_window and sliding_window < packed_lengths[0] else None
    if query.is_cuda and query.dtype in _FLASH:
        seen = (causal, window)
        return varlen_attention(query, key, value, packed_bounds, packed_lengths[0], dropout, scaling, *seen), None
    if causal or window:
        return runs_attention(query, key, value, packed_lengths, dropout, scaling, causal, window), None
    if query.is_cuda:
        return jagged_attention(query, key, value, packed_lengths, packed_bounds, dropout, scaling), None
    learning = torch.is_grad_enabled() and query.requires_grad
    if dropout or learning or query.shape[2] < _LONG * len(packed_lengths):
        return row_attention(query, key, value, packed_lengths, dropout, scaling), None
    return runs_attention(query, key, value, packed_lengths, 0.0, scaling), None


def varlen_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bounds: Tensor,
    longest: int,
    dropout: float,
    scaling: float | None,
    causal: bool = False,
    window: int | None = None,
) -> Tensor:
    """What `packed_attention` computes, by torch's flash kernel in bf16 or fp16 on CUDA.

    `torch.nn.attention.varlen` has no dropout, which the recipe needs, and jagged tensors are launched from Python at a
    price; the operator below both is not public, but has both its gradient and dropout (torch 2.2 to 2.13). `longest`
    is an upper bound of the lengths; the other arguments and the result are those of `packed_attention`.
    """
    rows = (tensor[0].transpose(0, 1) for tensor in (query, key, value))
    reach = {} if window is None else {"window_size_left": window - 1, "window_size_right": 0 if causal else window - 1}
    out: Tensor = torch.ops.aten._flash_attention_forward(
        *rows, bounds, bounds, longest, longest, dropout, causal, False, scale=scaling, **reach
    )[0]
    return out[None]


def runs_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    lengths: tuple[int, ...],
    dropout: float,
    scaling: float | None,
    causal: bool = False,
    window: int | None = None,
) -> Tensor:
    """What `packed_attention` computes, as one SDPA call a run, whatever tokens see of their sequence."""
    heads, size = query.shape[1], query.shape[3]
    runs = _runs(lengths)
    # Splits and not slices: the gradient of a slice is as large as the row, that of all splits together is one copy.
    sizes = [length * count for length, count in runs]
    split = [torch.split_with_sizes(tensor[0], sizes, dim=1) for tensor in (query, key, value)]
    parts = []
    for (length, count), *tensors in zip(runs, *split, strict=True):
        q, k, v = (tensor.reshape(heads, count, length, size).transpose(0, 1) for tensor in tensors)
        seen = _seen(length, causal, window, query.device)
        out = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen, dropout_p=dropout, scale=scaling)
        parts.append(out.transpose(1, 2).reshape(count * length, heads, size))
    return torch.cat(parts)[None]


@lru_cache(maxsize=256)
def _seen(length: int, causal: bool, window: int | None, device: torch.device) -> Tensor | None:
    """Which tokens (columns) each token (rows) of a sequence sees; None for all."""
    if not causal and window is None:
        return None
    place = torch.arange(length, device=device)
    apart = place[:, None] - place[None]  # how many places a key lies before its query
    seen = apart.abs() < (window or length)
    return seen & (apart >= 0) if causal else seen


def jagged_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    lengths: tuple[int, ...],
    bounds: Tensor,
    dropout: float,
    scaling: float | None,
) -> Tensor:
    """What `packed_attention` computes, as one SDPA call on jagged tensors: torch's varlen kernels, with dropout.

    torch has kernels for its backward pass on CUDA alone. Arguments and result are those of `packed_attention`.
    """

    def jagged(tensor: Tensor) -> Tensor:
        rows = tensor[0].transpose(0, 1).contiguous()
        nested: Tensor = torch.nested.nested_tensor_from_jagged(
            rows, bounds.long(), min_seqlen=lengths[-1], max_seqlen=lengths[0]
        )
        return nested.transpose(1, 2)

    out = nn.functional.scaled_dot_product_attention(
        jagged(query), jagged(key), jagged(value), dropout_p=dropout, scale=scaling
    )
    row: Tensor = out.transpose(1, 2).values()
    return row[None]


def row_attention(
    query: Tensor, key: Tensor, value: Tensor, lengths: tuple[int, ...], dropout: float, scaling: float | None
) -> Tensor:
    """What `packed_attention` computes, by products over runs. Arguments and result are its own."""
    weights = query.shape[1] * sum(length * length for length in lengths)
    factors = dropping.factors((weights,), dropout, query.dtype) if dropout else None
    scale = query.shape[3] ** -0.5 if scaling is None else scaling
    found: Tensor = _Attention.apply(query, key, value, factors, lengths, scale)  # type: ignore[no-untyped-call]
    return found


class _Attention(torch.autograd.Function):
    """(softmax(scale · Q Kᵀ) · factors) V inside each sequence, with the gradients written out.

    Rows are brought into an order in which each run is one batch of matrices: sequence, head, token. The weights of all
    runs lie in one vector, so that dropping them and its gradient are one product each.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        factors: Tensor | None,
        lengths: tuple[int, ...],
        scale: float,
    ) -> Tensor:
        heads, tokens, size = query.shape[1:]
        order, back = _order(lengths, heads)
        q, k, v = (_rows(tensor.transpose(1, 2), order) for tensor in (query, key, value))
        q *= scale
        places, total = _places(lengths, heads, size)
        weights = q.new_empty(total)
        for count, length, row, weight in places:
            scores = torch.bmm(_matrices(q, count, length, size, row), _turned(k, count, length, size, row))
            torch._softmax(scores, -1, False, out=_matrices(weights, count, length, length, weight))
        dropped = weights if factors is None else weights * factors
        out = torch.empty_like(v)
        for count, length, row, weight in places:
            square, values = _matrices(dropped, count, length, length, weight), _matrices(v, count, length, size, row)
            torch.bmm(square, values, out=_matrices(out, count, length, size, row))
        ctx.save_for_backward(q, k, v, weights, factors)
        ctx.lengths, ctx.scale = lengths, scale
        return out.index_select(0, back).view(1, tokens, heads, size)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, weights, factors = ctx.saved_tensors
        tokens, heads, size = gradient.shape[1:]
        order, back = _order(ctx.lengths, heads)
        of_out = _rows(gradient, order)
        dropped, of_weights = weights if factors is None else weights * factors, torch.empty_like(weights)
        of_q, of_k, of_v = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        places, _ = _places(ctx.lengths, heads, size)
        for count, length, row, weight in places:
            one = _matrices(of_out, count, length, size, row)
            square = _matrices(of_weights, count, length, length, weight)
            torch.bmm(one, _turned(v, count, length, size, row), out=square)
            turned = _turned(dropped, count, length, length, weight)
            torch.bmm(turned, one, out=_matrices(of_v, count, length, size, row))
        if factors is not None:
            of_weights.mul_(factors)
        for count, length, row, weight in places:
            soft, square = (_matrices(each, count, length, length, weight) for each in (weights, of_weights))
            of_scores = torch._softmax_backward_data(square, soft, -1, soft.dtype)
            queries, keys = (_matrices(each, count, length, size, row) for each in (q, k))
            torch.bmm(of_scores, keys, out=_matrices(of_q, count, length, size, row))
            torch.bmm(of_scores.transpose(1, 2), queries, out=_matrices(of_k, count, length, size, row))
        of_q *= ctx.scale
        found = (one.index_select(0, back).view(1, tokens, heads, size).transpose(1, 2) for one in (of_q, of_k, of_v))
        return (*found, None, None, None)


def _rows(tensor: Tensor, order: Tensor) -> Tensor:
    """(1, tokens, heads, size) as rows of one head's numbers of one token, in this order."""
    return tensor.reshape(-1, tensor.shape[3]).index_select(0, order)


def _matrices(tensor: Tensor, count: int, rows: int, columns: int, begin: int) -> Tensor:
    """So many matrices, one after the other from this element on: one call, where a slice and a view are two."""
    return tensor.as_strided((count, rows, columns), (rows * columns, columns, 1), begin)


def _turned(tensor: Tensor, count: int, rows: int, columns: int, begin: int) -> Tensor:
    """What `_matrices` gives, each transposed."""
    return tensor.as_strided((count, columns, rows), (rows * columns, 1, columns), begin)


@lru_cache(maxsize=4)
def _places(lengths: tuple[int, ...], heads: int, size: int) -> tuple[tuple[tuple[int, int, int, int], ...], int]:
    """For each run its matrices, their length, and where its vectors and its weights begin; and the number of weights.

    `size` is that of a vector, one head's numbers of one token.
    """
    found, row, weight = [], 0, 0
    for length, sequences in _runs(lengths):
        count = sequences * heads
        found.append((count, length, row, weight))
        row, weight = row + count * length * size, weight + count * length * length
    return tuple(found), weight


@lru_cache(maxsize=4)
def _order(lengths: tuple[int, ...], heads: int) -> tuple[Tensor, Tensor]:
    """The rows (token, head) ordered by sequence, head, token; and the way back."""
    parts, begin = [], 0
    for length in lengths:
        tokens = torch.arange(begin, begin + length)
        parts.append((tokens[None] * heads + torch.arange(heads)[:, None]).flatten())
        begin += length
    order = torch.cat(parts)
    return order, torch.argsort(order)


def _runs(lengths: tuple[int, ...]) -> list[tuple[int, int]]:
    """Runs of equal lengths: length, and how many."""
    return [(length, len(list(equal))) for length, equal in groupby(lengths)]


PACKED = "xstilts_packed"
ALL_ATTENTION_FUNCTIONS.register(PACKED, packed_attention)
ALL_MASK_ATTENTION_FUNCTIONS.register(PACKED, lambda *_, **__: None)
