"""Encoders and heads on disk: what a training leaves and what the next phase opens.

See `checkpoints` for the folder that holds them.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, XLMRobertaConfig
from transformers.utils import logging as transformers_logging

from xstilts.formats import checkpoints
from xstilts.model import architecture, weight_delta
from xstilts.model.architecture import Encoder, longest, supports_packing
from xstilts.model.attention import PACKED
from xstilts.model.settings import Model
from xstilts.model.tokens import roles_in

_LOG = logging.getLogger(__name__)
_UNLIMITED = int(1e30)  # transformers' own word for a tokenizer whose encoder takes any length
transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def fresh(model: Model, vocabulary: int, pad: int) -> Encoder:
    """An encoder of that architecture with random weights; the caller seeds torch."""
    config = XLMRobertaConfig(
        vocab_size=vocabulary,
        hidden_size=model.hidden,
        num_hidden_layers=model.layers,
        num_attention_heads=model.heads,
        intermediate_size=model.feed_forward,
        max_position_embeddings=model.positions,
        hidden_dropout_prob=model.dropout,
        attention_probs_dropout_prob=model.dropout,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        pad_token_id=pad,
    )
    return unpadded(AutoModel.from_config(config, add_pooling_layer=False))  # type: ignore[no-untyped-call]


def open_encoder(folder: Path) -> Encoder:
    """The encoder of a folder that `save_encoder` wrote, in fp32; a difference is added to its base.

    Raises:
        ValueError: the weights are damaged or missing, or the base is missing or another; the message names the folder.
    """
    path = Path(folder) / weight_delta.FILE
    if not path.exists():
        return unpadded(_open(folder, folder))
    parts, weights = weight_delta.read(path)
    encoder = _open(folder, checkpoints.base_of(Path(folder).parent, weights) / "encoder")
    weight_delta.add(parts, distinct(encoder.state_dict()))
    return unpadded(encoder)


def _open(folder: Path, weights: Path) -> Encoder:
    """The configuration of one folder with the weights of another."""
    try:
        config = AutoConfig.from_pretrained(folder)
        kind = architecture.class_of(config)
        return kind.from_pretrained(weights, config=config, dtype=torch.float32, **architecture.options(kind))
    except Exception as error:
        if not Path(folder).exists():
            raise
        raise ValueError(
            f"{weights} does not open as an encoder ({type(error).__name__}: {error}); if the file is damaged, delete "
            "the folder and run `dvc checkout` or `dvc repro`"
        ) from error


def unpadded(encoder: Encoder) -> Encoder:
    """The encoder, its rows free of padding from now on where its architecture allows it."""
    if supports_packing(encoder):
        encoder.set_attn_implementation(PACKED)
    else:
        _LOG.warning(
            "the encoder %s does not take unpadded rows; its batches are padded to their longest sequence",
            encoder.config.model_type,
        )
    return encoder


def distinct(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights without those that are another by a second name (T5's embedding table)."""
    seen: set[tuple[int, torch.Size]] = set()
    found = {}
    for name, weight in weights.items():
        place = (weight.data_ptr(), weight.shape)
        if place not in seen or not weight.numel():
            found[name] = weight
        seen.add(place)
    return found


def save_encoder(
    encoder: Encoder, folder: Path, tokenizer: Path, base: Path | None = None, roles: Mapping[str, str] | None = None
) -> None:
    """Write an encoder with its tokenizer beside it.

    Args:
        encoder: in fp32, on the CPU.
        folder: where to.
        tokenizer: the `tokenizer.json` to copy.
        base: the checkpoint that its weights are stored as a difference from; None writes a plain transformers model.
        roles: special tokens with names of their own (`Tokens`); None takes those beside the tokenizer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = encoder.config
    roles = roles_in(Path(tokenizer).parent) if roles is None else roles
    attention, config._attn_implementation_internal = config._attn_implementation_internal, "sdpa"
    if base is None:
        encoder.save_pretrained(folder)
    else:
        config.save_pretrained(folder)
        start = _open(base / "encoder", base / "encoder").state_dict()
        parts = weight_delta.between(distinct(encoder.state_dict()), distinct(start))
        weight_delta.write(parts, folder / weight_delta.FILE, checkpoints.weights_of(base))
    config._attn_implementation_internal = attention
    (folder / "tokenizer.json").write_bytes(Path(tokenizer).read_bytes())
    most = longest(encoder)
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": _UNLIMITED if most is None else most,
        **roles,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings) + "\n", encoding="utf-8")


def save_head(head: nn.Module, folder: Path, task: str) -> None:
    """Write one head below a checkpoint folder."""
    path = folder / "heads" / f"{task}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in head.state_dict().items()}, path)


def open_head(head: nn.Module, folder: Path, task: str) -> nn.Module:
    """Fill a head with the weights of a checkpoint folder.

    Raises:
        ValueError: the file is missing, damaged, or of another shape.
    """
    path = Path(folder) / "heads" / f"{task}.safetensors"
    try:
        head.load_state_dict(load_file(path))
    except Exception as error:
        raise ValueError(f"{path} does not open as the head of {task} ({type(error).__name__}: {error})") from error
    return head
