"""What a target's own data say of each language: token overlap with English, and the tokenizer's fertility.

The data-derived predictors of Muller et al. 2022 (arXiv 2212.01757), beside which typology must stand.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from xstilts.formats import prepared
from xstilts.formats.examples import Choice, Example, ParallelSentences, Question, SentencePair, TaggedSentence
from xstilts.formats.prepared import Card
from xstilts.model.tokens import Tokens

ENGLISH = "eng"


@dataclass(frozen=True)
class Predictors:
    """Of one language of one target.

    Attributes:
        target, language: the key.
        overlap: per cent of the running tokens of this language's test data that occur in the English test data.
        fertility: how many tokens the tokenizer needs. Where the test data are parallel to English, relative to
            English for the same content (so that scripts without spaces compare); for tagging, per word; elsewhere
            per whitespace word.
    """

    target: str
    language: str
    overlap: float
    fertility: float


def of_target(data: Path, tokens: Tokens) -> list[Predictors]:
    """One row for each language but English; none where the target has no English side."""
    card = prepared.read_card(data)
    tests = {code: prepared.read(data, f"test/{code}") for code in card.languages}
    return [row for code in card.languages if code != ENGLISH and (row := _row(card, code, tests, tokens)) is not None]


def _row(card: Card, code: str, tests: dict[str, list[Example]], tokens: Tokens) -> Predictors | None:
    ours = texts(tests[code])
    english = texts(tests[ENGLISH]) if ENGLISH in tests else english_side(tests[code])
    if not english:
        return None
    counts, reference = _count(ours, tokens), _count(english, tokens)
    total = counts.total()
    overlap = 100 * sum(number for piece, number in counts.items() if piece in reference) / total
    if card.shape == "tagging":
        fertility = total / len(ours)
    elif len(ours) == len(english):
        fertility = total / reference.total()
    else:
        fertility = total / sum(len(text.split()) for text in ours)
    return Predictors(card.name, code, overlap, fertility)


def texts(examples: Iterable[Example]) -> list[str]:
    """Every text of some examples; the words of tagged sentences one by one; the foreign side of parallel ones."""
    found: list[str] = []
    for example in examples:
        match example:
            case SentencePair(first=first, second=second):
                found += [first, second]
            case TaggedSentence(words=words):
                found += words
            case Question(context=context, question=question):
                found += [context, question]
            case Choice(prompt=prompt, choices=choices):
                found += [prompt, *choices]
            case ParallelSentences(source=str(source)):
                found.append(source)
    return found


def english_side(examples: Iterable[Example]) -> list[str]:
    """The English sentences of parallel ones."""
    return [
        example.target for example in examples if isinstance(example, ParallelSentences) and example.target is not None
    ]


def _count(lines: Sequence[str], tokens: Tokens) -> Counter[int]:
    pieces = tokens.pieces(lines)
    counts: Counter[int] = Counter()
    for line, number in Counter(lines).items():
        for piece in pieces[line]:
            counts[piece] += number
    return counts
