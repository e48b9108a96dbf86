"""The words of a language: cognates with English, words of its own, names.

A language's words depend on the world's seed and its own code alone, so that adding a language changes no other
(but for shuffled cognates, which are dealt out among all languages of the world).
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xstilts.preparation.world import concepts
from xstilts.preparation.world.likeness import agreement, dealt, kinship
from xstilts.preparation.world.settings import WorldSettings

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"
FIRST_NAMES = 12
LAST_NAMES = 20


@dataclass(frozen=True)
class Lexicon:
    """Concept or function → word, and name in English → name in this language."""

    code: str
    content: Mapping[str, str]
    functions: Mapping[str, str]
    names: Mapping[str, str]
    cognates: frozenset[str]

    def word(self, concept: str) -> str:
        """The word for a content concept."""
        return self.content[concept]

    def function(self, meaning: str) -> str:
        """The word for a function of `concepts.FUNCTIONS`."""
        return self.functions[meaning]

    def name(self, part: str) -> str:
        """One part of a proper name; digits and the like are everywhere the same."""
        return self.names.get(part, part)


class _Coiner:
    """Coins words from a language's own sounds, never one that is taken."""

    def __init__(self, seed: str, taken: set[str]) -> None:
        self.random = random.Random(seed)
        self.taken = taken
        self.consonants = self.random.sample(_CONSONANTS, 9)
        self.vowels = self.random.sample(_VOWELS, 4)
        self.closed = self.random.random() < 0.5
        self.end = self.random.choice("nrslmt")

    def word(self, syllables: Sequence[int]) -> str:
        while True:
            length = self.random.choice(syllables)
            word = "".join(self.random.choice(self.consonants) + self.random.choice(self.vowels) for _ in range(length))
            if self.closed and self.random.random() < 0.4:
                word += self.end
            if word not in self.taken:
                self.taken.add(word)
                return word


def name_parts(seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First names, and names that people, places and companies share."""
    coiner = _Coiner(f"{seed}/names", set(_english().values()))
    first = tuple(coiner.word((2,)).capitalize() for _ in range(FIRST_NAMES))
    return first, tuple(coiner.word((2, 3)).capitalize() for _ in range(LAST_NAMES))


def cognate_share(code: str, settings: WorldSettings) -> float:
    """The share of content words that a language has in common with English."""
    if code == "eng":
        return 1.0
    if settings.cognates == "none":
        return 0.0
    if settings.cognates == "constant":
        return settings.cognate_base
    if settings.cognates == "distance":
        likeness = agreement(code)
    else:
        giver = dealt(code, settings.languages, settings.seed) if settings.cognates == "shuffled" else code
        likeness = kinship(giver)
    return min(1.0, settings.cognate_base + settings.cognate_slope * likeness)


def of(code: str, settings: WorldSettings) -> Lexicon:
    """The lexicon of one language."""
    first, last = name_parts(settings.seed)
    if code == "eng":
        return Lexicon(
            code=code,
            content={word: word for words in concepts.CLASSES.values() for word in words},
            functions=dict(concepts.FUNCTIONS),
            names={},
            cognates=frozenset(),
        )
    taken = set(_english().values()) | {name.lower() for name in first + last}
    coiner = _Coiner(f"{settings.seed}/lexicon/{code}", taken)
    functions = {meaning: coiner.word((1, 2)) for meaning in concepts.FUNCTIONS}
    if settings.functions == "english":
        functions = dict(concepts.FUNCTIONS)
    share = cognate_share(code, settings)
    draw = random.Random(f"{settings.seed}/cognates/{code}")
    cognates = frozenset(
        word for words in concepts.CLASSES.values() for word in draw.sample(words, round(share * len(words)))
    )
    content = {
        word: word if word in cognates else coiner.word((2, 2, 3))
        for words in concepts.CLASSES.values()
        for word in words
    }
    spelled = random.Random(f"{settings.seed}/names/{code}")
    own = {part for parts in (first, last) for part in spelled.sample(parts, round(settings.respelled * len(parts)))}
    names = {part: coiner.word((2, 3)).capitalize() for part in first + last if part in own}
    return Lexicon(code=code, content=content, functions=functions, names=names, cognates=cognates)


def _english() -> dict[str, str]:
    content = {word: word for words in concepts.CLASSES.values() for word in words}
    return content | {f"function/{meaning}": word for meaning, word in concepts.FUNCTIONS.items()}
