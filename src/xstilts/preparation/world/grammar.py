"""The grammar of a language, read from URIEL's syntax features.

A setting that opposes two features (adjective before or after its noun) is decided by, in this order: the one that
more of URIEL's sources affirm; where they tie or no source knows, the one that URIEL's own prediction from the nearest
languages (kNN over genetic, geographic and featural distance) affirms; where that ties too, the order that English
has. So a missing feature comes from relatives and neighbours, never from a default of ours, unless they tie.
"""

import random
from dataclasses import dataclass

from xstilts.languages import uriel

ORDERS = ("SVO", "SOV", "VSO", "VOS", "OVS", "OSV")


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """Where words go. `*_first` means before the head (noun, verb, clause)."""

    clause: str
    adposition_first: bool
    possessor_first: bool
    adjective_first: bool
    demonstrative_first: bool
    numeral_first: bool
    relative_first: bool
    negation_first: bool
    degree_first: bool
    subordinator_first: bool
    complementizer_first: bool
    article: bool
    article_first: bool
    object_marker: bool
    classifier: bool
    question_mark: str  # the particle of polar questions: `initial`, `final` or empty
    question_fronting: bool

    @property
    def oblique_first(self) -> bool:
        """Whether adverbials stand before the verb: URIEL's predictions follow the order of object and verb."""
        return self.clause.index("O") < self.clause.index("V")


class _Reader:
    """One language's evidence for opposed features."""

    def __init__(self, code: str) -> None:
        self.average = uriel.features(code, "syntactic_average")
        self.predicted = uriel.features(code, "syntactic_knn")

    def best(self, names: tuple[str, ...], english: int = 0) -> int:
        """The index of the best affirmed feature; `english` is the one that English has."""
        known = [self.average[name] or 0.0 for name in names]
        winners = [index for index, value in enumerate(known) if value == max(known)]
        if len(winners) > 1:
            guesses = [self.predicted[names[index]] or 0.0 for index in winners]
            winners = [index for index, value in zip(winners, guesses, strict=True) if value == max(guesses)]
        return english if english in winners else winners[0]

    def first(self, subject: str, head: str = "NOUN", *, english_first: bool = True) -> bool:
        """Whether `subject` stands before its head."""
        return self.best((f"S_{subject}_BEFORE_{head}", f"S_{subject}_AFTER_{head}"), 0 if english_first else 1) == 0

    def has(self, name: str) -> bool:
        """Whether a feature is affirmed; the prediction decides where no source knows."""
        known = self.average[name]
        return (self.predicted[name] or 0.0) > 0.5 if known is None else known > 0.5


def of(code: str) -> Grammar:
    """The grammar of a language.

    Raises:
        ValueError: URIEL does not know the code.
    """
    read = _Reader(code)
    before = ("S_NEGATIVE_WORD_BEFORE_VERB", "S_NEGATIVE_PREFIX")
    after = ("S_NEGATIVE_WORD_AFTER_VERB", "S_NEGATIVE_SUFFIX")
    marks = [name for name, feature in (("initial", "S_POLARQ_MARK_INITIAL"), ("final", "S_POLARQ_MARK_FINAL"))
             if read.has(feature)]  # fmt: skip
    clause = ORDERS[read.best(tuple(f"S_{order}" for order in ORDERS))]
    return Grammar(
        clause=clause,
        adposition_first=read.first("ADPOSITION"),
        possessor_first=read.first("POSSESSOR", english_first=False),
        adjective_first=read.first("ADJECTIVE"),
        demonstrative_first=read.first("DEMONSTRATIVE_WORD"),
        numeral_first=read.first("NUMERAL"),
        relative_first=read.first("RELATIVE", english_first=False),
        # Affixes are written as words of their own, as a segmented script would.
        negation_first=read.best(before + after) < len(before),
        degree_first=read.first("DEGREE_WORD", "ADJECTIVE"),
        subordinator_first=read.first("SUBORDINATOR_WORD", "CLAUSE"),
        complementizer_first=read.first("COMPLEMENTIZER_WORD", "CLAUSE"),
        article=read.has("S_DEFINITE_WORD") or read.has("S_DEFINITE_AFFIX"),
        article_first=read.first("ARTICLE_WORD") and not read.has("S_DEFINITE_AFFIX"),
        object_marker=read.has("S_CASE_SUFFIX") or read.has("S_CASE_ENCLITIC"),
        classifier=read.has("S_NUMCLASS_MARK"),
        question_mark=marks[0] if marks else "",
        question_fronting="final" not in marks and clause.index("V") < clause.index("O"),
    )


def grammars(languages: tuple[str, ...], order: str, seed: int) -> dict[str, Grammar]:
    """The grammar of each language under one of the settings `uriel`, `english`, `shuffled`.

    English always keeps its own; `shuffled` deals the other languages' grammars out among them.
    """
    if order == "english":
        return dict.fromkeys(languages, of("eng"))
    others = [code for code in languages if code != "eng"]
    givers = list(others)
    if order == "shuffled":
        random.Random(f"{seed}/order").shuffle(givers)
    result = {code: of(giver) for code, giver in zip(others, givers, strict=True)}
    return {code: of("eng") if code == "eng" else result[code] for code in languages}
