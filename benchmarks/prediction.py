"""Prediction speed: all languages in one pass against transformers' Trainer, language by language.

    python benchmarks/prediction.py [--data FOLDER] [--languages 15] [--pairs 100]

The same classifier with the same random weights (4 layers of 256) and the same sentence pairs for all; fp32 unless
the row says bf16. The Trainer predicts as `run_xnli` does by default (rows padded to 128, batches of 8). Both get their
pairs tokenised. CPU time in alternating rounds, medians. What bf16 does to the metrics of trained models is
measured by `benchmarks/precision.py`; here, with random weights, near-ties are common. The last line is JSON.
"""

import argparse
import importlib.util
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from peers import material, timing
from peers.material import KINDS, XNLI_TEST, Material, Words

from xstilts import preparation, tasks
from xstilts.formats.examples import Example
from xstilts.model import encoder
from xstilts.model.batching import Encoded
from xstilts.model.settings import Model, Runtime
from xstilts.model.shapes import classification
from xstilts.model.tokens import Tokens
from xstilts.prediction import predict

KIND = KINDS["xnli"]
# The mean lengths of XNLI's test sets differ; from English (39.8 tokens) to one and a half times as long.
FACTORS = (1.0, 1.5)


def made(languages: int, pairs: int, words: Words) -> list[list[Example]]:
    """So many languages of sentence pairs."""
    factors = np.linspace(*FACTORS, languages)
    drawn = (material.lengths(XNLI_TEST, pairs, words.rng) * factor for factor in factors)
    return [material.pairs(np.minimum(sizes.astype(int), KIND.lengths.max_length), words) for sizes in drawn]


def real(root: Path, languages: int, pairs: int) -> list[list[Example]]:
    """The first pairs of XNLI's test sets, read from upstream files."""
    settings = {"origin": "files", "root": str(root), "layout": "archive", "allow_count_mismatch": True}
    splits = preparation.load(tasks.get("xnli"), settings).splits
    return [splits[split][:pairs] for split in sorted(splits) if split.startswith("test/")][:languages]


def encode(rows: list[Example], tokens: Tokens) -> Encoded:
    """Sentence pairs as sequences."""
    encoded, _ = classification.encode(rows, tokens, KIND.lengths, KIND.labels)  # type: ignore[arg-type]
    return encoded


def rivals(
    built: Material, languages: list[list[Example]], options: argparse.Namespace
) -> dict[str, Callable[[], np.ndarray]]:
    """Functions that give the logits of all items in their order; ours first."""
    tokens = Tokens.open(built.start / "encoder")
    each = [encode(rows, tokens) for rows in languages]
    everything = encode([row for rows in languages for row in rows], tokens)
    device = torch.device(options.device)
    body = encoder.open_encoder(built.start / "encoder").eval().to(device)
    torch.manual_seed(1)
    head = classification.Head(built.model.hidden, 0.0, KIND.labels).eval().to(device)
    runtime = Runtime(accelerator="cpu" if options.device == "cpu" else "gpu", progress=False, tokens=options.tokens)

    def ours(bf16: bool) -> np.ndarray:
        return np.stack(predict.everything(body, head, everything, runtime, bf16=bf16)["logits"])

    found: dict[str, Callable[[], np.ndarray]] = {"ours": lambda: ours(False)}
    if not options.fp32_alone:
        found["ours in bf16"] = lambda: ours(True)
    if importlib.util.find_spec("accelerate"):
        from peers.prediction import Rival, model

        classifier = model(built, body, head)
        found["Trainer, a language at a time"] = Rival(built, each, classifier, 8, options.device)
    else:
        print("accelerate is not installed (pip install accelerate): no row of transformers' Trainer")
    return found


def main() -> None:
    """Print a table of ratios and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of upstream files (data.layout: archive); default: made data")
    parser.add_argument("--languages", type=int, default=15)
    parser.add_argument("--pairs", type=int, default=100, help="of each language")
    parser.add_argument("--words", type=int, default=30_000, help="size of the vocabulary that the data draw from")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--fp32-alone", action="store_true", help="leave out bf16, slow on many CPUs")
    parser.add_argument(
        "--tokens", type=int, default=0, help="of a batch of ours (default: as many as suit the device)"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.data:
        languages = real(options.data, options.languages, options.pairs)
        tokenizer = material.trained_tokenizer(material.texts(row for rows in languages for row in rows), options.words)
    else:
        words = Words(options.words, np.random.default_rng(1))
        languages, tokenizer = made(options.languages, options.pairs, words), words.tokenizer()
    wide = 4 * options.hidden
    sizes = Model(layers=options.layers, hidden=options.hidden, heads=options.heads, feed_forward=wide, vocabulary=0)
    with tempfile.TemporaryDirectory() as folder:
        built = material.build(Path(folder), KIND, languages[0], tokenizer, sizes)
        runs = rivals(built, languages, options)
        logits = {name: run() for name, run in runs.items()}
        count = sum(map(len, languages))
        turns = {
            name: lambda run=run: timing.measured(run, count, options.device)  # type: ignore[misc]
            for name, run in runs.items()
        }
        each = timing.alternate(turns, options.rounds)
    print(f"{'':32}{'ms a pair':>10}{'x ours':>8}{'same label':>12}{'largest difference':>20}")
    rows = []
    for name, seconds in each.items():
        same = float((logits[name].argmax(axis=1) == logits["ours"].argmax(axis=1)).mean())
        difference = float(np.abs(logits[name] - logits["ours"]).max())
        ratio = seconds / each["ours"]
        print(f"{name:32}{seconds * 1e3:10.3f}{ratio:8.2f}{same:12.4f}{difference:20.1e}")
        rows.append({"rival": name, "ratio": ratio, "each": seconds, "same_label": same, "difference": difference})
    facts = {"pairs": count, "languages": len(languages), "layers": options.layers, "hidden": options.hidden}
    print(json.dumps({"benchmark": "prediction", **facts, "rows": rows}))


if __name__ == "__main__":
    main()
