"""The page in a real browser: it draws, explains and answers the keyboard, says nothing on the console, asks nobody."""

import csv
import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

import chromium
import synthetic_results
from xstilts import report
from xstilts.report import context, page, tables

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.find() is None, reason="no headless Chromium; apt-get install chromium"),
]
WIDTHS = (1280, 390)
AXE = "axe-core/axe.min.js"
_INSIDE = (  # whether all of an element is on the first screen
    "(e => { const b = (typeof e === 'string' ? document.querySelector(e) : e).getBoundingClientRect();"
    " return b.height > 0 && b.top >= 0 && b.bottom <= innerHeight && b.left >= 0 && b.right <= innerWidth + 1; })"
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two studies, without the static figures."""
    folder = tmp_path_factory.mktemp("page")
    read = tables.read(synthetic_results.write(folder / "results"))
    written = folder / "index.html"
    written.write_text(page.render(read, context.notes(read.studies, None), report.Context()), encoding="utf-8")
    return written


@pytest.fixture(scope="module", params=WIDTHS)
def tab(request: pytest.FixtureRequest, path: Path) -> Iterator[chromium.Page]:
    """The page, open and drawn, on a desk and on a phone."""
    with chromium.Page(width=request.param, touch=request.param < 500) as tab:
        tab.open(path)
        tab.evaluate("drawEverything()")
        yield tab


def test_console_is_silent_and_nothing_is_asked_of_the_network(tab: chromium.Page, path: Path) -> None:
    assert tab.errors() == []
    assert tab.requests() == [path.as_uri()]


def test_first_screen_holds_question_sentence_and_figure_and_the_page_is_short(path: Path) -> None:
    for width, height in ((1280, 900), (390, 844)):
        with chromium.Page(width=width, height=height, touch=width < 500) as tab:
            tab.open(path)
            shown = [e for e in ("h1", ".sentence", ".sure") if tab.evaluate(f"{_INSIDE}('{e}')")]
            assert shown == ["h1", ".sentence", ".sure"]
            figures = f"[...document.querySelectorAll('.answer figure > svg')].filter(e => {_INSIDE}(e)).length"
            assert tab.evaluate(figures) == 1
            assert tab.evaluate("document.documentElement.scrollHeight") <= 8000


def test_an_address_opens_what_it_points_to(path: Path) -> None:
    with chromium.Page() as tab:
        tab.open(path)
        assert not tab.evaluate("document.querySelector('#study-world details').open")
        tab.evaluate("new Promise(done => { location.hash = '#study-world'; setTimeout(done, 300); })")
        assert tab.evaluate("document.querySelector('#study-world details').open")


def test_a_word_of_statistics_is_explained_where_the_pointer_rests(path: Path) -> None:
    with chromium.Page() as tab:
        tab.open(path)
        tab.hover(".answer a.term[href='#term-gain']")
        words = tab.evaluate("document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent")
        assert words.startswith("gain") and "minus score without it" in words


def test_a_figure_is_taken_along_as_csv_and_svg(tab: chromium.Page) -> None:
    chart = "document.querySelector('#study-world [data-chart=scatter]').closest('figure')"
    rows = list(csv.reader(io.StringIO(tab.evaluate(f"figureCsv({chart})"))))
    assert rows[0][0] == "mark" and {"distance", "gain", "family"} <= set(rows[0])
    assert len(rows) - 1 == tab.evaluate(f"{chart}.querySelectorAll('svg .tip').length") > 50
    drawn = ElementTree.fromstring(tab.evaluate(f"figureSvg({chart})"))
    texts = drawn.findall(".//{http://www.w3.org/2000/svg}text")
    assert any(node.text == "gain (points)" for node in texts)
    assert all("font-size: 1" in node.get("style", "") for node in texts)
    buttons = "[...document.querySelectorAll('figure')].map(f => f.querySelectorAll('.tools button').length)"
    assert set(tab.evaluate(buttons)) == {2}


def test_an_address_shows_the_same_view_again(path: Path) -> None:
    view = "#study-world?intermediate=mnli&target=xnli&outcome=error_reduction&distance=geographic&family=Indo-European"
    chosen = "[...document.querySelectorAll('#study-world select')].map(s => s.value)"
    bright = "[...document.querySelectorAll('#study-world .legend [aria-pressed=true]')].map(b => b.textContent)"
    with chromium.Page() as tab:
        tab.open(path)
        tab.evaluate(f"new Promise(done => {{ location.hash = '{view}'; setTimeout(done, 300); }})")
        assert tab.evaluate(chosen) == ["mnli", "xnli", "error_reduction", "geographic"]
        assert tab.evaluate(bright) == ["Indo-European"]
        assert tab.evaluate("location.hash") == view
        assert tab.evaluate("document.querySelector('#study-world .view').getAttribute('href')") == view
        tab.evaluate(
            f"new Promise(done => {{ location.hash = '{view.replace('mnli', 'nonsense')}x'; setTimeout(done, 300); }})"
        )
        assert tab.evaluate(chosen) == ["mnli", "xnli", "error_reduction", "geographic"]
        assert tab.errors() == []


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, if npm has put it somewhere."""
    roots = [Path("node_modules")]
    if shutil.which("npm"):
        found = subprocess.run(["npm", "root", "--global"], capture_output=True, text=True, check=False, timeout=60)
        roots.append(Path(found.stdout.strip() or "node_modules"))
    for root in roots:
        if (root / AXE).is_file():
            return (root / AXE).read_text(encoding="utf-8")
    pytest.skip("no axe-core; npm install --global axe-core")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_in_the_whole_page(path: Path, axe: str, width: int, dark: bool) -> None:
    with chromium.Page(width=width, dark=dark, touch=width < 500) as tab:
        tab.open(path)
        tab.evaluate("drawEverything(); document.querySelectorAll('details').forEach(part => { part.open = true; })")
        tab.evaluate(f"{axe}; 0")
        found = tab.evaluate(
            "axe.run(document, {resultTypes: ['violations']})"
            ".then(r => r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 120)).join(' | ')}`))"
        )
        assert found == []


def test_no_text_of_a_figure_is_smaller_than_twelve_pixels(tab: chromium.Page) -> None:
    sizes = (
        "[...document.querySelectorAll('svg text')].filter(e => e.getClientRects().length)"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)"
        " * e.ownerSVGElement.getBoundingClientRect().width / e.ownerSVGElement.viewBox.baseVal.width)"
    )
    found = tab.evaluate(sizes)
    assert len(found) > 200 and min(found) > 11.9


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        ("scatter", ["gain (points)", "distance"]),
        ("gains", ["gain (points)"]),
        ("families", ["gain (points)"]),
        ("forest", ["slope of gain on distance, SD per SD"]),
        ("lofo", ["slope of gain on distance, SD per SD"]),
        ("specification", ["correlation or slope (−1 to 1)"]),
    ],
)
def test_every_axis_has_a_title(tab: chromium.Page, chart: str, words: list[str]) -> None:
    titles = tab.evaluate(
        f"[...document.querySelectorAll('#study-world [data-chart={chart}] .axis')].map(e => e.textContent)"
    )
    for word in words:
        assert any(word in title for title in titles)


def test_every_chart_is_drawn_or_says_why_not(tab: chromium.Page) -> None:
    empty = (
        "[...document.querySelectorAll('.chart')].filter(e => !e.querySelector('svg .tip, .absent'))"
        ".map(e => e.dataset.chart)"
    )
    assert tab.evaluate(empty) == []


def test_page_is_not_wider_than_the_screen(tab: chromium.Page) -> None:
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_no_text_leaves_its_chart(tab: chromium.Page) -> None:
    outside = (
        "[...document.querySelectorAll('.chart svg text')].filter(e => { const t = e.getBoundingClientRect(),"
        " b = e.closest('svg').getBoundingClientRect(); return t.left < b.left - 12 || t.right > b.right + 12; })"
        ".map(e => e.closest('.chart').dataset.chart + ': ' + e.textContent)"
    )
    assert tab.evaluate(outside) == []


def test_hovering_a_point_tells_language_family_n_baseline_gain_and_coverage(tab: chromium.Page) -> None:
    tab.hover("[data-chart=scatter] .tip")
    tab.evaluate("new Promise(done => setTimeout(done, 200))")  # charts that come into view must not close it
    words = tab.evaluate("document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent")
    for word in ("family", "n = ", "baseline", "gain", "±", "features known"):
        assert word in words
    box = tab.evaluate("(b => [b.left, b.right])(document.getElementById('tip').getBoundingClientRect())")
    assert box[0] >= 0 and box[1] <= tab.evaluate("innerWidth")


def test_arrow_keys_move_between_points(tab: chromium.Page) -> None:
    tab.evaluate("document.querySelector('[data-chart=scatter] .tip[tabindex=\"0\"]').focus()")
    first = tab.evaluate("document.activeElement.getAttribute('aria-label')")
    tab.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight")
    second = tab.evaluate("document.activeElement.getAttribute('aria-label')")
    assert first != second and "family" in second
    assert (
        tab.evaluate("document.querySelectorAll('[data-chart=scatter]:first-of-type .tip[tabindex=\"0\"]').length") == 2
    )
    tab.call("Input.dispatchKeyEvent", type="keyDown", key="Escape")
    assert tab.evaluate("document.getElementById('tip').hidden")


def test_choosing_a_target_redraws_and_keeps_the_focus(tab: chromium.Page) -> None:
    choose = (
        "(s => { s.focus(); s.value = 'udpos'; s.dispatchEvent(new Event('change')); })"
        "(document.querySelectorAll('#study-world select')[1])"
    )
    panels = "document.querySelectorAll('#study-world [data-chart=scatter] .title').length"
    assert tab.evaluate(panels) == 4
    tab.evaluate(choose)
    assert tab.evaluate(panels) == 1
    assert tab.evaluate("document.activeElement.value") == "udpos"
    tab.evaluate(choose.replace("udpos", "all"))


def test_a_cell_of_the_heatmap_chooses_its_intermediate_and_target(tab: chromium.Page) -> None:
    tab.evaluate(
        "document.querySelectorAll('#study-world [data-chart=heatmap] .cell')[7].dispatchEvent(new Event('click'))"
    )
    chosen = "[...document.querySelectorAll('#study-world select')].slice(0, 2).map(s => s.value)"
    assert tab.evaluate(chosen) == ["mnli", "tatoeba"]


def test_a_family_can_be_shown_alone(tab: chromium.Page) -> None:
    tab.evaluate("document.querySelector('#study-world .legend button').click()")
    bright = "[...document.querySelectorAll('#study-world .chart [data-family]:not(.dim)')].map(e => e.dataset.family)"
    assert set(tab.evaluate(bright)) == {"0"}
    tab.evaluate("document.querySelector('#study-world .legend button').click()")
