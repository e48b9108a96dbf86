"""Tatoeba accuracy of encoders beside each other: what 4 bits cost, where the whole encoder can be had too.

    python benchmarks/encoders.py ../real/multilingual-e5-small intfloat/multilingual-e5-small [--data data/tatoeba]

Each encoder is a folder or a name on the Hub. The first `--pairs` rows of each language's prepared test set are found
from the foreign side to the English one, by cosine of mean-pooled states, nothing centred. The last line is JSON.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from xstilts.formats import prepared
from xstilts.model import encoder
from xstilts.model.shapes import retrieval
from xstilts.model.tokens import Tokens
from xstilts.training import pretraining

LANGUAGES = ("deu", "tur", "jpn", "kat", "tel", "swh")


def accuracy(name: str, data: Path, languages: list[str], layer: int, pairs: int) -> dict[str, float]:
    """Points by language at one layer (0: the embeddings)."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        pretraining.download(name, None, Path(folder) / "pretrained")
        body = Path(folder) / "pretrained" / "encoder"
        tokens, opened = Tokens.open(body), retrieval.stop_at(encoder.open_encoder(body), layer).eval()
        for code in languages:
            rows = prepared.read(data, f"test/{code}")[:pairs]
            texts = [[getattr(row, side) for row in rows] for side in ("source", "target")]
            sides = [retrieval.embed(opened, tokens, text, max_length=128, pooling="mean", row=2048) for text in texts]
            foreign, english = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in sides)
            found[code] = 100 * float(((foreign @ english.T).argmax(axis=1) == np.arange(len(rows))).mean())
    return found


def main() -> None:
    """Print a table, and the same as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("encoders", nargs="*", help="folders, or names on the Hub")
    parser.add_argument("--data", type=Path, default=Path("data/tatoeba"), help="prepared Tatoeba")
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES))
    parser.add_argument("--layers", nargs="+", type=int, default=[12, 8])
    parser.add_argument("--pairs", type=int, default=400)
    arguments = parser.parse_args()
    if not arguments.encoders:
        print("no encoder named: nothing is compared")
    found = {
        f"{name} layer {layer}": accuracy(name, arguments.data, arguments.languages, layer, arguments.pairs)
        for name in arguments.encoders
        for layer in arguments.layers
    }
    for row, values in found.items():
        print(f"{row}: " + ", ".join(f"{code} {value:.2f}" for code, value in values.items()))
    print(json.dumps({"benchmark": "encoders", "accuracy": found}))


if __name__ == "__main__":
    main()
