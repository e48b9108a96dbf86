"""Gains and distances → correlations, mixed models, families, verdicts: every table of docs/results.md."""

import argparse
import os
from pathlib import Path

from xstilts.analysis import gains, regression
from xstilts.analysis import pipeline as study
from xstilts.analysis.settings import Analysis
from xstilts.distances import from_english as distances
from xstilts.distances import imputation
from xstilts.formats import atomic as folders
from xstilts.formats import typed_yaml


def main() -> None:
    """Read the other tables of results/ and write results/analysis/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; no result depends on it")
    arguments = parser.parse_args()
    folder = arguments.results
    results = study.analyse(
        gains.read(folder / "gains.csv"),
        distances.read(folder / "distances.csv"),
        imputation.read(folder / "imputed_distances.csv"),
        regression.read(folder / "overlap.csv"),
        typed_yaml.section("params.yaml", "analysis", Analysis),
        arguments.workers,
    )
    with folders.whole(folder / "analysis") as aside:
        study.write(aside, results)
    for name, answer in results.answers.items():
        print(f"{name}: {' '.join(answer['sentences'])}")


if __name__ == "__main__":
    main()
