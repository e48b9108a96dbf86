"""What is remarkable in predictions that can be scored: values that no gold value equals, questions without an answer.

Separate because the score says nothing of it: tags in lower case or labels as numbers give 0.0, as evaluate.py does.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xstilts.commands.submission import layout

_SHOWN = 40  # characters of a value


def lines(gold: Sequence[str], predicted: Sequence[str], name: str) -> Iterator[str]:
    """Predicted values that the task does not have."""
    return _unknown(predicted, layout.task(name).labels or frozenset(gold))


def tags(gold: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]], name: str) -> Iterator[str]:
    """Predicted tags that neither the task nor the gold file has."""
    known = {tag for sentence in gold for tag in sentence}
    return _unknown([tag for sentence in predicted for tag in sentence], known | {"O", *layout.task(name).labels})


def answers(gold: Sequence[tuple[str, Sequence[str]]], predicted: Mapping[str, str], name: str) -> Iterator[str]:
    """Questions without an answer, answers without a question, and ids that the gold file has twice."""
    ids = [id_ for id_, _ in gold]
    if missing := sorted(set(ids) - predicted.keys()):
        yield f"{len(missing)} questions have no answer and score 0, as {missing[0]!r}"
    if others := sorted(predicted.keys() - set(ids)):
        yield f"{len(others)} answers are to no question of this test set, as to {others[0]!r:.{_SHOWN}}"
    twice = [id_ for id_, count in Counter(ids).items() if count > 1]
    if twice:
        yield f"{len(twice)} question ids stand in the gold file more than once and count each time, as {twice[0]!r}"


def pairs(gold: Iterable[tuple[str, ...]], predicted: Sequence[tuple[str, ...]], name: str) -> Iterator[str]:
    """Predicted pairs of another form than two ids with a tab between them."""
    wrong = [pair for pair in predicted if len(pair) != 2 or any(" " in id_ for id_ in pair)]
    if wrong:
        shown = "\t".join(wrong[0])
        yield f"{len(wrong)} lines are no pair of ids with a tab between them, as {shown!r:.{_SHOWN}}"


def _unknown(values: Sequence[str], known: Iterable[str]) -> Iterator[str]:
    allowed = set(known)
    wrong = [value for value in values if value not in allowed]
    if wrong:
        listed = ", ".join(sorted(allowed)[:20]) + (", …" if len(allowed) > 20 else "")
        shown = f"{wrong[0]!r:.{_SHOWN}}"
        yield f"{len(wrong)} of {len(values)} values can never be right, as {shown}; the gold has {listed}"
