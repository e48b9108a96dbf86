"""Sentence vectors for retrieval against XTREME's loop: `python benchmarks/embedding.py [--data FOLDER]`.

An encoder as deep as XLM-R Large (24 layers) and narrower (128), layer 14 of it, Tatoeba's sentence lengths. Ours opens
the encoder once, stops at the layer, embeds each distinct sentence once, longest first and without padding. Both times
hold opening, tokenising and embedding. CPU time in alternating rounds, medians; the last line is JSON.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from peers import embedding, material, timing
from peers.material import Words

from xstilts import preparation, tasks
from xstilts.model import batching, encoder
from xstilts.model.settings import Model
from xstilts.model.shapes import retrieval
from xstilts.model.tokens import Tokens

LAYER = 14
MAX_LENGTH = 512
# Of Tatoeba's sentences in XTREME's 36 languages and English, the longest 0.1 % left out: see `peers.material`.
QUANTILES = (3, 6, 7, 8, 8, 8, 9, 9, 10, 10, 11, 11, 12, 13, 14, 15, 16, 17, 19, 24, 35, 62)
REPEATED = 0.055  # share of sentences that an earlier side has too

Sides = list[list[str]]


def made(languages: int, sentences: int, words: Words) -> Sides:
    """Both sides of so many languages; some sentences stand in several."""
    number = 2 * languages * sentences
    texts = [" ".join(words.draw(size - 2)) for size in material.lengths(QUANTILES, number, words.rng)]
    for place in np.flatnonzero(words.rng.random(number) < REPEATED):
        texts[place] = texts[words.rng.integers(number)]
    return [texts[begin : begin + sentences] for begin in range(0, number, sentences)]


def real(root: Path, languages: int, sentences: int) -> Sides:
    """Both sides of the first languages of Tatoeba, read from upstream files."""
    settings = {"origin": "files", "root": str(root), "layout": "archive", "allow_count_mismatch": True}
    splits = preparation.load(tasks.get("tatoeba"), settings).splits
    chosen = sorted(split for split in splits if split.startswith("test/"))[:languages]
    return [
        [str(getattr(pair, side)) for pair in splits[split][:sentences]]
        for split in chosen
        for side in ("source", "target")
    ]


def ours(folder: Path, sides: Sides) -> list[np.ndarray]:
    """One matrix a side."""
    tokens = Tokens.open(folder)
    body = retrieval.stop_at(encoder.open_encoder(folder), LAYER).eval()
    everything = [sentence for side in sides for sentence in side]
    vectors = retrieval.embed(body, tokens, everything, max_length=MAX_LENGTH, pooling="mean", row=batching.ON_CPU)
    return np.split(vectors, np.cumsum([len(side) for side in sides])[:-1])


def xtreme(folder: Path, sides: Sides) -> list[np.ndarray]:
    """One matrix a side."""
    return [embedding.embed(folder, Tokens.open(folder), side, MAX_LENGTH)[LAYER] for side in sides]


def main() -> None:
    """Print a table of ratios and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of upstream files (data.layout: archive); default: made data")
    parser.add_argument("--languages", type=int, default=4)
    parser.add_argument("--sentences", type=int, default=250, help="of each side")
    parser.add_argument("--words", type=int, default=30_000)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.data:
        sides = real(options.data, options.languages, options.sentences)
        tokenizer = material.trained_tokenizer([text for side in sides for text in side], options.words)
    else:
        words = Words(options.words, np.random.default_rng(1))
        sides, tokenizer = made(options.languages, options.sentences, words), words.tokenizer()
    model = Model(layers=options.layers, hidden=options.hidden, heads=4, feed_forward=4 * options.hidden, vocabulary=0)
    total = sum(map(len, sides))
    with tempfile.TemporaryDirectory() as name:
        folder = material.fresh(Path(name), tokenizer, model) / "encoder"
        difference = max(
            float(np.abs(left - right).max())
            for left, right in zip(ours(folder, sides), xtreme(folder, sides), strict=True)
        )
        rivals = {"ours": ours, "XTREME's loop": xtreme}
        each = timing.alternate(
            {name: lambda run=run: timing.measured(lambda: run(folder, sides), total) for name, run in rivals.items()},
            options.rounds,
        )
    print(f"{'':24}{'ms a sentence':>14}{'x ours':>8}")
    for rival, seconds in each.items():
        print(f"{rival:24}{seconds * 1e3:14.3f}{seconds / each['ours']:8.2f}")
    distinct = len({text for side in sides for text in side})
    print(f"{total} sentences, {distinct} distinct; largest difference of a value {difference:.1e}")
    rows = [{"rival": rival, "ratio": seconds / each["ours"], "each": seconds} for rival, seconds in each.items()]
    facts = {"sentences": total, "distinct": distinct, "layers": options.layers, "hidden": options.hidden}
    print(json.dumps({"benchmark": "embedding", **facts, "largest_difference": difference, "rows": rows}))


if __name__ == "__main__":
    main()
