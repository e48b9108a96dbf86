"""The limit: the matrix products of our own steps, forward and backward, and nothing else.

Every layer's projections, attention's two products inside each sequence, and their gradients; no softmax, no GELU,
no layer norm, no dropout, no embedding, no head, no optimiser. The shapes are those of the unpadded steps.
"""

from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor

from peers.material import Material
from peers.ours import step_items
from peers.timing import Spent, now


class Rival:
    """A call multiplies what so many steps multiply.

    Args:
        material: whose steps.
        steps: how many.
        warm: of them, how many are not timed.
        device: `cpu` or `cuda`.
        dtype: of the products.
    """

    def __init__(self, material: Material, *, steps: int, warm: int, device: str, dtype: torch.dtype) -> None:
        self.model, self.warm, self.device, self.dtype = material.model, warm, device, dtype
        sizes = material.encoded.tokens()
        self.steps = [sizes[items] for items in step_items(material, steps)]

    def __call__(self) -> Spent:
        """Multiply; seconds and real tokens of the steps after the warm-up."""
        model, seconds, counts = self.model, 0.0, []
        for place, sizes in enumerate(self.steps):
            tokens = int(sizes.sum())
            linear = [
                *[_Linear(self._full, tokens, model.hidden, model.hidden)] * 4,
                _Linear(self._full, tokens, model.hidden, model.feed_forward),
                _Linear(self._full, tokens, model.feed_forward, model.hidden),
            ]
            inside = [
                _Inside(self._full, number * model.heads, length, model.hidden // model.heads)
                for length, number in Counter(sizes.tolist()).items()
            ]
            before = now(self.device)
            for _ in range(model.layers):
                for products in (*linear, *inside):
                    products()
            if place >= self.warm:
                seconds += now(self.device) - before
                counts.append(tokens)
        return Spent(seconds, sum(counts))

    def _full(self, *shape: int) -> Tensor:
        return torch.full(shape, 0.01, device=self.device, dtype=self.dtype)


class _Linear:
    """x·Wᵀ, and backward the gradients of x and W."""

    def __init__(self, full: Callable[..., Tensor], tokens: int, into: int, out: int) -> None:
        self.x, self.weight, self.y = full(tokens, into), full(out, into), full(tokens, out)

    def __call__(self) -> None:
        torch.mm(self.x, self.weight.T, out=self.y)
        torch.mm(self.y, self.weight, out=self.x)
        torch.mm(self.y.T, self.x, out=self.weight)


class _Inside:
    """Scores and weighted values, and backward two gradients of each; keys and values have the queries' shape."""

    def __init__(self, full: Callable[..., Tensor], number: int, length: int, size: int) -> None:
        self.query, self.weights = full(number, length, size), full(number, length, length)
        self.out = full(number, length, size)

    def __call__(self) -> None:
        for _ in range(3):
            torch.bmm(self.query, self.query.transpose(1, 2), out=self.weights)
            torch.bmm(self.weights, self.query, out=self.out)


PEAKS = {"H100": (989e12, 3.35e12), "H200": (989e12, 4.8e12)}  # bf16 operations and bytes a second, by NVIDIA's sheets


class Estimated:
    """What a step must take on a CUDA device: its products at 75 % of the peak, then AdamW's bytes at 80 % of it.

    AdamW reads and writes a weight and two moments and reads a gradient, all fp32: 28 bytes for each weight outside the
    table and each row in use. A call returns the seconds of the steps after the warm-up.
    """

    def __init__(self, material: Material, *, steps: int, warm: int) -> None:
        device = torch.cuda.get_device_name()
        known = [peak for name, peak in PEAKS.items() if name in device]
        if not known:
            raise ValueError(
                f"no peak is known of {device!r}; known: {', '.join(PEAKS)}. Add it to PEAKS in {__file__}"
            )
        self.operations, self.bandwidth = known[0]
        model, sizes = material.model, material.encoded.tokens()
        body = model.layers * (4 * model.hidden**2 + 2 * model.hidden * model.feed_forward)
        chosen = [sizes[items].astype(float) for items in step_items(material, steps)[warm:]]
        tokens = sum(float(each.sum()) for each in chosen)
        inside = sum(float((each**2).sum()) for each in chosen) * 12 * model.hidden * model.layers
        bytes_a_step = 28 * (body + material.used * model.hidden)
        products = (6 * body * tokens + inside) / (0.75 * self.operations)
        self.spent = Spent(products + len(chosen) * bytes_a_step / (0.8 * self.bandwidth), int(tokens))

    def __call__(self) -> Spent:
        """The seconds and real tokens."""
        return self.spent
