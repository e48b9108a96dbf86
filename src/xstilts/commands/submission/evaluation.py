"""The numbers that evaluate.py of google-research/xtreme @ 838c13b returns for a submission and its labels.

A task counts if both folders have it; a language that such a task lacks is an error. Every metric is averaged over
languages without weights, a task's `avg_metric` is the mean of exact match and F1 for answers, F1 or accuracy
elsewhere; `all_task` and a group exist only if all their tasks do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.commands.submission import files, layout, remarks
from xstilts.scoring.metrics import bitext, spans, tags
from xstilts.scoring.metrics.classification import accuracy

Values = dict[str, float]


def evaluate(predictions: Path, labels: Path) -> tuple[dict[str, Any], list[str]]:
    """Score a submission.

    Returns:
        The scores (`all_task`, groups, and per task `{metric: {language: points}, avg_<metric>, avg_metric}`), and
        remarks: tasks left out, questions without an answer.

    Raises:
        FileNotFoundError: a folder, or one language of a task that both folders have.
        ValueError: no task in common, or a file that does not fit its labels.
    """
    for folder in (predictions, labels):
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder} is not a folder; expected the folders {', '.join(layout.TASKS)} in it")
    present = [name for name in layout.TASKS if (predictions / name).is_dir() and (labels / name).is_dir()]
    if not present:
        raise ValueError(f"{predictions} and {labels} have no task in common; tasks: {', '.join(layout.TASKS)}")
    notes = [f"{name}: not in both folders, not scored" for name in layout.TASKS if name not in present]
    scores: dict[str, Any] = {name: _task(predictions, labels, name, notes) for name in present}
    return scores | overall({name: scores[name]["avg_metric"] for name in present}), notes


def overall(averages: Values) -> Values:
    """`all_task` and the four groups, each if all of its tasks are there.

    Args:
        averages: `avg_metric` by task.
    """
    groups = {"all_task": layout.TASKS} | layout.GROUPS
    return {
        group: sum(averages[name] for name in members) / len(members)
        for group, members in groups.items()
        if all(name in averages for name in members)
    }


def averaged(values: dict[str, Values]) -> dict[str, Any]:
    """A task's scores with their averages.

    Args:
        values: metric to language to points.
    """
    averages = {f"avg_{metric}": sum(row.values()) / len(row) for metric, row in values.items()}
    if "exact_match" in values:
        headline = (averages["avg_exact_match"] + averages["avg_f1"]) / 2
    else:
        headline = averages["avg_f1"] if "f1" in values else averages["avg_accuracy"]
    return {**values, **averages, "avg_metric": headline}


def _task(predictions: Path, labels: Path, name: str, notes: list[str]) -> dict[str, Any]:
    values: dict[str, Values] = {}
    for language in layout.codes(name):
        place = layout.file(name, language)
        for folder in (predictions, labels):
            if not (folder / place).is_file():
                raise FileNotFoundError(
                    f"{folder / place} is missing; XTREME scores {name} only with all of its languages: "
                    f"{', '.join(layout.codes(name))}"
                )
        rule = _RULES[layout.task(name).scorer]
        gold, predicted = rule.gold(labels / place), rule.predicted(predictions / place)
        notes += [f"{place}: {remark}" for remark in rule.remarks(gold, predicted, name)]
        try:
            found = rule.metric(gold, predicted, language)
        except ValueError as error:
            raise ValueError(f"{predictions / place}: {error}") from error
        for metric, value in found.items():
            values.setdefault(metric, {})[language] = value
    return averaged(values)


def _lines(gold: Any, predicted: Any, language: str) -> Values:
    return {"accuracy": accuracy(gold, predicted)}


def _chunks(gold: Any, predicted: Any, language: str) -> Values:
    return tags.span_scores(gold, predicted, tags.upos)  # XTREME's output has no token accuracy


def _entities(gold: Any, predicted: Any, language: str) -> Values:
    return tags.entities(gold, predicted)


def _squad(gold: Any, predicted: Any, language: str) -> Values:
    return spans.squad(gold, predicted)


def _mlqa(gold: Any, predicted: Any, language: str) -> Values:
    return spans.mlqa(gold, predicted, language)


def _pairs(gold: Any, predicted: Any, language: str) -> Values:
    return bitext.pair_scores(gold, predicted)


@dataclass(frozen=True)
class _Rule:
    """How a task's label and prediction files are read, what scores what was read, and what is remarkable in it."""

    gold: Callable[[Path], Any]
    predicted: Callable[[Path], Any]
    metric: Callable[[Any, Any, str], Values]
    remarks: Callable[[Any, Any, str], Iterable[str]]


_RULES = {
    "accuracy": _Rule(files.lines, files.lines, _lines, remarks.lines),
    "chunks": _Rule(files.sentences, files.sentences, _chunks, remarks.tags),
    "entities": _Rule(files.sentences, files.sentences, _entities, remarks.tags),
    "squad": _Rule(files.gold_answers, files.predicted_answers, _squad, remarks.answers),
    "mlqa": _Rule(files.gold_answers, files.predicted_answers, _mlqa, remarks.answers),
    "mining": _Rule(files.pairs, files.pairs, _pairs, remarks.pairs),
    "nearest": _Rule(files.lines, files.lines, _lines, remarks.lines),
}
