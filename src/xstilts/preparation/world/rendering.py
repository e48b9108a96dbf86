"""From an event to words: one grammar, one lexicon, and tags that come from the same derivation.

Categories (`category`) are combinatory: slashes point to the side where English finds its argument.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from xstilts.preparation.world.concepts import PROFESSIONS
from xstilts.preparation.world.events import OPENERS, Event, Name, Phrase, Pronoun, Saying, Thing
from xstilts.preparation.world.grammar import Grammar
from xstilts.preparation.world.lexicon import Lexicon

_ADVERB = "(S\\NP)\\(S\\NP)"


class Token(NamedTuple):
    """One word with its part of speech, category, entity tag (IOB2) and the slot that it fills in its event.

    A tuple, because a frozen dataclass takes four times as long to make, and a text has a million of them.
    """

    form: str
    pos: str
    category: str
    entity: str = "O"
    slot: str = ""

    def filling(self, slot: str) -> "Token":
        """The same word in a slot."""
        return Token(self.form, self.pos, self.category, self.entity, slot)


Tokens = list[Token]


def words(tokens: Iterable[Token]) -> tuple[str, ...]:
    """The forms."""
    return tuple(token.form for token in tokens)


def text(tokens: Iterable[Token]) -> str:
    """The words in a line, punctuation set off as in a treebank."""
    return " ".join(token.form for token in tokens)


class Renderer:
    """Says events in one language."""

    def __init__(self, grammar: Grammar, lexicon: Lexicon) -> None:
        self.grammar = grammar
        self.lexicon = lexicon

    def _function(self, meaning: str, pos: str, category: str) -> Token:
        return Token(self.lexicon.function(meaning), pos, category)

    def phrase(self, phrase: Phrase, slot: str = "") -> Tokens:
        """A noun phrase."""
        if isinstance(phrase, Pronoun):
            return [self._function("he", "PRON", "NP").filling(slot)]
        tokens = self._name(phrase) if isinstance(phrase, Name) else self._thing(phrase)
        return [token.filling(slot) for token in tokens]

    def _name(self, name: Name) -> Tokens:
        forms = [self.lexicon.name(part) for part in name.parts]
        if name.company:
            head = self.lexicon.word(name.company)
            forms = [head, *forms] if not self.grammar.adjective_first else [*forms, head]
        entities = ["B-" + name.entity] + ["I-" + name.entity] * (len(forms) - 1)
        return [Token(form, "PROPN", "N", entity) for form, entity in zip(forms, entities, strict=True)]

    def _thing(self, thing: Thing) -> Tokens:
        grammar = self.grammar
        result = [Token(self.lexicon.word(thing.noun), "NOUN", "N")]
        if thing.adjective:
            adjective = [Token(self.lexicon.word(thing.adjective), "ADJ", "N/N")]
            if thing.very:
                adjective = _place([self._function("very", "ADV", "(N/N)/(N/N)")], adjective, grammar.degree_first)
            result = _place(adjective, result, grammar.adjective_first)
        if thing.numeral:
            numeral = [Token(self.lexicon.word(thing.numeral), "NUM", "N/N")]
            if grammar.classifier:
                unit = [self._function("classifier", "NOUN", "(N/N)\\(N/N)")]
                numeral = _place(numeral, unit, grammar.numeral_first)
            result = _place(numeral, result, grammar.numeral_first)
        if thing.demonstrative:
            result = _place([self._function("this", "DET", "NP/N")], result, grammar.demonstrative_first)
        elif grammar.article and not thing.numeral:
            result = _place([self._function("definite", "DET", "NP/N")], result, grammar.article_first)
        if thing.owner:
            owner = self._name(thing.owner)
            link = [self._function("of", "ADP", "(NP\\NP)/NP")]
            result = _place(_place(link, owner, grammar.adposition_first), result, grammar.possessor_first)
        if thing.relative:
            result = _place(self._relative(*thing.relative), result, grammar.relative_first)
        return result

    def _relative(self, action: str, noun: str) -> Tokens:
        verb = [Token(self.lexicon.word(action), "VERB", "(S\\NP)/NP")]
        patient = self._thing(Thing(noun))
        that = [self._function("that", "PRON", "(NP\\NP)/(S\\NP)")]
        clause = _place(patient, verb, self.grammar.oblique_first)
        return _place(that, clause, not self.grammar.relative_first)

    def _adverbial(self, phrase: Phrase, slot: str, fronted: bool) -> Tokens:
        category = "(S/S)/NP" if fronted else f"({_ADVERB})/NP"
        tokens = self.phrase(phrase, slot)
        return _place([self._function("in", "ADP", category)], tokens, self.grammar.adposition_first)

    def _day(self, day: str, fronted: bool) -> Tokens:
        if day.isdigit():
            token = Token(day, "NUM", "N", slot="day")
            category = "(S/S)/NP" if fronted else f"({_ADVERB})/NP"
            return _place([self._function("in", "ADP", category)], [token], self.grammar.adposition_first)
        return [Token(self.lexicon.word(day), "ADV", "S/S" if fronted else _ADVERB, slot="day")]

    def _verb(self, event: Event) -> Tokens:
        if event.action == "be":
            verb = [self._function("be", "AUX", "(S\\NP)/NP").filling("action")]
        else:
            category = "(S\\NP)/NP" if event.patient else "S\\NP"
            verb = [Token(self.lexicon.word(event.action), "VERB", category, slot="action")]
        if event.negated:
            negation = [self._function("not", "PART", "(S\\NP)/(S\\NP)")]
            verb = _place(negation, verb, self.grammar.negation_first)
        return verb

    def _object(self, event: Event) -> Tokens:
        if event.quality:
            return [Token(self.lexicon.word(event.quality), "ADJ", "S\\NP", slot="quality")]
        if event.patient is None:
            return []
        tokens = self.phrase(event.patient, "patient")
        if self.grammar.object_marker and event.action != "be":
            tokens = [*tokens, self._function("object", "ADP", "NP\\NP")]
        return tokens

    def clause(self, event: Event, *, front: str = "", asked: str = "") -> Tokens:
        """A main clause without its full stop.

        Args:
            event: what is said.
            front: `place` or `day`, to open the clause with it.
            asked: the slot (`agent`, `patient`, `place`, `day`) whose place a question word takes.
        """
        slots: dict[str, Tokens] = {
            "S": self.phrase(event.agent, "agent"),
            "V": self._verb(event),
            "O": self._object(event),
            "place": self._adverbial(event.place, "place", front == "place") if event.place else [],
            "day": self._day(event.day, front == "day") if event.day else [],
            "manner": [Token(self.lexicon.word(event.manner), "ADV", _ADVERB)] if event.manner else [],
        }
        if asked:
            key, meaning = _QUESTIONS[asked]
            if asked == "patient" and _is_person(event.patient):
                meaning = "who"
            slots[key] = [self._function(meaning, "PRON" if key in "SO" else "ADV", "S/(S\\NP)")]
        order = self._order()
        fronted = _QUESTIONS[asked][0] if asked and self.grammar.question_fronting else front
        if fronted:
            order = [fronted, *(key for key in order if key != fronted)]
        return [token for key in order for token in slots[key]]

    def _order(self) -> list[str]:
        order = list(self.grammar.clause)
        if not self.grammar.oblique_first:
            return [*order, "manner", "place", "day"]
        verb_phrase = min(order.index("V"), order.index("O"))
        return [*order[:verb_phrase], "day", "place", "manner", *order[verb_phrase:]]

    def say(self, saying: Saying) -> Tokens:
        """A whole sentence with its punctuation."""
        event, kind = saying.event, saying.kind
        if kind == "question":
            return [*self._question(saying), Token("?", "PUNCT", ".")]
        if kind == "said":
            tokens = self._embedded(saying)
        elif kind == "because":
            tokens = self._because(saying)
        elif kind == "and":
            tokens = [*self.clause(event), self._function("and", "CCONJ", "conj"), *self.clause(_other(saying))]
        else:
            tokens = self.clause(event, front=saying.front)
            if kind in OPENERS:
                tokens = [self._function(kind, "ADV", "S/S"), *tokens]
        return [*tokens, STOP]

    def _question(self, saying: Saying) -> Tokens:
        tokens = self.clause(saying.event, asked=saying.asked)
        if saying.asked:
            return tokens
        particle = self._function("question", "PART", "S/S")
        # English and languages without a particle put it first, where an auxiliary would stand.
        return [*tokens, particle] if self.grammar.question_mark == "final" else [particle, *tokens]

    def _embedded(self, saying: Saying) -> Tokens:
        complement = [self._function("complement", "SCONJ", "S[em]/S")]
        inner = _place(complement, self.clause(_other(saying)), self.grammar.complementizer_first)
        outer = {
            "S": self.phrase(saying.event.agent, "agent"),
            "V": [Token(self.lexicon.word(saying.event.action), "VERB", "(S\\NP)/S[em]", slot="action")],
            "O": [token.filling("") for token in inner],
        }
        return [token for key in self.grammar.clause for token in outer[key]]

    def _because(self, saying: Saying) -> Tokens:
        # A clause-final subordinator belongs to a clause that comes first.
        first = self.grammar.subordinator_first
        reason = _place([self._function("because", "SCONJ", "(S\\S)/S")], self.clause(_other(saying)), first)
        return _place(self.clause(saying.event), reason, first)


STOP = Token(".", "PUNCT", ".")
_QUESTIONS = {"agent": ("S", "who"), "patient": ("O", "what"), "place": ("place", "where"), "day": ("day", "when")}


def _other(saying: Saying) -> Event:
    if saying.other is None:
        raise ValueError(f"a saying of kind {saying.kind!r} needs a second event")
    return saying.other


def _is_person(phrase: Phrase | None) -> bool:
    return isinstance(phrase, Name) or (isinstance(phrase, Thing) and phrase.noun in PROFESSIONS)


def _place(dependent: Sequence[Token], head: Sequence[Token], first: bool) -> Tokens:
    return [*dependent, *head] if first else [*head, *dependent]
