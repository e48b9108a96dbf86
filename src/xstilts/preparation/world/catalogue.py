"""Which items each task is made of: the formats and distributions in which tasks differ, the skills that they share.

Inference feeds paraphrase (mnli, anli → xnli, pawsx, qqp), reading feeds reading (squad → xquad, mlqa, tydiqa,
cosmosqa), categories feed parts of speech (ccg → udpos), common sense feeds causes (csqa, hellaswag, siqa → xcopa).
An intermediate task never has its target's sentences: people's names come from different halves of the stock, and
the shares of names, furniture and constructions differ.
"""

from collections.abc import Callable, Sequence
from typing import Any

from xstilts.preparation.world import inference, plausibility, reading, sentences
from xstilts.preparation.world.events import Sampler
from xstilts.preparation.world.items import Item
from xstilts.tasks.task import Task

Maker = Callable[[Sampler], Sequence[Item]]

# Task → (which half of the names; None: all), what makes a group of items, and its options.
_TASKS: dict[str, tuple[int | None, Callable[..., Sequence[Item]], dict[str, Any]]] = {
    "mnli": (0, inference.inferences, {"named": 0.6, "furnish": 0.5, "roles": 0.2, "opposites": 0.1}),
    "anli": (0, inference.inferences, {"named": 0.4, "furnish": 0.6, "roles": 0.4, "opposites": 0.3}),
    "xnli": (1, inference.inferences, {"named": 0.3, "furnish": 0.3, "roles": 0.2, "opposites": 0.0}),
    "qqp": (
        0,
        inference.paraphrases,
        {"labels": ("not_duplicate", "duplicate"), "named": 0.6, "roles": 0.0, "opposites": 0.2, "questions": True},
    ),
    "pawsx": (1, inference.paraphrases, {"labels": ("0", "1"), "named": 0.4, "roles": 0.15, "opposites": 0.0}),
    "squad_v1": (0, reading.readings, {"named": 0.5, "sentences": 3}),
    "squad_v2": (0, reading.readings, {"named": 0.4, "sentences": 3, "unanswerable": 0.33}),
    "xquad": (1, reading.readings, {"named": 0.5, "sentences": 3}),
    "mlqa": (1, reading.readings, {"named": 0.3, "sentences": 4}),
    "tydiqa": (1, reading.readings, {"named": 0.4, "sentences": 3, "reworded": 0.6}),
    "cosmosqa": (0, reading.chosen_readings, {"named": 0.5, "sentences": 3, "choices": 4}),
    "hellaswag": (0, plausibility.continuations, {"named": 0.5}),
    "csqa": (0, plausibility.associations, {}),
    "siqa": (0, plausibility.reactions, {"named": 0.6, "choices": 3}),
    "xcopa": (1, plausibility.reactions, {"named": 0.3, "choices": 2}),
    "ccg": (0, sentences.tagged, {"layer": "category", "named": 0.5}),
    "udpos": (1, sentences.tagged, {"layer": "pos", "named": 0.4}),
    "panx": (1, sentences.entities, {}),
}

# A task that is not listed above is made as its shape's usual one.
_SHAPES = {"classification": "mnli", "tagging": "udpos", "span": "squad_v1", "choice": "csqa"}


def maker(task: Task) -> tuple[int | None, Maker]:
    """The half of the names and the group maker of a task.

    Raises:
        ValueError: the world cannot make this task's labels.
    """
    name = task.name if task.name in _TASKS else _SHAPES[task.shape]
    half, make, options = _TASKS[name]
    if "labels" in options:
        options = {**options, "labels": _two(task)}
    return half, lambda sampler: make(sampler, **options)


def _two(task: Task) -> tuple[str, str]:
    if len(task.labels) != 2:
        raise ValueError(f"the world makes {task.name} with two labels (different, same), not {task.labels}")
    return task.labels[0], task.labels[1]
