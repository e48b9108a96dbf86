"""What every example must pass before it is prepared, whatever origin it comes from.

A wrong file rarely fails by itself: a truncated download is a smaller data set, another language's file is a lower
score, a shifted answer is noise. Each check here turns one of these into an error that names file and line.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from xstilts.formats.examples import Answer, Choice, Example, ParallelSentences, Question, SentencePair, TaggedSentence
from xstilts.preparation.rows import UNALIGNED, Notes, Row, fault, language_of
from xstilts.preparation.scripts import ScriptCheck
from xstilts.tasks.task import Task


def accept(task: Task, split: str, rows: Iterable[Row], notes: Notes, script: str | None = None) -> Iterator[Row]:
    """The rows of one split, checked one by one, their answers aligned.

    Args:
        task: what the rows are of.
        split: which of its splits.
        rows: as a reader gives them.
        notes: where it is noted what was dropped and moved.
        script: that of the rows, if it is not the language's own (ISO 15924).

    Raises:
        ValueError: a row has an unknown label, a tag too few, an answer out of its context, or most of a file is not in
            the language of the split.
    """
    scripts = ScriptCheck(language_of(split), script)
    for row in rows:
        problem = _problem(task, row.example)
        if problem is not None:
            raise fault(row.file, row.line, *problem)
        scripts.see(row)
        if isinstance(row.example, Question):
            question = align(row.example, notes)
            if question is None:
                continue
            row = row._replace(example=question)
        yield row
    scripts.done()


def _problem(task: Task, example: Example) -> tuple[str, str] | None:
    """What is wrong with an example and what was expected; None if all is well."""
    if isinstance(example, SentencePair):
        return _vocabulary(task, "label", (example.label,))
    if isinstance(example, TaggedSentence):
        if example.tags is None or len(example.tags) != len(example.words) or not example.words:
            return f"{len(example.words)} words with {len(example.tags or ())} tags", "one tag a word, one word or more"
        return _vocabulary(task, "tag", example.tags)
    if isinstance(example, Choice):
        if len(example.choices) < 2:
            return f"{len(example.choices)} choice(s)", "two or more"
        if example.label is None or not 0 <= example.label < len(example.choices):
            return f"label {example.label!r}", f"the index of one of {len(example.choices)} choices"
    if isinstance(example, ParallelSentences) and example.source is None and example.target is None:
        return "a pair without sentences", "a sentence on one side at least"
    if isinstance(example, Question) and not (example.id and example.context and example.question):
        return "a question without id, text or context", "all three"
    return None


def _vocabulary(task: Task, kind: str, found: Sequence[str | None]) -> tuple[str, str] | None:
    if task.labels:
        for label in found:
            if label not in task.labels:
                return f"{kind} {label!r}", f"one of {', '.join(task.labels)}"
    return None


def align(question: Question, notes: Notes) -> Question | None:
    """A question whose answers stand at their offsets in the context; None if no answer is to be found there.

    Several copies of SQuAD-like data stripped the context without moving `answer_start`: an answer that is not at its
    offset is looked for elsewhere, and the occurrence nearest to the offset is taken. An answer that the context
    does not hold is dropped, and so is a question that had answers and keeps none.
    """
    if all(answer.start >= 0 and question.context.startswith(answer.text, answer.start) for answer in question.answers):
        return question
    kept = []
    for answer in question.answers:
        start = nearest(question.context, answer.text, answer.start)
        if start is None:
            notes.dropped["answer not in its context"] += 1
            continue
        notes.realigned += start != answer.start
        kept.append(Answer(answer.text, start))
    if not kept:
        notes.dropped[UNALIGNED] += 1
        return None
    return replace(question, answers=tuple(kept))


def nearest(context: str, text: str, start: int) -> int | None:
    """Where `text` occurs nearest to `start`, the earlier of two equally near; None if nowhere."""
    if not text:
        return None
    places = []
    place = context.find(text)
    while place >= 0:
        places.append(place)
        place = context.find(text, place + 1)
    return min(places, key=lambda found: (abs(found - start), found), default=None)
