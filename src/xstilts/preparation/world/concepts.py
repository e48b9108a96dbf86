"""What the world talks about: concepts, and the relations that inference and common sense rest on.

A concept is named by its English word. Four words make a dimension: two synonyms, and two synonyms of the opposite;
dimensions make entailment and contradiction. Kinds of things have affordances, in the order of a script, a typical
place and a typical profession; these make plausibility.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dimension:
    """Two pairs of synonyms with opposite meanings."""

    positive: tuple[str, str]
    negative: tuple[str, str]

    @property
    def words(self) -> tuple[str, ...]:
        """All four concepts."""
        return self.positive + self.negative


@dataclass(frozen=True)
class Kind:
    """A kind of thing: its members, what is done with them (in this order), where, and by whom."""

    name: str
    members: tuple[str, ...]
    script: tuple[str, ...]
    place: str
    profession: str


KINDS = (
    Kind("food", ("bread", "apple", "soup"), ("cooked", "ate"), "kitchen", "baker"),
    Kind("text", ("book", "letter", "poem"), ("wrote", "read"), "school", "teacher"),
    Kind("clothing", ("shirt", "coat", "hat"), ("sewed", "wore"), "market", "tailor"),
    Kind("machine", ("car", "clock", "radio"), ("repaired", "used"), "station", "driver"),
)
PROFESSIONS = ("baker", "teacher", "tailor", "driver", "doctor", "farmer")
PLACES = ("kitchen", "school", "market", "station", "garden")
THING_ACTIONS = (
    Dimension(("bought", "purchased"), ("sold", "traded")),
    Dimension(("found", "discovered"), ("lost", "mislaid")),
)
PERSON_ACTIONS = (
    Dimension(("loved", "adored"), ("hated", "despised")),
    Dimension(("helped", "assisted"), ("hurt", "harmed")),
)
QUALITIES = (
    Dimension(("big", "large"), ("small", "little")),
    Dimension(("new", "modern"), ("old", "ancient")),
)
SPEECH = ("said", "knew")
DAYS = ("yesterday", "monday", "friday", "winter")
YEARS = tuple(str(year) for year in range(1950, 2000, 5))  # digits, the same in every language
NUMERALS = ("two", "three", "four")
COMPANIES = ("bank", "club", "company")
MANNERS = ("quickly", "slowly", "often")

ACTIONS = (
    *(word for dimension in THING_ACTIONS + PERSON_ACTIONS for word in dimension.words),
    *(action for kind in KINDS for action in kind.script),
    *SPEECH,
)
NOUNS = (*(word for kind in KINDS for word in kind.members), *PROFESSIONS, *PLACES, *COMPANIES)
ADJECTIVES = tuple(word for dimension in QUALITIES for word in dimension.words)

# Content words by class. Shares of cognates are met within each class, so that no language gets its cognates in
# verbs and another in nouns.
CLASSES = {
    "noun": NOUNS,
    "verb": ACTIONS,
    "adjective": ADJECTIVES,
    "adverb": DAYS + MANNERS,
    "numeral": NUMERALS,
}

# Function words: the key is the meaning, the value the English word. They are never cognates, by rule: a shared
# "not" would hand one language the label of every negated sentence.
FUNCTIONS = {
    "definite": "the",
    "this": "this",
    "of": "of",
    "in": "in",
    "object": "ob",  # the case particle; English has none
    "classifier": "cla",  # between numeral and noun; English has none
    "not": "not",
    "very": "very",
    "be": "is",
    "that": "that",  # relative clauses
    "complement": "whether",
    "because": "because",
    "and": "and",
    "then": "then",
    "so": "so",
    "but": "but",
    "perhaps": "perhaps",
    "he": "he",
    "question": "did",  # the particle of polar questions
    "who": "who",
    "what": "what",
    "where": "where",
    "when": "when",
}

_DIMENSIONS = {word: dimension for dimension in THING_ACTIONS + PERSON_ACTIONS + QUALITIES for word in dimension.words}
KIND_OF = {member: kind for kind in KINDS for member in kind.members}


def dimension(word: str) -> Dimension:
    """The dimension of an adjective or a paired action."""
    return _DIMENSIONS[word]


def synonym(word: str) -> str:
    """The other word of the same meaning."""
    pair = _same(word)
    return pair[1] if pair[0] == word else pair[0]


def opposites(word: str) -> tuple[str, str]:
    """The two words of the opposite meaning."""
    whole = _DIMENSIONS[word]
    return whole.negative if _same(word) == whole.positive else whole.positive


def _same(word: str) -> tuple[str, str]:
    whole = _DIMENSIONS[word]
    return whole.positive if word in whole.positive else whole.negative
