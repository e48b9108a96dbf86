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
    """A BERT-like encoder without pooler; sizes as in transformers' configurations, `types` is segments."""

    kind: str
    vocabulary: int
    layers: int
    hidden: int
    heads: int
    feed_forward: int
    positions: int
    types: int = 1
    dropout: float = 0.1

    @property
    def body(self) -> int:
        """Parameters that every token goes through: all but the embedding tables."""
        hidden, wide = self.hidden, self.feed_forward
        attention = 4 * hidden * (hidden + 1)
        return self.layers * (attention + hidden * (wide + 1) + wide * (hidden + 1) + 4 * hidden)

    @property
    def parameters(self) -> int:
        """All parameters of the encoder, heads left out."""
        return self.body + self.hidden * (self.vocabulary + self.positions + self.types + 2)


# From the config.json of each model on the Hub; for others the file itself is read.
KNOWN = {
    "xlm-roberta-large": Architecture("xlm-roberta", 250_002, 24, 1024, 16, 4096, 514),
    "xlm-roberta-base": Architecture("xlm-roberta", 250_002, 12, 768, 12, 3072, 514),
    "bert-base-multilingual-cased": Architecture("bert", 119_547, 12, 768, 12, 3072, 512, types=2),
    "multilingual-e5-small": Architecture("bert", 250_037, 12, 384, 12, 1536, 512, types=2),
    "bert-base-multilingual-uncased": Architecture("bert", 105_879, 12, 768, 12, 3072, 512, types=2),
}


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
    known = KNOWN.get(model.name.rpartition("/")[2])
    return known or _read(_downloaded(model.name, model.revision))


def _downloaded(name: str, revision: str | None) -> Path:
    from huggingface_hub import hf_hub_download  # here: it takes half a second, and known names do not need it

    try:
        return Path(hf_hub_download(name, "config.json", revision=revision))
    except Exception as error:
        raise ValueError(
            f"the sizes of {name!r} are not known here and its config.json cannot be had from the Hub "
            f"({type(error).__name__}). Known without it: {', '.join(KNOWN)}. Go online once, or give a folder"
        ) from error


def _read(path: Path) -> Architecture:
    row: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    try:
        return Architecture(
            kind=row["model_type"],
            vocabulary=row["vocab_size"],
            layers=row["num_hidden_layers"],
            hidden=row["hidden_size"],
            heads=row["num_attention_heads"],
            feed_forward=row["intermediate_size"],
            positions=row["max_position_embeddings"],
            types=row.get("type_vocab_size", 0),
            dropout=row.get("hidden_dropout_prob", 0.1),
        )
    except KeyError as error:
        raise ValueError(f"{path} has no {error}: it is not the configuration of a BERT-like encoder") from error
