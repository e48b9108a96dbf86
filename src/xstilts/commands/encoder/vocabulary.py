"""A tokenizer restricted to the tokens that some data use, which leaves the segmentation of these data as it is.

A Unigram tokenizer takes the best path through a text. Taking other tokens away leaves the best path there, and
changes no rival for the better: the cost of an unknown character is counted from the vocabulary's lowest score, so
that one token with that score stays.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from xstilts.formats import prepared
from xstilts.model.overlap import english_side, texts

BATCH = 4096  # texts that are tokenised at once


def restricted(tokenizer: Path, data: Iterable[Path]) -> tuple[dict[str, Any], list[int]]:
    """The `tokenizer.json` of the tokens in use, and their ids in the whole one, in the order of their new ids.

    Args:
        tokenizer: a `tokenizer.json` with a Unigram model.
        data: folders that `prepare` wrote (`data/<task>`), folders of such folders (`data`), folders of text for MLM.

    Raises:
        ValueError: a folder holds nothing that was prepared, or the tokenizer is of another kind.
    """
    whole = json.loads(tokenizer.read_text(encoding="utf-8"))
    if whole["model"].get("type") != "Unigram":
        raise ValueError(f"{tokenizer} has a model of type {whole['model'].get('type')!r}; expected Unigram (XLM-R's)")
    vocabulary = whole["model"]["vocab"]
    kept = _used(Tokenizer.from_file(str(tokenizer)), (text for folder in data for text in _texts(folder)))
    kept |= {token["id"] for token in whole["added_tokens"]} | {whole["model"]["unk_id"]}
    kept.add(min(range(len(vocabulary)), key=lambda id_: vocabulary[id_][1]))
    order = sorted(kept)
    new = {old: number for number, old in enumerate(order)}
    whole["model"] |= {"vocab": [vocabulary[old] for old in order], "unk_id": new[whole["model"]["unk_id"]]}
    for token in whole["added_tokens"]:
        token["id"] = new[token["id"]]
    for special in (whole.get("post_processor") or {}).get("special_tokens", {}).values():
        special["ids"] = [new[old] for old in special["ids"]]
    return whole, order


def _used(tokenizer: Tokenizer, found: Iterator[str]) -> set[int]:
    used: set[int] = set()
    while some := list(dict.fromkeys(islice(found, BATCH))):
        for encoding in tokenizer.encode_batch_fast(some, add_special_tokens=False):
            used.update(encoding.ids)
    return used


def _texts(folder: Path) -> Iterator[str]:
    """Every text of a prepared folder as the shapes give it to the tokenizer."""
    one = (folder / prepared.HEAD).exists()
    cards = [folder] if one else sorted(path.parent for path in folder.glob(f"*/{prepared.HEAD}"))
    plain = {**prepared.text_files(folder), **prepared.text_files(folder / "text")}
    if not cards and not plain:
        raise ValueError(
            f"{folder} holds no prepared data (a folder with {prepared.HEAD}, or one of such folders); run: "
            "dvc repro prepare, and name the folder data"
        )
    for card in cards:
        for path in sorted(card.rglob("*.jsonl")):
            rows = prepared.read(card, path.relative_to(card).as_posix().removesuffix(".jsonl"))
            yield from texts(rows)
            yield from english_side(rows)
    for path in plain.values():
        yield from prepared.lines(path)
