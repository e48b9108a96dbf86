"""The languages of XTREME and of the published studies; the only place where codes are translated.

Others that URIEL knows have no row here and are described by `beyond`.

A language is named by its ISO 639-3 code everywhere in this project. Two-letter codes are what XTREME's
files and papers print; a data set's own spelling stays inside its task file.

Sources: families as XTREME's README groups them, genus from WALS v2020.4, script of the XTREME data (ISO 15924),
CC-100 size from Conneau et al. 2020 (arXiv 1911.02116), table 6; 0 means not in XLM-R's pretraining data.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from xstilts.languages import iso639

ENGLISH = "eng"


@dataclass(frozen=True)
class Language:
    """One language. `code` is ISO 639-3; `cc100` is the size of its CC-100 part in GiB."""

    code: str
    alpha2: str
    name: str
    family: str
    genus: str
    script: str
    cc100: float
    xtreme: bool

    @property
    def latin(self) -> bool:
        """Whether the data are written in Latin script."""
        return self.script == "Latn"

    @property
    def pretrained(self) -> bool:
        """Whether XLM-R saw this language in pretraining."""
        return self.cc100 > 0


LANGUAGES = (
    Language("afr", "af", "Afrikaans", "Indo-European", "Germanic", "Latn", 1.3, True),
    Language("arb", "ar", "Arabic", "Afro-Asiatic", "Semitic", "Arab", 28.0, True),
    Language("bul", "bg", "Bulgarian", "Indo-European", "Slavic", "Cyrl", 57.5, True),
    Language("ben", "bn", "Bengali", "Indo-European", "Indic", "Beng", 8.4, True),
    Language("deu", "de", "German", "Indo-European", "Germanic", "Latn", 66.6, True),
    Language("ell", "el", "Greek", "Indo-European", "Greek", "Grek", 46.9, True),
    Language("eng", "en", "English", "Indo-European", "Germanic", "Latn", 300.8, True),
    Language("spa", "es", "Spanish", "Indo-European", "Romance", "Latn", 53.3, True),
    Language("est", "et", "Estonian", "Uralic", "Finnic", "Latn", 6.1, True),
    Language("eus", "eu", "Basque", "Basque", "Basque", "Latn", 2.0, True),
    Language("pes", "fa", "Persian", "Indo-European", "Iranian", "Arab", 111.6, True),
    Language("fin", "fi", "Finnish", "Uralic", "Finnic", "Latn", 54.3, True),
    Language("fra", "fr", "French", "Indo-European", "Romance", "Latn", 56.8, True),
    Language("heb", "he", "Hebrew", "Afro-Asiatic", "Semitic", "Hebr", 31.6, True),
    Language("hin", "hi", "Hindi", "Indo-European", "Indic", "Deva", 20.2, True),
    Language("hun", "hu", "Hungarian", "Uralic", "Ugric", "Latn", 58.4, True),
    Language("ind", "id", "Indonesian", "Austronesian", "Malayo-Sumbawan", "Latn", 148.3, True),
    Language("ita", "it", "Italian", "Indo-European", "Romance", "Latn", 30.2, True),
    Language("jpn", "ja", "Japanese", "Japonic", "Japanese", "Jpan", 69.3, True),
    Language("jav", "jv", "Javanese", "Austronesian", "Javanese", "Latn", 0.2, True),
    Language("kat", "ka", "Georgian", "Kartvelian", "Kartvelian", "Geor", 9.1, True),
    Language("kaz", "kk", "Kazakh", "Turkic", "Turkic", "Cyrl", 6.4, True),
    Language("kor", "ko", "Korean", "Koreanic", "Korean", "Kore", 54.2, True),
    Language("mal", "ml", "Malayalam", "Dravidian", "Dravidian", "Mlym", 7.6, True),
    Language("mar", "mr", "Marathi", "Indo-European", "Indic", "Deva", 2.8, True),
    Language("zsm", "ms", "Malay", "Austronesian", "Malayo-Sumbawan", "Latn", 8.5, True),
    Language("mya", "my", "Burmese", "Sino-Tibetan", "Burmese-Lolo", "Mymr", 2.0, True),
    Language("nld", "nl", "Dutch", "Indo-European", "Germanic", "Latn", 29.3, True),
    Language("por", "pt", "Portuguese", "Indo-European", "Romance", "Latn", 49.1, True),
    Language("rus", "ru", "Russian", "Indo-European", "Slavic", "Cyrl", 278.0, True),
    Language("swh", "sw", "Swahili", "Niger-Congo", "Bantu", "Latn", 1.6, True),
    Language("tam", "ta", "Tamil", "Dravidian", "Dravidian", "Taml", 12.2, True),
    Language("tel", "te", "Telugu", "Dravidian", "Dravidian", "Telu", 4.7, True),
    Language("tha", "th", "Thai", "Kra-Dai", "Kam-Tai", "Thai", 71.7, True),
    Language("tgl", "tl", "Tagalog", "Austronesian", "Greater Central Philippine", "Latn", 3.1, True),
    Language("tur", "tr", "Turkish", "Turkic", "Turkic", "Latn", 20.9, True),
    Language("urd", "ur", "Urdu", "Indo-European", "Indic", "Arab", 5.7, True),
    Language("vie", "vi", "Vietnamese", "Austro-Asiatic", "Vietic", "Latn", 137.3, True),
    Language("yor", "yo", "Yoruba", "Niger-Congo", "Defoid", "Latn", 0.0, True),
    Language("cmn", "zh", "Mandarin", "Sino-Tibetan", "Chinese", "Hans", 63.5, True),
    Language("azj", "az", "Azerbaijani", "Turkic", "Turkic", "Latn", 6.5, False),
    Language("guj", "gu", "Gujarati", "Indo-European", "Indic", "Gujr", 1.9, False),
    Language("hat", "ht", "Haitian Creole", "Creole", "Creoles and Pidgins", "Latn", 0.0, False),
    Language("lit", "lt", "Lithuanian", "Indo-European", "Baltic", "Latn", 13.7, False),
    Language("pan", "pa", "Panjabi", "Indo-European", "Indic", "Guru", 0.8, False),
    Language("pol", "pl", "Polish", "Indo-European", "Slavic", "Latn", 44.6, False),
    Language("quz", "qu", "Quechua", "Quechuan", "Quechuan", "Latn", 0.0, False),
    Language("ron", "ro", "Romanian", "Indo-European", "Romance", "Latn", 61.4, False),
    Language("ukr", "uk", "Ukrainian", "Indo-European", "Slavic", "Cyrl", 84.6, False),
    Language("wol", "wo", "Wolof", "Niger-Congo", "Wolof", "Latn", 0.0, False),
)

_BY_CODE = {language.code: language for language in LANGUAGES}
_BY_ALPHA2 = {language.alpha2: language for language in LANGUAGES}


class UnknownLanguage(ValueError):
    """A code that the table does not have. `meant` is the code that ISO 639 says it stands for, if the table has it."""

    def __init__(self, text: str) -> None:
        found = iso639.meant(text, _BY_CODE, _BY_ALPHA2) or _beyond(iso639.code_of(text) or "")
        self.meant = None if found is None else found.code
        if found is not None:
            self.short = f"{text!r:.60}. Did you mean {found.code!r}? That is {found.name}"
        else:
            self.short = f"{text!r:.60}: {iso639.described(text)}, without a row in the table of languages"
        listed = "" if found is not None else f". {known()}"
        super().__init__(f"no language with the ISO 639-3 code {self.short}{listed}")


def known() -> str:
    """The codes that may be written, and how to add one."""
    return (
        f"Known: {', '.join(sorted(_BY_CODE))}, and every other language that URIEL has under its ISO 639-3 code. "
        "To name another, add its row to src/xstilts/languages/table.py"
    )


def get(code: str) -> Language:
    """The language of an ISO 639-3 code: a row of the table, or one that URIEL knows (see `beyond`).

    Raises:
        UnknownLanguage: no such language here; the message names the code that ISO 639 says is meant, if there is one.
    """
    if code in _BY_CODE:
        return _BY_CODE[code]
    if len(code) == 3 and iso639.meant(code, _BY_CODE, _BY_ALPHA2) is None:
        found = _beyond(code)
        if found is not None:
            return found
    raise UnknownLanguage(code)


def _beyond(code: str) -> Language | None:
    from xstilts.languages import beyond  # here: it reads URIEL's arrays, which most commands do not need

    return beyond.language(code)


def with_rows(studied: Iterable[str]) -> list[str]:
    """The codes of the table and of the languages studied, which it may not have: what distances are computed of."""
    rows = [language.code for language in LANGUAGES]
    return rows + sorted(set(studied) - set(rows))


def parse(text: str) -> Language:
    """The language of an ISO 639-3 or a two-letter code, for input that people bring (`xstilts analyse`).

    Raises:
        UnknownLanguage: as `get`.
    """
    return _BY_ALPHA2[text] if text in _BY_ALPHA2 else get(text)


def xtreme() -> tuple[Language, ...]:
    """XTREME's forty languages, sorted by code, English included."""
    return tuple(sorted((language for language in LANGUAGES if language.xtreme), key=lambda row: row.code))
