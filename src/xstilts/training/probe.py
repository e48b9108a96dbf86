"""An encoder tried out on a few sentences before anything is trained with it.

`behaviour` finds what no attribute of a model says: whether sequences may share a row, whether pads change anything,
whether the first token sees the rest. `examine` takes a step of every shape, so that an encoder that cannot serve a
grid fails in its first minute, with the reason.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from xstilts.formats import typed_yaml
from xstilts.formats.examples import Answer, Choice, Question, SentencePair, TaggedSentence
from xstilts.model import architecture, encoder, shapes
from xstilts.model.architecture import Encoder, Reading
from xstilts.model.attention import PACKED
from xstilts.model.batching import Batch, Encoded, collate, hidden_states
from xstilts.model.shapes import Lengths, mlm, retrieval
from xstilts.model.tokens import Tokens
from xstilts.training.settings import Recipe

LONGEST = 192  # tokens of the longest sequence tried: more than the windows of local attention are wide
_NEAR = 1e-3  # states may differ by so much of their largest value: rounding, through all layers
_ROUGHLY = 0.2  # the same in bf16, whose products have 8 significant bits
_UNSEEN = 1e-6  # a state that another token moves by less does not see it
_TEXTS = ("The cat sat on the mat.", "जनवरी 1984", "今天天气很好。", "Wo ist der Bahnhof, bitte?")
_WORDS = ("The", "cat", "sat", "on", "Постоянный", "mat")
EXAMPLES: Mapping[str, tuple[list[Any], tuple[str, ...]]] = {
    "classification": (
        [SentencePair(str(row), text, _TEXTS[0], "ab"[row % 2]) for row, text in enumerate(_TEXTS)],
        ("a", "b"),
    ),
    "tagging": (
        [TaggedSentence(str(row), _WORDS[row:], tuple("ab"[len(word) % 2] for word in _WORDS[row:])) for row in (0, 3)],
        ("a", "b"),
    ),
    "span": ([Question("0", _TEXTS[0], "Who sat?", (Answer("cat", 4),)), Question("1", _TEXTS[3], "Wer?", ())], ()),
    "choice": (
        [Choice("0", _TEXTS[0], ("Why?", "It was tired.", "ไม่รู้"), 1), Choice("1", _TEXTS[1], _TEXTS[2:], 0)],
        (),
    ),
}


@dataclass(frozen=True)
class Needs:
    """What a grid asks of its encoder besides the shapes of tasks.

    Attributes:
        mlm: whether masked language modelling is mixed in anywhere.
        layer: the hidden states that retrieval reads; None without retrieval, or where the file does not name it.
        pooling: of retrieval.
        lengths: tokens of the longest sequences, by their name in params.yaml.
    """

    mlm: bool = False
    layer: int | None = None
    pooling: str = "mean"
    lengths: Mapping[str, int] = field(default_factory=dict)


def needs_in(path: Path) -> Needs:
    """What the grid in a checked params.yaml asks of its encoder.

    It is looked at and decides nothing that is written, so that the stage `pretrained` does not depend on it.
    """
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    recipes = {
        f"recipes.{kind}.{one}": typed_yaml.section(
            path, f"recipes.{kind}.{one}", Recipe, filled=f"recipes.{kind}.default"
        )
        for kind, names in (("intermediate", params["intermediates"]), ("target", params["trainings"]))
        for one in names
    }
    lengths = {f"{name}.max_length": recipe.max_length for name, recipe in recipes.items()}
    for name, recipe in recipes.items():
        lengths |= {f"{name}.max_lengths.{task}": one for task, one in recipe.max_lengths.items()}
    mixed = any(params["mixtures"][name].get("mlm") for name in params["intermediates"])
    mlm = mixed or params["model"].get("name") is None
    if not params["starts_from"]["intermediate"]:
        return Needs(mlm, lengths=lengths)
    read = params.get("retrieval") or {}
    return Needs(mlm, read.get("layer"), read.get("pooling", "mean"), lengths)


@torch.no_grad()
def behaviour(body: Encoder, tokens: Tokens) -> dict[str, Any]:
    """What to `architecture.note` of an encoder as transformers opens it; in the end it is as it was.

    Raises:
        ValueError: it cannot be run, or the pads behind a sequence change its states.
    """
    training, attention = body.training, body.config._attn_implementation
    body.eval()
    encoded = _sequences(body, tokens)
    try:
        alone = [_states(body, encoded, [item])[0] for item in range(len(encoded))]
    except Exception as error:
        raise ValueError(_cannot(body, "run on a sentence", error)) from error
    unpadded = False
    if architecture.facts(body).interface:
        body.set_attn_implementation(PACKED)
        unpadded = _agrees(body, encoded, alone)
        body.set_attn_implementation(attention)
    if not unpadded and not _agrees(body, encoded, alone):
        raise ValueError(
            f"{body.config.model_type} cannot be served: its states of a sentence change with the pads behind it, or "
            "with the sentences beside it in a batch; docs/encoders.md lists the families that are served"
        )
    body.train(training)
    return {"unpadded": unpadded, "reading": _reading(body, tokens)}


def _sequences(body: Encoder, tokens: Tokens) -> Encoded:
    """Sentences of several lengths, one as long as local attention needs to show itself."""
    pieces = list(tokens.pieces(_TEXTS).values())
    most = _length(body, LONGEST) - len(tokens.single(()))
    joined = [piece for part in pieces for piece in part]
    rows = [*pieces, joined * (1 + most // max(1, len(joined)))]
    return Encoded.build([tokens.single(row[:most]) for row in rows])


def _length(body: Encoder, wanted: int) -> int:
    """So many tokens, or as many as the encoder takes."""
    return min(wanted, architecture.longest(body) or wanted)


def _states(body: Encoder, encoded: Encoded, items: Sequence[int]) -> list[Tensor]:
    """The states of each of these sequences, computed in one batch."""
    device = next(body.parameters()).device
    batch = collate(encoded, np.array(items), architecture.first_position(body)).to(device)
    found = hidden_states(body, batch).float()
    places = zip(batch.starts.tolist(), batch.sizes.tolist(), strict=True)
    return [found[start : start + size] for start, size in places]


def _agrees(body: Encoder, encoded: Encoded, alone: Sequence[Tensor]) -> bool:
    """Whether sequences have the same states in a batch as each by itself."""
    try:
        together = _states(body, encoded, range(len(encoded)))
    except Exception:  # it does not take such rows, whatever it says of itself
        return False
    return all(_apart(one, other) < _NEAR for one, other in zip(together, alone, strict=True))


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max() / other.abs().max().clamp_min(1e-12))


def _reading(body: Encoder, tokens: Tokens) -> Reading:
    """The first token, if it is a special one that sees the rest; the last where none sees what follows; else all."""
    pieces = tokens.pieces(_TEXTS)
    was = pieces[_TEXTS[0]][: _length(body, LONGEST) - len(tokens.single(()))]
    others = [piece for text in _TEXTS for piece in pieces[text]] + [*tokens.template.single_suffix]
    now = [*was[:-1], next((piece for piece in others if piece != was[-1]), 0)]
    one, other = (_states(body.eval(), Encoded.build([tokens.single(row)]), [0])[0] for row in (was, now))
    if _apart(one[:1], other[:1]) < _UNSEEN:
        return "last"
    return "first" if tokens.template.prefix else "mean"


def examine(folder: Path, needs: Needs, device: torch.device, precision: str = "32-true") -> None:
    """Take a step of every shape, without changing a weight, and read what retrieval reads.

    Args:
        folder: of a checkpoint, with `encoder/` in it.
        needs: what else the grid asks for.
        device: where.
        precision: of trainings, as Lightning names it; in bf16 other kernels are at work.

    Raises:
        ValueError: something of it does not work with this encoder; the message says what and why.
    """
    tokens = Tokens.open(folder / "encoder")
    body = encoder.open_encoder(folder / "encoder").to(device)
    for name, length in needs.lengths.items():
        architecture.check_length(body, length, f"params.yaml: {name}")
    half = "bf16" in precision
    if half:
        _check_half(body, tokens)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), ExitStack() as stack:
        torch.manual_seed(0)
        stack.enter_context(torch.autocast(device.type, torch.bfloat16, enabled=half))
        for shape in EXAMPLES:
            _try(body, f"learn the shape {shape}", partial(_step, body, tokens, shape))
        if needs.mlm:
            if architecture.reading(body) == "last":
                raise ValueError(
                    f"{body.config.model_type} is causal: no token sees what follows, so it has no masked language "
                    "modelling. Take the intermediates with mlm: true out of params.yaml, or choose another encoder"
                )
            _try(body, "learn masked language modelling", partial(_mask, body, tokens))
    if needs.layer is not None:
        if needs.pooling == "cls" and architecture.reading(body) != "first":
            raise ValueError(
                f"params.yaml: retrieval.pooling is cls, but the first token of {body.config.model_type} does not "
                "stand for its sentence; write retrieval.pooling: mean"
            )
        _retrieve(body, tokens, needs.layer, needs.pooling)


@torch.no_grad()
def _check_half(body: Encoder, tokens: Tokens) -> None:
    """Refuse an encoder whose states in bf16 are not those in fp32, roughly."""
    encoded = _sequences(body.eval(), tokens)
    whole = _states(body, encoded, range(len(encoded)))
    try:
        with torch.autocast(next(body.parameters()).device.type, torch.bfloat16):
            found = _states(body, encoded, range(len(encoded)))
    except Exception as error:
        raise ValueError(_cannot(body, "run in bf16; set runtime.precision: 32-true", error)) from error
    apart = max(_apart(one, other) for one, other in zip(found, whole, strict=True))
    if not apart < _ROUGHLY:
        raise ValueError(
            f"the encoder {body.config.model_type} has other states in bf16 than in fp32: they differ by {apart:.0%} "
            "of the largest; set runtime.precision: 32-true in params.yaml"
        )


def _try(body: Encoder, what: str, step: Callable[[], None]) -> None:
    try:
        step()
    except Exception as error:
        raise ValueError(_cannot(body, what, error)) from error
    finally:
        body.zero_grad()


def _cannot(body: Encoder, what: str, error: Exception) -> str:
    return (
        f"the encoder {body.config.model_type} cannot {what} ({type(error).__name__}: {error}); docs/encoders.md lists "
        "the families that are served"
    )


def _step(body: Encoder, tokens: Tokens, name: str) -> None:
    """Loss and gradients of one shape, then its predictions."""
    examples, labels = EXAMPLES[name]
    shape = shapes.get(name)
    length = _length(body, 64)
    encoded, _ = shape.encode(examples, tokens, Lengths(length, query=length // 4, stride=8), labels)
    head = shape.Head(body.config.hidden_size, 0.0, labels, architecture.reading(body))
    _learn(body, head, encoded)
    batch = _batch(body, encoded)
    with torch.no_grad():
        found = head.eval().predict(hidden_states(body.eval(), batch, read=head.reads(batch)).float(), batch)
    for values in found.values():
        if np.isnan(values).any():
            raise FloatingPointError("a prediction is not a number")


def _mask(body: Encoder, tokens: Tokens) -> None:
    encoded, _ = mlm.encode({"any": _TEXTS}, tokens, Lengths(_length(body, 64)))
    hidden = mlm.hide(
        encoded,
        np.arange(len(encoded)),
        0.5,
        mask=tokens.mask,
        vocabulary=len(tokens),
        specials=np.array(tokens.template.single_suffix),
        rng=np.random.default_rng(0),
    )
    _learn(body, mlm.Head(body.config.hidden_size, body.get_input_embeddings()), hidden)


def _learn(body: Encoder, head: Any, encoded: Encoded) -> None:
    batch = _batch(body, encoded)
    loss = head.to(batch.ids.device).train().loss(hidden_states(body.train(), batch), batch)
    loss.backward()
    table = body.get_input_embeddings().weight
    if table.grad is None or not table.grad.any():
        raise RuntimeError("no gradient reaches the embedding table")
    if not (torch.isfinite(loss) and torch.isfinite(table.grad).all()):
        raise FloatingPointError(f"the loss is {float(loss)}, or a gradient is not finite")


def _batch(body: Encoder, encoded: Encoded) -> Batch:
    device = next(body.parameters()).device
    return collate(encoded, np.arange(len(encoded)), architecture.first_position(body)).to(device)


def _retrieve(body: Encoder, tokens: Tokens, layer: int, pooling: str) -> None:
    """Sentence vectors; the encoder's layers above are gone afterwards."""
    stopped = retrieval.stop_at(body.eval(), layer)

    def embed() -> None:
        length = _length(body, 64)
        vectors = retrieval.embed(stopped, tokens, _TEXTS, max_length=length, pooling=pooling, row=64)
        if not np.isfinite(vectors).all():
            raise FloatingPointError("a sentence vector is not finite")

    _try(body, f"give the hidden states of layer {layer} for retrieval", embed)
