"""What one intermediate learns from, gathered below mixtures/<intermediate>/.

A folder of its own, because a DVC stage lists its dependencies by name: the training depends on this folder alone, and
the folder holds no test data, so that a change of a target language's test set trains nothing again.
"""

import shutil
from dataclasses import replace
from pathlib import Path

from xstilts.formats import atomic, examples, prepared
from xstilts.preparation.settings import Mixture

ENGLISH = "eng"


def gather(name: str, mixture: Mixture, data: Path, output: Path) -> list[str]:
    """Copy the training and validation data of a mixture's tasks, and the text for MLM; returns what was gathered.

    Args:
        name: of the intermediate.
        mixture: its tasks, languages and MLM.
        data: where prepared tasks lie.
        output: mixtures/<name>.

    Raises:
        ValueError: a task lacks training data, or the machine-translated training data of a language.
    """
    folder = atomic.aside(output)
    for task in mixture.tasks:
        card = prepared.read_card(data / task)
        target = folder / task
        target.mkdir()
        rows = []
        for language in mixture.languages:
            split = "train" if language == ENGLISH else f"translated/{language}"
            if split not in card.files:
                known = sorted(s.removeprefix("translated/") for s in card.files if s.startswith("translated/"))
                raise ValueError(
                    f"mixtures.{name}: {task} has no training data in {language!r}; its machine-translated training "
                    f"data are known for: {', '.join(known) or 'no language'}. Supply them (docs/data.md, translated "
                    f"data) or change mixtures.{name}.languages"
                )
            rows += prepared.read(data / task, split)
        examples.write(target / "train.jsonl", rows)
        prepared.write_head(target, replace(card, label_counts=examples.label_counts(rows)))
        validation = data / task / "validation.jsonl"
        if validation.exists():
            shutil.copyfile(validation, target / "validation.jsonl")
    if mixture.mlm:
        shutil.copytree(data / "text", folder / "text")
    names = sorted(path.name for path in folder.iterdir())
    (folder / "mixture.txt").write_text("".join(f"{part}\n" for part in names), encoding="utf-8")
    atomic.place(folder, output)
    return names
