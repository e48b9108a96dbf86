"""Single sentences of every construction, for tagging, retrieval and running text."""

from dataclasses import replace

from xstilts.preparation.world import concepts
from xstilts.preparation.world.events import Event, Sampler, Saying, Thing
from xstilts.preparation.world.items import Sentence

PLAIN, ASK = "plain", "question"


def rich(sampler: Sampler, *, named: float = 0.4) -> Saying:
    """A sentence of any construction."""
    kind = sampler.random.random()
    event = described(sampler, named)
    if kind < 0.5:
        return sampler.saying(replace(event, negated=sampler.chance(0.2)))
    if kind < 0.6:
        asked = sampler.choose(("", "agent", "patient"))
        return Saying(event, kind=ASK, asked=asked)
    if kind < 0.7:
        return Saying(event.without("place", "day"), kind="because", other=bare(sampler, named))
    if kind < 0.8:
        return Saying(event.without("place", "day"), kind="and", other=bare(sampler, named))
    if kind < 0.9:
        speaker = Event(sampler.choose(concepts.SPEECH), sampler.person(named))
        return Saying(speaker, kind="said", other=bare(sampler, named))
    return quality(sampler)


def bare(sampler: Sampler, named: float) -> Event:
    """Agent, action, patient."""
    return replace(sampler.event(named=named), negated=sampler.chance(0.15))


def described(sampler: Sampler, named: float) -> Event:
    """An event with modifiers on its participants and adverbials."""
    event = sampler.event(named=named)
    agent = sampler.describe(event.agent, 0.4) or event.agent
    return sampler.furnish(replace(event, agent=agent, patient=sampler.describe(event.patient, 0.6)), 0.4)


def quality(sampler: Sampler) -> Saying:
    """Something is big, or is not."""
    noun = sampler.choose(sampler.kind().members) if sampler.chance(0.5) else sampler.choose(concepts.PROFESSIONS)
    return Saying(Event("be", Thing(noun), quality=sampler.adjective(), negated=sampler.chance(0.3)))


def tagged(sampler: Sampler, *, layer: str, named: float = 0.4) -> list[Sentence]:
    """A sentence for tagging."""
    return [Sentence(rich(sampler, named=named), layer)]


def entities(sampler: Sampler) -> list[Sentence]:
    """A short sentence in which one name may be a person, a place or a company, by its context alone."""
    event = sampler.event(named=0.5)
    kind = sampler.random.random()
    if kind < 0.35:
        event = replace(event, agent=sampler.company_name())
    elif kind < 0.5:
        event = replace(event, patient=sampler.company_name(), action=sampler.choose(("bought", "sold", "found")))
    place = sampler.place(0.7) if sampler.chance(0.6) else None
    return [Sentence(sampler.saying(replace(event, place=place)), "entity")]
