"""How long `gains` takes to restore and read a full grid from a store that also holds many superseded runs.

    python benchmarks/store.py                     a fresh SQLite store in a temporary folder
    python benchmarks/store.py --folder big        the same in a folder that is kept, and used again the next time
    python benchmarks/store.py --uri http://…      another store (a study of its own is made there)

Builds the store first, which takes minutes, then prints what building, restoring and reading took.
"""

import argparse
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from xstilts.formats import fingerprints
from xstilts.formats.runs import RunKey
from xstilts.languages import table as languages
from xstilts.tracking import records, scores, store

METRICS = ("f1", "exact_match", "accuracy")


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500, help="runs of the grid")
    parser.add_argument("--superseded", type=int, default=5000, help="older runs of the same keys")
    parser.add_argument("--metrics", type=int, default=120, help="values a run, means not counted")
    parser.add_argument("--folder", type=Path, help="where to keep the store and its records")
    parser.add_argument("--uri", help="MLflow tracking URI")
    asked = parser.parse_args()
    if asked.uri:
        os.environ["MLFLOW_TRACKING_URI"] = asked.uri
    seconds: dict[str, float] = {}
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(asked.folder or folder):
        if not Path("scores").exists():
            with timed(seconds, "build"):
                build(asked.runs, asked.superseded, asked.metrics)
        with timed(seconds, "import MLflow and connect"):
            store.connect().studies()
        with timed(seconds, "restore (nothing is missing)"):
            current = scores.restore(Path("scores"))
        with timed(seconds, "read"):
            found = scores.read("benchmark", among=current)
        database = Path("mlruns/mlflow.db")
        size = database.stat().st_size / 2**20 if database.exists() else float("nan")
    assert len(found) == asked.runs * asked.metrics, f"{len(found)} numbers read, {asked.runs * asked.metrics} logged"
    shown = {name: getattr(asked, name) for name in ("runs", "superseded", "metrics")}
    print(json.dumps({**shown, "numbers": len(found), "store_mib": round(size, 1), "seconds": seconds}))


def build(runs: int, superseded: int, metrics: int) -> None:
    """Records of a grid, logged; and older runs of the same keys."""
    rng = np.random.default_rng(0)
    codes = [language.code for language in languages.xtreme()]
    names = [f"{metric}/{code}" for metric in METRICS for code in codes][:metrics]
    keys = [RunKey(f"intermediate{index // 45}", f"target{index % 9}", index % 45 // 9) for index in range(runs)]
    there = store.connect()
    for index in tqdm(range(superseded), desc="superseded", disable=None):
        made = scores.entry(record(keys[index % runs], names, codes, rng))
        tags = {**made.all_tags, "superseded": "true", "process": ""}
        run = there.create(made.study, made.name, tags, started=made.started)
        points = [(name, value, made.ended, 0) for name, value in made.metrics.items()]
        there.write(run.info.run_id, points=points, parameters=made.parameters)
        there.end(run.info.run_id, "FINISHED")
    for key in tqdm(keys, desc="grid", disable=None):
        made = record(key, names, codes, rng)
        records.write(made, Path("scores") / f"{key.path}.json")
        scores.log(made)


def record(key: RunKey, names: list[str], codes: list[str], rng: np.random.Generator) -> dict[str, object]:
    """A score record with random values, and parameters and provenance as long as real ones."""
    now = int(time.time() * 1000)
    return records.score(
        study="benchmark",
        profile="benchmark",
        key=key,
        training="squad_v1",
        values={name: round(float(rng.uniform(0, 100)), 6) for name in names},
        examples=dict.fromkeys(codes, 1000),
        parameters={f"recipe.{index}": index for index in range(20)},
        inputs={"predictions": {"path": "predictions", "sha256": fingerprints.of(rng.integers(1 << 60).item())}},
        provenance={f"fact{index}": "x" * 40 for index in range(20)} | {"started": now, "ended": now},
    )


@contextlib.contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note the wall time of a block."""
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 2)


if __name__ == "__main__":
    main()
