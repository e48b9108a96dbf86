"""An encoder, one fresh head for each label space, and the optimiser: what Lightning trains.

The recipe fixes the mathematics; Lightning's trainer decides where it is computed.
"""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from xstilts.model import dropout
from xstilts.model.architecture import Encoder, layers, supports_packing
from xstilts.model.batching import Batch, after_attention, hidden_states
from xstilts.training import sharding
from xstilts.training.cuda_graphs import Graphs, lacking
from xstilts.training.master_weights import MasterWeights
from xstilts.training.schedule import MicroBatch
from xstilts.training.settings import Recipe

_LOG = logging.getLogger(__name__)
_UNCHECKED = 50  # losses that lie on a device before they are looked at
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
        longest: tokens of the longest training sequence, where steps are to be recorded as CUDA graphs, else 0.
        compiled: whether layers are compiled (`torch.compile`).
    """

    schedule: Callable[[], Iterable[MicroBatch]]
    longest = 0
    compiled = False
    graphs: Graphs | None = None
    halves: MasterWeights | None = None

    def __init__(self, encoder: Encoder, heads: Mapping[str, nn.Module], recipe: Recipe, steps: int, seed: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict(heads)
        dropout.install(self)
        self.recipe, self.steps, self.seed = recipe, steps, seed
        self._unchecked: list[tuple[int, str, Tensor]] = []

    def configure_model(self) -> None:
        """Lightning's hook: share the weights out where the strategy has a mesh for it."""
        if self.device_mesh is not None and not sharding.sharded(self):
            sharding.shard(self.encoder, self.heads, self.device_mesh["data_parallel"])

    def train_dataloader(self) -> Iterable[MicroBatch]:
        """Lightning's hook: it asks once it knows this process's rank and the step that a training resumes at."""
        return self.schedule()

    def on_train_start(self) -> None:
        """Lightning's hook: record steps where the device can, see `xstilts.training.cuda_graphs`."""
        able = self.longest and self.recordable()
        if able and (missing := lacking()):
            _LOG.warning(
                "steps are launched kernel by kernel, which takes several times as long: %s is missing", missing
            )
        elif able:
            for group in self.optimizer.param_groups:
                # A recorded step reads the rate from the device; a number would stay that of the recording.
                group["lr"] = torch.tensor(float(group["lr"]), device=self.device)
                group["capturable"] = True
            self.halves = MasterWeights(self.encoder, self.optimizer, compiled=self.device.type == "cuda")
            self.graphs = Graphs(self.whole_step, self.longest, self.device)
        if self.compiled and self.graphs:
            # Layers share their code, so that one is compiled for all, and for rows of any length.
            for layer in layers(self.encoder) or ():
                layer.compile(dynamic=True)
        elif self.compiled:
            self.encoder.compile()

    def recordable(self) -> bool:
        """Whether device, precision, encoder and a single process with whole weights allow steps to be recorded."""
        alone = self.trainer.world_size == 1 and self.trainer.accumulate_grad_batches == 1
        rounded = self.device.type == "cuda" and self.trainer.precision == "bf16-mixed"
        # What was tried on a device is layers of BERT's kind. Of a dictionary of modules a step uses some (X-MOD's
        # adapters), and the rounded weights must all be used.
        tried = after_attention(self.encoder) is not None
        whole = not any(isinstance(part, nn.ModuleDict) for part in self.encoder.modules())
        return alone and rounded and tried and whole and supports_packing(self.encoder) and not sharding.sharded(self)

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """The optimiser itself, not Lightning's wrapping."""
        found = self.optimizers(use_pl_optimizer=False)
        assert isinstance(found, torch.optim.Optimizer)
        return found

    def training_step(self, micro: MicroBatch, index: int) -> Tensor:
        """The mean loss of this micro-batch's share of the step."""
        torch.manual_seed((self.seed * _MIX + micro.step * 1009 + index * 31 + self.global_rank) % 2**63)
        if self.graphs:
            fixed = getattr(self.heads[micro.subject], "fixed", False)
            loss = self.graphs.step(micro.subject, micro.batch, micro.terms, fixed=fixed)
        else:
            loss = self.sum_of_losses(micro.subject, micro.batch) / micro.terms
        self._unchecked.append((micro.step, micro.subject, loss.detach()))
        if not loss.is_cuda or len(self._unchecked) >= _UNCHECKED:
            self.check()
        return loss

    def check(self) -> None:
        """Look at the losses since the last call: a loss is fetched from a CUDA device with others, as that waits.

        Raises:
            FloatingPointError: a loss is not finite. The weights of its step were left as they were.
        """
        looked, self._unchecked = self._unchecked, []
        values = torch.stack([loss for *_, loss in looked]).tolist() if looked else []
        for (step, subject, _), value in zip(looked, values, strict=True):
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"the loss of step {step} ({subject}) is {value}; the last good checkpoint is kept. "
                    "Lower the learning rate in params.yaml (recipes:), or raise the precision (runtime:)"
                )

    def on_train_end(self) -> None:
        """Lightning's hook."""
        self.check()
        self.graphs = self.halves = None

    def sum_of_losses(self, subject: str, batch: Batch, weights: Mapping[str, Tensor] | None = None) -> Tensor:
        """The losses of a batch, summed over its terms; `weights` as in `hidden_states`."""
        head: Any = self.heads[subject]
        loss: Tensor = head.loss(hidden_states(self.encoder, batch, weights), batch)
        return loss

    def whole_step(self, subject: str, batch: Batch, terms: Tensor) -> Tensor:
        """An optimiser step from the batch to the new weights; its loss, shape (), without gradient.

        Args:
            subject: whose head learns.
            batch: on the device.
            terms: what the sum of losses is divided by, shape ().

        Raises:
            RuntimeError: the rounded weights are missing, see `on_train_start`.
        """
        if self.halves is None:
            raise RuntimeError(
                "a whole step needs the rounded weights of `MasterWeights`, which are made when training starts"
            )
        with torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False):
            loss = self.sum_of_losses(subject, batch, self.halves.weights) / terms
        with torch.autocast(self.device.type, enabled=False):
            loss.backward()  # type: ignore[no-untyped-call]
            gradients = [parameter.grad for parameter in self.parameters() if parameter.grad is not None]
            norms = [torch._foreach_norm(some, 2.0, torch.float32) for some in (gradients, self.halves.gradients())]
            norm = torch.linalg.vector_norm(torch.stack([*norms[0], *norms[1]]))
            self.halves.step(self._shrinking(norm), (~norm.isfinite()).to(norm.dtype))
        self.optimizer.zero_grad()
        return loss.detach()

    def _shrinking(self, norm: Tensor) -> Tensor:
        """What gradients of that norm are divided by to be clipped, shape ()."""
        return ((norm + 1e-6) / self.recipe.clip).clamp(min=1.0) if self.recipe.clip else torch.ones_like(norm)

    def transfer_batch_to_device(self, batch: MicroBatch, device: torch.device, dataloader_idx: int) -> MicroBatch:
        """Lightning's hook: a micro-batch on another device; a recorded step copies it to where it reads it."""
        if self.graphs:
            return batch
        return MicroBatch(batch.step, batch.subject, batch.batch.to(device), batch.terms)

    def backward(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Lightning's hook."""
        if not self.graphs:
            super().backward(loss, *args, **kwargs)

    def optimizer_zero_grad(self, epoch: int, batch_idx: int, optimizer: Any) -> None:
        """Lightning's hook."""
        if not self.graphs:
            super().optimizer_zero_grad(epoch, batch_idx, optimizer)

    def optimizer_step(self, epoch: int, batch_idx: int, optimizer: Any, optimizer_closure: Any = None) -> None:
        """Lightning's hook: where steps are recorded, `training_step` has done all of it."""
        if self.graphs:
            optimizer_closure()
        else:
            super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)

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
            parameters = [parameter for parameter in self.parameters() if parameter.grad is not None]
            norm = self._norm(parameters)
            if norm.is_cuda and getattr(self.trainer.precision_plugin, "scaler", None) is not None:
                nn.utils.clip_grads_with_norm_(parameters, self.recipe.clip, norm)
                return
            # The fused optimiser divides by this on its way through the gradients: one pass over them less.
            optimizer.grad_scale = self._shrinking(norm)
            # With this it leaves the weights alone: a loss on a CUDA device is looked at later.
            optimizer.found_inf = (~norm.isfinite()).to(norm.dtype)

    def _norm(self, parameters: list[nn.Parameter]) -> Tensor:
        if self.device.type != "cpu":
            return nn.utils.get_total_norm([one.grad for one in parameters if one.grad is not None])
        table = self.encoder.get_input_embeddings().weight
        norms = [_norm(parameter.grad, rows=parameter is table) for parameter in parameters]
        norm: Tensor = torch.linalg.vector_norm(torch.stack(norms))
        return norm


def _norm(gradient: Tensor | None, *, rows: bool) -> Tensor:
    """The norm of a gradient; of a table row by row, so that rows of zeros do not change how the sum is rounded."""
    norm: Tensor
    if rows:
        norm = torch.linalg.vector_norm(torch.linalg.vector_norm(gradient, dim=1).double()).float()
    else:
        norm = torch.linalg.vector_norm(gradient)
    return norm
