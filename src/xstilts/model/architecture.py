"""What a transformers encoder is, read off the module itself: no list of model types.

Positions, segments, layers, whether its rows need padding and where a sequence's meaning is read follow from its
modules, from what its `forward` takes, and from what the stage `pretrained` found out by trying (`note`).
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast
from weakref import WeakKeyDictionary

from torch import nn
from transformers import AutoModel, AutoModelForTextEncoding, PreTrainedModel

from xstilts.model.tokens import NOTE

# A transformers encoder. torch types every attribute of a module as Tensor | Module, which fits none of them.
Encoder = Any
Reading = Literal["first", "mean", "last"]  # which tokens of a sequence stand for it


@dataclass(frozen=True)
class Facts:
    """Of one encoder.

    Attributes:
        arguments: what its `forward` takes.
        segments: whether it tells the first of two texts from the second.
        first_position: the position id of a sequence's first token.
        longest: tokens of one sequence that it has positions for; None where nothing limits them.
        interface: whether its attention goes through transformers' interface and its positions can be given, so that
            a row may hold sequences one after the other.
    """

    arguments: frozenset[str]
    segments: bool
    first_position: int
    longest: int | None
    interface: bool


_KNOWN: WeakKeyDictionary[nn.Module, Facts] = WeakKeyDictionary()


def facts(encoder: Encoder) -> Facts:
    """What an encoder's modules say of it; looked up once."""
    if encoder not in _KNOWN:
        _KNOWN[encoder] = _facts(encoder)
    return _KNOWN[encoder]


def _facts(encoder: Encoder) -> Facts:
    arguments = frozenset(inspect.signature(encoder.forward).parameters)
    tables = {name: part for name, part in encoder.named_modules() if isinstance(part, nn.Embedding)}
    positions = next((table for name, table in tables.items() if _called(name, "position")), None)
    types = next((table for name, table in tables.items() if _called(name, "token_type")), None)
    # RoBERTa and its like number positions from the padding index on.
    first = 0 if positions is None or positions.padding_idx is None else positions.padding_idx + 1
    places = positions.num_embeddings - first if positions is not None else None
    limits = [most for most in (places, getattr(encoder.config, "max_position_embeddings", None)) if most]
    return Facts(
        arguments,
        types is not None and types.num_embeddings > 1 and "token_type_ids" in arguments,
        first,
        int(min(limits)) if limits and min(limits) > 0 else None,
        bool(getattr(encoder, "_supports_attention_backend", False)) and "position_ids" in arguments,
    )


def _called(name: str, what: str) -> bool:
    return what in name.rpartition(".")[2]


def first_position(encoder: Encoder) -> int:
    """The position id of a sequence's first token in this encoder."""
    return facts(encoder).first_position


def longest(encoder: Encoder) -> int | None:
    """How many tokens of one sequence this encoder has positions for; None where nothing limits them."""
    return facts(encoder).longest


def check_length(encoder: Encoder, length: int, what: str) -> None:
    """Refuse sequences that an encoder has no positions for.

    Raises:
        ValueError: `length`, called `what`, is too long.
    """
    most = longest(encoder)
    if most is not None and length > most:
        raise ValueError(f"{what} is {length}, but the encoder takes at most {most} tokens; shorten it")


def layers(encoder: Encoder) -> nn.ModuleList | None:
    """Its layers in their order; None where they are no list of as many modules (ALBERT's share one)."""
    number = encoder.config.num_hidden_layers
    lists = (part for part in encoder.modules() if isinstance(part, nn.ModuleList))
    return next((part for part in lists if len(part) == number), None)


def supports_packing(encoder: Encoder) -> bool:
    """Whether a row of it may hold sequences one after the other, without padding."""
    return facts(encoder).interface and bool(noted(encoder.config).get("unpadded", True))


def reading(encoder: Encoder) -> Reading:
    """Which tokens of a sequence stand for it: the first, unless `pretrained` noted otherwise."""
    return cast(Reading, noted(encoder.config).get("reading", "first"))


def noted(config: Any) -> Mapping[str, Any]:
    """What `note` wrote into a configuration."""
    found: Mapping[str, Any] = getattr(config, NOTE, None) or {}
    return found


def note(config: Any, *, unpadded: bool = True, reading: Reading = "first") -> None:
    """Write into a configuration what trying the encoder has shown; the usual is not written."""
    found: dict[str, Any] = {} if unpadded else {"unpadded": False}
    found |= {} if reading == "first" else {"reading": reading}
    if found:
        setattr(config, NOTE, found)


def class_of(config: Any) -> type[PreTrainedModel]:
    """The class of transformers that is the bare encoder of a configuration: of T5 and its like, the encoder alone.

    Raises:
        ValueError: it has no encoder that transformers opens by itself.
    """
    mapping: Any = AutoModelForTextEncoding._model_mapping if _is_pair(config) else AutoModel._model_mapping
    if type(config) not in mapping:
        raise ValueError(
            f"{config.model_type} has no encoder of text that transformers opens by itself; see docs/encoders.md for "
            "the families that are served"
        )
    return cast(type[PreTrainedModel], mapping[type(config)])


def _is_pair(config: Any) -> bool:
    """Whether a configuration's plain model is an encoder with a decoder; that of a saved T5 encoder denies it."""
    return bool(config.is_encoder_decoder) or any(
        "EncoderModel" in (name or "") for name in getattr(config, "architectures", None) or ()
    )


def options(kind: type[PreTrainedModel]) -> dict[str, Any]:
    """What leaves out the pooler of a class that has one: our heads bring their own."""
    return {"add_pooling_layer": False} if "add_pooling_layer" in inspect.signature(kind.__init__).parameters else {}
