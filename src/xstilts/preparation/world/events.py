"""Events: what happens in the world, before any language has words for it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from xstilts.preparation.world import concepts

PERSON, PLACE, COMPANY = "PER", "LOC", "ORG"


@dataclass(frozen=True)
class Name:
    """A proper name. A company has its kind (`bank`), which languages translate and place like a head noun."""

    parts: tuple[str, ...]
    entity: str
    company: str = ""


@dataclass(frozen=True)
class Thing:
    """A noun phrase with a common noun."""

    noun: str
    adjective: str = ""
    very: bool = False
    numeral: str = ""
    demonstrative: bool = False
    owner: Name | None = None
    relative: tuple[str, str] | None = None  # (action, noun): "that bought bread"


@dataclass(frozen=True)
class Pronoun:
    """The person spoken of before."""


Phrase = Name | Thing | Pronoun


@dataclass(frozen=True)
class Event:
    """Somebody does something, or (action `be`) is of some quality."""

    action: str
    agent: Phrase
    patient: Phrase | None = None
    place: Phrase | None = None
    day: str = ""
    manner: str = ""
    negated: bool = False
    quality: str = ""

    def without(self, *slots: str) -> "Event":
        """The event with its place or day left unsaid."""
        place = None if "place" in slots else self.place
        return replace(self, place=place, day="" if "day" in slots else self.day)


OPENERS = ("then", "so", "but", "perhaps")


@dataclass(frozen=True)
class Saying:
    """A way to say an event, in any language.

    `kind` is `plain`, `question`, `because` (event because of `other`), `and`, `said` (the event's agent and action,
    with `other` as the complement), or a word of `OPENERS` that relates the sentence to the one before.
    `front` opens a plain clause with `place` or `day`. `asked` is the slot that a question asks for; a question
    without one is polar.
    """

    event: Event
    kind: str = "plain"
    front: str = ""
    asked: str = ""
    other: Event | None = None


class Sampler:
    """Draws events; the same seed draws the same events, whatever the process.

    Args:
        seed: names the stream, e.g. `1/xnli/train`.
        names: first names, and the names that people, places and companies share.
        half: which half of the shared names to draw from (0 or 1), None for all: genres differ in names.
    """

    def __init__(self, seed: str, names: tuple[tuple[str, ...], tuple[str, ...]], half: int | None = None) -> None:
        self.random = random.Random(seed)
        self.first, last = names
        self.last = last if half is None else last[half::2]

    def chance(self, share: float) -> bool:
        """True with that probability."""
        return self.random.random() < share

    def choose(self, items: Sequence[str]) -> str:
        """One of the items."""
        return self.random.choice(items)

    def person_name(self) -> Name:
        """A person: first name, last name, or both."""
        first, last = self.choose(self.first), self.choose(self.last)
        kind = self.random.random()
        return Name((first,) if kind < 0.5 else (last,) if kind < 0.65 else (first, last), PERSON)

    def place_name(self) -> Name:
        """A city, by a name that people and companies share."""
        return Name((self.choose(self.last),), PLACE)

    def company_name(self) -> Name:
        """A company: a shared name and what it is."""
        return Name((self.choose(self.last),), COMPANY, self.choose(concepts.COMPANIES))

    def person(self, named: float = 0.5) -> Phrase:
        """Somebody by name (in that share of cases) or by profession."""
        return self.person_name() if self.chance(named) else Thing(self.choose(concepts.PROFESSIONS))

    def adjective(self) -> str:
        """A quality."""
        return self.choose(concepts.ADJECTIVES)

    def place(self, named: float = 0.3) -> Phrase:
        """A city (in that share of cases) or a kind of place."""
        return self.place_name() if self.chance(named) else Thing(self.choose(concepts.PLACES))

    def day(self) -> str:
        """A year in digits, a day or a season."""
        return self.choose(concepts.YEARS) if self.chance(0.3) else self.choose(concepts.DAYS)

    def action_on_person(self) -> str:
        """What people do to people."""
        return self.choose(self.random.choice(concepts.PERSON_ACTIONS).words)

    def kind(self) -> concepts.Kind:
        """A kind of thing."""
        return self.random.choice(concepts.KINDS)

    def action_on_thing(self) -> tuple[str, Thing]:
        """An action and a thing that suits it."""
        kind = self.kind()
        action = self.choose(kind.script if self.chance(0.35) else self.random.choice(concepts.THING_ACTIONS).words)
        return action, Thing(self.choose(kind.members))

    def event(self, *, named: float = 0.5, persons: float = 0.35) -> Event:
        """A bare event: agent, action, patient; `persons` is the share with a person as patient."""
        agent = self.person(named)
        if self.chance(persons):
            patient = self.person(named)
            while patient == agent:
                patient = self.person(named)
            return Event(self.action_on_person(), agent, patient)
        action, thing = self.action_on_thing()
        return Event(action, agent, thing)

    def furnish(self, event: Event, share: float = 0.5, *, manner: bool = True) -> Event:
        """Adds a place, a day and, unless told not to, a manner, each with that share (manner: half of it)."""
        return replace(
            event,
            place=event.place or (self.place() if self.chance(share) else None),
            day=event.day or (self.day() if self.chance(share) else ""),
            manner=event.manner or (self.choose(concepts.MANNERS) if manner and self.chance(share / 2) else ""),
        )

    def saying(self, event: Event, front: float = 0.4) -> Saying:
        """A plain sentence, its place or day fronted in that share of cases."""
        slots = [slot for slot in ("place", "day") if getattr(event, slot)]
        return Saying(event, front=self.choose(slots) if slots and self.chance(front) else "")

    def describe(self, phrase: Phrase | None, share: float = 0.5) -> Phrase | None:
        """Adds an adjective, a numeral, an owner or a relative clause to a common noun."""
        if not isinstance(phrase, Thing) or not self.chance(share):
            return phrase
        kind = self.random.random()
        if kind < 0.55:
            return replace(phrase, adjective=self.adjective(), very=self.chance(0.15))
        if kind < 0.7:
            return replace(phrase, numeral=self.choose(concepts.NUMERALS))
        if kind < 0.8:
            return replace(phrase, demonstrative=True)
        if kind < 0.9 or phrase.noun not in concepts.PROFESSIONS:
            return replace(phrase, owner=self.person_name())
        action, thing = self.action_on_thing()
        return replace(phrase, relative=(action, thing.noun))
