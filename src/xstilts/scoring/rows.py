"""What a scorer looks at, and the checks that predictions and gold are about the same examples."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from xstilts.formats.examples import Choice, Example, ParallelSentences, Question, SentencePair, TaggedSentence
from xstilts.scoring.metrics.bitext import Pair

Row = Mapping[str, Any]
Values = dict[str, float]
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Inputs:
    """What a scorer may look at, for one language of one run.

    Attributes:
        gold: the test examples, in the benchmark's order.
        rows: the predictions, in the formats of `predictions/…/<code>.jsonl`.
        language: ISO 639-3.
        reverse: Tatoeba's rows from the foreign language to English.
        development, development_rows: BUCC's second corpus and its candidates, which set the threshold.
    """

    gold: Sequence[Example]
    rows: Sequence[Row]
    language: str
    reverse: Sequence[Row] | None = None
    development: Sequence[Example] | None = None
    development_rows: Sequence[Row] | None = None


def typed(examples: Iterable[Example], kind: type[Kind]) -> list[Kind]:
    """The examples, all of one kind, or ValueError: the task's shape and scorer do not agree."""
    checked: list[Kind] = []
    for example in examples:
        if not isinstance(example, kind):
            raise ValueError(f"{example!s:.100} is not a {kind.__name__}; the task's shape and scorer do not agree")
        checked.append(example)
    return checked


def labels(gold: Iterable[Example], kind: type[SentencePair] | type[Choice]) -> list[str | int]:
    """The gold labels, or ValueError where the source hides one."""
    found: list[str | int] = []
    for example in typed(gold, kind):
        if example.label is None:
            raise ValueError(f"example {example.id!r} has no gold label; this split is hidden and cannot be scored")
        found.append(example.label)
    return found


def aligned(inputs: Inputs, kind: type) -> list[Any]:
    """The predictions of a test set, in gold's order.

    Raises:
        ValueError: another number of rows than gold, another id in some row, or a prediction not of `kind`.
    """
    gold, rows = inputs.gold, inputs.rows
    if len(rows) != len(gold):
        raise ValueError(
            f"{len(rows)} predictions for {len(gold)} examples in {inputs.language}; "
            "run the stage `predict` again: the data have changed since"
        )
    predictions = []
    for number, (example, row) in enumerate(zip(gold, rows, strict=True), start=1):
        key = getattr(example, "id", None)
        if row.get("id") != key:
            raise ValueError(
                f"prediction {number} in {inputs.language} is for id {row.get('id')!r}, the gold example is {key!r}; "
                "both must be in the order of the test file: run the stage `predict` again"
            )
        predictions.append(_of_kind(row.get("prediction"), kind, f"prediction of {key!r}"))
    return predictions


def _of_kind(value: Any, kind: type, what: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{what} is {str(value)!r:.100}, expected {kind.__name__}; run the stage `predict` again")
    return value


def gold_tags(gold: Iterable[Example]) -> list[tuple[str, ...]]:
    """The gold tags of each sentence, or ValueError where the source hides them."""
    found = []
    for sentence in typed(gold, TaggedSentence):
        if sentence.tags is None:
            raise ValueError(f"sentence {sentence.id!r} has no gold tags; this split is hidden and cannot be scored")
        found.append(sentence.tags)
    return found


def tagged(inputs: Inputs) -> tuple[list[tuple[str, ...]], list[list[str]]]:
    """The gold and the predicted tags of each sentence, aligned; their numbers of tags are not compared here."""
    return gold_tags(inputs.gold), aligned(inputs, list)


def answers(gold: Iterable[Example]) -> dict[str, list[str]]:
    """The gold answers by question id; ValueError where two questions have one id."""
    questions = typed(gold, Question)
    texts = {question.id: [answer.text for answer in question.answers] for question in questions}
    if len(texts) != len(questions):
        repeated = [key for key, times in Counter(question.id for question in questions).items() if times > 1]
        raise ValueError(
            f"{len(repeated)} question ids occur more than once, as {repeated[0]!r}; prepare the task again"
        )
    return texts


def texts(inputs: Inputs) -> dict[str, str]:
    """The predicted answers by question id, aligned with the gold."""
    found = aligned(inputs, str)
    return {row["id"]: text for row, text in zip(inputs.rows, found, strict=True)}


def side(text: str | None, pair: ParallelSentences) -> str:
    """A side of a pair that must have both, or ValueError."""
    if text is None:
        raise ValueError(f"sentence pair {pair} lacks a side; Tatoeba's lines must all be aligned: prepare it again")
    return text


def numbered(rows: Sequence[Row], numbers: range, what: str) -> list[int]:
    """The lines that Tatoeba's rows name: one row for each of `numbers`, in order, each naming one of them."""
    if [row.get("id") for row in rows] != list(numbers):
        raise ValueError(
            f"the {len(rows)} rows must have the ids 0 to {len(numbers) - 1} in order, one for each {what}; "
            "run the stage `predict` again"
        )
    found = [_of_kind(row.get("prediction"), int, f"line found for {what} {row['id']}") for row in rows]
    outside = [line for line in found if line not in numbers]
    if outside:
        raise ValueError(f"line {outside[0]} is outside 0 to {len(numbers) - 1}; predict again")
    return found


def candidates(rows: Iterable[Row]) -> dict[Pair, float]:
    """BUCC's mined candidates by ids (foreign, English), in the order of the rows; a pair keeps its best score.

    Raises:
        ValueError: a row without one of `source_id`, `target_id`, `score`.
    """
    scores: dict[Pair, float] = {}
    for number, row in enumerate(rows, start=1):
        try:
            pair, value = (str(row["source_id"]), str(row["target_id"])), float(row["score"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"candidate {number} is not {{source_id, target_id, score}} ({error!r}): {row}; predict again"
            ) from error
        scores[pair] = max(value, scores.get(pair, value))
    return scores


def true_pairs(gold: Sequence[Example]) -> set[Pair]:
    """The gold pairs of ids (foreign, English) of a comparable corpus: the examples with both sides."""
    pairs = typed(gold, ParallelSentences)
    return {(pair.source_id, pair.target_id) for pair in pairs if pair.source_id and pair.target_id}
