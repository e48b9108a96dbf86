"""Any configuration of transformers measured by building its encoder on torch's meta device, which holds no weights."""

from collections.abc import Mapping
from typing import Any

import torch
from transformers import AutoConfig

from xstilts.commands.dry_run.architectures import Architecture
from xstilts.model import architecture
from xstilts.model.settings import OFFSET
from xstilts.training import adoption

_ENOUGH = 1 << 20  # positions of an encoder that has no limit


def built(row: Mapping[str, Any], device: str) -> Any:
    """The bare encoder of a configuration, with random weights on a device.

    Raises:
        ValueError: transformers has no encoder of this type, or the configuration is faulty.
    """
    try:
        config = AutoConfig.for_model(**row)
        adoption.settle(config)
        kind = architecture.class_of(config)
        with torch.device(device):
            return kind(config, **architecture.options(kind))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"no encoder of type {row.get('model_type')!r} can be built from its configuration: {error}"
        ) from error


def measured(row: Mapping[str, Any]) -> Architecture:
    """The sizes of a configuration's encoder, its parameters counted one by one."""
    body = built(row, "meta")
    config, table = body.config, body.get_input_embeddings()
    tables = {id(part.weight): part.weight.numel() for part in body.modules() if isinstance(part, torch.nn.Embedding)}
    parameters = sum(parameter.numel() for parameter in body.parameters())
    facts = architecture.facts(body)
    return Architecture(
        kind=config.model_type,
        vocabulary=table.num_embeddings,
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        heads=config.num_attention_heads,
        feed_forward=0,
        positions=(facts.longest or _ENOUGH) + OFFSET,
        types=2 if facts.segments else 1,
        width=table.embedding_dim,
        counted=(parameters - sum(tables.values()), parameters),
        config=dict(row),
    )
