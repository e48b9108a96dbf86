"""Training speed: this project against transformers' Trainer, jiant's and XTREME's loops, and the GEMM-only bound.

    python benchmarks/training.py [--kinds xnli udpos qa] [--data FOLDER] [--rounds 5]

The same fresh encoder (4 layers of 256 unless the options say otherwise, dropout 0.1), the same sequences, the same
number of examples an optimiser step for all. Ours goes through `training.train`. Each row is the median over rounds, in
which the rivals take turns, of CPU seconds a real (not a padding) token; a ratio is theirs over ours. For XNLI and
UDPOS `group_by_length` is compared with ours on a table of 250,002 rows; all else has as many rows as there are words.

`--data` reads real sentences from a folder of upstream files instead of made ones. The Trainer needs `accelerate`;
without it its rows are left out. `--device cuda` times a GPU, where all have the whole table, ours records and compiles
its steps, and the limit is estimated from the device's peaks; `--bf16` computes there in bf16. The last line is JSON.
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

from xstilts.model.settings import Model, Runtime

WHOLE_TABLE = 250_002  # rows of XLM-R's embedding
MANY = 600  # steps of ours on CUDA: shapes are recorded in the first of them
GROUPED = ("xnli", "udpos")  # where the whole table and `group_by_length` are measured
Rivals = dict[str, Callable[[], Spent]]


def build(folder: Path, name: str, options: argparse.Namespace) -> list[Material]:
    """The material with a small and, where it is wanted, with the whole embedding table."""
    kind: Kind = KINDS[name]
    model = Model(
        vocabulary=0,
        layers=options.layers,
        hidden=options.hidden,
        heads=options.heads,
        feed_forward=4 * options.hidden,
        dropout=options.dropout,
    )
    if options.data:
        examples = material.real(kind, options.data, options.examples)
        tokenizer = material.trained_tokenizer(material.texts(examples), options.words)
    else:
        words = Words(options.words, np.random.default_rng(1))
        examples, tokenizer = material.made(kind, options.examples, words), words.tokenizer()
    if options.device == "cuda":  # an encoder of full size has its whole table
        models = [replace(model, vocabulary=options.table)]
    elif name in GROUPED and not options.small:
        models = [model, replace(model, vocabulary=options.table)]
    else:
        models = [model]
    return [material.build(folder / str(place), kind, examples, tokenizer, one) for place, one in enumerate(models)]


def rivals(built: list[Material], options: argparse.Namespace) -> list[Rivals]:
    """Who is timed on the small and on the whole table; ours comes first in both."""
    cuda = options.device == "cuda"
    runtime = Runtime(
        accelerator="gpu" if cuda else "cpu",
        precision="bf16-mixed" if options.bf16 else "32-true",
        threads=options.threads,
        progress=False,
        checkpoint_seconds=10**6,
        compile=cuda,
    )
    small, *whole = built
    warm = 10 if cuda else 1  # a device's memory is still being handed out in the first steps
    shared = {"steps": options.steps + warm, "warm": warm, "device": options.device}
    # The curve has a point every tenth of the steps, the first of which ends the warm-up.
    mine = max(options.steps + max(1, options.steps // 9), MANY if cuda else 0)
    tables: list[Rivals] = [{"ours": ours.Rival(small, steps=mine, runtime=runtime)}]
    for one in whole:
        every = ours.Rival(one, steps=mine, runtime=replace(runtime, trim=False))
        tables.append({"ours": ours.Rival(one, steps=mine, runtime=runtime), "ours, every row of the table": every})
    if importlib.util.find_spec("accelerate"):
        from peers import trainer

        for padding in options.padding:
            label = f"Trainer, padded to the {padding}"
            tables[0][label] = trainer.Rival(small, padding=padding, grouped=False, bf16=options.bf16, **shared)
        grouped = shared | {"steps": options.grouped + warm}
        pairs = zip(built, tables, strict=True) if cuda else zip(whole, tables[1:], strict=True)
        for one, table in pairs:
            rival = trainer.Rival(one, padding="longest", grouped=True, bf16=options.bf16, **grouped)
            table["Trainer, group_by_length"] = rival
    else:
        print("accelerate is not installed (pip install accelerate): no row of transformers' Trainer")
    if not options.trainer_alone:
        tables[0]["jiant's loop"] = loops.jiant(small, **shared)
        tables[0]["XTREME's loop"] = loops.xtreme(small, **shared)
    if cuda:
        tables[0]["the limit, estimated"] = limit.Estimated(small, steps=mine, warm=mine // 3)
    else:
        dtype = torch.bfloat16 if options.bf16 else torch.float32
        tables[0]["bare matrix products"] = limit.Rival(small, dtype=dtype, **shared)
    return tables


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
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--small", action="store_true", help="leave out the whole table and with it group_by_length")
    parser.add_argument("--table", type=int, default=WHOLE_TABLE, help="rows of the whole embedding table")
    parser.add_argument("--steps", type=int, default=4, help="timed optimiser steps a turn")
    parser.add_argument("--grouped", type=int, default=50, help="the same with group_by_length: one mega-batch")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--kernels", action="store_true", help="on CUDA: count the seconds of kernels, not of the wall")
    parser.add_argument("--padding", nargs="+", choices=("maximum", "longest"), default=["maximum", "longest"])
    parser.add_argument("--trainer-alone", action="store_true", help="leave out the loops of jiant and XTREME")
    options = parser.parse_args()
    timing.Clock.kernels = options.kernels
    torch.set_num_threads(options.threads)
    print(f"{'data':7}{'table':>9}  {'rival':33}{'µs a token':>10}{'ratio':>8}")
    rows, sets = [], {}
    for name in options.kinds:
        with tempfile.TemporaryDirectory() as folder:
            built = build(Path(folder), name, options)
            sizes = built[0].encoded.tokens()
            sets[name] = {"examples": len(sizes), "mean_length": float(sizes.mean()), "used_rows": built[0].used}
            for one, table in zip(built, rivals(built, options), strict=True):
                rows += report(name, one, f"{one.model.vocabulary:,}", timing.alternate(table, options.rounds))
    model = {"layers": options.layers, "hidden": options.hidden}
    clock = "CPU seconds" if options.device == "cpu" else "kernel seconds" if options.kernels else "wall seconds"
    print(json.dumps({"benchmark": "training", "clock": clock, "model": model, "sets": sets, "rows": rows}))


if __name__ == "__main__":
    main()
