"""Weights of linear layers twice: in fp32 for the optimiser, rounded to bf16 for the products.

Under autocast every step rounds every weight and turns every gradient back into fp32: four passes over the weights
that do nothing else. Here the optimiser's own pass reads the gradient in bf16 and writes the rounded weight too. The
numbers are those of autocast with torch's AdamW, whose state this works on.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class MasterWeights:
    """The rounded weights of a module's linear layers.

    Args:
        module: whose layers; what it computes with is given to `torch.func.functional_call` as `weights`.
        optimizer: AdamW with the module's parameters in fp32; it keeps the moments, and updates the rest.
        compiled: whether the update is compiled, which makes one kernel of it.

    Attributes:
        weights: rounded, by the names of the module's parameters; backward leaves gradients on them.
    """

    def __init__(self, module: nn.Module, optimizer: torch.optim.Optimizer, *, compiled: bool) -> None:
        named = {
            f"{name}.{part}": parameter
            for name, layer in module.named_modules()
            if isinstance(layer, nn.Linear)
            for part, parameter in layer.named_parameters(recurse=False)
        }
        self.weights = {name: nn.Parameter(whole.detach().bfloat16()) for name, whole in named.items()}
        self.optimizer = optimizer
        self._large = [(whole, self.weights[name]) for name, whole in named.items() if whole.ndim > 1]
        self._small = [(whole, self.weights[name]) for name, whole in named.items() if whole.ndim < 2]
        self._gradients = [torch.empty_like(whole) for whole, _ in self._small]
        matrices = {id(whole) for whole, _ in self._large}
        # The learner's optimiser has all matrices, which decay, in one group.
        (self._group,) = (g for g in optimizer.param_groups if matrices & {id(one) for one in g["params"]})
        self._update: Callable[..., None] = torch.compile(_update) if compiled else _update
        states: list[dict[str, Any]] = [optimizer.state[whole] for whole, _ in self._large]
        for (whole, _), state in zip(self._large, states, strict=True):
            state.setdefault("step", torch.zeros((), device=whole.device))
            for name in ("exp_avg", "exp_avg_sq"):
                state.setdefault(name, torch.zeros_like(whole))
        self._states = states

    def gradients(self) -> list[Tensor]:
        """Every gradient of the rounded weights."""
        return [half.grad for half in self.weights.values() if half.grad is not None]

    @torch.no_grad()
    def step(self, scale: Tensor, spoiled: Tensor) -> None:
        """Step the optimiser and round the new weights.

        Args:
            scale: what gradients are divided by, shape ().
            spoiled: 1 where nothing may change, else 0, shape ().
        """
        torch._foreach_copy_(self._gradients, [_gradient(half) for _, half in self._small])
        for (whole, _), gradient in zip(self._small, self._gradients, strict=True):
            whole.grad = gradient
        self.optimizer.grad_scale, self.optimizer.found_inf = scale, spoiled  # type: ignore[attr-defined]
        self.optimizer.step()
        torch._foreach_copy_([half for _, half in self._small], [whole for whole, _ in self._small])
        kept = 1 - spoiled
        torch._foreach_add_([state["step"] for state in self._states], [kept] * len(self._states))
        group, step = self._group, self._states[0]["step"]
        beta, gamma = group["betas"]
        size = group["lr"] / (1 - beta**step)
        root = (1 - gamma**step).sqrt()
        shrunk = 1 - group["lr"] * group["weight_decay"]
        for (whole, half), state in zip(self._large, self._states, strict=True):
            tensors = (whole, half, state["exp_avg"], state["exp_avg_sq"], _gradient(half))
            flat = (tensor.view(-1) for tensor in tensors)
            self._update(*flat, scale, kept, size, root, shrunk, beta, gamma, group["eps"])
        for half in self.weights.values():
            half.grad = None


def _gradient(half: Tensor) -> Tensor:
    if half.grad is None:
        raise RuntimeError(f"a weight of shape {tuple(half.shape)} took no part in the step; its layer was not used")
    return half.grad


def _update(
    whole: Tensor,
    half: Tensor,
    first: Tensor,
    second: Tensor,
    gradient: Tensor,
    scale: Tensor,
    kept: Tensor,
    size: Tensor,
    root: Tensor,
    shrunk: Tensor,
    beta: float,
    gamma: float,
    eps: float,
) -> None:
    """AdamW on one weight (Loshchilov & Hutter 2019), in the order of torch's fused kernel."""
    clipped = gradient.float() / scale
    mean = first + (clipped - first) * (1 - beta)
    square = second * gamma + clipped * clipped * (1 - gamma)
    new = whole * shrunk - size * mean / (square.sqrt() / root + eps)
    new = torch.where(kept > 0, new, whole)
    first.copy_(torch.where(kept > 0, mean, first))
    second.copy_(torch.where(kept > 0, square, second))
    whole.copy_(new)
    half.copy_(new)
