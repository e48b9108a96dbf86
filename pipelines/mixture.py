"""What one intermediate learns from, gathered from data/ into mixtures/<intermediate>/."""

import argparse
from pathlib import Path

from xstilts import experiment as params
from xstilts.preparation import mixtures


def main() -> None:
    """Write mixtures/<intermediate>/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("intermediate")
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("mixtures"))
    arguments = parser.parse_args()
    name = arguments.intermediate
    gathered = mixtures.gather(name, params.load().mixtures[name], arguments.data, arguments.out / name)
    print(f"{name}: {', '.join(gathered) or 'nothing, the pretrained encoder as it is'}")


if __name__ == "__main__":
    main()
