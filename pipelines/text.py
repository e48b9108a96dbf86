"""The text that MLM reads, one file a language, a part of it held out."""

import argparse
from pathlib import Path

from xstilts.formats import typed_yaml
from xstilts.preparation import mlm_text
from xstilts.preparation.settings import Checked


def main() -> None:
    """Write data/text/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data/text"))
    arguments = parser.parse_args()
    counts = mlm_text.write(arguments.out, typed_yaml.section("params.yaml", "data", Checked))
    print(f"text: {sum(counts.values()):,} lines in {len(counts)} languages")


if __name__ == "__main__":
    main()
