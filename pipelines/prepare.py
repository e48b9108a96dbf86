"""One task's data in every language, from the origin that params.yaml names to data/<task>/."""

import argparse
from pathlib import Path

from xstilts import preparation, tasks
from xstilts.formats import prepared, typed_yaml
from xstilts.preparation import cards
from xstilts.preparation.settings import Checked


def main() -> None:
    """Write data/<task>/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task")
    parser.add_argument("--out", type=Path, default=Path("data"))
    arguments = parser.parse_args()
    settings = typed_yaml.section("params.yaml", "data", Checked)
    task = tasks.get(arguments.task)
    found = preparation.load(task, settings)
    card = cards.card_of(task, found.splits, found.source)
    card = prepared.write(arguments.out / task.name, card, found.splits)
    for split, notes in found.source.get("splits", {}).items():
        print(f"{task.name} {split}: {', '.join(f'{what} {count}' for what, count in notes.items())}")
    print(f"{task.name}: {sum(card.counts.values()):,} examples, {len(card.languages)} test languages")


if __name__ == "__main__":
    main()
