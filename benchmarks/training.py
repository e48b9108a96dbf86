"""Training speed: this project against transformers' Trainer, jiant's and XTREME's loops, and the bare products.

    python benchmarks/training.py [--kinds xnli udpos qa] [--data FOLDER] [--rounds 3]

The same fresh encoder (4 layers of 256 unless the options say otherwise, dropout 0.1), the same sequences, the same
number of examples an optimiser step for all. Ours goes through `training.train`. Each row is the median over rounds, in
which the rivals take turns, of CPU seconds a real (not a padding) token; a ratio is theirs over ours. Rivals with
`group_by_length` and ours beside them have a table of 250,002 rows, the others one as large as the words need.

`--data` reads real sentences from a folder of upstream files instead of made ones. The Trainer needs `accelerate`;
without it its rows are left out. `--device cuda` times a GPU, `--bf16` computes there in bf16. The last line is JSON.
"""

import argparse
import importlib.util
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from peers import limit, loops, material, ours, timing
from peers.material import KINDS, Kind, Material, Words
from peers.timing import Spent

from xstilts.params import Model, Runtime

WHOLE_TABLE = 250_002  # rows of XLM-R's embedding
Rivals = dict[str, Callable[[], Spent]]


def build(folder: Path, name: str, options: argparse.Namespace) -> tuple[Material, Material]:
    """The material with a small and with the whole embedding table."""
    kind: Kind = KINDS[name]
    model = Model(
        vocabulary=0,
        layers=options.layers,
        hidden=options.hidden,
        heads=options.heads,
        feed_forward=4 * options.hidden,
        dropout=0.1,
    )
    if options.data:
        examples = material.real(kind, options.data, options.examples)
        tokenizer = material.trained_tokenizer(material.texts(examples), options.words)
    else:
        words = Words(options.words, np.random.default_rng(1))
        examples, tokenizer = material.made(kind, options.examples, words), words.tokenizer()
    small = material.build(folder / "small", kind, examples, tokenizer, model)
    return small, material.build(folder / "whole", kind, examples, tokenizer, replace(model, vocabulary=WHOLE_TABLE))


def rivals(small: Material, whole: Material, options: argparse.Namespace) -> tuple[Rivals, Rivals]:
    """Who is timed on the small and on the whole table; ours comes first in both."""
    cuda = options.device == "cuda"
    runtime = Runtime(
        accelerator="gpu" if cuda else "cpu",
        precision="bf16-mixed" if options.bf16 else "32-true",
        threads=options.threads,
        progress=False,
        checkpoint_seconds=10**6,
    )
    shared = {"steps": options.steps + 1, "warm": 1, "device": options.device}
    # The curve has a point every tenth of the steps, the first of which ends the warm-up.
    mine = options.steps + max(1, options.steps // 9)
    dtype = torch.bfloat16 if options.bf16 else torch.float32
    one: Rivals = {"ours": ours.Rival(small, steps=mine, runtime=runtime)}
    two: Rivals = {
        "ours": ours.Rival(whole, steps=mine, runtime=runtime),
        "ours, every row of the table": ours.Rival(whole, steps=mine, runtime=replace(runtime, trim=False)),
    }
    if importlib.util.find_spec("accelerate"):
        from peers import trainer

        for label, padding in (
            ("Trainer, padded to the maximum", "max"),
            ("Trainer, padded to the longest", "longest"),
        ):
            one[label] = trainer.Rival(small, padding=padding, grouped=False, bf16=options.bf16, **shared)
        grouped = shared | {"steps": options.grouped + 1}
        label = "Trainer, group_by_length"
        two[label] = trainer.Rival(whole, padding="longest", grouped=True, bf16=options.bf16, **grouped)
    else:
        print("accelerate is not installed (pip install accelerate): no row of transformers' Trainer")
    one["jiant's loop"] = loops.jiant(small, **shared)
    one["XTREME's loop"] = loops.xtreme(small, **shared)
    one["bare matrix products"] = limit.Rival(small, dtype=dtype, **shared)
    return one, two


def report(name: str, built: Material, table: str, each: dict[str, float]) -> list[dict[str, object]]:
    """Print the rows of one table and return them for the JSON."""
    mine = each["ours"]
    rows = []
    for rival, seconds in each.items():
        ratio = seconds / mine
        print(f"{name:7}{table:>9}  {rival:33}{seconds * 1e6:10.1f}{ratio:8.2f}")
        rows.append({"data": name, "table": built.model.vocabulary, "rival": rival, "ratio": ratio, "each": seconds})
    return rows


def main() -> None:
    """Print a table of ratios and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--data", type=Path, help="folder of upstream files (data.layout: archive); default: made data")
    parser.add_argument("--examples", type=int, default=6400, help="of each training set")
    parser.add_argument("--words", type=int, default=30_000, help="size of the vocabulary that the data draw from")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--steps", type=int, default=9, help="timed optimiser steps a turn")
    parser.add_argument("--grouped", type=int, default=50, help="the same with group_by_length: one mega-batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{'data':7}{'table':>9}  {'rival':33}{'µs a token':>10}{'ratio':>8}")
    rows, sets = [], {}
    for name in options.kinds:
        with tempfile.TemporaryDirectory() as folder:
            small, whole = build(Path(folder), name, options)
            sizes = small.encoded.tokens()
            sets[name] = {"examples": len(sizes), "mean_length": float(sizes.mean()), "used_rows": small.used}
            for built, table in zip((small, whole), rivals(small, whole, options), strict=True):
                each = timing.alternate(table, options.rounds)
                rows += report(name, built, f"{built.model.vocabulary:,}", each)
    model = {"layers": options.layers, "hidden": options.hidden}
    clock = "CPU seconds" if options.device == "cpu" else "wall seconds"
    print(json.dumps({"benchmark": "training", "clock": clock, "model": model, "sets": sets, "rows": rows}))


if __name__ == "__main__":
    main()
