"""The encoder called `none` starts from: from the Hub by name, or pretrained here on data/text."""

import argparse
from pathlib import Path

from xstilts import experiment as params
from xstilts.formats import learned
from xstilts.training import pretraining


def main() -> None:
    """Write checkpoints/pretrained/ and its training's record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, default=Path("data/text"))
    parser.add_argument("--out", type=Path, default=Path("checkpoints/pretrained"))
    parser.add_argument("--record", type=Path, default=Path("trainings/pretrained"))
    arguments = parser.parse_args()
    card = pretraining.make(params.load(), text=arguments.text, output=arguments.out, record=arguments.record)
    print(f"pretrained: {card['name']}, {card['final']}{learned.remark(card['final'])}")


if __name__ == "__main__":
    main()
