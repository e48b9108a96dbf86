"""F1 of spans in tag sequences, as arrays: UDPOS's chunks and PAN-X's entities, and token accuracy.

XTREME scores UDPOS with seqeval's chunk F1 on bare UPOS tags, not with accuracy: a span is a maximal run of one tag
inside a sentence, but every SCONJ and SYM is a span of its own, because their first letter is read as the "single"
tag of IOBES. This is the rule of seqeval up to 0.0.15, on which the numbers of XTREME's repository rest; from 0.0.16
on, seqeval takes the tag without its first letter for the type (CCONJ and SCONJ are then one) and gives other numbers.

PAN-X is the entity F1 of conlleval: an I-X that follows O, another type or the start of a sentence opens an entity.

Sources: evaluate.py of google-research/xtreme @ 838c13b; issue #56 there; Tjong Kim Sang and De Meulder 2003.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, count

import numpy as np
from numpy.typing import NDArray

from xstilts.scoring.metrics.classification import precision_recall_f1

Sentences = Sequence[Sequence[str]]
# A tag's type ("" for outside) and whether it always opens a span.
Reading = Callable[[str], tuple[str, bool]]
_SINGLE = "S"
_OUTSIDE = "O"


@dataclass(frozen=True)
class Spans:
    """The spans of a corpus, in order: first and last token (counted through the corpus) and type, one row each."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    kind: NDArray[np.int64]
    tokens: int


def chunks(gold: Sentences, predicted: Sentences) -> dict[str, float]:
    """UDPOS as XTREME counts it: micro `f1`, `precision`, `recall` of chunks, and `accuracy` of tokens, in points.

    Raises:
        ValueError: the two do not have the same sentences with the same number of tags.
    """
    return span_scores(gold, predicted, upos) | {"accuracy": token_accuracy(gold, predicted)}


def entities(gold: Sentences, predicted: Sentences) -> dict[str, float]:
    """PAN-X: micro `f1`, `precision`, `recall` of IOB2 entities in points.

    Raises:
        ValueError: another shape of sentences than gold, or a tag that is not O, B-… or I-….
    """
    return span_scores(gold, predicted, iob2)


def token_accuracy(gold: Sentences, predicted: Sentences) -> float:
    """The share of tokens whose tag is right, in points."""
    require_same_shape(gold, predicted)
    codes: dict[str, int] = {}
    left, right = _codes(gold, codes), _codes(predicted, codes)
    if not len(left):
        raise ValueError("accuracy of no tokens; the gold data are empty: prepare them again")
    return 100.0 * float(np.count_nonzero(left == right)) / len(left)


def span_scores(gold: Sentences, predicted: Sentences, reading: Reading) -> dict[str, float]:
    """Micro precision, recall and F1 of typed spans, in points; all 0 where there are none."""
    require_same_shape(gold, predicted)
    types: dict[str, int] = {"": 0}
    left, right = spans(gold, reading, types), spans(predicted, reading, types)
    return precision_recall_f1(correct=_shared(left, right), predicted=len(right.first), gold=len(left.first))


def spans(sentences: Sentences, reading: Reading, types: dict[str, int]) -> Spans:
    """Find the spans of a corpus.

    Args:
        sentences: the tags of each sentence.
        reading: what a tag means, called once a distinct tag: `upos` or `iob2`.
        types: numbers of the span types, 0 for "": shared by two corpora that are compared, extended here.
    """
    codes: dict[str, int] = {}
    tags = _codes(sentences, codes)
    readings = [reading(tag) for tag in codes]
    for kind, _ in readings:
        types.setdefault(kind, len(types))
    kind_of = np.array([types[kind] for kind, _ in readings], dtype=np.int64)
    opens_of = np.array([opens for _, opens in readings], dtype=bool)
    kinds, opens = kind_of[tags], opens_of[tags]
    begins = _begins(sentences, len(tags))

    inside = kinds > 0
    first = inside & (opens | begins)
    first[1:] |= inside[1:] & (kinds[1:] != kinds[:-1])
    # A span ends where the next token is outside, opens another one, or begins a sentence.
    last = inside.copy()
    last[:-1] &= first[1:] | ~inside[1:] | begins[1:]
    start = np.flatnonzero(first)
    return Spans(start, np.flatnonzero(last), kinds[start], len(tags))


def upos(tag: str) -> tuple[str, bool]:
    """Read a bare UPOS tag; "O", which XTREME's own head can predict, is outside."""
    return ("", False) if tag == _OUTSIDE else (tag, tag.startswith(_SINGLE))


def iob2(tag: str) -> tuple[str, bool]:
    """Read an IOB2 tag.

    Raises:
        ValueError: it is none.
    """
    prefix, dash, kind = tag.partition("-")
    if tag == _OUTSIDE:
        return "", False
    if dash and kind and prefix in ("B", "I"):
        return kind, prefix == "B"
    raise ValueError(f"tag {tag!r} is not IOB2; allowed: O, B-<type>, I-<type>. Check what wrote the tags")


def require_same_shape(gold: Sentences, predicted: Sentences) -> None:
    """Raise ValueError unless both have the same number of sentences, and of tags in each (the first 5 differences)."""
    if len(gold) != len(predicted):
        raise ValueError(
            f"{len(predicted)} tagged sentences for {len(gold)} gold ones (an extra blank line counts as a sentence); "
            "predict the whole test set again"
        )
    lengths, found = list(map(len, gold)), list(map(len, predicted))
    if lengths == found:
        return
    wrong = [row for row, (left, right) in enumerate(zip(lengths, found, strict=True)) if left != right]
    cases = "; ".join(f"sentence {row + 1}: {found[row]} tags for {lengths[row]}" for row in wrong[:5])
    raise ValueError(f"{len(wrong)} sentences have a wrong number of tags ({cases}); every word needs one tag")


def _codes(sentences: Sentences, codes: dict[str, int]) -> NDArray[np.intp]:
    """Number the tags of a corpus through; `codes` is extended by the new ones, in order of appearance."""
    number = defaultdict(count(len(codes)).__next__, codes)
    try:
        # One pass at the speed of a dictionary look-up: by far the most of the time that a score takes.
        found = np.frombuffer(bytes(map(number.__getitem__, chain.from_iterable(sentences))), dtype=np.uint8)
    except ValueError:  # more than 256 different tags, as CCG has
        found = np.fromiter(map(number.__getitem__, chain.from_iterable(sentences)), dtype=np.int64)
    codes.update(number)
    return found.astype(np.intp)


def _begins(sentences: Sentences, tokens: int) -> NDArray[np.bool_]:
    ends = np.cumsum(list(map(len, sentences)), dtype=np.int64)
    begins = np.zeros(tokens + 1, dtype=bool)
    begins[0] = True
    begins[ends] = True  # where the next sentence begins; an empty sentence changes nothing
    return begins[:-1]


def _shared(left: Spans, right: Spans) -> int:
    last = np.full(left.tokens, -1, dtype=np.int64)
    kind = np.zeros(left.tokens, dtype=np.int64)
    last[left.first], kind[left.first] = left.last, left.kind
    return int(np.count_nonzero((last[right.first] == right.last) & (kind[right.first] == right.kind)))
