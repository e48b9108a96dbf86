"""How long each stage took the last time it ran here: what plans, the order of starting and the time left rest on."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from xstilts.formats import atomic

FILE = Path(".xstilts/grid/durations.json")


@dataclass
class Durations:
    """Seconds by stage instance, kept in a file of the repository that git ignores.

    `seconds` holds stages that really ran, with DVC's own work on them, not those that came from the cache.
    """

    path: Path
    seconds: dict[str, float] = field(default_factory=dict)

    def of(self, name: str) -> float | None:
        """The seconds of a stage: its own, or the mean of the other instances of its stage, or None."""
        if name in self.seconds:
            return self.seconds[name]
        group = name.partition("@")[0]
        others = [seconds for other, seconds in self.seconds.items() if other.partition("@")[0] == group]
        return sum(others) / len(others) if others else None

    def put(self, name: str, seconds: float) -> None:
        """Remember, and write the file."""
        self.seconds[name] = round(seconds, 3)
        atomic.write(self.path, json.dumps(self.seconds, indent=1, sort_keys=True) + "\n")


def read(root: Path) -> Durations:
    """What is known in this repository; nothing, if nothing ever ran.

    Raises:
        ValueError: the file is damaged.
    """
    path = root / FILE
    if not path.exists():
        return Durations(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Durations(path, {str(name): float(seconds) for name, seconds in content.items()})
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}); remove it: only the estimates of time are lost") from error
