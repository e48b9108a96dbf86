"""Gains and distances → correlations, mixed models, families, verdicts: every table of docs/results.md."""

import argparse
import os
from pathlib import Path

from xstilts.analysis import gains, regression
from xstilts.analysis import pipeline as study
from xstilts.analysis.sample import Settings
from xstilts.distances import from_english as distances
from xstilts.distances import imputation


def main() -> None:
    """Read results/gains.csv and the distances; write the tables beside them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="of all random draws")
    parser.add_argument("--draws", type=int, required=True, help="Monte Carlo draws of every p")
    parser.add_argument("--bootstrap", type=int, required=True, help="resamples of the bootstrap intervals")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes; no result depends on it")
    parser.add_argument("--predictors", type=Path, help="columns target,language,overlap,fertility")
    arguments = parser.parse_args()
    folder = arguments.results
    results = study.analyse(
        gains.read(folder / "gains.csv"),
        distances.read(folder / "distances.csv"),
        imputation.read(folder / "imputed_distances.csv"),
        regression.read(arguments.predictors) if arguments.predictors else None,
        Settings(seed=arguments.seed, draws=arguments.draws, resamples=arguments.bootstrap),
        arguments.workers,
    )
    study.write(folder, results)
    for name, answer in results.answers.items():
        print(f"{name}: {' '.join(answer['sentences'])}")


if __name__ == "__main__":
    main()
