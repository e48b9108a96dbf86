"""What a training learns from, as sequences: one subject a task, MLM's text among them, and what evaluates them.

Only training and validation files are read: no test data, no data in a target's language.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from xstilts.formats import examples, prepared
from xstilts.formats.prepared import Card
from xstilts.model import shapes, token_cache, tokens
from xstilts.model.batching import Encoded
from xstilts.model.shapes import mlm
from xstilts.model.tokens import Tokens
from xstilts.training.job import MLM, Job
from xstilts.training.schedule import EncodedTask, Masking
from xstilts.training.settings import Recipe


@dataclass(frozen=True)
class EncodedTasks:
    """A mixture, encoded.

    Attributes:
        training: by name.
        cards: of the tasks among them, by name.
        masking: if MLM is one of them.
        validation: sets to evaluate, by name: the subject whose head reads it, and its sequences. A task without
            validation data (TyDiQA-GoldP's English development set is its test set) has none; MLM has one a language.
    """

    training: dict[str, EncodedTask]
    cards: dict[str, Card]
    masking: Masking | None
    validation: dict[str, tuple[str, Encoded]]

    def sequences(self) -> list[Encoded]:
        """Every set of sequences that the encoder meets in this training."""
        return [one.encoded for one in self.training.values()] + [encoded for _, encoded in self.validation.values()]


def read(job: Job) -> EncodedTasks:
    """Encode a training's material, or take it from where it was encoded before.

    Raises:
        ValueError: there is nothing to learn from.
    """
    recipe, words = job.recipe, Tokens.open(job.start / "encoder")
    training: dict[str, EncodedTask] = {}
    cards: dict[str, Card] = {}
    masking = None
    validation: dict[str, tuple[str, Encoded]] = {}
    for folder in job.material.tasks:
        card = prepared.read_head(folder)
        encoded = _task(folder, "train", card, words, recipe)
        if encoded is None or not len(encoded):
            raise ValueError(f"{folder}/train.jsonl has no examples; {card.name} cannot be trained on")
        cards[card.name] = card
        training[card.name] = EncodedTask(card.name, encoded, recipe.batches.get(card.name, recipe.batch))
        held = _task(folder, "validation", card, words, recipe, recipe.evaluation_examples)
        if held is not None and len(held):
            validation[card.name] = (card.name, held)
    if job.material.text:
        encoded = _text(job.material.text, words, recipe)
        sampling = mlm.sampling(encoded.item_targets["language"], recipe.alpha)
        masking = _masking(words, recipe.mask)
        training[MLM] = EncodedTask(MLM, encoded, recipe.batches.get(MLM, recipe.batch), sampling)
        validation |= _heldout(job.material.text / "heldout", words, recipe, masking)
    if not training:
        raise ValueError(
            f"{job.kind} {job.name} has neither tasks nor text to learn from; see mixtures: in params.yaml"
        )
    return EncodedTasks(training, cards, masking, validation)


def _task(
    folder: Path, split: str, card: Card, words: Tokens, recipe: Recipe, first: int | None = None
) -> Encoded | None:
    """One split of a task, or its first examples; None where there is no such file."""
    path = folder / f"{split}.jsonl"
    if not path.exists():
        return None
    shape, lengths = shapes.get(card.shape), shapes.Lengths.of(asdict(recipe), card.name)

    def make() -> tuple[Encoded, dict[str, Any]]:
        encoded, _ = shape.encode(prepared.read(folder, split)[:first], words, lengths, card.labels)
        return encoded, {}

    settings = {"lengths": asdict(lengths), "labels": card.labels, "first": first, "reading": words.reading}
    return token_cache.cached([path, words.path], [shape, *_CODE], settings, make)[0]


def _text(folder: Path, words: Tokens, recipe: Recipe) -> Encoded:
    """Lines of text in every language; the item target `language` numbers them."""
    files, lengths = prepared.text_files(folder), shapes.Lengths.of(asdict(recipe), MLM)

    def make() -> tuple[Encoded, dict[str, Any]]:
        texts = {code: list(prepared.lines(path)) for code, path in files.items()}
        encoded, languages = mlm.encode(texts, words, lengths)
        return replace(encoded, item_targets={"language": languages}), {}

    settings = {"lengths": asdict(lengths), "languages": list(files)}
    return token_cache.cached([*files.values(), words.path], [mlm, *_CODE], settings, make)[0]


def _heldout(folder: Path, words: Tokens, recipe: Recipe, masking: Masking) -> dict[str, tuple[str, Encoded]]:
    sets: dict[str, tuple[str, Encoded]] = {}
    for code, path in prepared.text_files(folder).items():
        lines = list(prepared.lines(path))[: recipe.evaluation_examples]
        encoded, _ = mlm.encode({code: lines}, words, shapes.Lengths.of(asdict(recipe), MLM))
        if len(encoded):
            hidden = mlm.hide(
                encoded,
                np.arange(len(encoded)),
                masking.share,
                mask=masking.mask,
                vocabulary=masking.vocabulary,
                specials=masking.specials,
                rng=np.random.default_rng(0),  # the same tokens hidden at every evaluation
            )
            sets[f"{MLM}/{code}"] = (MLM, hidden)
    return sets


def _masking(words: Tokens, share: float) -> Masking:
    template = words.template
    specials = {*template.prefix, *template.middle, *template.suffix, *template.single_suffix, words.mask}
    return Masking(share, words.mask, len(words), np.array(sorted(specials)))


_CODE = (tokens, examples)
