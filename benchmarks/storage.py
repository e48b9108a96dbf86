"""A trained encoder on disk: whole in fp32, whole in bf16, or as a bf16 difference from the one it started from.

    python benchmarks/storage.py                               4 layers of 256, a table of 250,002 rows
    python benchmarks/storage.py --encoder xlm-roberta-base    XLM-R base from random weights: minutes, 6 GiB of memory

Random weights take AdamW steps on made sequences that use `--used` tokens of the table, as an English training set
does. Sizes are bytes on disk; rounding is the RMS of what storing loses over the RMS of what training changed. Writing
and opening (base and difference) are CPU time, medians of alternating rounds. The last line is JSON.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from xstilts.commands.dry_run import architectures, trial_step
from xstilts.commands.dry_run.architectures import Architecture
from xstilts.model import weight_delta
from xstilts.model.architecture import first_position
from xstilts.model.batching import Encoded, collate, hidden_states
from xstilts.model.settings import Model
from xstilts.training import trimmed_embedding

Weights = dict[str, Tensor]


def trained(architecture: Architecture, used: int, steps: int, rate: float) -> tuple[Weights, Weights]:
    """Weights before and after some optimiser steps, each on its share of the used tokens."""
    torch.manual_seed(1)
    body = trial_step.build(architecture).train()
    before = {name: value.clone() for name, value in body.state_dict().items()}
    rng = np.random.default_rng(1)
    ids = rng.choice(np.arange(5, architecture.vocabulary), size=used, replace=False)
    trimmed_embedding.trim(body, np.sort(ids))
    head = nn.Linear(architecture.hidden, 3)
    optimizer = torch.optim.AdamW([*body.parameters(), *head.parameters()], lr=rate, weight_decay=0.0, fused=True)
    for number, share in enumerate(np.array_split(ids, steps)):
        rows = np.array_split(share, max(1, len(share) // 64))
        batch = collate(Encoded.build([row.tolist() for row in rows]), np.arange(len(rows)), first_position(body))
        states = hidden_states(body, batch)
        loss = nn.functional.cross_entropy(head(states[batch.starts]), torch.arange(len(rows)) % 3)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        print(f"step {number + 1} of {steps}: loss {float(loss.detach()):.3f}", flush=True)
    trimmed_embedding.restore(body)
    return before, {name: value.clone() for name, value in body.state_dict().items()}


def rms(one: Weights, other: Weights) -> float:
    """Root mean square of the difference of all weights."""
    total = sum(float((one[name].double() - other[name].double()).square().sum()) for name in one)
    return float((total / sum(value.numel() for value in one.values())) ** 0.5)


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds that some work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """Train, store, open, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", choices=sorted(architectures.KNOWN), help="sizes of a known encoder")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--vocabulary", type=int, default=250_002)
    parser.add_argument("--used", type=int, default=20_000, help="tokens of the training data")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1e-5)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    sizes = Architecture("xlm-roberta", asked.vocabulary, asked.layers, asked.hidden, 4, 4 * asked.hidden, 514)
    architecture = architectures.of(Model(name=asked.encoder)) if asked.encoder else sizes
    before, after = trained(architecture, asked.used, asked.steps, asked.rate)
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), before, after, asked.rounds)


def report(folder: Path, before: Weights, after: Weights, rounds: int) -> None:
    """The table, and its line of JSON."""
    base, full, half, changed = (folder / name for name in ("base", "full", "half", weight_delta.FILE))
    save_file(before, base)
    write = {
        "fp32": lambda: save_file(after, full),
        "bf16": lambda: save_file({name: value.bfloat16() for name, value in after.items()}, half),
        "difference": lambda: weight_delta.write(weight_delta.between(after, load_file(base)), changed, "base"),
    }

    def added() -> Weights:
        weights = load_file(base)
        weight_delta.add(weight_delta.read(changed)[0], weights)
        return weights

    read: dict[str, Callable[[], Weights]] = {
        "fp32": lambda: {name: value.clone() for name, value in load_file(full).items()},
        "bf16": lambda: {name: value.float() for name, value in load_file(half).items()},
        "difference": added,
    }
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in write}
    for _ in range(rounds):
        for name in write:
            times[name][0].append(seconds(write[name]))
            times[name][1].append(seconds(read[name]))
    update = rms(after, before)
    stored = {"fp32": full, "bf16": half, "difference": changed}
    parameters = sum(value.numel() for value in after.values())
    print(f"\n{parameters:,} parameters, update RMS {update:.2e}")
    print(f"{'stored as':<12}{'MB':>10}{'of fp32':>9}{'rounding':>10}{'write s':>9}{'open s':>9}")
    result = {}
    for name, path in stored.items():
        size, lost = path.stat().st_size, rms(read[name](), after) / update
        writing, opening = (statistics.median(values) for values in times[name])
        share = size / full.stat().st_size
        print(f"{name:<12}{size / 1e6:>10.1f}{share:>9.3f}{lost:>10.2%}{writing:>9.2f}{opening:>9.2f}")
        result[name] = {"bytes": size, "rounding": lost, "write_s": writing, "open_s": opening}
    print(json.dumps({"benchmark": "storage", "parameters": parameters, "update_rms": update, **result}))


if __name__ == "__main__":
    main()
