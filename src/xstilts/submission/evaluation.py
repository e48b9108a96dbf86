"""The numbers that evaluate.py of google-research/xtreme @ 838c13b returns for a submission and its labels.

A task counts if both folders have it; a language that such a task lacks is an error. Every metric is averaged over
languages without weights, a task's `avg_metric` is the mean of exact match and F1 for answers, F1 or accuracy
elsewhere; `all_task` and a group exist only if all their tasks do.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from xstilts.metrics import bitext, spans, tags
from xstilts.metrics.classification import accuracy
from xstilts.submission import files, layout

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
        try:
            found = _READERS[layout.task(name).scorer](labels / place, predictions / place, language, notes)
        except ValueError as error:
            raise ValueError(f"{predictions / place}: {error}") from error
        for metric, value in found.items():
            values.setdefault(metric, {})[language] = value
    return averaged(values)


def _lines(gold: Path, predicted: Path, language: str, notes: list[str]) -> Values:
    return {"accuracy": accuracy(files.lines(gold), files.lines(predicted))}


def _chunks(gold: Path, predicted: Path, language: str, notes: list[str]) -> Values:
    # XTREME's output has no token accuracy.
    return tags.span_scores(files.sentences(gold), files.sentences(predicted), tags.upos)


def _entities(gold: Path, predicted: Path, language: str, notes: list[str]) -> Values:
    return tags.entities(files.sentences(gold), files.sentences(predicted))


def _answers(gold: Path, predicted: Path, notes: list[str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    wanted, found = files.gold_answers(gold), files.predicted_answers(predicted)
    missing = wanted.keys() - found.keys()
    if missing:
        notes.append(f"{predicted}: {len(missing)} questions without an answer score 0, as {min(missing)!r}")
    return wanted, found


def _squad(gold: Path, predicted: Path, language: str, notes: list[str]) -> Values:
    return spans.squad(*_answers(gold, predicted, notes))


def _mlqa(gold: Path, predicted: Path, language: str, notes: list[str]) -> Values:
    return spans.mlqa(*_answers(gold, predicted, notes), language)


def _pairs(gold: Path, predicted: Path, language: str, notes: list[str]) -> Values:
    return bitext.pair_scores(files.pairs(gold), files.pairs(predicted))


_READERS: dict[str, Callable[[Path, Path, str, list[str]], Values]] = {
    "accuracy": _lines,
    "chunks": _chunks,
    "entities": _entities,
    "squad": _squad,
    "mlqa": _mlqa,
    "mining": _pairs,
    "nearest": _lines,
}
