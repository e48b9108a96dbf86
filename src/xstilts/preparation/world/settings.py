"""The settings of the world: `params.yaml: data.world`."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from xstilts import tasks

COGNATES = ("genetic", "shuffled", "distance", "constant", "none")
FUNCTIONS = ("own", "english")
ORDERS = ("uriel", "english", "shuffled")
PRETRAINING = ("equal", "cc100", "distance")
SPLITS = ("train", "validation", "test", "dev")

# Near in syntax and near in family (deu, spa), near in syntax and far in family (fin, heb, ind, vie, cmn), far in
# syntax and near in family (hin, pes), far in both (tur, jpn, swh).
DEFAULT_LANGUAGES = (
    "eng", "deu", "spa", "rus", "hin", "pes", "fin", "heb", "ind", "vie", "cmn", "tur", "jpn", "swh",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class WorldSettings:
    """What can be planted in the world.

    Attributes:
        seed: of the world (words, names, events); training has seeds of its own.
        languages: ISO 639-3 codes, English among them.
        all_languages: test every target in every language of the world; false: only in those that XTREME tests.
        documents: documents of MLM text for English, and for every language where `pretraining` is equal.
        heldout: documents kept apart for perplexity, per language.
        train, validation, test, dev: examples per split; test and dev are per language.
        sizes: training examples of single tasks, by task name.
        translated: tasks whose training set is also rendered in every other language (`translated/<code>`).
        cognates: share of English words: `genetic` = base + slope * sqrt(genetic similarity); the same but `shuffled`,
            dealt out among the languages; `distance` = base + slope * (1 - 2 * syntactic disagreement with English),
            so that whatever sits on shared words falls with distance; `constant` = base; or `none`.
        cognate_base: the share of an unrelated language (loan words), 0 to 1.
        cognate_slope: what full genetic similarity, or full syntactic agreement, would add.
        functions: the words for articles, adpositions, negation and the like: a language's `own`, never English's,
            or those of `english` for all.
        respelled: share of names that a language spells its own way.
        order: word order from `uriel`, from `english` for all, or from URIEL but `shuffled` among the languages.
        pretraining: text per language: `equal`, as in CC-100 (`cc100`), or falling with syntactic `distance`.
        noise: share of words of the MLM text that are replaced by a random word of the language.
    """

    seed: int = 1
    languages: tuple[str, ...] = DEFAULT_LANGUAGES
    all_languages: bool = True
    documents: int = 4000
    heldout: int = 100
    train: int = 2000
    validation: int = 200
    test: int = 150
    dev: int = 150
    sizes: Mapping[str, int] = field(default_factory=dict)
    translated: tuple[str, ...] = ()
    cognates: str = "genetic"
    cognate_base: float = 0.15
    cognate_slope: float = 0.6
    functions: str = "own"
    respelled: float = 0.1
    order: str = "uriel"
    pretraining: str = "equal"
    noise: float = 0.0

    def __post_init__(self) -> None:
        _choice("cognates", self.cognates, COGNATES)
        _choice("functions", self.functions, FUNCTIONS)
        _choice("order", self.order, ORDERS)
        _choice("pretraining", self.pretraining, PRETRAINING)
        _typed("seed", self.seed, int)
        _typed("all_languages", self.all_languages, bool)
        for name in ("cognate_base", "cognate_slope", "respelled", "noise"):
            _typed(name, getattr(self, name), int, float)
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"params.yaml: data.world.{name} is {getattr(self, name)!r}; allowed: 0 to 1")
        counts = {name: getattr(self, name) for name in ("documents", "heldout", *SPLITS)}
        for name, count in (counts | {f"sizes.{task}": size for task, size in self.sizes.items()}).items():
            _typed(name, count, int)
            if count < 1:
                raise ValueError(f"params.yaml: data.world.{name} is {count!r}; allowed: 1 or more")
        known = tasks.names()
        for name in ("sizes", "translated"):
            for task in getattr(self, name):
                if task not in known:
                    raise ValueError(
                        f"params.yaml: data.world.{name} names {task!r}, which is no task; known: {', '.join(known)}"
                    )
        if "eng" not in self.languages:
            raise ValueError("params.yaml: data.world.languages lacks 'eng', the language of training; add it")
        if len(set(self.languages)) < len(self.languages):
            raise ValueError("params.yaml: data.world.languages names a language twice; remove one")

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "WorldSettings":
        """The settings of `params.yaml: data.world`; a key that is left out keeps its default.

        Raises:
            ValueError: an unknown key, or a value that is not allowed.
        """
        known = [item.name for item in fields(cls)]
        for key in mapping:
            if key not in known:
                close = difflib.get_close_matches(str(key), known, n=1)
                hint = f" Did you mean {close[0]!r}?" if close else ""
                raise ValueError(f"params.yaml: data.world has no key {key!r}; known: {', '.join(known)}.{hint}")
        values = dict(mapping)
        for name in ("languages", "translated"):
            if name in values:
                if not isinstance(values[name], Sequence) or isinstance(values[name], str):
                    raise ValueError(f"params.yaml: data.world.{name} is {values[name]!r}; a list is needed")
                values[name] = tuple(str(item) for item in values[name])
        if not isinstance(values.get("sizes", {}), Mapping):
            raise ValueError(f"params.yaml: data.world.sizes is {values['sizes']!r}; a mapping of tasks is needed")
        return cls(**values)

    def training_size(self, task: str) -> int:
        """Training examples of one task."""
        return self.sizes.get(task, self.train)


def _typed(name: str, value: Any, *allowed: type) -> None:
    if type(value) not in allowed:
        raise ValueError(
            f"params.yaml: data.world.{name} is {value!r}; a value of type {allowed[-1].__name__} is needed"
        )


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"params.yaml: data.world.{name} is {value!r}; allowed: {', '.join(allowed)}")
