"""Which splits of a task are prepared."""

from collections.abc import Mapping
from typing import Any

from xstilts.tasks.task import Task


def wanted(
    task: Task, sources: Mapping[str, tuple[Any, ...]], counts: Mapping[str, int], settings: Mapping[str, Any]
) -> tuple[dict[str, tuple[Any, ...]], dict[str, int]]:
    """The sources by split that the settings ask for, and the rows expected of each split.

    `translated/<code>` only where `data.translated` names the code (or is true); `train+<name>` joins `train` where
    `data.variants` names it for the task.

    Raises:
        ValueError: a variant that the task does not have.
    """
    translated = settings.get("translated") or ()
    variants = (settings.get("variants") or {}).get(task.name, ())
    known = sorted({split.partition("+")[2] for split in sources if "+" in split})
    for name in variants:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise ValueError(f"params.yaml: data.variants: {task.name} has no variant {name!r}; known: {listed}")
    chosen: dict[str, tuple[Any, ...]] = {}
    expected: dict[str, int] = {}
    for split, group in sources.items():
        base, _, variant = split.partition("+")
        kind, _, code = base.partition("/")
        if kind == "translated" and translated is not True and code not in translated:
            continue
        if not variant or variant in variants:
            chosen[base] = chosen.get(base, ()) + group
            if split in counts:
                expected[base] = expected.get(base, 0) + counts[split]
    return chosen, expected
