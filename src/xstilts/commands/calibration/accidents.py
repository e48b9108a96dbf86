"""Lexical accidents: does some language of a world profit, or suffer, from words that it has by accident?

Where every language has the same share of English words and English's order, languages differ by chance alone: which
words are shared is drawn anew in each world. A tagger that knows English words and nothing else is then an instrument
for accidents: a language that it reads better, or worse, in world after world has something that the rules do not say.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from xstilts.preparation.world import sentences
from xstilts.preparation.world.events import Sampler, Saying
from xstilts.preparation.world.preparation import World
from xstilts.preparation.world.rendering import Renderer
from xstilts.preparation.world.settings import WorldSettings

Array = NDArray[np.float64]
_TRAINING = 400


def transfer(settings: WorldSettings, worlds: Sequence[int], size: int) -> Array:
    """Accuracy of the English word list's tags in every language but English, points; shape (worlds, languages).

    Args:
        settings: what is planted; its seed is replaced.
        worlds: the seeds.
        size: test sentences, the same in every language.
    """
    codes = [code for code in settings.languages if code != "eng"]
    found = np.empty((len(worlds), len(codes)))
    for place, seed in enumerate(worlds):
        world = World(replace(settings, seed=seed))
        known, otherwise = _word_list(world)
        sampler = Sampler(f"{seed}/accidents", world.names)
        said = [sentences.rich(sampler) for _ in range(size)]
        found[place] = [_accuracy(world.renderer(code), said, known, otherwise) for code in codes]
    return found


def shared_functions(settings: WorldSettings, worlds: Sequence[int]) -> list[tuple[int, str, str]]:
    """(world, language, word) of every function word of a language that English has too, in whatever meaning."""
    found = []
    for seed in worlds:
        world = World(replace(settings, seed=seed))
        english = world.renderer("eng").lexicon
        taken = {*english.content.values(), *english.functions.values()}
        for code in settings.languages:
            if code != "eng":
                words = world.renderer(code).lexicon.functions.values()
                found += [(seed, code, word) for word in words if word in taken]
    return found


def language_effects(values: Array) -> Array:
    """Mean deviation of each language from its worlds' means, in standard errors; shape (languages,).

    The standard error is that of exchangeable languages: the spread within worlds over the root of their number.
    """
    apart = values - values.mean(axis=1, keepdims=True)
    error = apart.std(ddof=1) / np.sqrt(len(values))
    return np.asarray(apart.mean(axis=0) / error)


def chance(values: Array, seed: int, draws: int) -> tuple[float, float]:
    """How large the largest effect of a language is by chance: the 95th percentile, and the p of the one found.

    Each draw deals the values of every world out among its languages, so that no language keeps what is its own.
    """
    rng = np.random.default_rng(seed)
    drawn = np.array([np.abs(language_effects(rng.permuted(values, axis=1))).max() for _ in range(draws)])
    largest = np.abs(language_effects(values)).max()
    return float(np.quantile(drawn, 0.95)), float((1 + (drawn >= largest).sum()) / (1 + draws))


def _word_list(world: World) -> tuple[dict[str, str], str]:
    """The most frequent tag of every English word, and of all."""
    sampler = Sampler(f"{world.settings.seed}/accidents/training", world.names)
    english = world.renderer("eng")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for _ in range(_TRAINING):
        for token in english.say(sentences.rich(sampler)):
            counts[token.form][token.pos] += 1
    total = sum(counts.values(), Counter[str]())
    return {word: tags.most_common(1)[0][0] for word, tags in counts.items()}, total.most_common(1)[0][0]


def _accuracy(renderer: Renderer, said: Sequence[Saying], known: dict[str, str], otherwise: str) -> float:
    tokens = [token for saying in said for token in renderer.say(saying)]
    return 100 * sum(known.get(token.form, otherwise) == token.pos for token in tokens) / len(tokens)
