"""Scores that papers printed → MLflow, as runs of their own studies; the same numbers as results/published.csv."""

import argparse
from pathlib import Path

from xstilts.analysis import published
from xstilts.formats import tables
from xstilts.formats.runs import Score
from xstilts.tracking import scores


def main() -> None:
    """Check every file, log every study, write the receipt."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("data/published"))
    parser.add_argument("--out", type=Path, default=Path("results/published.csv"))
    arguments = parser.parse_args()
    rows = published.scores(arguments.folder)
    notes = {study.name: study.about() for study in published.studies(arguments.folder)}
    runs = scores.log_published(rows, notes)
    tables.write_csv(arguments.out, Score, rows)
    print(f"{len(rows)} scores of {len(notes)} studies in {len(runs)} runs")


if __name__ == "__main__":
    main()
