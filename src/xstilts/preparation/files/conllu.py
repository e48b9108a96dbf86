"""Universal Dependencies' CoNLL-U as XTREME reads it: multiword tokens in one piece, with one tag.

XTREME's preparation (google-research/xtreme at 838c13b: `ud-conversion-tools`, then `utils_preprocess.py`) differs from
UD's own words in ways that change scores: a multiword token (French `du`) is put back together and takes the tag of
its highest part, and sentences whose text is withheld are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts.formats import fields
from xstilts.formats.examples import TaggedSentence
from xstilts.preparation.files.lines import lines
from xstilts.preparation.rows import Notes, Row, fault

COLUMNS = 10
# Which tag wins where several parts are equally high. A tie on a tag that is not listed makes the reference code give
# up on the whole file, and the benchmark goes without it; so does this reader, and says so in `task.json`.
PRECEDENCE = {
    "": (
        *("VERB", "NOUN", "PROPN", "PRON", "ADJ", "NUM", "ADV", "INTJ"),
        *("AUX", "ADP", "DET", "PART", "CCONJ", "SCONJ", "X", "PUNCT"),
    ),
    "es": ("VERB", "AUX", "PRON", "ADP", "DET"),
    "fr": ("VERB", "AUX", "PRON", "NOUN", "ADJ", "ADV", "ADP", "DET", "PART", "SCONJ", "CONJ"),
    "it": ("VERB", "AUX", "ADV", "PRON", "ADP", "DET", "INTJ"),
}
ZERO_WIDTH_NON_JOINER = "\u200c"

Sentence = list[tuple[int, list[str]]]


class _Tie(Exception):
    """Parts of a multiword token are equally high and no precedence is known between their tags."""


def conllu(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """The sentences of treebanks; option `language` is the code that their file names begin with."""
    language = options["language"]
    for path in paths:
        if path.name.partition("_")[0] != language:
            raise fault(path, None, f"a treebank of {path.name.partition('_')[0]!r}", f"one of {language!r}")
        try:
            yield from list(_file(path, PRECEDENCE.get(language, PRECEDENCE[""]), notes))
        except _Tie as tie:
            notes.left_out.append(f"{path.name}: {tie}")


def _file(path: Path, precedence: Sequence[str], notes: Notes) -> Iterator[Row]:
    for line, sentence in _sentences(path):
        words, tags = fused(path, sentence, precedence)
        withheld = words.count("_")
        if withheld and withheld >= len(words) - 1:
            notes.dropped["sentence without text"] += 1
            continue
        cleaned = tuple(word.strip().replace(ZERO_WIDTH_NON_JOINER, "").replace(" ", "") for word in words)
        notes.empty += cleaned.count("")
        yield Row(str(path), line, TaggedSentence("", cleaned, tuple(tags)))


def _sentences(path: Path) -> Iterator[tuple[int, Sentence]]:
    """The sentences of a file: the line that each begins on, and its numbered rows of ten columns."""
    sentence: Sentence = []
    number = 0
    for number, text in lines(path):
        if not text:
            if sentence:
                yield sentence[0][0], sentence
            sentence = []
        elif not text.startswith("#"):
            cells = text.split("\t")
            if len(cells) != COLUMNS:
                raise fault(path, number, f"{len(cells)} column(s)", f"{COLUMNS} columns, separated by tabs")
            sentence.append((number, cells))
    if sentence:
        raise fault(path, number, "the end of the file inside a sentence", "an empty line after every sentence")


def fused(path: Path, sentence: Sentence, precedence: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words and tags of a sentence, multiword tokens in one piece, empty nodes left out.

    Raises:
        ValueError: ids do not count up from 1, or an id or a head is not a number.
    """
    words: dict[int, tuple[str, str]] = {}
    heads: dict[int, set[int]] = {}
    spans: list[tuple[int, int, str]] = []
    for line, cells in sentence:
        id_ = cells[0]
        if "." in id_:
            continue
        try:
            if "-" in id_:
                first, last = map(fields.count, id_.split("-"))
                spans.append((first, last, cells[1]))
                continue
            number = fields.count(id_)
            words[number] = (cells[1], cells[3])
            heads[number] = _heads(cells)
        except ValueError as error:
            raise fault(path, line, f"id {id_!r:.40} with head {cells[6]!r:.40}", "numbers") from error
        if number != len(words):
            raise fault(path, line, f"word {id_}", f"word {len(words)}: ids count up from 1")
    for start, end, form in spans:
        if not 1 <= start <= end <= len(heads) or not all(part in words for part in range(start, end + 1)):
            raise fault(
                path,
                next(line for line, cells in sentence if "-" in cells[0]),
                f"a multiword token {start}-{end}",
                "the first and the last of words of this sentence that are in no other multiword token",
            )
        head = _highest(range(start, end + 1), words, heads, precedence)
        tag = words[head][1]
        for part in range(start, end + 1):
            del words[part]
        words[head] = (form, tag)
    return [words[at][0] for at in sorted(words)], [words[at][1] for at in sorted(words)]


def _heads(cells: Sequence[str]) -> set[int]:
    """The heads of a word in the tree and in the enhanced graph; heads that are empty nodes do not count."""
    heads = {fields.count(cells[6])}
    for pair in cells[8].split("|") if cells[8] != "_" else ():
        head = pair.partition(":")[0]
        if "." not in head:
            heads.add(fields.count(head))
    return heads


def _highest(
    span: Sequence[int], words: Mapping[int, tuple[str, str]], heads: Mapping[int, set[int]], precedence: Sequence[str]
) -> int:
    """The part of a multiword token with the fewest ancestors, equal ones ranked by their tags.

    Raises:
        _Tie: several are equally high, and a tag of theirs has no rank.
    """
    above = {part: _ancestors(part, heads) for part in span}
    highest = [part for part in span if above[part] == min(above.values())]
    if len(highest) == 1:
        return highest[0]
    for part in highest:
        if words[part][1] not in precedence:
            raise _Tie(f"a multiword token whose highest parts tie, with a tag {words[part][1]} that has no rank")
    return min(highest, key=lambda part: precedence.index(words[part][1]))


def _ancestors(part: int, heads: Mapping[int, set[int]]) -> int:
    """How many other nodes have a path down to a word."""
    seen: set[int] = set()
    waiting = [part]
    while waiting:
        for head in heads.get(waiting.pop(), ()):
            if head not in seen:
                seen.add(head)
                waiting.append(head)
    return len(seen - {part})
