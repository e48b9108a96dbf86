"""Many faults of one file as a message that can be read: equal ones together, each kind cut to its first few."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

_SHOWN = 8  # of one kind


def ranges(numbers: Sequence[int]) -> str:
    """`1, 2, 3, 7` as `1-3, 7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)


def listed(faults: Iterable[tuple[int, str]]) -> str:
    """One line of text for each different fault, with all the lines of the file that it is in.

    Faults that differ only in names and numbers are of one kind; beyond the first eight of a kind, their lines are
    enough.

    Args:
        faults: (line, what is wrong).
    """
    lines: dict[str, list[int]] = defaultdict(list)
    for line, text in faults:
        lines[text].append(line)
    kinds: dict[str, list[str]] = defaultdict(list)
    for text in sorted(lines, key=lambda text: (min(lines[text]), text)):
        kinds[_kind(text)].append(text)
    told = [
        (min(lines[text]), f"  {_place(lines[text])}: {text}") for texts in kinds.values() for text in texts[:_SHOWN]
    ]
    for texts in kinds.values():
        rest = [line for text in texts[_SHOWN:] for line in lines[text]]
        if rest:
            told.append(
                (min(rest), f"  {_place(rest)}: {len(rest)} more of this kind, the first being: {texts[_SHOWN]}")
            )
    return "\n".join(text for _, text in sorted(told))


def _place(numbers: Sequence[int]) -> str:
    found = sorted(set(numbers))
    return f"line{'s' if len(found) > 1 else ''} {ranges(found)}"


def _kind(text: str) -> str:
    """The part before a colon, without what stands in quotation marks and without numbers."""
    return re.sub(r"'[^']*'|[\d.]+", "", text.partition(":")[0])
