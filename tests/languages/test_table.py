import pytest

from xstilts.languages import table
from xstilts.languages.table import UnknownLanguage

# From ISO 639-3's tables of macro-languages and of 639-2/B, and the languages that XTREME's data sets are in.
MEANT = {
    "ara": "arb",
    "fas": "pes",
    "per": "pes",
    "msa": "zsm",
    "may": "zsm",
    "zho": "cmn",
    "chi": "cmn",
    "ekk": "est",
    "swa": "swh",
    "aze": "azj",
    "que": "quz",
    "ger": "deu",
    "fre": "fra",
    "gre": "ell",
    "baq": "eus",
    "geo": "kat",
    "bur": "mya",
    "dut": "nld",
    "rum": "ron",
    "mol": "ron",
    "DE": "deu",
    "DEU": "deu",
    "Zh": "cmn",
    "zh-CN": "cmn",
    "zh_Hans": "cmn",
    "pt-BR": "por",
    "ar-EG": "arb",
    "iw": "heb",
    "in": "ind",
    "Chinese": "cmn",
    "german": "deu",
    "Farsi": "pes",
    "Modern Greek (1453-)": "ell",
}
# Languages that the table lacks, each near in spelling to a code that it has, or a sister of a language that it has.
ELSEWHERE = ["nor", "ces", "cze", "dan", "fil", "arz", "yue", "zh-yue", "vro", "quy", "azb", "mri", "swe", "sr", "hrv"]


@pytest.mark.parametrize(("given", "code"), MEANT.items())
def test_row_11_and_12_the_hint_is_the_language_that_iso_639_means(given: str, code: str) -> None:
    with pytest.raises(UnknownLanguage, match=f"Did you mean '{code}'") as error:
        table.parse(given)
    assert error.value.meant == code
    assert "Known:" not in str(error.value)


@pytest.mark.parametrize("given", ELSEWHERE)
def test_row_11_a_language_without_a_row_gets_no_other_language_as_a_hint(given: str) -> None:
    with pytest.raises(UnknownLanguage, match=r"without a row in the table.*Known: afr") as error:
        table.parse(given)
    assert error.value.meant is None
    assert "mean" not in str(error.value)


@pytest.mark.parametrize("given", ["", "qq", "xx", "deutsch", "12", "x" * 5000, "-", "zh-"])
def test_what_is_no_language_is_said_so(given: str) -> None:
    with pytest.raises(UnknownLanguage) as error:
        table.get(given)
    assert given == "zh-" or "no code or name of ISO 639" in str(error.value)
    assert len(error.value.short) < 200


@pytest.mark.parametrize("language", table.LANGUAGES, ids=lambda row: row.code)
def test_every_row_is_meant_by_its_own_codes_and_name(language: table.Language) -> None:
    assert table.parse(language.code) == table.parse(language.alpha2) == language
    for given in (language.code.upper(), language.alpha2.upper(), language.name, f"{language.alpha2}-XX"):
        with pytest.raises(UnknownLanguage, match=f"Did you mean '{language.code}'"):
            table.parse(given)
