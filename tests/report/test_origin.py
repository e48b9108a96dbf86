"""A report says what its numbers rest on, and nothing about XLM-R where the encoder is another."""

import pytest

import synthetic_results
from xstilts import report
from xstilts.report import captions, markdown, origin, page, tables
from xstilts.report import context as contexts
from xstilts.report.origin import BADGE, Origin
from xstilts.report.tables import ReportTables

OWN = {"name": None, "revision": None, "layers": 3, "hidden": 128}
XLMR = {"name": "FacebookAI/xlm-roberta-large", "revision": "c23d21b0620b635a76227c604d44e43a9f0ee389"}
WORLD = {"origin": "world", "languages": ["eng", "deu"]}
WORDS = ("Not in XLM-R's pretraining data: hat, quz.", "Without CC-100 size and script, slope -0.1 in points.")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> ReportTables:
    """One study of three seeds with eleven languages, and one with Haitian Creole and Quechua."""
    plans = (synthetic_results.Plan("world", ("mnli",), {"xnli": synthetic_results.QA}, 3), synthetic_results.PAPER)
    return tables.read(synthetic_results.write(tmp_path_factory.mktemp("results"), plans))


def _page(results: ReportTables, own: Origin) -> tuple[str, str]:
    """The page and the summary of a report whose studies have this origin."""
    notes = contexts.notes(results.studies, None, own)
    context = report.Context(origin=own)
    read = report.arranged(results, notes)
    return page.render(read, notes, context), markdown.render(read, notes, context)


def test_artificial_languages_are_named_in_heading_answer_forest_summary_and_note(results: ReportTables) -> None:
    own = origin.measured(OWN, WORLD, "commit 1234567 of 2026-11-28")
    written, summary = _page(results, own)
    assert written.count(f'<h2><span class="badge">{BADGE}</span>') == len(results.studies)
    assert captions.HATCHED in written
    assert f'<p class="sentence"><span class="badge">{BADGE}</span>' in written
    assert written.count(f'<tspan class="badge-words">{BADGE}</tspan>') == 2 * len(results.studies)  # wide and narrow
    assert summary.splitlines()[4].startswith(f"> **{BADGE}**")
    assert own.note.startswith(f"**{BADGE}")


def test_natural_languages_have_no_badge(results: ReportTables) -> None:
    own = origin.measured(OWN, {"origin": "files"}, "")
    written, summary = _page(results, own)
    assert BADGE not in written + summary + own.note
    assert captions.HATCHED not in written


def test_artificial_studies_stand_after_natural_ones(results: ReportTables) -> None:
    notes = contexts.notes(results.studies, None, Origin(artificial=True))
    natural = contexts.notes(results.studies, None)
    mixed = {"world": notes["world"], "xcopa_siqa": natural["xcopa_siqa"]}
    assert [study.name for study in report.arranged(results, mixed).studies] == ["xcopa_siqa", "world"]


def test_every_figure_says_encoder_data_seeds_and_commit(results: ReportTables) -> None:
    own = origin.measured(XLMR, {"origin": "hub"}, "commit 1234567 of 2026-11-28")
    written, _ = _page(results, own)
    line = (
        "Encoder: FacebookAI/xlm-roberta-large at c23d21b · Data: natural text from the Hugging Face Hub · Seeds: 3 · "
        "Source: commit 1234567 of 2026-11-28"
    )
    study = written.partition('id="study-world"')[2].partition("</section>")[0]
    assert study.count(line) == study.count("<figure") > 5
    assert written.count("<figure") == written.count('<p class="source">')


def test_languages_without_a_row_in_the_table_are_told_apart_too() -> None:
    unseen = origin.unseen_by_xlmr()
    assert {"hat", "zul", "arz", "nno"} <= unseen
    assert not {"deu", "swe", "amh", "nob"} & unseen


@pytest.mark.parametrize(
    ("model", "data", "unseen", "of_whom"),
    [
        (XLMR, {"origin": "hub"}, {"hat", "quz"}, False),
        (OWN, {"origin": "files", "languages": ["eng", "est", "hat", "quz", "swh"]}, {"ind", "ita", "tam"}, True),
        ({**XLMR, "name": "bert-base-multilingual-cased"}, {"origin": "hub"}, set(), True),
        ({**XLMR, "name": "../real/multilingual-e5-small"}, {"origin": "files"}, {"hat", "quz"}, True),
    ],
)
def test_marks_and_caveats_are_about_the_encoder_that_was_used(
    results: ReportTables, model: dict[str, str], data: dict[str, object], unseen: set[str], of_whom: bool
) -> None:
    own = origin.measured(model, data, "")
    study = next(study for study in results.studies if study.name == "xcopa_siqa")
    study = origin.fitted(study, own)
    marked = {row["language"] for rows in study.points.values() for row in rows if "unseen" in row["marks"].split()}
    assert marked & {"hat", "quz", "ind", "ita", "tam", "est", "swh"} == unseen
    found = " ".join(origin.caveats({"caveats": WORDS}, own, sorted(marked)))
    assert "Not in XLM-R's" not in found
    assert ("Not in the encoder's pretraining data" in found) == bool(unseen)
    assert ("CC-100 size (of XLM-R's data, not this encoder's)" in found) == of_whom


def test_keys_of_params_yaml_that_are_left_out_are_no_error() -> None:
    assert origin.measured({}, {"origin": "world"}, "").encoder == "small, pretrained here on artificial text"


@pytest.mark.parametrize(
    ("name", "xlmr"),
    [
        ("XLM-R Base", True),
        ("xlm-roberta-base", True),
        ("BLOOM 7.1B", False),
        ("mBERT, mean pooling", False),
        ("", False),
    ],
)
def test_xlmr_is_known_by_its_name(name: str, xlmr: bool) -> None:
    assert origin.is_xlmr(name) == xlmr
