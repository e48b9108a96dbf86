"""`xstilts export`: a checkpoint as a plain transformers folder, for anybody who has transformers alone.

The weights are the ones that training and prediction use: a difference is added to its base. A head goes along where
transformers has the same one; its model gives the same logits.
"""

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import transformers
from torch import nn
from transformers import AutoConfig, PreTrainedTokenizerFast

from xstilts.formats import atomic, checkpoints
from xstilts.model import encoder, shapes
from xstilts.model.architecture import Encoder, reading
from xstilts.model.shapes import mlm
from xstilts.model.tokens import Tokens
from xstilts.training.job import MLM

ROBERTA = ("xlm-roberta", "roberta", "camembert")
BERT = ("bert",)
# Where transformers keeps what our heads hold, by shape and kind of encoder: its class, and its module for each of
# ours. A pooler is a dense layer and tanh at `<s>`. BERT's language-model head has another epsilon than ours.
SAME: Mapping[tuple[str, tuple[str, ...]], tuple[str, Mapping[str, str]]] = {
    ("classification", ROBERTA): (
        "AutoModelForSequenceClassification",
        {"dense": "classifier.dense", "out": "classifier.out_proj"},
    ),
    ("classification", BERT): (
        "AutoModelForSequenceClassification",
        {"dense": "base.pooler.dense", "out": "classifier"},
    ),
    ("tagging", (*ROBERTA, *BERT)): ("AutoModelForTokenClassification", {"out": "classifier"}),
    ("span", (*ROBERTA, *BERT)): ("AutoModelForQuestionAnswering", {"out": "qa_outputs"}),
    ("choice", (*ROBERTA, *BERT)): (
        "AutoModelForMultipleChoice",
        {"dense": "base.pooler.dense", "out": "classifier"},
    ),
    (MLM, ROBERTA): ("AutoModelForMaskedLM", {"dense": "lm_head.dense", "norm": "lm_head.layer_norm"}),
}
SPECIALS = {
    "bos_token": ("<s>", "[CLS]"),
    "eos_token": ("</s>", "[SEP]"),
    "cls_token": ("<s>", "[CLS]"),
    "sep_token": ("</s>", "[SEP]"),
    "pad_token": ("<pad>", "[PAD]"),
    "unk_token": ("<unk>", "[UNK]"),
    "mask_token": ("<mask>", "[MASK]"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "checkpoint", type=Path, help="a checkpoint folder, such as checkpoints/intermediate/mnli/seed1"
    )
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("--head", metavar="TASK", help="take this task's head along")
    parser.add_argument("--force", action="store_true", help="replace the folder if it is there")


def run(arguments: argparse.Namespace) -> int:
    """Write the folder and say what opens it.

    Raises:
        ValueError: the checkpoint is not whole, has no such head, or the folder is there already.
    """
    checkpoint, out = arguments.checkpoint, arguments.out
    card = checkpoints.check(checkpoint)
    _refuse(checkpoint, out, force=arguments.force)
    name = arguments.head
    body = encoder.open_encoder(checkpoint / "encoder")
    head = _open_head(body, card, checkpoint, name) if name else None
    shape = MLM if name == MLM else card["heads"][name]["shape"] if name else ""
    same = next((SAME[s, kinds] for s, kinds in SAME if s == shape and body.config.model_type in kinds), None)
    with atomic.whole(out) as folder:
        if head is not None and same is not None:
            _write_with_head(body, head, same, card["heads"].get(name, {"labels": ()})["labels"], folder)
        else:
            encoder.save_encoder(body, folder, checkpoint / "encoder" / "tokenizer.json")
        if head is not None and same is None:
            encoder.save_head(head, folder, name)
        _write_tokenizer(checkpoint / "encoder", folder)
        shutil.copyfile(checkpoint / checkpoints.CARD, folder / "xstilts.json")
    print(f"{out}: transformers.{same[0] if same else 'AutoModel'}.from_pretrained opens it")  # noqa: T201
    if head is not None and same is None:
        print(f"transformers has no head like that of {name}: it lies in heads/{name}.safetensors")  # noqa: T201
    return 0


def _refuse(checkpoint: Path, out: Path, *, force: bool) -> None:
    source, target = checkpoint.resolve(), out.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise ValueError(f"{out} is {checkpoint}, or one lies in the other; name a folder of its own")
    if out.exists() and not force:
        raise ValueError(f"{out} is there already; name another folder, or replace it with --force")


def _open_head(body: Encoder, card: Mapping[str, Any], checkpoint: Path, name: str) -> nn.Module:
    known = sorted(path.stem for path in (checkpoint / "heads").glob("*.safetensors"))
    if name not in known:
        raise ValueError(f"{checkpoint} has heads for {', '.join(known) or 'nothing'}, not for {name!r}")
    hidden = body.config.hidden_size
    if name == MLM:
        return encoder.open_head(mlm.Head(hidden, body.get_input_embeddings()), checkpoint, name)
    row = card["heads"][name]
    return encoder.open_head(shapes.get(row["shape"]).Head(hidden, 0.0, row["labels"], reading(body)), checkpoint, name)


def _write_with_head(
    body: Encoder, head: nn.Module, same: tuple[str, Mapping[str, str]], labels: Sequence[str], folder: Path
) -> None:
    """Write encoder and head as one of transformers' models."""
    opened_by, modules = same
    config = AutoConfig.for_model(**body.config.to_dict())
    if labels:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
    model = getattr(transformers, opened_by).from_config(config)
    base = model.base_model
    base.load_state_dict(body.state_dict() | {f"pooler.{key}": value for key, value in _pooler(base).items()})
    for ours, theirs in modules.items():
        owner = base if theirs.startswith("base.") else model
        owner.get_submodule(theirs.removeprefix("base.")).load_state_dict(head.get_submodule(ours).state_dict())
    if isinstance(head, mlm.Head):
        model.lm_head.bias.data.copy_(head.bias)
    model.save_pretrained(folder)


def _pooler(base: Any) -> dict[str, Any]:
    """The weights of the pooler that the model has and our encoder has not; the head's take their place."""
    pooler = getattr(base, "pooler", None)
    return dict(pooler.state_dict()) if pooler is not None else {}


def _write_tokenizer(source: Path, folder: Path) -> None:
    tokens = Tokens.open(source)
    vocabulary = tokens.tokenizer.get_vocab()
    found = {role: next((name for name in names if name in vocabulary), None) for role, names in SPECIALS.items()}
    settings = json.loads((source / "tokenizer_config.json").read_text(encoding="utf-8"))
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(source / "tokenizer.json"),
        model_max_length=settings["model_max_length"],
        **{role: name for role, name in found.items() if name},
    )
    tokenizer.save_pretrained(folder)
