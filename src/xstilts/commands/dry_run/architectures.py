"""Sizes of encoders, known without opening one: what a plan counts with, and what a dry run builds with random weights.

No torch here: a plan is printed before every grid, and torch takes seconds to import.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.model.settings import Model


@dataclass(frozen=True)
class Architecture:
    """An encoder without pooler; sizes as in transformers' configurations, `types` is segments.

    What is not like BERT has its parameters `counted`: all but the embedding tables, and all. `width` is that of its
    table of tokens if it is not `hidden`, `config` what it is built from.
    """

    kind: str
    vocabulary: int
    layers: int
    hidden: int
    heads: int
    feed_forward: int
    positions: int
    types: int = 1
    dropout: float = 0.1
    width: int = 0
    counted: tuple[int, int] | None = None
    config: Mapping[str, Any] | None = None

    @property
    def row(self) -> int:
        """How many numbers the embedding table has for a token."""
        return self.width or self.hidden

    @property
    def body(self) -> int:
        """Parameters that every token goes through: all but the embedding tables."""
        if self.counted is not None:
            return self.counted[0]
        hidden, wide = self.hidden, self.feed_forward
        attention = 4 * hidden * (hidden + 1)
        return self.layers * (attention + hidden * (wide + 1) + wide * (hidden + 1) + 4 * hidden)

    @property
    def parameters(self) -> int:
        """All parameters of the encoder, heads left out."""
        if self.counted is not None:
            return self.counted[1]
        return self.body + self.hidden * (self.vocabulary + self.positions + self.types + 2)


# From the config.json of each model on the Hub; for others the file itself is read.
KNOWN = {
    "xlm-roberta-large": Architecture("xlm-roberta", 250_002, 24, 1024, 16, 4096, 514),
    "xlm-roberta-base": Architecture("xlm-roberta", 250_002, 12, 768, 12, 3072, 514),
    "bert-base-multilingual-cased": Architecture("bert", 119_547, 12, 768, 12, 3072, 512, types=2),
    "multilingual-e5-small": Architecture("bert", 250_037, 12, 384, 12, 1536, 512, types=2),
    "bert-base-multilingual-uncased": Architecture("bert", 105_879, 12, 768, 12, 3072, 512, types=2),
}
# Of other families: what differs from transformers' default of the type, as their papers and cards have it. They are
# built on the meta device and counted.
_MT5 = {"model_type": "mt5", "vocab_size": 250_112, "d_kv": 64, "feed_forward_proj": "gated-gelu"}
_MMBERT = {"model_type": "modernbert", "vocab_size": 256_000, "num_hidden_layers": 22, "intermediate_size": 1152}
CONFIGURATIONS: Mapping[str, Mapping[str, Any]] = {
    "multilingual-e5-base": {
        "model_type": "xlm-roberta", "vocab_size": 250_002, "max_position_embeddings": 514, "type_vocab_size": 1,
    },
    "multilingual-e5-large": {
        "model_type": "xlm-roberta", "vocab_size": 250_002, "max_position_embeddings": 514, "type_vocab_size": 1,
        "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096,
    },
    "distilbert-base-multilingual-cased": {"model_type": "distilbert", "vocab_size": 119_547},
    "mdeberta-v3-base": {
        "model_type": "deberta-v2", "vocab_size": 251_000, "hidden_size": 768, "num_hidden_layers": 12,
        "num_attention_heads": 12, "intermediate_size": 3072, "type_vocab_size": 0, "relative_attention": True,
        "position_buckets": 256, "max_relative_positions": -1, "norm_rel_ebd": "layer_norm", "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"], "position_biased_input": False,
    },
    "ModernBERT-base": {"model_type": "modernbert"},
    "mmBERT-base": {**_MMBERT, "hidden_size": 768, "num_attention_heads": 12},
    "mmBERT-small": {**_MMBERT, "hidden_size": 384, "num_attention_heads": 6},
    "EuroBERT-210m": {"model_type": "eurobert"},
    "rembert": {"model_type": "rembert"},
    "mt5-small": {**_MT5, "d_model": 512, "d_ff": 1024, "num_layers": 8, "num_heads": 6},
    "mt5-base": {**_MT5, "d_model": 768, "d_ff": 2048, "num_layers": 12, "num_heads": 12},
    "xlm-roberta-xl": {"model_type": "xlm-roberta-xl"},
}  # fmt: skip


def of(model: Model) -> Architecture:
    """The architecture of `params.yaml: model`: its own sizes, a known name, a folder's config.json, or the Hub's.

    Raises:
        ValueError: the name is not known here, is no folder, and the Hub cannot be asked.
    """
    if model.name is None:
        sizes = (model.vocabulary, model.layers, model.hidden, model.heads, model.feed_forward, model.positions)
        return Architecture("xlm-roberta", *sizes, dropout=model.dropout)
    folder = Path(model.name)
    if folder.is_dir():
        return _read(folder / "config.json")
    name = model.name.rpartition("/")[2]
    if name in KNOWN:
        return KNOWN[name]
    if name in CONFIGURATIONS:
        from xstilts.commands.dry_run import configurations  # here: torch takes seconds, and the others do not need it

        return configurations.measured(CONFIGURATIONS[name])
    return _read(_downloaded(model.name, model.revision))


def _downloaded(name: str, revision: str | None) -> Path:
    from huggingface_hub import hf_hub_download  # here: it takes half a second, and known names do not need it

    try:
        return Path(hf_hub_download(name, "config.json", revision=revision))
    except Exception as error:
        raise ValueError(
            f"the sizes of {name!r} are not known here and its config.json cannot be had from the Hub "
            f"({type(error).__name__}). Known without it: {', '.join([*KNOWN, *CONFIGURATIONS])}. Go online once, or "
            "give a folder"
        ) from error


def _read(path: Path) -> Architecture:
    from xstilts.commands.dry_run import configurations  # here: torch takes seconds, and known names do not need it

    row: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    try:
        return configurations.measured(row)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
