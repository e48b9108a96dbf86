"""Gains and distances → correlations, mixed models, families, verdicts: every table of docs/results.md."""

import argparse
import json
import os
from pathlib import Path

from xstilts.analysis import answer_metrics, gains, pipeline, regression
from xstilts.analysis.settings import Analysis
from xstilts.distances import from_english as distances
from xstilts.distances import imputation
from xstilts.formats import atomic, typed_yaml


def main() -> None:
    """Read the other tables of results/ and write results/analysis/ and metrics/answer.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; no result depends on it")
    arguments = parser.parse_args()
    folder = arguments.results
    results = pipeline.analyse(
        gains.read(folder / "gains.csv"),
        distances.read(folder / "distances.csv"),
        imputation.read(folder / "imputed_distances.csv"),
        regression.read(folder / "overlap.csv"),
        typed_yaml.section("params.yaml", "analysis", Analysis),
        arguments.workers,
    )
    with atomic.whole(folder / "analysis") as aside:
        pipeline.write(aside, results)
    answer = answer_metrics.of(results.verdicts, typed_yaml.section("params.yaml", "study", str))
    atomic.write(Path("metrics/answer.json"), json.dumps(answer, indent=1, allow_nan=False) + "\n")
    for name, said in results.answers.items():
        print(f"{name}: {' '.join(said['sentences'])}")


if __name__ == "__main__":
    main()
