"""Nearest sentences across two languages: exact neighbours of large matrices, BUCC's mining, Tatoeba's search.

Both directions come from one product, streamed in blocks of bounded memory, on the device where the vectors are. A
block's best entries are found through the maxima of strided groups of it, so that sorting never sees the whole block.

Sources: Artetxe and Schwenk 2019 (LASER's mine_bitexts, ratio margin, "max" retrieval) as in
third_party/utils_retrieve.py of google-research/xtreme @ 838c13b; `docs/benchmarks.md` for the speed.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Vectors arrive as either; a tensor stays on its device.
Vectors = Tensor | NDArray[np.float32]
_ROWS = 1024  # rows of x a block: enough for the product to run at full speed
_COLUMNS = 32768  # columns a block at most: more gains nothing
_ROUNDS = 32  # of one-to-one matching over arrays
_MIB = 2**20


class Neighbours(NamedTuple):
    """The k best counterparts of every row, best first; `xy` of x's rows among y's, `yx` of y's among x's.

    Scores are inner products, shape (rows, min(k, other side's rows)); of equal ones the lowest index comes first.
    """

    scores_xy: Tensor
    index_xy: Tensor
    scores_yx: Tensor
    index_yx: Tensor


class Candidates(NamedTuple):
    """Mined pairs, best first: row of x, row of y, margin score; no row occurs twice."""

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    score: NDArray[np.float64]


def mine(x: Vectors, y: Vectors, k: int = 4, memory: int = 1024, *, normalised: bool = False) -> Candidates:
    """Mine translation pairs from two comparable corpora.

    A pair's score is its cosine over the mean of the two rows' mean cosine with their k neighbours (ratio margin).
    The best neighbour of every row of x and of every row of y are pooled, and accepted from the best on while
    neither side is taken; of equal scores the pair found from x comes first, then the lower row. Only scores
    above 0 are kept, as in the reference; the threshold that matters is found when scoring.

    Args:
        x: sentence vectors, shape (sentences, width), distinct sentences of the foreign corpus.
        y: the same of the English corpus.
        k: neighbours that the margin rests on.
        memory: MiB that a block of the product may take, beside the vectors, their normalised copy and the results.
        normalised: rows have length 1 already, so no copy is made.
    """
    found = neighbours(x if normalised else unit(x), y if normalised else unit(y), k, memory)
    cosine_xy, index_xy, cosine_yx, index_yx = (array.cpu().numpy() for array in found)
    mean_x = cosine_xy.mean(axis=1, dtype=np.float64)
    mean_y = cosine_yx.mean(axis=1, dtype=np.float64)
    forward = cosine_xy / ((mean_x[:, None] + mean_y[index_xy]) / 2)
    backward = cosine_yx / ((mean_y[:, None] + mean_x[index_yx]) / 2)
    rows_x, rows_y = np.arange(len(mean_x)), np.arange(len(mean_y))
    best_y, best_x = forward.argmax(axis=1), backward.argmax(axis=1)
    source = np.concatenate([rows_x, index_yx[rows_y, best_x]])
    target = np.concatenate([index_xy[rows_x, best_y], rows_y])
    score = np.concatenate([forward[rows_x, best_y], backward[rows_y, best_x]])
    order = np.argsort(-score, kind="stable")
    kept = order[one_to_one(source[order], target[order])]
    kept = kept[score[kept] > 0]
    return Candidates(source[kept], target[kept], score[kept])


def one_to_one(source: NDArray[np.int64], target: NDArray[np.int64]) -> NDArray[np.int64]:
    """Accept pairs in their order while neither side is taken; positions of the accepted ones, ascending.

    In rounds over arrays: whatever is first for both its sides is accepted, and what shares a side with it falls.
    A few rounds leave almost nothing; a long chain of conflicts is finished pair by pair.
    """
    open_ = np.arange(len(source))
    accepted: list[NDArray[np.int64]] = []
    first_source = np.empty(source.max(initial=-1) + 1, dtype=np.int64)
    first_target = np.empty(target.max(initial=-1) + 1, dtype=np.int64)
    taken_source = np.zeros(len(first_source), dtype=bool)
    taken_target = np.zeros(len(first_target), dtype=bool)
    for _ in range(_ROUNDS):
        backwards = open_[::-1]  # of repeated indices the last assignment stays: the first pair
        first_source[source[backwards]] = backwards
        first_target[target[backwards]] = backwards
        best = open_[(first_source[source[open_]] == open_) & (first_target[target[open_]] == open_)]
        accepted.append(best)
        taken_source[source[best]] = True
        taken_target[target[best]] = True
        open_ = open_[~(taken_source[source[open_]] | taken_target[target[open_]])]
    chain = []
    for pair in open_.tolist():
        if not (taken_source[source[pair]] or taken_target[target[pair]]):
            chain.append(pair)
            taken_source[source[pair]] = taken_target[target[pair]] = True
    return np.sort(np.concatenate([*accepted, np.array(chain, dtype=np.int64)]))


def nearest(queries: Vectors, index: Vectors, memory: int = 1024) -> NDArray[np.int64]:
    """The row of `index` with the highest cosine for every query; of equal ones the lowest row.

    Tatoeba's queries are the sorted English sentences and its index the foreign ones (English to foreign).

    Args:
        queries: sentence vectors, shape (queries, width).
        index: sentence vectors, shape (sentences, width).
        memory: MiB that a block of the product may take.
    """
    x, y = unit(queries), unit(index)
    _require_pair(x, y)
    rows = max(1, memory * _MIB // (4 * len(y)))
    with _full_precision():
        return torch.cat([(block @ y.T).argmax(dim=1) for block in torch.split(x, rows)]).cpu().numpy()


def neighbours(x: Vectors, y: Vectors, k: int = 4, memory: int = 1024) -> Neighbours:
    """The k best inner products of every row with the other side, exact in fp32, both ways from one product.

    Args:
        x: shape (n, width); rows of length 1 make the products cosines.
        y: shape (m, width), on the same device.
        k: neighbours a row, at least 1.
        memory: MiB that a block of the product and what is derived from it may take; at least 1.

    Raises:
        ValueError: the sides are empty, of different width or device, or not finite; k or memory below 1.
    """
    x, y = _float(x), _float(y)
    _require_pair(x, y)
    if k < 1 or memory < 1:
        raise ValueError(f"k is {k} and memory {memory} MiB; both must be at least 1")
    rows, columns = _block(len(x), len(y), memory)
    scores_xy, index_xy = _nothing(len(x), min(k, len(y)), x.device)
    scores_yx, index_yx = _nothing(len(y), min(k, len(x)), x.device)
    space = torch.empty(rows * columns, device=x.device)
    with _full_precision():
        for top in range(0, len(x), rows):
            block_x = x[top : top + rows]
            for left in range(0, len(y), columns):
                block_y = y[left : left + columns]
                product = space[: len(block_x) * len(block_y)].view(len(block_x), len(block_y))
                torch.mm(block_x, block_y.T, out=product)
                right, bottom = left + len(block_y), top + len(block_x)
                _merge(product, left, scores_xy[top:bottom], index_xy[top:bottom])
                _merge(product.T, top, scores_yx[left:right], index_yx[left:right])
    return Neighbours(scores_xy, index_xy, scores_yx, index_yx)


def unit(vectors: Vectors) -> Tensor:
    """A copy with rows of length 1 in fp32; a zero row stays zero."""
    return torch.nn.functional.normalize(_float(vectors), dim=1, eps=1e-30)


def _merge(product: Tensor, offset: int, scores: Tensor, index: Tensor) -> None:
    """Merge a block into the running best of its rows, in place.

    Args:
        product: shape (rows, entries), any strides.
        offset: index of the block's first entry.
        scores: the running best, shape (rows, k), best first.
        index: where they are, shape (rows, k); everything in it is below `offset`.
    """
    size = _group(product.shape[1], scores.shape[1])
    groups = product.shape[1] // size
    body, rest = product[:, : groups * size], product[:, groups * size :]
    # Group g holds the entries g, g + groups, g + 2·groups …: its maximum is a reduction over the outer dimension.
    peaks = body.reshape(len(body), size, groups).amax(dim=1)
    highest = peaks.amax(dim=1)
    if rest.shape[1]:
        highest = torch.maximum(highest, rest.amax(dim=1))
    rows = torch.nonzero(highest > scores[:, -1]).flatten()
    if not len(rows):
        return
    everything = len(rows) == len(scores)
    new_scores, new_index = _best(product, rows, peaks if everything else peaks[rows], size, scores.shape[1])
    old_scores, old_index = (scores, index) if everything else (scores[rows], index[rows])
    merged, places = torch.cat([old_scores, new_scores], dim=1).sort(dim=1, descending=True, stable=True)
    chosen = torch.cat([old_index, new_index + offset], dim=1).gather(1, places)
    scores[rows], index[rows] = merged[:, : scores.shape[1]], chosen[:, : scores.shape[1]]


def _best(product: Tensor, rows: Tensor, peaks: Tensor, size: int, k: int) -> tuple[Tensor, Tensor]:
    """The k best entries of the rows of a block, best first and of equal ones the lowest index first."""
    entries, groups = product.shape[1], peaks.shape[1]
    k = min(k, entries)
    chosen = peaks.topk(min(k, groups), dim=1).indices
    members = torch.arange(size, device=product.device) * groups
    tail = torch.arange(groups * size, entries, device=product.device).expand(len(rows), -1)
    places = torch.cat([(chosen[:, :, None] + members).flatten(1), tail], dim=1)
    values = product[rows[:, None], places]
    scores, within = values.topk(k, dim=1)
    index, order = places.gather(1, within).sort(dim=1)
    scores, order = scores.gather(1, order).sort(dim=1, descending=True, stable=True)
    index = index.gather(1, order)
    # More than k entries or groups as good as the k-th: a tie that topk breaks arbitrarily.
    worst = scores[:, -1:]
    tied = ((values >= worst).sum(dim=1) > k) | ((peaks >= worst).sum(dim=1) > k)
    for row in torch.split(torch.nonzero(tied).flatten(), max(1, len(rows) // 16)):
        ranked, ranking = product[rows[row]].sort(dim=1, descending=True, stable=True)
        scores[row], index[row] = ranked[:, :k], ranking[:, :k]
    return scores, index


def _group(entries: int, k: int) -> int:
    """Entries a group, so that the groups' maxima and the chosen groups' members are about as many."""
    return max(1, math.isqrt(entries // k))


def _block(n: int, m: int, memory: int) -> tuple[int, int]:
    """Rows and columns of a block. The product takes half of the memory; maxima, indices and ties the rest."""
    cells = memory * _MIB // 8
    rows = min(n, _ROWS, max(1, math.isqrt(cells)))
    return rows, max(1, min(m, _COLUMNS, cells // rows))


def _nothing(rows: int, k: int, device: torch.device) -> tuple[Tensor, Tensor]:
    scores = torch.full((rows, k), -math.inf, device=device)
    return scores, torch.zeros((rows, k), dtype=torch.int64, device=device)


def _float(vectors: Vectors) -> Tensor:
    return torch.as_tensor(vectors).detach().to(torch.float32)


def _require_pair(x: Tensor, y: Tensor) -> None:
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or not len(x) or not len(y) or x.device != y.device:
        raise ValueError(
            f"vectors of shapes {tuple(x.shape)} on {x.device} and {tuple(y.shape)} on {y.device}; both must be "
            "(sentences, width) with one width, at least one sentence, and on one device"
        )
    for name, side in (("first", x), ("second", y)):
        if not torch.isfinite(side.sum(dim=1)).all():
            raise ValueError(f"the {name} side has vectors that are not finite; check the encoder's precision")


@contextmanager
def _full_precision() -> Iterator[None]:
    """Products in true fp32: tf32 or bf16, which training may have allowed, pick wrong neighbours."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.no_grad():
            yield
    finally:
        torch.set_float32_matmul_precision(before)
