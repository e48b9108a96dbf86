"""What usually follows, belongs together, or is the reason: continuations to choose from."""

from dataclasses import replace

from xstilts.preparation.world import concepts
from xstilts.preparation.world.events import Event, Phrase, Pronoun, Sampler, Saying, Thing
from xstilts.preparation.world.items import Options
from xstilts.preparation.world.reading import shuffled


def continuations(sampler: Sampler, *, named: float) -> list[Options]:
    """What happened next to a thing: one act belongs to the script of its kind (HellaSwag)."""
    kind = sampler.kind()
    thing = Thing(sampler.choose(kind.members))
    start = sampler.choose(("bought", "found", kind.script[0]))
    first = sampler.furnish(Event(start, sampler.person(named), thing))
    acts = [kind.script[1], *(other.script[1] for other in concepts.KINDS if other is not kind)]
    choices = tuple(Saying(Event(act, Pronoun(), thing), kind="then") for act in acts)
    return [shuffled(sampler, (Saying(first),), choices)]


def associations(sampler: Sampler) -> list[Options]:
    """What is usually done with which thing, where, and by whom (CommonsenseQA): five nouns to choose from."""
    kind = sampler.kind()
    act, thing = sampler.choose(kind.script), Thing(sampler.choose(kind.members))
    agent: Phrase = Pronoun()
    asked = sampler.choose(("patient", "place", "agent"))
    if asked == "patient":
        right, pool = thing.noun, [word for other in concepts.KINDS if other is not kind for word in other.members]
    elif asked == "place":
        right, pool = kind.place, [word for word in concepts.PLACES if word != kind.place]
    else:
        right, pool = kind.profession, [word for word in concepts.PROFESSIONS if word != kind.profession]
    event = Event(act, agent, thing, place=Thing(kind.place) if asked == "place" else None)
    nouns = (right, *sampler.random.sample(pool, 4))
    return [shuffled(sampler, (Saying(event, kind="question", asked=asked),), tuple(Thing(noun) for noun in nouns))]


def reactions(sampler: Sampler, *, named: float, choices: int) -> list[Options]:
    """Good is repaid with good and evil with evil (Social IQA, XCOPA), and acts have their effects."""
    event = sampler.event(named=named, persons=1.0)
    assert event.patient is not None
    right = _reaction(sampler, event)
    wrong = sampler.choose(concepts.opposites(right))
    absurd = sampler.choose(sampler.kind().script)
    back = Event("", event.patient, event.agent)
    options = tuple(Saying(replace(back, action=action), kind="then") for action in (right, wrong, absurd))
    return [shuffled(sampler, (sampler.saying(sampler.furnish(event)),), options[:choices])]


def _reaction(sampler: Sampler, event: Event) -> str:
    positive = any(event.action in whole.positive for whole in concepts.PERSON_ACTIONS)
    whole = sampler.random.choice(concepts.PERSON_ACTIONS)
    return sampler.choose(whole.positive if positive else whole.negative)


def repaid(sampler: Sampler, named: float) -> tuple[Event, Event]:
    """A deed among people and its reaction, for running text."""
    event = sampler.event(named=named, persons=1.0)
    assert event.patient is not None
    return event, Event(_reaction(sampler, event), event.patient, event.agent)
