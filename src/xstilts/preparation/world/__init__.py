"""The world: artificial languages with the syntax, families and cognate rates of real ones.

Everything is drawn from `data.world.seed` alone, so the truth is known and two machines make the same files. A
language carries a real ISO 639-3 code: word order, adpositions, modifiers, negation and questions follow URIEL's
syntax features of that language (`grammar.py`), its share of English words their genetic similarity (`lexicon.py`).
One event representation (`events.py`) becomes running text and examples of every shape (`catalogue.py`).
"""

from collections.abc import Mapping
from typing import Any

from xstilts.preparation import Prepared
from xstilts.preparation.world import running_text
from xstilts.preparation.world.preparation import World, splits
from xstilts.preparation.world.settings import WorldSettings
from xstilts.tasks.task import Task

__all__ = ["WorldSettings", "heldout", "load", "text"]


def load(task: Task, settings: Mapping[str, Any]) -> Prepared:
    """A task's examples in every language of the world; `settings` is `params.yaml: data`.

    Raises:
        ValueError: the world makes nothing for this task.
    """
    if "world" in task.absent:
        raise ValueError(f"{task.name} cannot be prepared from the artificial world: {task.absent['world']}")
    world = World(_settings(settings))
    made = splits(world, task)
    source: dict[str, Any] = {"origin": "world", "seed": world.settings.seed}
    if task.shape == "tagging":
        used = {tag for split in ("train", "validation") for row in made[split] for tag in getattr(row, "tags", ())}
        source["labels"] = list(task.labels or sorted(used))
    return Prepared(splits=made, source=source)


def text(languages: tuple[str, ...], settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """Running text for MLM, one document of a few sentences a line."""
    return running_text.documents(World(_settings(settings)), languages, heldout=False)


def heldout(languages: tuple[str, ...], settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """Documents that `text` never gives, for perplexity."""
    return running_text.documents(World(_settings(settings)), languages, heldout=True)


def _settings(settings: Mapping[str, Any]) -> WorldSettings:
    return WorldSettings.from_mapping(settings.get("world") or {})
