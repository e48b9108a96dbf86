"""The scorers by name, as `Task.scorer` names them."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from xstilts.formats.examples import Choice, Example, ParallelSentences, SentencePair
from xstilts.formats.parallel_corpora import english_order
from xstilts.languages import table as languages
from xstilts.scoring.metrics import bitext, spans, tags
from xstilts.scoring.metrics.classification import accuracy
from xstilts.scoring.rows import (
    Inputs,
    Values,
    aligned,
    answers,
    candidates,
    labels,
    numbered,
    side,
    tagged,
    texts,
    true_pairs,
    typed,
)


@dataclass(frozen=True)
class Scored:
    """A metric's value in points by name, and how many examples the values rest on."""

    values: Values
    examples: int


def score(scorer: str, metrics: Iterable[str], inputs: Inputs) -> Scored:
    """Score one language of one run.

    Args:
        scorer: `Task.scorer`.
        metrics: `Task.metrics`: those of the scorer's numbers that are wanted.
        inputs: gold and predictions, for the same examples in the same order.

    Raises:
        ValueError: no such scorer or metric; ids, numbers or lengths of the predictions are not those of the gold;
            a gold label is hidden; the test set is empty.
    """
    function = lookup(scorer)
    if not inputs.gold:
        raise ValueError(f"no gold examples for {inputs.language}; the test file is empty: prepare the task again")
    values = function(inputs)
    return Scored(_wanted(values, metrics, scorer), _examples(scorer, inputs.gold))


def _accuracy(inputs: Inputs) -> Values:
    return {"accuracy": accuracy(labels(inputs.gold, SentencePair), aligned(inputs, str))}


def _choice_accuracy(inputs: Inputs) -> Values:
    return {"accuracy": accuracy(labels(inputs.gold, Choice), aligned(inputs, int))}


def _accuracy_per_tag(inputs: Inputs) -> Values:
    gold, predicted = tagged(inputs)
    return {"accuracy": tags.token_accuracy(gold, predicted)}


def _chunks(inputs: Inputs) -> Values:
    return tags.chunks(*tagged(inputs))


def _entities(inputs: Inputs) -> Values:
    return tags.entities(*tagged(inputs))


def _squad(inputs: Inputs) -> Values:
    return spans.squad(answers(inputs.gold), texts(inputs))


def _squad_v2(inputs: Inputs) -> Values:
    return spans.squad_v2(answers(inputs.gold), texts(inputs))


def _mlqa(inputs: Inputs) -> Values:
    return spans.mlqa(answers(inputs.gold), texts(inputs), languages.get(inputs.language).alpha2)


def _nearest(inputs: Inputs) -> Values:
    pairs = typed(inputs.gold, ParallelSentences)
    numbers = range(len(pairs))
    order = english_order([side(pair.target, pair) for pair in pairs])
    values = {"accuracy": bitext.nearest(numbered(inputs.rows, numbers, "English sentence"), order)}
    if inputs.reverse is not None:
        found = numbered(inputs.reverse, numbers, "foreign sentence")
        values["accuracy_reverse"] = accuracy(list(numbers), found)
    return values


def _mining(inputs: Inputs) -> Values:
    if inputs.development is None or inputs.development_rows is None:
        raise ValueError(
            f"BUCC in {inputs.language} needs the development corpus and its candidates for the threshold; "
            "run the stage `predict` again, which writes them to <code>.dev.jsonl"
        )
    development = candidates(inputs.development_rows), true_pairs(inputs.development)
    return bitext.mining(candidates(inputs.rows), true_pairs(inputs.gold), *development)


_SCORERS: dict[str, Callable[[Inputs], Values]] = {
    "accuracy": _accuracy,
    "choice_accuracy": _choice_accuracy,
    "accuracy_per_tag": _accuracy_per_tag,
    "chunks": _chunks,
    "entities": _entities,
    "squad": _squad,
    "squad_v2": _squad_v2,
    "mlqa": _mlqa,
    "nearest": _nearest,
    "mining": _mining,
}
SCORERS = tuple(sorted(_SCORERS))


def lookup(scorer: str) -> Callable[[Inputs], Values]:
    """The function of a scorer's name; it returns every metric that it has, in points."""
    if scorer not in _SCORERS:
        close = difflib.get_close_matches(scorer, SCORERS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"no scorer {scorer!r}; known: {', '.join(SCORERS)}.{hint} A task names it in src/xstilts/tasks/"
        )
    return _SCORERS[scorer]


def _wanted(values: Values, metrics: Iterable[str], scorer: str) -> Values:
    wanted = list(metrics)
    absent = [metric for metric in wanted if metric not in values]
    if absent:
        raise ValueError(
            f"scorer {scorer!r} gave no {', '.join(absent)} here; it gave: {', '.join(values)}. Correct the task's "
            "`metrics`, or supply what the metric rests on (accuracy_reverse: <code>.reverse.jsonl)"
        )
    return {metric: values[metric] for metric in wanted}


def _examples(scorer: str, gold: Sequence[Example]) -> int:
    return len(true_pairs(gold)) if scorer == "mining" else len(gold)
