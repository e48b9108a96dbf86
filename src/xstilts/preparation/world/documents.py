"""Running text for masked language modelling: documents of a few sentences that belong together.

They show what the tasks rest on: scripts, restatements with synonyms, denied opposites, questions with their
answers. Every language has documents of its own, never translations of another's.
"""

from collections.abc import Callable
from dataclasses import replace

from xstilts.preparation.world import concepts
from xstilts.preparation.world.events import Event, Phrase, Pronoun, Sampler, Saying, Thing
from xstilts.preparation.world.inference import conclusions, paired_event, with_adjective
from xstilts.preparation.world.plausibility import repaid
from xstilts.preparation.world.reading import interviews
from xstilts.preparation.world.sentences import entities, quality, rich

NAMED = 0.4
Document = list[Saying | Phrase | str]


def _script(sampler: Sampler) -> Document:
    kind = sampler.kind()
    thing = Thing(sampler.choose(kind.members))
    agent = Thing(kind.profession) if sampler.chance(0.3) else sampler.person(NAMED)
    place = Thing(kind.place) if sampler.chance(0.4) else None
    start = sampler.choose(("bought", "found", kind.script[0]))
    return [
        Saying(sampler.furnish(Event(start, agent, thing, place=place), 0.3)),
        Saying(Event(kind.script[1], Pronoun(), thing), kind="then"),
    ]


def _restated(sampler: Sampler) -> Document:
    """The same again: with a synonym of the action or of the quality, and another order."""
    event = paired_event(sampler, NAMED)
    if sampler.chance(0.5):
        word = sampler.adjective()
        first = with_adjective(event, word)
        again = with_adjective(event, concepts.synonym(word))
    else:
        first, again = event, replace(event, action=concepts.synonym(event.action))
    return [sampler.saying(sampler.furnish(first, 0.4)), sampler.saying(again)]


def _concluded(sampler: Sampler) -> Document:
    return [*conclusions(sampler, NAMED)]


def _denied(sampler: Sampler) -> Document:
    """A quality, its synonym, and its opposite denied."""
    said = replace(quality(sampler).event, negated=False)
    other = concepts.synonym(said.quality)
    opposite = sampler.choose(concepts.opposites(said.quality))
    return [
        Saying(said),
        Saying(replace(said, quality=other)),
        Saying(replace(said, quality=opposite, negated=True)),
    ]


def _asked(sampler: Sampler) -> Document:
    return interviews(sampler, NAMED)


def _repaid(sampler: Sampler) -> Document:
    first, second = repaid(sampler, NAMED)
    if sampler.chance(0.5):
        return [Saying(second, kind="because", other=first)]
    return [sampler.saying(sampler.furnish(first, 0.3)), Saying(second, kind="then")]


def _rich(sampler: Sampler) -> Document:
    return [rich(sampler, named=NAMED) for _ in range(2)]


def _entities(sampler: Sampler) -> Document:
    return [item.saying for _ in range(2) for item in entities(sampler)]


# How often each kind of document occurs, in parts of a hundred.
KINDS: tuple[tuple[int, Callable[[Sampler], Document]], ...] = (
    (5, _script),
    (36, _concluded),
    (8, _restated),
    (3, _denied),
    (30, _asked),
    (5, _repaid),
    (6, _rich),
    (6, _entities),
)


def document(sampler: Sampler) -> Document:
    """One document."""
    weights = [weight for weight, _ in KINDS]
    return sampler.random.choices(KINDS, weights)[0][1](sampler)
