"""Words and tags: WikiANN's tab-separated files and CCGbank."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from xstilts.formats.examples import TaggedSentence
from xstilts.preparation.files.lines import lines
from xstilts.preparation.rows import Notes, Row, fault

LEAF = re.compile(r"\(<L (\S+) \S+ \S+ (\S+) \S+>\)")
# CCGbank writes brackets, slashes and asterisks as the Penn Treebank does; a word is shown to the encoder as it was
# printed.
BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LCB-": "{", "-RCB-": "}", "-LSB-": "[", "-RSB-": "]"}

ESCAPED = re.compile(r"\\([/*])")


def printed(word: str) -> str:
    """A word of the Penn Treebank as it was printed."""
    return BRACKETS.get(word, ESCAPED.sub(r"\1", word))


def columns(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """One word a line, sentences separated by empty lines.

    Options: `language`, the prefix that WikiANN puts before each word (`en:Paris`), cut at the first colon;
    `word` and `tag`, the columns (default 0 and 1); `count`, columns in all (default 2); `separator`, what is between
    them (default a tab); `labels`, our tag for one of the data set's.
    """
    for path in paths:
        for line, sentence in _sentences(path):
            words, tags = zip(*(_word(path, at, text, options) for at, text in sentence), strict=True)
            yield Row(str(path), line, TaggedSentence("", words, tags))


def _sentences(path: Path) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """The sentences of a file: the line that each begins on, and its numbered lines."""
    sentence: list[tuple[int, str]] = []
    for number, text in chain(lines(path), [(0, "")]):
        if text.strip():
            sentence.append((number, text))
        elif sentence:
            yield sentence[0][0], sentence
            sentence = []


def _word(path: Path, line: int, text: str, options: Mapping[str, Any]) -> tuple[str, str]:
    separator, count = options.get("separator", "\t"), options.get("count", 2)
    cells = text.rstrip(" ").split(separator) if separator == " " else text.split(separator)
    if len(cells) != count:
        between = "a tab" if separator == "\t" else f"{separator!r}"
        raise fault(
            path, line, f"{len(cells)} column(s)", f"{count} columns: a word and its tag, separated by {between}"
        )
    word, tag = cells[options.get("word", 0)], cells[options.get("tag", 1)].strip()
    language = options.get("language")
    if language is not None:
        prefix, colon, word = word.partition(":")
        if not colon or prefix != language:
            raise fault(path, line, f"a word {cells[0]!r}", f"a word of language {language!r}, written {language}:word")
    renamed: str = options.get("labels", {}).get(tag, tag)
    return word.strip(), renamed


def ccgbank(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """CCGbank's `.auto` files: a line `ID=…`, then a line with the derivation; the words are its leaves."""
    for path in paths:
        heading = None
        for line, text in lines(path):
            if text.startswith("ID="):
                if heading is not None:
                    raise fault(path, line, "a second heading", "the derivation of the one before")
                heading = line
                continue
            leaves = LEAF.findall(text)
            if heading is None or not leaves or not _whole(text, len(leaves)):
                raise fault(path, line, f"{text[:40]!r}", "ID=… and then a whole derivation (<T …> … )")
            heading = None
            tags, words = zip(*leaves, strict=True)
            yield Row(str(path), line, TaggedSentence("", tuple(map(printed, words)), tags))
        if heading is not None:
            raise fault(path, heading, "a heading without a derivation", "a whole file")


def _whole(derivation: str, leaves: int) -> bool:
    """Whether every node that a derivation opens is closed: a leaf as `>)`, an inner node as ` )`."""
    return derivation.count("(<L ") == leaves and derivation.count("(<T ") == derivation.count(" )")


def two_columns(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """Two tab-separated columns.

    Either the words of a sentence and their tags, separated by spaces, on one line; or a word and its tag a line,
    sentences separated by empty lines.
    """
    for path in paths:
        if any(not text.strip() for _, text in lines(path)):
            yield from columns((path,), {}, notes)
            continue
        for line, text in lines(path):
            cells = text.split("\t")
            if len(cells) != 2:
                raise fault(path, line, f"{len(cells)} column(s)", "2 columns: the words and their tags")
            yield Row(str(path), line, TaggedSentence("", tuple(cells[0].split()), tuple(cells[1].split())))
