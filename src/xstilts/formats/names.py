"""What an intermediate, a target or a study may be called.

Separate because a name reaches tables, paths, the MLflow store and the shell commands of dvc.yaml from two sides,
params.yaml and the tables of others. In params.yaml all names match `PATTERN`: nothing in them ends a word of a shell,
opens an option or leaves a folder. In both, words that the project uses itself are refused.
"""

import re
import unicodedata
from typing import Annotated

from xstilts.formats.fields import shown
from xstilts.formats.runs import BASELINE, SPARE
from xstilts.formats.typed_yaml import Named

PATTERN = r"\w[\w+-]*"  # letters and digits of any script, _ + -; also a dot in names of studies and profiles
LONGEST = 64  # characters
_DOTTED = r"\w[\w.+-]*"

# Words that stand for something else where an intermediate's or a target's name stands: `all` for the mean over
# intermediates and for a whole study, the others in printed claims and in names of metrics.
RESERVED = {
    "intermediate": ("all", "mean", "any", "best", "alone"),
    "target": ("all", "mean", "any", "best", "alone", BASELINE, SPARE),
}
_INVISIBLE = (
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Zl",
    "Zp",
)  # control, format (such as right-to-left marks), surrogates, line ends


def reserved(kind: str, name: str) -> str | None:
    """Why an `intermediate` or a `target` may not be called so; None if it may."""
    word = name.casefold()
    if word in RESERVED.get(kind, ()):
        return f"{kind} {shown(name)} is a reserved name; give it another ({', '.join(RESERVED[kind])} mean others)"
    if kind == "intermediate" and word in (BASELINE, SPARE) and name != word:
        return f"intermediate {shown(name)}: the baseline is written {BASELINE!r}, more seeds of it {SPARE!r}"
    return None


def printable(name: str) -> bool:
    """Whether a name is one line of characters that can be seen."""
    return all(unicodedata.category(letter) not in _INVISIBLE for letter in name)


def _fault(pattern: str, kind: str, name: str) -> str | None:
    dot = ", ." if pattern == _DOTTED else ""
    if len(name) > LONGEST or not re.fullmatch(pattern, name):
        return (
            f"{shown(name)} is no name; allowed: 1 to {LONGEST} letters, digits, _, -, +{dot}, the first of them a "
            f"letter, a digit or _ ({pattern}); it becomes a part of paths, commands and runs"
        )
    return reserved(kind, name)


# The names of params.yaml, checked with their line where the file is read.
Label = Annotated[str, Named(lambda name: _fault(_DOTTED, "", name))]
Intermediate = Annotated[str, Named(lambda name: _fault(PATTERN, "intermediate", name))]
Target = Annotated[str, Named(lambda name: _fault(PATTERN, "target", name))]
