"""Weights shared out among processes (FSDP2): each holds a part of every matrix and of the optimiser's state.

Lightning's `ModelParallelStrategy` gives the mesh, torch's `fully_shard` cuts encoder blocks, the rest of the encoder
and each head. What is written is whole again, so that nothing but the memory of a step changes.
"""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.strategies import ModelParallelStrategy
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor

from xstilts.model.settings import Runtime

NAME = "fsdp"


def strategy(runtime: Runtime, subjects: int) -> str | ModelParallelStrategy:
    """Lightning's strategy; several processes that learn a mixture leave some heads out of every step.

    Raises:
        ValueError: a strategy that shards weights in another way.
    """
    if runtime.strategy == NAME:
        if not isinstance(runtime.devices, int) or runtime.devices < 1:
            raise ValueError(
                f"params.yaml: runtime.strategy {NAME} needs a number of devices a node, and runtime.devices is "
                f"{runtime.devices!r}; write e.g. devices: 4"
            )
        processes = runtime.devices * runtime.nodes
        return ModelParallelStrategy(
            data_parallel_size=processes, tensor_parallel_size=1, save_distributed_checkpoint=False
        )
    if runtime.strategy.startswith(("fsdp", "deepspeed", "model_parallel")):
        raise ValueError(
            f"params.yaml: runtime.strategy is {runtime.strategy!r}; allowed: auto, ddp and its variants, and {NAME}, "
            "which shards the weights"
        )
    several = runtime.devices != 1 or runtime.nodes > 1
    if several and subjects > 1 and runtime.strategy in ("auto", "ddp"):
        return "ddp_find_unused_parameters_true"
    return runtime.strategy


def shard(encoder: nn.Module, heads: nn.ModuleDict, mesh: DeviceMesh) -> None:
    """Cut the blocks of an encoder, what remains of it, and every head."""
    blocks = [block for part in encoder.modules() if isinstance(part, nn.ModuleList) for block in part]
    for block in blocks:
        fully_shard(block, mesh=mesh)
    fully_shard(encoder, mesh=mesh)
    for head in heads.values():
        fully_shard(head, mesh=mesh)
        register_fsdp_forward_method(head, "loss")


def whole(module: pl.LightningModule) -> dict[str, Tensor]:
    """The weights of a module in one piece; of a sharded one they are gathered, on the first process alone."""
    if not sharded(module):
        return dict(module.state_dict())
    state: dict[str, Any] = get_model_state_dict(
        module, options=StateDictOptions(full_state_dict=True, cpu_offload=True)
    )
    return state


def sharded(module: nn.Module) -> bool:
    """Whether a module's weights are shared out."""
    return any(isinstance(parameter, DTensor) for parameter in module.parameters())
