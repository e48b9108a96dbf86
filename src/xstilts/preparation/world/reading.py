"""Questions on short contexts, with an answer to point at or to choose."""

from dataclasses import replace

from xstilts.preparation.world import concepts
from xstilts.preparation.world.events import Event, Phrase, Sampler, Saying
from xstilts.preparation.world.items import Options, Reading

ASKED = ("agent", "patient", "place", "day")


def readings(
    sampler: Sampler, *, named: float, sentences: int, reworded: float = 0.0, unanswerable: float = 0.0
) -> list[Reading]:
    """One question on a context of events that share at most one participant or action with the one asked about.

    Args:
        sampler: the source of randomness.
        named: share of people with proper names.
        sentences: events in the context.
        reworded: share of questions that use a synonym of the action.
        unanswerable: share of questions whose agent (or action) the context does not mention (SQuAD v2).
    """
    events = _context(sampler, named, sentences)
    index = sampler.random.randrange(sentences)
    asked = sampler.choose([slot for slot in ASKED if getattr(events[index], slot)])
    about = events[index]
    if sampler.chance(reworded):
        about = _reworded(about)
    answer: int | None = index
    if sampler.chance(unanswerable):
        about, answer = _absent(sampler, about, asked, events), None
    dropped = [slot for slot in ("place", "day") if slot != asked]
    question = Saying(about.without(*dropped), kind="question", asked=asked)
    return [Reading(tuple(sampler.saying(event) for event in events), question, answer)]


def _context(sampler: Sampler, named: float, sentences: int) -> list[Event]:
    events: list[Event] = []
    while len(events) < sentences:
        event = sampler.furnish(sampler.event(named=named))
        if events and sampler.chance(0.4):
            # A distractor: the same person does something else.
            event = replace(event, agent=sampler.random.choice(events).agent)
        if event.agent != event.patient and all(_apart(event, other) for other in events):
            events.append(event)
    return events


def _apart(first: Event, second: Event) -> bool:
    shared = (first.agent == second.agent) + (first.patient == second.patient) + (first.action == second.action)
    crossed = first.agent == second.patient or first.patient == second.agent
    same_place = first.place is not None and first.place == second.place
    return shared <= 1 and not crossed and not same_place and (not first.day or first.day != second.day)


def _reworded(event: Event) -> Event:
    paired = any(event.action in dimension.words for dimension in concepts.THING_ACTIONS + concepts.PERSON_ACTIONS)
    return replace(event, action=concepts.synonym(event.action)) if paired else event


def _absent(sampler: Sampler, event: Event, asked: str, events: list[Event]) -> Event:
    """The event with a participant whom no sentence mentions."""
    taken = [phrase for other in events for phrase in (other.agent, other.patient)]
    while True:
        stranger = sampler.person(0.5)
        if stranger in taken:
            continue
        if asked != "agent":
            return replace(event, agent=stranger)
        return replace(event, patient=stranger, action=sampler.action_on_person())


def interviews(sampler: Sampler, named: float) -> list[Saying | Phrase | str]:
    """Two events, then questions on each with their answers, for running text."""
    events = _context(sampler, named, 2)
    parts: list[Saying | Phrase | str] = [sampler.saying(event) for event in events]
    for event in sampler.random.sample(events, 2):
        asked = sampler.choose([slot for slot in ASKED if getattr(event, slot)])
        dropped = [slot for slot in ("place", "day") if slot != asked]
        parts += [Saying(event.without(*dropped), kind="question", asked=asked), getattr(event, asked)]
    return parts


def chosen_readings(sampler: Sampler, *, named: float, sentences: int, choices: int) -> list[Options]:
    """The same questions with phrases to choose from, all from the context where it has enough (Cosmos QA)."""
    reading = readings(sampler, named=named, sentences=sentences)[0]
    asked = reading.question.asked
    if asked == "day":
        return []
    index = reading.answer or 0
    right = _filler(reading.context[index].event, asked)
    others = [saying.event for number, saying in enumerate(reading.context) if number != index]
    fillers = [_filler(event, asked) for event in others if getattr(event, asked)]
    wrong = [phrase for phrase in dict.fromkeys(fillers) if phrase != right]
    while len(wrong) < choices - 1:
        stranger: Phrase = sampler.place() if asked == "place" else sampler.person(named)
        if stranger != right and stranger not in wrong:
            wrong.append(stranger)
    return [shuffled(sampler, (*reading.context, reading.question), (right, *wrong[: choices - 1]))]


def _filler(event: Event, slot: str) -> Phrase:
    phrase = {"agent": event.agent, "patient": event.patient, "place": event.place}[slot]
    if phrase is None:
        raise ValueError(f"the event has no {slot}: {event!r}")
    return phrase


def shuffled(sampler: Sampler, prompt: tuple[Saying, ...], choices: tuple[Saying | Phrase, ...]) -> Options:
    """An item whose right choice, given first, lands anywhere."""
    order = list(range(len(choices)))
    sampler.random.shuffle(order)
    return Options(prompt, tuple(choices[index] for index in order), order.index(0))
