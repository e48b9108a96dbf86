"""An encoder that others have pretrained, as transformers opens it, made ready for the heads of this project.

Its tokenizer gets special tokens around texts if it has none; its language-model head comes along where it has the form
of ours; and what the architecture does not say of itself is found out by trying (`probe.behaviour`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, processors
from torch import nn
from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING

from xstilts.model import architecture, encoder
from xstilts.model.architecture import Encoder
from xstilts.model.shapes import mlm
from xstilts.model.tokens import ROLES, Tokens
from xstilts.training import probe

_FIRST = "default_language"  # of X-MOD: whose adapters all text goes through


@dataclass(frozen=True)
class Adopted:
    """An encoder with its tokenizer, and its language-model head if that has the form of `mlm.Head`.

    `roles` are special tokens with names of their own, see `Tokens`.
    """

    body: Encoder
    tokenizer: Tokenizer
    roles: dict[str, str]
    head: nn.Module | None

    def save(self, folder: Path) -> None:
        """Write `encoder/` and, if there is a head, `heads/mlm.safetensors`."""
        place = folder / "encoder"
        place.mkdir(parents=True)
        self.tokenizer.save(str(place / "tokenizer.json"))
        encoder.save_encoder(self.body, place, place / "tokenizer.json", roles=self.roles)
        if self.head is not None:
            encoder.save_head(self.head, folder, "mlm")


def adopt(name: str, revision: str | None) -> Adopted:
    """An encoder by its name on the Hub, or from a folder.

    Raises:
        ValueError: it has no fast tokenizer, or cannot be served; the message says why.
        OSError: the Hub cannot be reached and the model is not in its cache; transformers says what to set.
    """
    config = AutoConfig.from_pretrained(name, revision=revision)
    settle(config)
    kind = architecture.class_of(config)
    tokenizer, roles = _tokenizer(name, revision)
    whole, body = _opened(name, revision, config, kind)
    words = Tokens(tokenizer, Path(name, "tokenizer.json"), roles=roles)
    _check_table(body, words, name)
    architecture.note(body.config, **probe.behaviour(body, words))
    return Adopted(body, tokenizer, roles, _language_model(whole, body))


def _tokenizer(name: str, revision: str | None) -> tuple[Tokenizer, dict[str, str]]:
    loaded = AutoTokenizer.from_pretrained(name, revision=revision)
    backend: Tokenizer | None = getattr(loaded, "backend_tokenizer", None)
    if backend is None:
        raise ValueError(
            f"{name} has no fast tokenizer, whose character offsets question answering needs; choose another encoder"
        )
    if not any(backend.encode("a").special_tokens_mask):
        _surround(backend, loaded, name)
    known = {role: getattr(loaded, role, None) for role in ROLES}
    return backend, {role: str(token) for role, token in known.items() if token and str(token) not in ROLES[role]}


def _surround(backend: Tokenizer, loaded: Any, name: str) -> None:
    """Close every text with the token that ends a text: without it two texts would run into each other."""
    end = loaded.eos_token or loaded.sep_token
    if end is None:
        raise ValueError(f"the tokenizer of {name} has no special token that could stand between two texts")
    closing = processors.TemplateProcessing(
        single=f"$A {end}", pair=f"$A {end} $B {end}", special_tokens=[(end, backend.token_to_id(end))]
    )
    before = backend.post_processor
    backend.post_processor = closing if before is None else processors.Sequence([before, closing])


def _opened(name: str, revision: str | None, config: Any, kind: Any) -> tuple[Any, Encoder]:
    """The model with its language-model head, if it was pretrained with one, and the encoder in it."""
    with_head = any("MaskedLM" in (one or "") for one in config.architectures or ())
    if with_head and type(config) in MODEL_FOR_MASKED_LM_MAPPING:
        whole = AutoModelForMaskedLM.from_pretrained(name, config=config, revision=revision, dtype=torch.float32)
        return whole, whole.base_model
    extra = architecture.options(kind)
    body = kind.from_pretrained(name, config=config, revision=revision, dtype=torch.float32, **extra)
    return body, body


def settle(config: Any) -> None:
    """Fill in what a configuration leaves open and an encoder does not run without."""
    if getattr(config, _FIRST, "") is None:
        setattr(config, _FIRST, "en_XX" if "en_XX" in config.languages else config.languages[0])


def _check_table(body: Encoder, words: Tokens, name: str) -> None:
    try:
        table = body.get_input_embeddings()
    except NotImplementedError:
        table = None
    if not isinstance(table, nn.Embedding):
        raise ValueError(f"{name} cannot be served: {body.config.model_type} has no table with one vector a token")
    largest = max(words.tokenizer.get_vocab().values())
    if largest >= table.num_embeddings:
        raise ValueError(
            f"the tokenizer of {name} has the token {largest}, but the encoder's table has {table.num_embeddings} "
            "rows: the two do not belong together"
        )


def _language_model(whole: Any, body: Encoder) -> nn.Module | None:
    """RoBERTa's head and those of its like, which are ours; None for others."""
    theirs = getattr(whole, "lm_head", None)
    table = body.get_input_embeddings()
    if theirs is None or not all(hasattr(theirs, part) for part in ("dense", "layer_norm", "bias")):
        return None
    if whole.get_output_embeddings().weight is not table.weight:
        return None
    head = mlm.Head(body.config.hidden_size, table)
    head.dense.load_state_dict(theirs.dense.state_dict())
    head.norm.load_state_dict(theirs.layer_norm.state_dict())
    head.bias.data.copy_(theirs.bias.data)
    return head
