"""Examples on their way from a file or a table: where each stands, and what happened to its neighbours."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xstilts.formats.examples import Choice, Example, Question, SentencePair, TaggedSentence
from xstilts.formats.text import fault as fault
from xstilts.languages import table as languages

# Reasons for which rows are dropped that the printed size of a data set counts.
UNALIGNED = "question whose answers are not in its context"
UNTRANSLATED = "sentence that was not translated"
TRAINED = "in the training data"
REPEATED = "a row that was there before"
IN_PRINTED_SIZE = (UNALIGNED, UNTRANSLATED, TRAINED, REPEATED)


class Row(NamedTuple):
    """An example and where it stands: a file (or a table of the Hub) and its line (or row)."""

    file: str
    line: int | str
    example: Example


@dataclass
class Notes:
    """What a reader of `task.json` must know of one split.

    Attributes:
        dropped: rows that were left out, by reason.
        empty: words of which nothing is left without space; they keep their place and their tag.
        realigned: answers moved to where they stand.
        left_out: files left out, with the reason.
    """

    dropped: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    realigned: int = 0
    left_out: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """The notes as JSON, without what did not happen."""
        values = {
            "dropped": dict(self.dropped),
            "empty_words": self.empty,
            "realigned": self.realigned,
            "left_out": self.left_out,
        }
        return {name: value for name, value in values.items() if value}


def texts(example: Example) -> tuple[str, str]:
    """The text of an example in the language of its split, and the rest that tells it from others."""
    if isinstance(example, SentencePair):
        return example.first + " " + example.second, ""
    if isinstance(example, TaggedSentence):
        return " ".join(example.words), ""
    if isinstance(example, Question):
        return example.context, example.question
    if isinstance(example, Choice):
        return example.prompt + " " + " ".join(example.choices), ""
    return example.source or "", example.target or ""


def language_of(split: str) -> str:
    """The language of a split: that of `test/<code>`, and English for those without a code."""
    return split.partition("/")[2] or languages.ENGLISH
