"""Words of statistics lead to their definitions, once in a text, and never inside other markup."""

import re

import pytest
from markupsafe import Markup

from xstilts.report import glossary

WRITTEN = {  # term → how texts write it, where that is not its name
    "confidence interval": "95 % interval",
    "correlation r": "Pearson's r",
    "p value": "p = 1",
    "q value": "q = 1",
    "smallest detectable": "smallest detectable |slope|",
}


@pytest.mark.parametrize(
    ("words", "linked"),
    [
        ("slope −0.1 SD per SD, p = 0.5", ["slope", "SD per SD", "p"]),
        ("family-aware p = 0.5, 24 languages", ["family-aware", "p"]),
        ("the gain, and the gain again", ["gain"]),
        ("95 % interval, gains in points", ["95 % interval", "gains", "points"]),
        ("p", ["p"]),
        ("q ≥ 0.05", ["q"]),
        ("gained, seedling, zero-shot-target, P3", []),
    ],
)
def test_the_first_use_of_a_term_is_a_link(words: str, linked: list[str]) -> None:
    written = glossary.linked(words)
    assert re.findall(r'<a class="term" href="#[^"]+">([^<]*)</a>', written) == linked
    assert re.sub(r"<[^>]*>", "", written) == words


def test_markup_is_escaped_and_code_and_links_are_left_alone() -> None:
    assert glossary.linked("<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"
    left = Markup('<code>gain</code> and <a href="#x" title="gain">slope</a>')
    assert glossary.linked(left) == left


def test_terms_have_addresses_of_their_own_and_the_name_leads_to_itself() -> None:
    assert len({term.anchor for term in glossary.TERMS}) == len(glossary.TERMS)
    for term in glossary.TERMS:
        assert term.meaning.endswith(".") and not term.meaning.endswith("..")
        sample = WRITTEN.get(term.name, term.name)
        assert f'href="#{term.anchor}"' in glossary.linked(sample)
