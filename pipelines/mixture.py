"""What one intermediate learns from, gathered from data/ into mixtures/<intermediate>/."""

import argparse
from pathlib import Path

from xstilts.formats import typed_yaml
from xstilts.preparation import mixtures
from xstilts.preparation.settings import Mixture


def main() -> None:
    """Write mixtures/<intermediate>/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("intermediate")
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("mixtures"))
    arguments = parser.parse_args()
    name = arguments.intermediate
    mixture = typed_yaml.section("params.yaml", f"mixtures.{name}", Mixture)
    gathered = mixtures.gather(name, mixture, arguments.data, arguments.out / name)
    print(f"{name}: {', '.join(gathered) or 'nothing, the pretrained encoder as it is'}")


if __name__ == "__main__":
    main()
