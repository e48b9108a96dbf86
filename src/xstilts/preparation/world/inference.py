"""Pairs of sentences: inference, paraphrase, duplicate questions.

Groups share their second sentence, and each label occurs once in a group: so nothing can be read off the second
sentence alone. Within a group every label has the same number of words that the other sentence lacks, and
negation is equally frequent in the first sentences of every label: so word overlap says nothing either.
"""

from dataclasses import replace

from xstilts.preparation.world import concepts
from xstilts.preparation.world.events import Event, Sampler, Saying, Thing
from xstilts.preparation.world.items import Pair

ENTAILMENT, NEUTRAL, CONTRADICTION = "entailment", "neutral", "contradiction"


def inferences(sampler: Sampler, *, named: float, furnish: float, roles: float, opposites: float) -> list[Pair]:
    """Three premises for one hypothesis, one of each label.

    Args:
        sampler: the source of randomness.
        named: share of people with proper names.
        furnish: share of premises' places and days, which the hypothesis leaves unsaid.
        roles: share of groups about who did it to whom; in the others one word differs.
        opposites: share of the latter whose contradiction is an opposite, not a denial. A small encoder learns
            denials in hundreds of steps, opposites, synonyms and roles in thousands.
    """
    if sampler.chance(roles):
        hypothesis, premises = _role_group(sampler, named)
    else:
        hypothesis, premises = _word_group(sampler, named, opposites)
    said = Saying(hypothesis)
    return [Pair(sampler.saying(_premise(sampler, premises[label], furnish)), said, label) for label in premises]


def _premise(sampler: Sampler, event: Event, furnish: float) -> Event:
    """The event with at least a place or a day: no premise is its hypothesis word for word.

    Every premise has either a denial or an adverb of manner, so that a denial shows neither in length nor in the
    number of words that the hypothesis lacks.
    """
    furnished = sampler.furnish(event, furnish, manner=False)
    if not furnished.place and not furnished.day:
        furnished = replace(furnished, place=sampler.place())
    return replace(furnished, manner="" if event.negated else sampler.choose(concepts.MANNERS))


def conclusions(sampler: Sampler, named: float) -> list[Saying]:
    """A statement, and in any order two of: what follows from it, what contradicts it, what is left open.

    For running text: `so`, `but` and `perhaps` show what words have to do with each other. The relations of words
    are symmetric, so the group's hypothesis serves as the statement.
    """
    if sampler.chance(0.4):
        event = sampler.event(named=named, persons=1.0)
        assert event.patient is not None
        replaced = {
            ENTAILMENT: replace(event, action=concepts.synonym(event.action)),
            NEUTRAL: replace(event, agent=event.patient, patient=event.agent),
            CONTRADICTION: replace(event, negated=True),
        }
    else:
        event, replaced = _word_group(sampler, named, 0.3)
    openers = {ENTAILMENT: "so", NEUTRAL: "perhaps", CONTRADICTION: "but"}
    labels = sampler.random.sample(list(replaced), 2)
    statement = sampler.saying(sampler.furnish(event, 0.2))
    return [statement, *(Saying(replaced[label], kind=openers[label]) for label in labels)]


def _role_group(sampler: Sampler, named: float) -> tuple[Event, dict[str, Event]]:
    event = sampler.event(named=named, persons=1.0)
    assert event.patient is not None
    swapped = replace(event, agent=event.patient, patient=event.agent)
    if sampler.chance(0.5):
        return event, {
            ENTAILMENT: event,
            NEUTRAL: swapped,
            CONTRADICTION: replace(event, negated=True),
        }
    denied = replace(event, negated=True)
    return denied, {
        ENTAILMENT: replace(denied, action=concepts.synonym(event.action)),
        NEUTRAL: replace(denied, action=_unrelated_action(sampler, event.action)),
        CONTRADICTION: event,
    }


def _word_group(sampler: Sampler, named: float, opposites: float) -> tuple[Event, dict[str, Event]]:
    """One word differs: a synonym, an unrelated word, and for a contradiction an opposite or a denial."""
    event, variants = _variants(sampler, named)
    if sampler.chance(opposites):
        return event, variants
    denied = {label: replace(variant, negated=True) for label, variant in variants.items()}
    if sampler.chance(0.5):
        return event, {**variants, CONTRADICTION: denied[ENTAILMENT]}
    # Without the denial the same words must stand there: else two words of the hypothesis were missing, not one.
    return replace(event, negated=True), {**denied, CONTRADICTION: event}


def _variants(sampler: Sampler, named: float) -> tuple[Event, dict[str, Event]]:
    """An event, and what becomes of it with a synonym, an unrelated word, an opposite in one place."""
    event = paired_event(sampler, named)
    if sampler.chance(0.5):
        words = _words(sampler, event.action)
        return event, {label: replace(event, action=word) for label, word in words.items()}
    adjective = sampler.adjective()
    words = _words(sampler, adjective)
    variants = {label: with_adjective(event, word) for label, word in words.items()}
    return with_adjective(event, adjective), variants


def _words(sampler: Sampler, word: str) -> dict[str, str]:
    unrelated = _unrelated_quality if word in concepts.ADJECTIVES else _unrelated_action
    return {
        ENTAILMENT: concepts.synonym(word),
        NEUTRAL: unrelated(sampler, word),
        CONTRADICTION: sampler.choose(concepts.opposites(word)),
    }


def paired_event(sampler: Sampler, named: float) -> Event:
    """An event whose action has synonyms and opposites, done to a common noun."""
    if sampler.chance(0.5):
        patient = Thing(sampler.choose(concepts.PROFESSIONS))
        agent = sampler.person(named)
        while agent == patient:
            agent = sampler.person(named)
        return Event(sampler.action_on_person(), agent, patient)
    action = sampler.choose(sampler.random.choice(concepts.THING_ACTIONS).words)
    return Event(action, sampler.person(named), Thing(sampler.choose(sampler.kind().members)))


def with_adjective(event: Event, adjective: str) -> Event:
    """The event with a quality ascribed to its patient."""
    if not isinstance(event.patient, Thing):
        raise ValueError(f"only a common noun takes an adjective, not {event.patient!r}")
    return replace(event, patient=replace(event.patient, adjective=adjective))


def _unrelated_action(sampler: Sampler, action: str) -> str:
    whole = concepts.dimension(action)
    pool = concepts.PERSON_ACTIONS if whole in concepts.PERSON_ACTIONS else concepts.THING_ACTIONS
    return sampler.choose([word for other in pool if other is not whole for word in other.words])


def _unrelated_quality(sampler: Sampler, word: str) -> str:
    whole = concepts.dimension(word)
    return sampler.choose([other for other in concepts.ADJECTIVES if concepts.dimension(other) is not whole])


def paraphrases(
    sampler: Sampler, *, labels: tuple[str, str], named: float, roles: float, opposites: float, questions: bool = False
) -> list[Pair]:
    """Two first sentences for one second sentence: one says the same, one does not.

    `labels` are (different, same). A group of roles has the same words on both sides in every pair; in the others
    one word differs, or one side denies. Statements open differently on the two sides: with the agent, the place or
    the day. Duplicate questions of roles would be the same string, so `roles` suits statements.
    """
    if sampler.chance(roles):
        event = sampler.event(named=named, persons=1.0)
        assert event.patient is not None
        same, different = event, replace(event, agent=event.patient, patient=event.agent)
    else:
        event, replaced = _word_group(sampler, named, opposites)
        same = replaced[ENTAILMENT]
        different = replaced[NEUTRAL if sampler.chance(0.3) else CONTRADICTION]
    place, day = sampler.place(), sampler.day()
    asked = sampler.choose(("", "place", "day")) if questions else ""
    fronts = sampler.random.sample(("", "place", "day"), 2)

    def say(said: Event, front: str) -> Saying:
        whole = replace(said, place=place, day=day)
        return Saying(whole, kind="question", asked=asked) if questions else Saying(whole, front=front)

    second = say(event, fronts[1])
    same, different = (
        replace(said, manner="" if said.negated else sampler.choose(concepts.MANNERS)) for said in (same, different)
    )
    return [Pair(say(said, fronts[0]), second, label) for said, label in zip((different, same), labels, strict=True)]
