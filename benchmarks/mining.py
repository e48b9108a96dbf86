"""Exact mining against faiss and against the bare matrix product: `python benchmarks/mining.py [--rows N]`.

Both directions' 4 nearest of N x N random vectors (width 1024). faiss searches a flat index each way, as XTREME and
jiant do; the limit is the one product alone, in the same blocks. CPU time on one thread unless --threads says
otherwise, alternating rounds, medians; `--memory-only` mines once and reports peak memory instead. Last line: JSON.
"""

import argparse
import importlib.util
import json
import resource
import time
from collections.abc import Callable

import numpy as np
import torch
from peers import timing

from xstilts.prediction import bitext_mining

K = 4


def vectors(rows: int, width: int, seed: int) -> torch.Tensor:
    """Random rows of length 1, made in place so that the peak of memory is what is kept."""
    x = torch.empty(rows, width)
    np.random.default_rng(seed).standard_normal(dtype=np.float32, out=x.numpy())
    return x.div_(torch.linalg.vector_norm(x, dim=1, keepdim=True))


def faiss_both(x: torch.Tensor, y: torch.Tensor) -> list[np.ndarray]:
    """Flat inner-product search each way; indices only."""
    import faiss

    faiss.omp_set_num_threads(torch.get_num_threads())
    found = []
    for queries, base in ((x, y), (y, x)):
        index = faiss.IndexFlatIP(x.shape[1])
        index.add(base.numpy())
        found.append(index.search(queries.numpy(), K)[1])
    return found


def bare_product(x: torch.Tensor, y: torch.Tensor, memory: int) -> None:
    """The product in our blocks, and nothing else."""
    rows, columns = bitext_mining._block(len(x), len(y), memory)
    space = torch.empty(rows * columns)
    for block_x in torch.split(x, rows):
        for block_y in torch.split(y, columns):
            out = space[: len(block_x) * len(block_y)].view(len(block_x), len(block_y))
            torch.mm(block_x, block_y.T, out=out)


def peak() -> float:
    """Highest resident memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print a table and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", type=int, default=1024, help="MiB a block of the product may take")
    parser.add_argument("--memory-only", action="store_true", help="mine once, report the extra memory")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    x, y = (vectors(arguments.rows, arguments.width, seed) for seed in (1, 2))
    report: dict[str, object] = {"benchmark": "mining", "sentences": arguments.rows, "width": arguments.width, "k": K}
    if arguments.memory_only:
        before, start = peak(), time.process_time()
        bitext_mining.mine(x, y, K, arguments.memory)
        report |= {"extra_mib": peak() - before, "cpu_seconds": time.process_time() - start}
        print(f"mine {arguments.rows} x {arguments.rows}: {report['extra_mib']:.0f} MiB beside the vectors")
        print(json.dumps(report))
        return
    functions: dict[str, Callable[[], object]] = {
        "ours": lambda: bitext_mining.neighbours(x, y, K, arguments.memory),
        "bare product": lambda: bare_product(x, y, arguments.memory),
    }
    if importlib.util.find_spec("faiss"):
        functions["faiss flat, both ways"] = lambda: faiss_both(x, y)
        found = bitext_mining.neighbours(x, y, K, arguments.memory)
        same = [
            float((left == right.numpy()).mean()) for left, right in zip(faiss_both(x, y), found[1::2], strict=True)
        ]
        report["same_as_faiss"] = same
    else:
        print("faiss is not installed; only the limit is measured")
    turns = {name: lambda run=run: timing.measured(run, 1) for name, run in functions.items()}  # type: ignore[misc]
    each = timing.alternate(turns, arguments.rounds)
    rows = []
    for name, seconds in each.items():
        print(f"{name:24}{seconds:10.2f} CPU s{seconds / each['ours']:8.2f} x ours")
        rows.append({"rival": name, "ratio": seconds / each["ours"], "each": seconds})
    print(json.dumps(report | {"rows": rows, "share_of_limit": each["bare product"] / each["ours"]}))


if __name__ == "__main__":
    main()
