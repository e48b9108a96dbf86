"""Distance of every language from English, with its coverage, and the distances over imputed features."""

import argparse
from pathlib import Path

from xstilts.distances import from_english as distances
from xstilts.distances import grambank, imputation
from xstilts.languages import table as languages


def main() -> None:
    """Write results/distances.csv and results/imputed_distances.csv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="of the feature bootstrap and the imputations")
    parser.add_argument("--imputations", type=int, required=True, help="completed feature vectors a language")
    parser.add_argument("--out", type=Path, default=Path("results"))
    arguments = parser.parse_args()
    codes = [language.code for language in languages.LANGUAGES]
    rows = distances.table(codes, arguments.seed) + grambank.read()
    distances.write(arguments.out / "distances.csv", rows)
    imputation.write(
        arguments.out / "imputed_distances.csv", imputation.impute(codes, arguments.seed, arguments.imputations)
    )
    print(f"{len(codes)} languages, {len({row.distance for row in rows})} distances")


if __name__ == "__main__":
    main()
