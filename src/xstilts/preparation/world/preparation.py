"""A task's splits: the same items in every language, no item in two splits."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from xstilts.formats.examples import Example, ParallelSentences
from xstilts.preparation.world import catalogue, grammar, lexicon, sentences
from xstilts.preparation.world.events import Sampler, Saying
from xstilts.preparation.world.items import Aligned, Item
from xstilts.preparation.world.rendering import Renderer, text
from xstilts.preparation.world.settings import WorldSettings
from xstilts.tasks.task import Task

# So many groups in a row without a new item mean that the world has no more to say.
_PATIENCE = 2000


class World:
    """The languages of one world, each with its renderer."""

    def __init__(self, settings: WorldSettings) -> None:
        self.settings = settings
        self.names = lexicon.name_parts(settings.seed)
        self.grammars = grammar.grammars(settings.languages, settings.order, settings.seed)

    @cache  # noqa: B019 - a world lives as long as its process
    def renderer(self, code: str) -> Renderer:
        """How a language says things."""
        return Renderer(self.grammars[code], lexicon.of(code, self.settings))

    def languages(self, task: Task) -> tuple[str, ...]:
        """The test languages of a task: all of the world, or those that XTREME tests; no English in retrieval.

        MLQA's metric normalises answers language by language and knows its own seven alone.
        """
        codes = self.settings.languages
        if not self.settings.all_languages or task.scorer == "mlqa":
            codes = tuple(code for code in codes if code in task.languages)
        return tuple(code for code in codes if not (task.shape == "retrieval" and code == "eng"))

    def sampler(self, task: Task, split: str, half: int | None) -> Sampler:
        """The source of a split's events."""
        return Sampler(f"{self.settings.seed}/{task.name}/{split}", self.names, half)


def splits(world: World, task: Task) -> dict[str, list[Example]]:
    """All splits of a task."""
    return _retrieval(world, task) if task.shape == "retrieval" else _examples(world, task)


def _examples(world: World, task: Task) -> dict[str, list[Example]]:
    settings = world.settings
    english = world.renderer("eng")
    sizes = {"test": settings.test if task.languages else 0, "validation": settings.validation}
    sizes["train"] = settings.training_size(task.name)
    seen: set[Example] = set()
    items = {split: _draw(world, task, split, size, english, seen) for split, size in sizes.items() if size}
    result: dict[str, list[Example]] = {split: _say(items[split], english, split) for split in ("train", "validation")}
    for code in world.languages(task) if task.languages else ():
        result[f"test/{code}"] = _say(items["test"], world.renderer(code), "test")
    for code in settings.languages if task.name in settings.translated else ():
        if code != "eng":
            result[f"translated/{code}"] = _say(items["train"], world.renderer(code), "train")
    return result


def _say(items: Iterable[Item], renderer: Renderer, split: str) -> list[Example]:
    return [item.example(renderer, f"{split}-{number}") for number, item in enumerate(items)]


def _draw(world: World, task: Task, split: str, size: int, english: Renderer, seen: set[Example]) -> list[Item]:
    """Whole groups of items that no earlier split has, then cut to size and shuffled."""
    half, make = catalogue.maker(task)
    sampler = world.sampler(task, split, half)
    items: list[Item] = []
    idle = 0
    while len(items) < size:
        group = make(sampler)
        keys = [item.example(english, "") for item in group]
        if not group or len(set(keys)) < len(keys) or not seen.isdisjoint(keys):
            idle += 1
            if idle > _PATIENCE:
                raise ValueError(
                    f"params.yaml: data.world asks for {size} examples of {task.name}/{split}, but the world has only "
                    f"{len(items)} different ones; lower data.world.sizes.{task.name} or data.world.{split}"
                )
            continue
        idle = 0
        seen.update(keys)
        items.extend(group)
    del items[size:]
    sampler.random.shuffle(items)
    return items


def _retrieval(world: World, task: Task) -> dict[str, list[Example]]:
    settings = world.settings
    english = world.renderer("eng")
    if task.scorer != "mining":
        rows = _sentences(world.sampler(task, "test", None), english, settings.test, set())
        return {
            f"test/{code}": [
                Aligned(saying, saying).example(world.renderer(code), english, str(number))
                for number, saying in enumerate(rows)
            ]
            for code in world.languages(task)
        }
    result: dict[str, list[Example]] = {}
    for code in world.languages(task):
        for split, size in (("test", settings.test), ("dev", settings.dev)):
            sampler = world.sampler(task, f"{split}/{code}", None)
            result[f"{split}/{code}"] = list(_corpora(sampler, world.renderer(code), english, size))
    return result


def _sentences(sampler: Sampler, english: Renderer, size: int, seen: set[str]) -> list[Saying]:
    found: list[Saying] = []
    while len(found) < size:
        saying = sentences.rich(sampler)
        key = text(english.say(saying))
        if key not in seen:
            seen.add(key)
            found.append(saying)
    return found


def _corpora(sampler: Sampler, renderer: Renderer, english: Renderer, size: int) -> Iterator[ParallelSentences]:
    """Comparable corpora: as many sentences without a counterpart on either side as there are pairs."""
    seen: set[str] = set()
    both, foreign, own = (_sentences(sampler, english, size, seen) for _ in range(3))
    rows = [Aligned(said, said) for said in both] + [Aligned(said, None) for said in foreign]
    rows += [Aligned(None, said) for said in own]
    random.Random(sampler.random.random()).shuffle(rows)
    for number, row in enumerate(rows):
        made = row.example(renderer, english, f"{number:06d}")
        # Ids of a pair must not betray it.
        yield replace(
            made,
            source_id=f"{renderer.lexicon.code}-{made.source_id}" if made.source_id else None,
            target_id=f"eng-{len(rows) - number:06d}" if made.target_id else None,
        )
