"""Sentences and their translations: Tatoeba's aligned files, and BUCC's comparable corpora with their gold pairs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts.formats.examples import ParallelSentences
from xstilts.preparation.files.lines import columns, lines
from xstilts.preparation.rows import Notes, Row, fault


def tatoeba(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """Two files whose lines are translations: foreign, then English. Ids are 0-based line numbers."""
    foreign, english = paths
    left, right = (list(lines(path)) for path in (foreign, english))
    if len(left) != len(right):
        short = min((left, foreign), (right, english), key=lambda side: len(side[0]))
        raise fault(
            short[1], len(short[0]), "the end of the file", f"{max(len(left), len(right))} lines, as on the other side"
        )
    for (number, source), (_, target) in zip(left, right, strict=True):
        if not source.strip() or not target.strip():
            raise fault(english if source.strip() else foreign, number, "an empty line", "a sentence")
        id_ = str(number - 1)
        yield Row(str(foreign), number, ParallelSentences(id_, source.strip(), id_, target.strip()))


def bucc(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """BUCC's three files: foreign sentences, English sentences (`id<TAB>sentence`), gold pairs (`id<TAB>id`).

    Rows: the foreign sentences in file order, each with its English counterpart if it has one (a second counterpart
    is a second row), then the English sentences without one, in file order.
    """
    foreign, english, gold = paths
    left, right = _sentences(foreign), _sentences(english)
    pairs: dict[str, list[str]] = defaultdict(list)
    for number, (source, target) in columns(gold, 2):
        if source not in left or target not in right:
            raise fault(gold, number, f"a pair {source!r}, {target!r}", f"ids of {foreign.name} and {english.name}")
        pairs[source].append(target)
    matched = {target for targets in pairs.values() for target in targets}
    for id_, (line, source) in left.items():
        for target in pairs.get(id_, ()):
            yield Row(str(foreign), line, ParallelSentences(id_, source, target, right[target][1]))
        if id_ not in pairs:
            yield Row(str(foreign), line, ParallelSentences(id_, source, None, None))
    for id_, (line, target) in right.items():
        if id_ not in matched:
            yield Row(str(english), line, ParallelSentences(None, None, id_, target))


def _sentences(path: Path) -> dict[str, tuple[int, str]]:
    rows: dict[str, tuple[int, str]] = {}
    for number, (id_, sentence) in columns(path, 2):
        if id_ in rows:
            raise fault(path, number, f"id {id_!r} again", "every id once")
        rows[id_] = (number, sentence.strip())
    return rows
