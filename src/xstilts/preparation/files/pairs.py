"""Sentence pairs with a label: XNLI, PAWS-X, MNLI, SNLI, ANLI, QQP and SIB-200's single ones in their upstream forms.

Text is stripped, as XTREME strips it. XTREME then writes it with Python's `csv.writer` and reads it with quoting off,
so that its models see doubled quotation marks; that is not imitated.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts.formats.examples import SentencePair
from xstilts.preparation.files.lines import columns, objects, value
from xstilts.preparation.rows import UNTRANSLATED, Notes, Row, fault


def _row(path: Path, line: int, first: str, second: str, label: str) -> Row:
    return Row(str(path), line, SentencePair("", first.strip(), second.strip(), label))


def plain(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """Tab-separated columns as they stand.

    Options: `columns`, the places of first sentence, second sentence and label; `count`, columns in all (default 3);
    `header`, the names in the first line, if there is one; `labels`, our label for one of the data set's; `errors`,
    "replace" where bytes that are not UTF-8 are known to occur; `placeholder`, what stands for a sentence that was
    not translated: a row with it, or with an empty sentence, is dropped and counted.
    """
    first, second, label = options.get("columns", (0, 1, 2))
    renamed = options.get("labels", {})
    for path in paths:
        for line, cells in columns(
            path, options.get("count", 3), options.get("header"), options.get("errors", "strict")
        ):
            if "placeholder" in options and {cells[first].strip(), cells[second].strip()} & {
                options["placeholder"],
                "",
            }:
                notes.dropped[UNTRANSLATED] += 1
                continue
            found = cells[label].strip()
            yield _row(path, line, cells[first], cells[second], renamed.get(found, found))


def topics(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """SIB-200's tables of single sentences: the second sentence of the pair is empty."""
    for path in paths:
        for line, (_, label, text) in columns(path, 3, ("index_id", "category", "text")):
            yield _row(path, line, text, "", label.strip())


def xnli(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """`xnli.dev.tsv` and `xnli.test.tsv`: one table for all languages; option `language` picks one."""
    wanted = options["language"]
    for path in paths:
        found: set[str] = set()
        for line, cells in columns(path, -1, ("language", "gold_label")):
            found.add(cells[0].strip())
            if cells[0].strip() == wanted:
                if len(cells) < 8:
                    raise fault(path, line, f"{len(cells)} columns", "sentence1 and sentence2 in columns 7 and 8")
                yield _row(path, line, cells[6], cells[7], cells[1].strip())
        if wanted not in found:
            raise fault(path, None, f"no rows of language {wanted!r} (there are: {', '.join(sorted(found))})", "them")


def nli_json(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """JSON lines with a gold label: MNLI and SNLI (`gold_label`, "-" where annotators disagree), ANLI ("e", "n", "c").

    Options: `fields`, the names of first sentence, second sentence and label; `labels`, our label for one of
    the data set's. A row without a gold label is dropped and counted.
    """
    first, second, label = options.get("fields", ("sentence1", "sentence2", "gold_label"))
    renamed = options.get("labels", {})
    for path in paths:
        for line, row in objects(path):
            found = value(path, line, row, label)
            if found == "-":
                notes.dropped["no gold label"] += 1
                continue
            yield _row(
                path, line, value(path, line, row, first), value(path, line, row, second), renamed.get(found, found)
            )
