"""An encoder, one fresh head for each label space, and the optimiser: what Lightning trains.

The recipe fixes the mathematics; Lightning's trainer decides where it is computed.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from xstilts import dropout, sharding
from xstilts.batching import Encoder, hidden_states
from xstilts.params import Recipe
from xstilts.schedule import Micro

_MIX = 2_654_435_761  # Knuth's multiplicative constant: spreads (seed, step) over torch's seeds


class Learner(pl.LightningModule):
    """Learns a mixture of subjects.

    Args:
        encoder: as `encoder.open_encoder` gives it.
        heads: by subject.
        recipe: learning rate, warm-up, weight decay, clipping.
        steps: optimiser steps of the whole training.
        seed: of dropout, with the step; a resumed training drops what an uninterrupted one drops.

    Attributes:
        schedule: makes the micro-batches of a training; whoever trains sets it.
    """

    schedule: Callable[[], Iterable[Micro]]

    def __init__(self, encoder: Encoder, heads: Mapping[str, nn.Module], recipe: Recipe, steps: int, seed: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict(heads)
        dropout.install(self)
        self.recipe, self.steps, self.seed = recipe, steps, seed

    def configure_model(self) -> None:
        """Lightning's hook: share the weights out where the strategy has a mesh for it."""
        if self.device_mesh is not None and not sharding.sharded(self):
            sharding.shard(self.encoder, self.heads, self.device_mesh["data_parallel"])

    def train_dataloader(self) -> Iterable[Micro]:
        """Lightning's hook: it asks once it knows this process's rank and the step that a training resumes at."""
        return self.schedule()

    def training_step(self, micro: Micro, index: int) -> Tensor:
        """The mean loss of this micro-batch's share of the step."""
        torch.manual_seed((self.seed * _MIX + micro.step * 1009 + index * 31 + self.global_rank) % 2**63)
        loss = self.sum_of_losses(micro) / micro.terms
        if not torch.isfinite(loss.detach()):
            raise FloatingPointError(
                f"the loss of step {micro.step} ({micro.subject}) is {loss.item()}; the last good checkpoint is kept. "
                "Lower the learning rate in params.yaml (recipes:), or raise the precision (runtime:)"
            )
        return loss

    def sum_of_losses(self, micro: Micro) -> Tensor:
        """The losses of a micro-batch, summed over its terms."""
        head: Any = self.heads[micro.subject]
        loss: Tensor = head.loss(hidden_states(self.encoder, micro.batch), micro.batch)
        return loss

    def transfer_batch_to_device(self, batch: Micro, device: torch.device, dataloader_idx: int) -> Micro:
        """Lightning's hook: a micro-batch on another device."""
        return Micro(batch.step, batch.subject, batch.batch.to(device), batch.terms)

    def configure_optimizers(self) -> Any:
        """AdamW with linear warm-up and decay; biases and layer norms do not decay."""
        groups: dict[bool, list[nn.Parameter]] = {True: [], False: []}
        for parameter in self.parameters():
            groups[parameter.ndim > 1].append(parameter)
        optimizer = torch.optim.AdamW(
            [
                {"params": groups[True], "weight_decay": self.recipe.weight_decay},
                {"params": groups[False], "weight_decay": 0.0},
            ],
            lr=self.recipe.learning_rate,
            eps=1e-8,
            fused=True,
        )
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, self.rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def rate(self, step: int) -> float:
        """The learning rate of a step as a share of the recipe's."""
        warmup = max(1, round(self.steps * self.recipe.warmup))
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (self.steps - step) / max(1, self.steps - warmup))

    def decay(self, steps: int) -> float:
        """What the weight decay of so many steps makes of a weight without gradient."""
        largest = self.recipe.learning_rate * self.recipe.weight_decay
        return math.prod(1.0 - largest * self.rate(step) for step in range(steps)) if largest else 1.0

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: Any = None, gradient_clip_algorithm: Any = None
    ) -> None:
        """Clip by norm, as torch does: Lightning refuses to clip with a fused optimiser under `bf16-mixed`."""
        if not self.recipe.clip:
            return
        if sharding.sharded(self):
            nn.utils.clip_grad_norm_(self.parameters(), self.recipe.clip)
        else:
            table = self.encoder.get_input_embeddings().weight
            parameters = [parameter for parameter in self.parameters() if parameter.grad is not None]
            norms = [_norm(parameter.grad, rows=parameter is table) for parameter in parameters]
            norm = torch.linalg.vector_norm(torch.stack(norms))
            if norm.device.type != "cpu":
                nn.utils.clip_grads_with_norm_(parameters, self.recipe.clip, norm)
                return
            # The fused optimiser divides by this on its way through the gradients: one pass over them less.
            optimizer.grad_scale = ((norm + 1e-6) / self.recipe.clip).clamp(min=1.0)
            optimizer.found_inf = torch.zeros(())


def _norm(gradient: Tensor | None, *, rows: bool) -> Tensor:
    """The norm of a gradient; of a table row by row, so that rows of zeros do not change how the sum is rounded."""
    norm: Tensor
    if rows:
        norm = torch.linalg.vector_norm(torch.linalg.vector_norm(gradient, dim=1).double()).float()
    else:
        norm = torch.linalg.vector_norm(gradient)
    return norm
