"""Rows of the Hub made into examples, with what is known to be wrong with them put right or refused."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xstilts.formats.examples import Answer, Choice, ParallelSentences, Question, SentencePair, TaggedSentence
from xstilts.preparation import choice_rows
from xstilts.preparation.hub.repository import HubTable
from xstilts.preparation.rows import Notes, Row, fault

Reader = Callable[[HubTable, Mapping[str, Any], Notes], Iterator[Row]]
NO_GOLD_LABEL = -1
# Words by which English is told from other languages in Latin script.
ENGLISH_WORDS = frozenset("the a to is of in i you he she was it that this do have".split())  # noqa: SIM905


def _names(table: HubTable, column: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels by their numbers, checked against what the task expects to be there."""
    expected = tuple(options["names"])
    found = table.classes(column) or expected
    if set(found) != set(expected):
        raise fault(table.name, None, f"the classes {', '.join(found)} in {column!r}", f"{', '.join(expected)}")
    return found


def _need(table: HubTable, *columns: str) -> None:
    missing = [column for column in columns if column not in table.data.column_names]
    if missing:
        raise fault(table.name, None, f"the columns {', '.join(table.data.column_names)}", f"{', '.join(missing)} too")


def _text(table: HubTable, number: int, row: Mapping[str, Any], name: str) -> str:
    try:
        return choice_rows.text(row[name], name)
    except TypeError as error:
        raise fault(table.name, number, str(error), f"text in {name!r}") from error


def pair(table: HubTable, options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """Sentence pairs; a label is a number (-1: none, dropped and counted) or its name."""
    first, second, column = options["first"], options["second"], options["label"]
    _need(table, first, second, column)
    names = _names(table, column, options)
    for number, row in table.rows():
        label = row[column]
        if label == NO_GOLD_LABEL:
            notes.dropped["no gold label"] += 1
            continue
        if not isinstance(label, str | int):
            raise fault(table.name, number, f"{column!r} is {choice_rows.kind_of(label)}", "a number or a name")
        if isinstance(label, int):
            if not 0 <= label < len(names):
                raise fault(table.name, number, f"label {label}", f"0 to {len(names) - 1}")
            label = names[label]
        yield Row(
            table.name,
            number,
            SentencePair("", _text(table, number, row, first), _text(table, number, row, second), label),
        )


def tags(table: HubTable, options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """Words and the numbers of their tags."""
    words, column = options["tokens"], options["tags"]
    _need(table, words, column)
    names = _names(table, column, options)
    for number, row in table.rows():
        if not isinstance(row[column], list) or any(tag is None or not 0 <= tag < len(names) for tag in row[column]):
            raise fault(table.name, number, f"tags {row[column]}", f"0 to {len(names) - 1}")
        try:
            found = tuple(choice_rows.texts(row[words], words))
        except TypeError as error:
            raise fault(table.name, number, str(error), "the words of a sentence") from error
        notes.empty += found.count("")
        yield Row(table.name, number, TaggedSentence("", found, tuple(names[tag] for tag in row[column])))


def squad(table: HubTable, options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """Questions. Answers are a row of lists or a list of rows; options as those of the `files` reader of that name."""
    _need(table, "id", "context", "question", "answers")
    for number, row in table.rows():
        for name in ("id", "context", "question"):
            _text(table, number, row, name)
        if "only" in options and row["id"].partition("-")[0] != options["only"]:
            continue
        try:
            answers = tuple(_answers(row["answers"]))
        except (KeyError, TypeError, ValueError) as error:
            raise fault(table.name, number, f"answers that lack or garble {error}", "text and answer_start") from error
        if not answers and not options.get("unanswerable"):
            raise fault(table.name, number, f"question {row['id']!r} without answers", "one or more")
        yield Row(table.name, number, Question(row["id"], row["context"], row["question"], answers))


def _answers(answers: Any) -> Iterator[Answer]:
    if isinstance(answers, Mapping):
        answers = [
            {"text": text, "answer_start": start}
            for text, start in zip(answers["text"], answers["answer_start"], strict=True)
        ]
    for answer in answers:
        if not isinstance(answer["text"], str):
            raise TypeError(f"'text', which is {choice_rows.kind_of(answer['text'])}")
        yield Answer(answer["text"], int(answer["answer_start"]))


def tatoeba(table: HubTable, options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """Translations: foreign in `source_sentence`, English in `target_sentence`, both with a line end to strip.

    `source_lang` names a cache file and says nothing, so that the sides are told apart by their words.
    """
    _need(table, "source_sentence", "target_sentence")
    rows = list(table.rows())
    sides = [sum(_english(row[side] or "") for _, row in rows) for side in ("source_sentence", "target_sentence")]
    if sides[0] > sides[1]:
        raise fault(table.name, 0, "English in source_sentence", "the foreign side there, English in target_sentence")
    for number, row in rows:
        id_ = str(number)
        source, target = (_text(table, number, row, side) for side in ("source_sentence", "target_sentence"))
        yield Row(table.name, number, ParallelSentences(id_, source, id_, target))


def _english(sentence: str) -> int:
    return sum(word in ENGLISH_WORDS for word in sentence.lower().split())


def bucc(table: HubTable, options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """`mteb/BUCC`: one row with all foreign sentences, all English sentences and the gold pairs, counted from 1.

    There are no ids: a sentence is named by its language and position, not as in the shared task.
    """
    if "gold" not in table.data.column_names:
        raise fault(
            table.name,
            None,
            f"the columns {', '.join(table.data.column_names)}: gold pairs without the corpora around them",
            "sentence1, sentence2 and gold, as in mteb/BUCC; nothing can be mined from gold pairs alone",
        )
    for number, row in table.rows():
        try:
            left, right = (choice_rows.texts(row[side], side) for side in ("sentence1", "sentence2"))
        except TypeError as error:
            raise fault(table.name, number, str(error), "sentences") from error
        pairs: dict[int, list[int]] = defaultdict(list)
        for source, target in row["gold"]:
            if not (0 < source <= len(left) and 0 < target <= len(right)):
                raise fault(
                    table.name, number, f"a gold pair {source}, {target}", f"1 to {len(left)}, 1 to {len(right)}"
                )
            pairs[int(source)].append(int(target))
        matched = {target for targets in pairs.values() for target in targets}
        for source, text in enumerate(left, start=1):
            id_ = f"{options['language']}-{source}"
            for target in pairs.get(source, ()):
                yield Row(table.name, number, ParallelSentences(id_, text, f"en-{target}", right[target - 1]))
            if source not in pairs:
                yield Row(table.name, number, ParallelSentences(id_, text, None, None))
        for target, text in enumerate(right, start=1):
            if target not in matched:
                yield Row(table.name, number, ParallelSentences(None, None, f"en-{target}", text))


def _choices(make: Callable[[Mapping[str, Any]], Choice]) -> Reader:
    def reader(table: HubTable, options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
        for number, row in table.rows():
            try:
                yield Row(table.name, number, choice_rows.made(make, {"id": str(number), **row}))
            except ValueError as error:
                raise fault(table.name, number, f"a row with {error}", f"a row of {make.__name__}") from error

    return reader


READERS: dict[str, Reader] = {
    "bucc": bucc,
    "cosmosqa": _choices(choice_rows.cosmosqa),
    "csqa": _choices(choice_rows.csqa),
    "hellaswag": _choices(choice_rows.hellaswag),
    "pair": pair,
    "siqa": _choices(choice_rows.siqa),
    "squad": squad,
    "tags": tags,
    "tatoeba": tatoeba,
    "xcopa": _choices(choice_rows.xcopa),
}
