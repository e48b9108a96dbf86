"""What an intermediate, a target or a study may be called: words that the project uses itself are refused.

Separate because a name reaches tables, paths and the store from two sides, params.yaml and the tables of others.
"""

import unicodedata

from xstilts.formats.fields import shown
from xstilts.formats.runs import BASELINE, SPARE

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
