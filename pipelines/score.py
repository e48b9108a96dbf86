"""One run's metrics in every language: a record that git keeps, mirrored in MLflow."""

import argparse
from pathlib import Path

from xstilts import experiment as params
from xstilts.scoring import score_run as measured


def main() -> None:
    """Write scores/<intermediate>/<target>/seed<k>.json and log it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("intermediate")
    parser.add_argument("target")
    parser.add_argument("seed", type=int)
    parser.add_argument("--training", help="the task whose training the target starts from; none for retrieval")
    arguments = parser.parse_args()
    run = measured.Run(arguments.intermediate, arguments.training or "", arguments.target, arguments.seed)
    record = measured.measure(run, params.load(), Path())
    print(f"{run.key}: {measured.summary(record)}")


if __name__ == "__main__":
    main()
