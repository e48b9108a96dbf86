"""The card of a prepared task, from what its task file says and what an origin gave."""

from collections.abc import Iterable, Mapping
from typing import Any

from xstilts.formats.examples import Example
from xstilts.formats.prepared import Card
from xstilts.tasks.task import Task


def card_of(task: Task, splits: Mapping[str, Iterable[Example]], source: Mapping[str, Any]) -> Card:
    """The card of a task as one origin gave it; labels that the task leaves open come from the origin."""
    languages = sorted(split.partition("/")[2] for split in splits if split.startswith("test/"))
    return Card(
        name=task.name,
        shape=task.shape,
        scorer=task.scorer,
        metrics=task.metrics,
        labels=tuple(task.labels or source.get("labels", ())),
        languages=tuple(languages),
        training=task.training,
        source=source,
        metadata=task.metadata,
    )
