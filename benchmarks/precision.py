"""What bf16 does to the metrics of trained models, target by target.

    python benchmarks/precision.py [--repository FOLDER]

Predicts every target that has a training twice, in fp32 and in bf16, from the checkpoints of a repository in which
`make run` has been and target weights are kept (`runtime.keep_targets: true`), and scores both. A target whose largest
movement over languages and metrics stays below 0.1 point may be listed under `prediction.bf16` in params.yaml; with few
test rows one changed prediction is more than that. The last line is JSON.
"""

import argparse
import contextlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from peers import timing

from xstilts import experiment, scoring
from xstilts.experiment import Params
from xstilts.formats import predictions, prepared
from xstilts.prediction import predict
from xstilts.scoring import score_run

ALLOWED = 0.1  # points


def pairs(settings: Params) -> Iterator[tuple[str, str]]:
    """Every target that has a training, with that training."""
    start = settings.starts_from
    yield from ((target, target) for target in start.itself)
    yield from ((target, training) for training in ("squad_v1", "siqa") for target in getattr(start, training))


def values(data: Path, files: dict[str, predict.Rows]) -> dict[str, float]:
    """Metrics by `metric/language`."""
    card = prepared.read_card(data)
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        predictions.write_rows(files, Path(folder))
        for language in card.languages:
            inputs = score_run.inputs_of(card, data, Path(folder), language)
            scored = scoring.score(card.scorer, card.metrics, inputs).values
            found |= {f"{metric}/{language}": value for metric, value in scored.items()}
    return found


def measure(root: Path, settings: Params, seed: int) -> list[dict[str, Any]]:
    """Print a line for every target checkpoint below a repository, and return the lines."""
    runtime = replace(settings.runtime, progress=False)
    print(f"{'intermediate':14}{'target':10}{'metrics':>8}{'mean moved':>12}{'most moved':>12}{'fp32/bf16 time':>16}")
    rows = []
    for intermediate in settings.intermediates:
        for target, training in pairs(settings):
            checkpoint = root / "checkpoints" / "target" / intermediate / training / f"seed{seed}"
            data = root / "data" / target
            if not (checkpoint / "encoder").exists() or not data.exists():
                continue
            found, seconds = [], []
            for bf16 in (False, True):
                before = timing.now()
                files = predict.predict(checkpoint, training, data, runtime, bf16=bf16)
                seconds.append(timing.now() - before)
                found.append(values(data, files))
            moved = [abs(found[0][name] - found[1][name]) for name in found[0]]
            row = {"mean": sum(moved) / len(moved), "most": max(moved), "ratio": seconds[0] / seconds[1]}
            print(
                f"{intermediate:14}{target:10}{len(moved):8}{row['mean']:12.3f}{row['most']:12.3f}{row['ratio']:16.2f}"
            )
            rows.append({"intermediate": intermediate, "target": target, "metrics": len(moved), **row})
    return rows


def main() -> None:
    """Print a table of movements and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", type=Path, default=Path())
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    root = options.repository.resolve()
    settings = experiment.load(root / "params.yaml")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # what is tokenised is cached there
        rows = measure(root, settings, options.seed)
    if not rows:
        print("no target checkpoint with its weights here: run `make run` with runtime.keep_targets: true first")
    targets = {row["target"] for row in rows}
    fit = sorted(name for name in targets if all(row["most"] < ALLOWED for row in rows if row["target"] == name))
    print(json.dumps({"benchmark": "precision", "below": ALLOWED, "targets": fit, "rows": rows}))


if __name__ == "__main__":
    main()
