import pytest

from xstilts.report import text


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("mnli", "mnli"),
        ("a|b\n# head", "a\\|b \\# head"),
        ("**bold _x_ ~y~", "\\*\\*bold \\_x\\_ \\~y\\~"),
        ("![p](http://h/p)", "!\\[p\\](http://h/p)"),
        ("<img src=x> &lt;", "&lt;img src=x&gt; &amp;lt;"),
        ("@team", "@\u200bteam"),
        ("`code`", "\\`code\\`"),
        ("nul\x00 esc\x1b rlo\u202e", "nul esc rlo"),
        ("r = +.50 (−3), ü 中", "r = +.50 (−3), ü 中"),
    ],
)
def test_a_name_is_plain_words_of_markdown(name: str, written: str) -> None:
    assert text.markdown(name) == written
    assert text.cell(name) == written


def test_a_bold_cell_stays_bold_and_code_in_a_sentence_stays_code() -> None:
    assert text.cell("**+.50 (12)**") == "**+.50 (12)**"
    assert text.cell("**a*b**") == "**a\\*b**"
    assert text.markdown("run `dvc repro` @x", code=True) == "run `dvc repro` @\u200bx"
