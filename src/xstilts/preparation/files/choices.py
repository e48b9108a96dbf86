"""Multiple choice: HellaSwag, CommonsenseQA, Cosmos QA, Social IQa, XCOPA and e-CARE in their upstream forms.

What is prompt and what is choice follows jiant (nyu-mll/jiant at daa5a258), the code of the paper's authors.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xstilts.formats.examples import Choice
from xstilts.preparation import choice_rows
from xstilts.preparation.files.lines import objects, table, value
from xstilts.preparation.rows import Notes, Row, fault


def hellaswag(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """`hellaswag_{train,val}.jsonl`. A copy without `ctx_a` and `ctx_b` has its whole context as the prompt."""
    for path in paths:
        for line, row in objects(path):
            value(path, line, row, "endings", list)
            yield _made(path, line, choice_rows.hellaswag, row)


def csqa(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """`{train,dev}_rand_split.jsonl` of CommonsenseQA."""
    for path in paths:
        for line, row in objects(path):
            question = value(path, line, row, "question", dict)
            yield _made(
                path,
                line,
                choice_rows.csqa,
                {
                    "id": row.get("id"),
                    "question": question.get("stem"),
                    "choices": question.get("choices"),
                    "answerKey": value(path, line, row, "answerKey"),
                },
            )


def cosmosqa(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """`train.csv` and `valid.csv` of Cosmos QA."""
    names = ("id", "context", "question", "answer0", "answer1", "answer2", "answer3", "label")
    for path in paths:
        for line, row in table(path, names):
            yield _made(path, line, choice_rows.cosmosqa, row)


def siqa(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """`socialIQa_v1.4_{trn,dev}.jsonl`, where the right answer is the letter `correct`."""
    for path in paths:
        for line, row in objects(path):
            letter = value(path, line, row, "correct")
            if letter not in ("A", "B", "C"):
                raise fault(path, line, f"correct {letter!r}", "A, B or C")
            yield _made(path, line, choice_rows.siqa, row | {"id": str(line - 1), "label": "ABC".index(letter) + 1})


def xcopa(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """`{val,test}.<language>.jsonl` of XCOPA."""
    for path in paths:
        for line, row in objects(path):
            value(path, line, row, "label", int)
            yield _made(path, line, choice_rows.xcopa, row)


def ecare(paths: Sequence[Path], options: Mapping[str, Any], notes: Notes) -> Iterator[Row]:
    """`{train,dev}.jsonl` of e-CARE's causal reasoning."""
    for path in paths:
        for line, row in objects(path):
            value(path, line, row, "label", int)
            yield _made(path, line, choice_rows.ecare, row)


def _made(path: Path, line: int, make: Callable[[Mapping[str, Any]], Choice], row: Mapping[str, Any]) -> Row:
    try:
        return Row(str(path), line, choice_rows.made(make, row))
    except ValueError as error:
        raise fault(path, line, f"a row with {error}", f"a row of {make.__name__}") from error
