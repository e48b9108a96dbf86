"""Wall time of `xstilts grid --jobs N` against `dvc repro` on the same grid, alternating, each from nothing.

    python benchmarks/grid.py                    the tests' tiny grid: real stages, seconds each
    python benchmarks/grid.py --toy 5            eleven stages that only wait 5 s: what the engine itself costs

Ends with a line of JSON; `ratio` is serial over grid seconds, the median of the rounds: above 1, the grid
is faster.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "helpers"))
import tiny
import toy_grid


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--toy", type=float, metavar="SECONDS", help="stages that wait, instead of the tiny grid")
    asked = parser.parse_args()
    words = {
        "grid": (sys.executable, "-m", "xstilts.commands.main", "grid", "--jobs", str(asked.jobs)),
        "serial": ("dvc", "repro", "-q"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in words}
    for number in range(asked.rounds):
        for name in sorted(words, reverse=number % 2 == 1):
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place, "r")
                folder.mkdir()
                if asked.toy is None:
                    tiny.copy(folder)
                else:
                    toy_grid.make(folder, asked.toy)
                began = time.monotonic()
                tiny.run(folder, *words[name])
                seconds[name].append(round(time.monotonic() - began, 1))
                print(f"round {number + 1}: {name} {seconds[name][-1]} s", flush=True)
    ratio = np.median([s / g for s, g in zip(seconds["serial"], seconds["grid"], strict=True)])
    print(json.dumps({"jobs": asked.jobs, "toy": asked.toy, "seconds": seconds, "ratio": round(float(ratio), 2)}))


if __name__ == "__main__":
    main()
