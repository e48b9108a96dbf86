"""Distances from English of the table's and the targets' languages, with coverage, and those over imputed features."""

import argparse
from pathlib import Path

from xstilts import tasks
from xstilts.distances import from_english as distances
from xstilts.distances import grambank, imputation
from xstilts.formats import typed_yaml
from xstilts.formats.typed_yaml import Count
from xstilts.languages import table as languages


def main() -> None:
    """Write results/distances.csv and results/imputed_distances.csv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("results"))
    arguments = parser.parse_args()
    seed = typed_yaml.section("params.yaml", "analysis.seed", Count)
    number = typed_yaml.section("params.yaml", "analysis.imputations", Count)
    targets = typed_yaml.section("params.yaml", "targets", tuple[str, ...])
    codes = languages.with_rows(code for target in targets for code in tasks.get(target).languages)
    rows = distances.table(codes, seed) + grambank.read()
    distances.write(arguments.out / "distances.csv", rows)
    imputation.write(arguments.out / "imputed_distances.csv", imputation.impute(codes, seed, number))
    print(f"{len(codes)} languages, {len({row.distance for row in rows})} distances")


if __name__ == "__main__":
    main()
