"""Where examples come from: the artificial world, upstream files, or the Hugging Face Hub."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xstilts import tasks
from xstilts.formats.examples import Example
from xstilts.tasks.task import Task

ORIGINS = ("world", "files", "hub")


@dataclass(frozen=True)
class Prepared:
    """A task's examples by split (`train`, `validation`, `test/<code>`, `dev/<code>`, `translated/<code>`).

    `source` says where they came from: origin, revision or path, and whatever a reader must know (rows dropped,
    answers realigned). It is written to `data/<task>/task.json`.
    """

    splits: Mapping[str, list[Example]]
    source: Mapping[str, Any] = field(default_factory=dict)


def load(task: Task, settings: Mapping[str, Any]) -> Prepared:
    """The examples of one task from the origin that `settings` (`params.yaml: data`) names.

    `origins` names another one for single tasks, where the Hub lacks one of them or has a wrong copy.

    Raises:
        ValueError: no such origin, or an origin for a task that is not known.
    """
    single = settings.get("origins") or {}
    for name in single:
        tasks.get(name)
    prepared: Prepared = _module(str(single.get(task.name, settings["origin"]))).load(task, settings)
    return prepared


def text(languages: tuple[str, ...], settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """Plain text for MLM, one list of lines a language (ISO 639-3)."""
    lines: dict[str, list[str]] = _module(str(settings["origin"])).text(languages, settings)
    return lines


def _module(origin: str) -> Any:
    if origin not in ORIGINS:
        raise ValueError(f"params.yaml: data.origin is {origin!r}; allowed: {', '.join(ORIGINS)}")
    return importlib.import_module(f"xstilts.preparation.{origin}")
