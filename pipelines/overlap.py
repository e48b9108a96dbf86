"""Token overlap with English and tokenizer fertility of every language of every target."""

import argparse
from pathlib import Path

from xstilts.formats import tables, typed_yaml
from xstilts.model import overlap
from xstilts.model.tokens import Tokens


def main() -> None:
    """Write results/overlap.csv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--encoder", type=Path, default=Path("checkpoints/pretrained/encoder"))
    parser.add_argument("--out", type=Path, default=Path("results/overlap.csv"))
    arguments = parser.parse_args()
    tokens = Tokens.open(arguments.encoder)
    targets = typed_yaml.section("params.yaml", "targets", tuple[str, ...])
    rows = [row for target in targets for row in overlap.of_target(arguments.data / target, tokens)]
    tables.write_csv(arguments.out, overlap.Predictors, rows)
    print(f"{len(rows)} languages of targets")


if __name__ == "__main__":
    main()
