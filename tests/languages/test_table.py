import pytest

from xstilts.languages import beyond, table
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


@pytest.mark.parametrize("given", [code for code in ELSEWHERE if len(code) == 3 and code != "cze"])
def test_a_language_without_a_row_is_one_under_its_iso_639_3_code(given: str) -> None:
    assert table.parse(given).code == given


@pytest.mark.parametrize(("given", "code"), [("cze", "ces"), ("zh-yue", "yue"), ("sr", "srp"), ("Swedish", "swe")])
def test_row_11_a_language_without_a_row_gets_no_other_language_as_a_hint(given: str, code: str) -> None:
    with pytest.raises(UnknownLanguage, match=f"Did you mean '{code}'") as error:
        table.parse(given)
    assert error.value.meant == code


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


def test_languages_beyond_the_table_come_from_iso_639_and_uriels_tree_under_the_tables_names() -> None:
    zulu, lao, welsh = map(table.get, ("zul", "lao", "cym"))
    assert (zulu.name, zulu.family, zulu.genus) == ("Zulu", "Niger-Congo", table.get("swh").genus)
    assert (lao.family, lao.genus, lao.script) == (table.get("tha").family, table.get("tha").genus, "Laoo")
    assert (welsh.alpha2, welsh.family, welsh.cc100, welsh.pretrained) == ("cy", "Indo-European", 0.8, True)
    assert table.get("bho").genus == table.get("hin").genus == "Indic"
    assert table.get("pap").family == table.get("hat").family == "Creole"


def test_a_language_that_the_tree_lacks_is_where_its_macro_language_or_its_nearest_is() -> None:
    assert table.get("nob").genus == "Germanic"  # the macro-language Norwegian
    assert (table.get("ltg").genus, table.get("lvs").genus) == ("Baltic", "Baltic")
    assert table.get("nqo").family == table.get("bam").family == "Mande"


def test_the_rows_of_the_table_have_the_families_that_the_tree_gives_them() -> None:
    others = {"eus", "hat"}  # Basque is in no family, and the table has creoles apart
    for row in table.LANGUAGES:
        if row.code not in others:
            top = beyond.nodes(row.code)[0]
            assert beyond.FAMILIES.get(top, top) == row.family, row.code
            named = [beyond.GENERA[node] for node in beyond.nodes(row.code) if node in beyond.GENERA]
            assert not named or named[0] == row.genus, row.code


def test_what_means_a_row_of_the_table_is_no_language_of_its_own() -> None:
    for code, meant in (("swa", "swh"), ("zho", "cmn"), ("ara", "arb")):
        with pytest.raises(UnknownLanguage, match=f"Did you mean '{meant}'"):
            table.get(code)
    with pytest.raises(
        UnknownLanguage, match=r"'xyz': no code or name of ISO 639.*every other language that URIEL has"
    ):
        table.get("xyz")


def test_every_language_with_a_script_or_a_size_is_one_that_iso_639_and_uriel_have() -> None:
    codes = {code for listed in beyond.SCRIPTS.values() for code in listed.split()} | set(beyond.CC100)
    assert all(beyond.language(code) for code in codes)
    assert not codes & {row.code for row in table.LANGUAGES}
    assert sum(map(len, map(str.split, beyond.SCRIPTS.values()))) == len(
        {code for listed in beyond.SCRIPTS.values() for code in listed.split()}
    )


def test_distances_are_computed_of_the_table_and_of_languages_studied_beyond_it() -> None:
    rows = [row.code for row in table.LANGUAGES]
    assert table.with_rows(["deu", "zul", "cym"]) == [*rows, "cym", "zul"]
    assert table.with_rows([]) == rows
