"""The same data and the same encoder for every rival: made, or read from files of real data by the project's readers.

Made data have the lengths of real data and words drawn by Zipf's law, one token each. The quantiles below were
counted on real text with a Unigram tokenizer of 32,000 entries trained on it: MNLI's training part that TaxiNLI has,
UDPOS's whole English training set, SQuAD v1.1's development set, XNLI's English test set.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from xstilts import preparation, tasks
from xstilts.formats import atomic, checkpoints, fingerprints, prepared
from xstilts.formats.examples import Answer, Example, Question, SentencePair, TaggedSentence
from xstilts.formats.prepared import Card
from xstilts.model import encoder, shapes
from xstilts.model.batching import Encoded
from xstilts.model.settings import Model
from xstilts.model.shapes import Lengths
from xstilts.model.tokens import Tokens

LEVELS = (*np.linspace(0, 0.95, 20).tolist(), 0.99, 1.0)
SPECIALS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
TAGS = ("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ",
        "SYM", "VERB", "X")  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A task as the benchmarks train it.

    Attributes:
        task: of the project, where real data are read.
        shape: how it is encoded.
        lengths: where sequences are cut.
        batch: examples an optimiser step.
        labels: of the head.
        quantiles: of sequence lengths with special tokens, at `LEVELS`.
    """

    task: str
    shape: str
    lengths: Lengths
    batch: int
    labels: tuple[str, ...]
    quantiles: tuple[int, ...]


NLI = ("entailment", "neutral", "contradiction")
KINDS = {
    "xnli": Kind("mnli", "classification", Lengths(128), 32, NLI,
                 (9, 18, 22, 25, 28, 30, 33, 35, 37, 40, 42, 45, 47, 50, 53, 56, 60, 65, 72, 82, 115, 128)),
    "udpos": Kind("udpos", "tagging", Lengths(128), 32, TAGS,
                  (4, 7, 9, 11, 13, 14, 16, 18, 19, 21, 23, 24, 26, 29, 31, 33, 37, 41, 47, 56, 80, 128)),
    "qa": Kind("squad_v1", "span", Lengths(384), 16, (),
               (41, 93, 117, 129, 138, 143, 149, 155, 161, 168, 175, 182, 191, 201, 210, 221, 234, 253, 281, 326, 384,
                384)),
}  # fmt: skip
XNLI_TEST = (14, 20, 24, 26, 28, 30, 32, 34, 36, 38, 40, 42, 43, 45, 47, 49, 51, 54, 57, 62, 70, 80)


@dataclass(frozen=True)
class Material:
    """A prepared task and a fresh encoder on disk, and the training set as every rival reads it.

    Attributes:
        kind: what it is.
        start: folder of the encoder with its tokenizer.
        data: folder of the prepared task.
        encoded: the training set.
        model: sizes of the encoder.
        used: rows of the embedding table that the training set uses.
    """

    kind: Kind
    start: Path
    data: Path
    encoded: Encoded
    model: Model
    used: int


def lengths(quantiles: Sequence[int], number: int, rng: np.random.Generator) -> np.ndarray:
    """So many lengths, drawn through a distribution's quantiles."""
    drawn: np.ndarray = np.interp(rng.random(number), LEVELS, quantiles).astype(np.int64)
    return drawn


class Words:
    """Words w0, w1, … whose frequencies follow Zipf's law, drawn from one generator."""

    def __init__(self, number: int, rng: np.random.Generator) -> None:
        self.number, self.rng = number, rng
        shares = 1 / (np.arange(number) + 2.7)
        self._cumulative = np.cumsum(shares) / shares.sum()

    def draw(self, size: int) -> list[str]:
        """So many words."""
        found = np.searchsorted(self._cumulative, self.rng.random(max(1, size)))
        return [f"w{place}" for place in np.minimum(found, self.number - 1)]

    def tokenizer(self) -> Tokenizer:
        """One token a word."""
        vocabulary = {name: place for place, name in enumerate((*SPECIALS, *(f"w{i}" for i in range(self.number))))}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        return _framed(tokenizer)


def made(kind: Kind, number: int, words: Words) -> list[Example]:
    """Examples of a kind with lengths as on record."""
    sizes = lengths(kind.quantiles, number, words.rng)
    if kind.shape == "tagging":
        return [_sentence(str(place), words.draw(size - 3), words.rng) for place, size in enumerate(sizes)]
    if kind.shape == "span":
        return [_question(str(place), words.draw(max(2, size - 4 - 12)), words) for place, size in enumerate(sizes)]
    return pairs(sizes, words)


def pairs(sizes: np.ndarray, words: Words) -> list[Example]:
    """Sentence pairs of these lengths, special tokens included; the first sentence has two thirds."""
    rows: list[Example] = []
    for place, size in enumerate(sizes):
        first, second = words.draw((size - 4) * 2 // 3), words.draw(size - 4 - (size - 4) * 2 // 3)
        rows.append(SentencePair(str(place), " ".join(first), " ".join(second), NLI[words.rng.integers(3)]))
    return rows


def _sentence(key: str, words: list[str], rng: np.random.Generator) -> TaggedSentence:
    return TaggedSentence(key, tuple(words), tuple(TAGS[tag] for tag in rng.integers(len(TAGS), size=len(words))))


def _question(key: str, context: list[str], words: Words) -> Question:
    place = int(words.rng.integers(len(context)))
    start = sum(len(word) + 1 for word in context[:place])
    return Question(key, " ".join(context), " ".join(words.draw(12)), (Answer(context[place], start),))


def real(kind: Kind, root: Path, number: int, split: str = "train") -> list[Example]:
    """The first examples of a split, read from a folder of upstream files (`data.layout: archive`)."""
    settings = {"origin": "files", "root": str(root), "layout": "archive", "allow_count_mismatch": True}
    return preparation.load(tasks.get(kind.task), settings).splits[split][:number]


def trained_tokenizer(texts: Iterable[str], size: int) -> Tokenizer:
    """A Unigram tokenizer of XLM-R's kind, trained on these texts."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=list(SPECIALS), unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _framed(tokenizer)


def texts(examples: Iterable[Example]) -> list[str]:
    """Every text of some examples once, words of a sentence joined."""
    found: dict[str, None] = {}
    for example in examples:
        match example:
            case SentencePair():
                found |= dict.fromkeys((example.first, example.second))
            case TaggedSentence():
                found[" ".join(example.words)] = None
            case Question():
                found |= dict.fromkeys((example.context, example.question))
    return list(found)


def _framed(tokenizer: Tokenizer) -> Tokenizer:
    start, _, end, _, _ = SPECIALS
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, 0), (end, 2)],
    )
    return tokenizer


def fresh(folder: Path, tokenizer: Tokenizer, model: Model) -> Path:
    """Write a fresh encoder with its tokenizer, where a training can start; its table has a row a token at least."""
    start = folder / "start"
    aside = atomic.aside(start)
    (aside / "encoder").mkdir()
    tokenizer.save(str(aside / "encoder" / "tokenizer.json"))
    torch.manual_seed(model.seed)
    body = encoder.fresh(model, max(model.vocabulary, tokenizer.get_vocab_size()), pad=SPECIALS.index("<pad>"))
    encoder.save_encoder(body, aside / "encoder", aside / "encoder" / "tokenizer.json")
    identity = fingerprints.of([asdict(model), json.loads(tokenizer.to_str())["model"]["type"]])
    checkpoints.finish(aside, start, {"fingerprint": identity, "heads": {}, "parameters": {}})
    return start


def build(folder: Path, kind: Kind, examples: list[Example], tokenizer: Tokenizer, model: Model) -> Material:
    """Write a prepared task and a fresh encoder below a folder."""
    model = replace(model, vocabulary=max(model.vocabulary, tokenizer.get_vocab_size()))
    start, data = fresh(folder, tokenizer, model), folder / "data" / kind.task
    card = Card(kind.task, kind.shape, "accuracy", ("accuracy",), labels=kind.labels)
    prepared.write(data, card, {"train": examples})
    tokens = Tokens.open(start / "encoder")
    encoded, _ = shapes.get(kind.shape).encode(examples, tokens, kind.lengths, kind.labels)
    return Material(kind, start, data, encoded, model, len(np.unique(encoded.ids)))
