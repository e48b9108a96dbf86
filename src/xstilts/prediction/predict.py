"""Every language of a target in one pass: length-sorted, unpadded, a budget of tokens a batch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from xstilts.formats import checkpoints, examples, parallel_corpora, prepared
from xstilts.formats.examples import Choice, Example, ParallelSentences, SentencePair, TaggedSentence
from xstilts.model import device as devices
from xstilts.model import encoder, shapes, token_cache
from xstilts.model import tokens as words
from xstilts.model.architecture import Encoder, check_length, first_position, reading
from xstilts.model.batching import Batch, Encoded, budget, by_length, collate, hidden_states
from xstilts.model.settings import Runtime
from xstilts.model.shapes import retrieval
from xstilts.model.tokens import Tokens
from xstilts.prediction import bitext_mining
from xstilts.prediction.settings import Retrieval

Rows = list[dict[str, Any]]
Embed = Callable[[Sequence[str]], np.ndarray]


def predict(checkpoint: Path, training: str, data: Path, runtime: Runtime, *, bf16: bool = False) -> dict[str, Rows]:
    """Predictions of a trained target, by file stem (the language's code).

    Args:
        checkpoint: a target training's folder.
        training: whose head to use.
        data: the target's prepared folder.
        runtime: device, threads and the budget of tokens.
        bf16: see `everything`.

    Raises:
        ValueError: the checkpoint has no such head, or is damaged.
    """
    card = checkpoints.check(checkpoint)
    if training not in card["heads"]:
        raise ValueError(f"{checkpoint} has heads for {', '.join(card['heads']) or 'nothing'}, not for {training!r}")
    device = devices.of(runtime)
    tokens = Tokens.open(checkpoint / "encoder")
    body = encoder.open_encoder(checkpoint / "encoder").eval().to(device)
    shape = shapes.get(card["heads"][training]["shape"])
    labels = card["heads"][training]["labels"]
    fresh = shape.Head(body.config.hidden_size, 0.0, labels, reading(body))
    head = encoder.open_head(fresh, checkpoint, training).eval().to(device)
    tests = _tests(data, "test")
    lengths = shapes.Lengths.of(card["recipe"], training)

    def make() -> tuple[Encoded, dict[str, Any]]:
        whole = [_unlabelled(example) for examples in tests.values() for example in examples]
        found: tuple[Encoded, dict[str, Any]] = shape.encode(whole, tokens, lengths, labels)
        return found

    files = [*sorted((data / "test").glob("*.jsonl")), tokens.path]
    settings = {"lengths": asdict(lengths), "labels": labels, "reading": tokens.reading}
    encoded, context = token_cache.cached(files, [shape, words, examples], settings, make)
    rows = iter(shape.decode(everything(body, head, encoded, runtime, bf16=bf16), context))
    return {code: [next(rows) for _ in rows_of] for code, rows_of in tests.items()}


def retrieve(checkpoint: Path, data: Path, settings: Retrieval, runtime: Runtime) -> dict[str, Rows]:
    """Predictions of BUCC2018 or Tatoeba from an intermediate encoder, by file stem.

    BUCC2018 gives `<code>` and `<code>.dev` with mined candidates; Tatoeba `<code>` (English → foreign, in XTREME's
    order: the English sentences sorted by code point) and `<code>.reverse` (foreign → English, in file order).
    """
    checkpoints.check(checkpoint)
    card = prepared.read_card(data)
    device = devices.of(runtime)
    tokens = Tokens.open(checkpoint / "encoder")
    body = retrieval.stop_at(encoder.open_encoder(checkpoint / "encoder"), settings.layer).eval().to(device)
    check_length(body, settings.max_length, "params.yaml: retrieval.max_length")
    row = budget(device, runtime.tokens)

    def embed(sentences: Sequence[str]) -> np.ndarray:
        return retrieval.embed(
            body, tokens, sentences, max_length=settings.max_length, pooling=settings.pooling, row=row
        )

    if card.scorer == "mining":
        return {
            code + suffix: _mine(pairs, embed, settings, runtime, device)
            for split, suffix in (("test", ""), ("dev", ".dev"))
            for code, pairs in tqdm(_tests(data, split).items(), desc=split, disable=not runtime.progress)
        }
    return _nearest(_tests(data, "test"), embed, settings, runtime, device)


def _tests(data: Path, split: str) -> dict[str, list[Any]]:
    found = {path.stem: prepared.read(data, f"{split}/{path.stem}") for path in sorted((data / split).glob("*.jsonl"))}
    if not found and split == "test":
        raise ValueError(f"{data}/test has no language; run: dvc repro -f prepare@{data.name}")
    return found


def _unlabelled(example: Example) -> Example:
    """The example without its gold: a test label outside the head's vocabulary is no reason to stop."""
    match example:
        case SentencePair() | Choice():
            return replace(example, label=None)
        case TaggedSentence():
            return replace(example, tags=None)
        case _:
            return example


def everything(body: Encoder, head: Any, encoded: Encoded, runtime: Runtime, *, bf16: bool = False) -> dict[str, Any]:
    """What a head predicts of every item, for its shape's `decode`.

    Args:
        body: the encoder, on its device.
        head: on the same.
        encoded: the items of all languages.
        runtime: the budget of tokens, and whether progress is shown.
        bf16: matrix products in bf16, which moves single predictions: `benchmarks/precision.py` says by how much.
    """
    device = next(body.parameters()).device

    def one(batch: Batch) -> dict[str, np.ndarray]:
        moved = batch.to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            states = hidden_states(body, moved, read=head.reads(moved))
        found: dict[str, np.ndarray] = head.predict(states.float(), moved)
        return found

    batches = tqdm(
        list(by_length(encoded, budget(device, runtime.tokens))), desc="predict", disable=not runtime.progress
    )
    with torch.inference_mode():
        return gather(one, encoded, batches, first_position(body))


def gather(
    predict: Callable[[Batch], Mapping[str, np.ndarray]], encoded: Encoded, batches: Iterable[np.ndarray], first: int
) -> dict[str, Any]:
    """Predict batch by batch and put the parts together for a shape's `decode`.

    Args:
        predict: a head's predictions of one batch.
        encoded: everything to predict.
        batches: item numbers, each item once.
        first: the position id of a sequence's first token.
    """
    items: list[Any] = [None] * len(encoded)
    words: dict[str, list[np.ndarray]] = {}
    for chosen in batches:
        found = predict(collate(encoded, chosen, first))
        if "place" in found:
            for name, values in found.items():
                words.setdefault(name, []).append(values)
        else:
            for item, row in zip(chosen, found["logits"], strict=True):
                items[item] = row
    return {name: np.concatenate(values) for name, values in words.items()} if words else {"logits": items}


def _nearest(
    tests: Mapping[str, list[ParallelSentences]],
    embed: Embed,
    settings: Retrieval,
    runtime: Runtime,
    device: torch.device,
) -> dict[str, Rows]:
    """All languages in one pass, so that a sentence that several of them have is embedded once."""
    english = {code: [pair.target or "" for pair in pairs] for code, pairs in tests.items()}
    sides = [side for code, pairs in tests.items() for side in ([pair.source or "" for pair in pairs], english[code])]
    ends = np.cumsum([len(side) for side in sides])
    parts = iter(np.split(embed([sentence for side in sides for sentence in side]), ends[:-1]))
    files: dict[str, Rows] = {}
    for code in tests:
        x, y = _centred(next(parts), settings, device), _centred(next(parts), settings, device)
        found = bitext_mining.nearest(y[parallel_corpora.english_order(english[code])], x, runtime.mining_memory)
        back = bitext_mining.nearest(x, y, runtime.mining_memory)
        for stem, lines in ((code, found), (f"{code}.reverse", back)):
            files[stem] = [{"id": number, "prediction": int(line)} for number, line in enumerate(lines)]
    return files


def _centred(vectors: np.ndarray, settings: Retrieval, device: torch.device) -> torch.Tensor:
    """The vectors of one side, less their mean where the settings say so, where they are searched."""
    return torch.as_tensor(vectors - vectors.mean(axis=0) if settings.centre else vectors, device=device)


def _mine(
    pairs: Sequence[ParallelSentences], embed: Embed, settings: Retrieval, runtime: Runtime, device: torch.device
) -> Rows:
    # A sentence of two gold pairs stands in two rows under one id.
    source = {pair.source_id: pair.source for pair in pairs if pair.source_id is not None}
    target = {pair.target_id: pair.target for pair in pairs if pair.target_id is not None}
    sides = [(list(side), [text or "" for text in side.values()]) for side in (source, target)]
    unified = [parallel_corpora.distinct(lines) for _, lines in sides]
    x, y = (
        _centred(embed([lines[row] for row in one.rows]), settings, device)
        for one, (_, lines) in zip(unified, sides, strict=True)
    )
    mined = bitext_mining.mine(x, y, settings.neighbours, runtime.mining_memory)
    found = zip(mined.source.tolist(), mined.target.tolist(), mined.score.tolist(), strict=True)
    (source_ids, _), (target_ids, _) = sides
    return [
        {"source_id": source_ids[i], "target_id": target_ids[j], "score": score}
        for i, j, score in parallel_corpora.expand(found, unified[0], unified[1], settings.duplicates)
    ]
