"""The tasks by name: one module of this package a task, each holding one value `TASK`.

A module is imported only when its task is asked for, so that a task file is a dependency of its own stage alone.
"""

import difflib
import importlib
import pkgutil

from xstilts.tasks.task import FileSource, HubSource, Task

__all__ = ["FileSource", "HubSource", "Task", "get", "names"]


def names() -> tuple[str, ...]:
    """The names of all tasks, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "task"))


def get(name: str) -> Task:
    """The task of that name.

    Raises:
        ValueError: there is none; the message lists the known ones and the nearest.
    """
    if name not in names():
        close = difflib.get_close_matches(name, names(), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"no task {name!r}; known tasks: {', '.join(names())}.{hint} To add one, see docs/add-a-task.md"
        )
    task: Task = importlib.import_module(f"xstilts.tasks.{name}").TASK
    return task
