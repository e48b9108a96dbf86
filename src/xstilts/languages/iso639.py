"""Which row of the table a code or a name of ISO 639 means: for the hint of an error, never to translate silently.

People bring two-letter codes in capitals, tags such as `zh-CN`, macro-languages (`ara`), ISO 639-2's bibliographic
codes (`ger`), withdrawn codes (`iw`) and English names. Which language one of them means is looked up in the tables of
ISO 639 (SIL International and the Library of Congress, shipped by python-iso639). Nearness in spelling says nothing
among codes: `ara` is one letter from Marathi's `mar`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iso639 import Language as Iso

    from xstilts.languages.table import Language

# ISO 639-1 codes that were withdrawn, which the tables no longer hold, and an English name that they lack.
_WITHDRAWN = {"iw": "he", "in": "id", "jw": "jv", "mo": "ro", "farsi": "fa"}


def meant(text: str, by_code: Mapping[str, "Language"], by_alpha2: Mapping[str, "Language"]) -> "Language | None":
    """The language of a table that a code, tag or name means; None if it means another or none.

    Args:
        text: what somebody wrote.
        by_code: the table by ISO 639-3 code.
        by_alpha2: the table by two-letter code, of the macro-language where the row is one of its languages.
    """
    word = " ".join(text.split()).casefold()
    for language in by_code.values():
        if word in (language.code, language.alpha2, language.name.casefold()):
            return language
    tag = word.replace("_", "-").split("-")
    return by_alpha2.get(_WITHDRAWN.get(tag[0], "")) or _row(_iso(word) or _tagged(tag), by_code, by_alpha2)


def code_of(text: str) -> str | None:
    """The ISO 639-3 code of a code, tag or name; None if it is none of ISO 639."""
    word = " ".join(text.split()).casefold()
    found = _iso(word) or _tagged(word.replace("_", "-").split("-"))
    return None if found is None else str(found.part3)


def described(text: str) -> str:
    """What ISO 639 says of a code or name: for languages that the table does not have."""
    found = _iso(text.strip().casefold())
    if found is None:
        return "no code or name of ISO 639"
    kind = "the macro-language " if found.scope == "M" else ""
    return f"{kind}{found.name} in ISO 639"


def _row(
    found: "Iso | None", by_code: Mapping[str, "Language"], by_alpha2: Mapping[str, "Language"]
) -> "Language | None":
    if found is None:
        return None
    row = by_code.get(found.part3) or by_alpha2.get(found.part1 or "")
    if row is None and found.name.startswith("Standard "):  # Estonian's row is that of the macro-language
        row = by_code.get(found.macrolanguage or "")
    return row


def _iso(word: str) -> "Iso | None":
    """The entry of a code or an English name in any capitals, the successor of a retired one."""
    from iso639 import Language, LanguageNotFoundError  # a fifth of a second, needed for errors only

    for form in (word, word.title()):
        try:
            found = Language.match(form)
        except LanguageNotFoundError:
            continue
        return Language.from_part3(found.retire_change_to) if found.retire_change_to else found
    return None


def _tagged(tag: Sequence[str]) -> "Iso | None":
    """The language of a tag such as zh-hans-cn; of zh-yue the second part, which names a language of the first."""
    if len(tag) < 2 or not 2 <= len(tag[0]) <= 3:
        return None
    first = _iso(tag[0])
    if first is None or len(tag[1]) != 3 or tag[1].isdigit():
        return first
    second = _iso(tag[1])
    return second if second is not None and second.macrolanguage == first.part3 else None
