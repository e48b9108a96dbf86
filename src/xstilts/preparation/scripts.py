"""Whether a file is written in the script of its language: the cheapest sign of a file in the wrong place."""

import unicodedata
from collections import Counter
from functools import cache

from xstilts.languages import table as languages
from xstilts.preparation.rows import Row, fault, texts

# Share of a text's letters that must be of the language's script. Wikipedia's tables and names in Latin letters
# bring honest files down to about a half; another language's file has next to none.
SCRIPT_SHARE = 0.25
SCRIPT_SAMPLE = 200  # examples looked at in each file
SCRIPTS = {
    "Latn": ("LATIN",),
    "Cyrl": ("CYRILLIC",),
    "Arab": ("ARABIC",),
    "Grek": ("GREEK",),
    "Hebr": ("HEBREW",),
    "Deva": ("DEVANAGARI",),
    "Beng": ("BENGALI",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Mlym": ("MALAYALAM",),
    "Mymr": ("MYANMAR",),
    "Thai": ("THAI",),
    "Geor": ("GEORGIAN",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Kore": ("HANGUL",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Jpan": ("HIRAGANA", "KATAKANA", "CJK"),
    "Armn": ("ARMENIAN",),
    "Ethi": ("ETHIOPIC",),
    "Hang": ("HANGUL",),
    "Khmr": ("KHMER",),
    "Knda": ("KANNADA",),
    "Laoo": ("LAO",),
    "Nkoo": ("NKO",),
    "Olck": ("OL",),
    "Orya": ("ORIYA",),
    "Sinh": ("SINHALA",),
    "Tfng": ("TIFINAGH",),
    "Thaa": ("THAANA",),
    "Tibt": ("TIBETAN",),
}
KANA_SHARE = 0.05  # Japanese has at least this share of kana among its letters, Chinese less


@cache
def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]


class ScriptCheck:
    """Counts the letters of a language's own script, or of another one, in the first rows of each file.

    Of languages whose script is not known nothing is checked.
    """

    def __init__(self, code: str, script: str | None = None) -> None:
        self.code = code
        self.language = languages.get(code)
        self.script = script or self.language.script
        self.seen: Counter[str] = Counter()
        self.letters: dict[str, Counter[str]] = {}
        self.first_other: dict[str, int | str] = {}

    def see(self, row: Row) -> None:
        """Count one row; rows beyond the sample are free."""
        if self.seen[row.file] >= SCRIPT_SAMPLE or self.script not in SCRIPTS:
            return
        self.seen[row.file] += 1
        counts = Counter(_script(letter) for letter in texts(row.example)[0] if letter.isalpha())
        self.letters.setdefault(row.file, Counter()).update(counts)
        own = sum(counts[script] for script in SCRIPTS[self.script])
        if counts and own < SCRIPT_SHARE * sum(counts.values()):
            self.first_other.setdefault(row.file, row.line)

    def done(self) -> None:
        """Raise if a file's letters are not those of the language."""
        for file, counts in self.letters.items():
            total = sum(counts.values())
            own = sum(counts[script] for script in SCRIPTS[self.script])
            kana = counts["HIRAGANA"] + counts["KATAKANA"]
            chinese = self.script in ("Hans", "Hant") and kana >= KANA_SHARE * total
            japanese = self.script == "Jpan" and kana < KANA_SHARE * total
            if total and (own < SCRIPT_SHARE * total or chinese or japanese):
                most = ", ".join(f"{script} {count}" for script, count in counts.most_common(2))
                raise fault(
                    file,
                    self.first_other.get(file, 1),
                    f"not {self.language.name}: {own} of {total} letters are of its script (most: {most})",
                    f"{self.language.name} ({self.code}) in {self.script} script",
                )
