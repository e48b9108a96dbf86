"""The report reads `results/` and nothing else, writes three kinds of files, and rounds only what it prints."""

import csv
import itertools
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

import synthetic_results
from xstilts import report
from xstilts.analysis import published as evidence
from xstilts.analysis.published import Claim
from xstilts.report import charts, claims, families, headline, tables, text
from xstilts.report.context import StudyNote
from xstilts.report.headline import Change

BETTER = {"relation": "better", "intermediate": "alone"}
SOLO = synthetic_results.Plan("solo", ("mnli",), {"bucc2018": ("deu", "fra", "rus", "cmn")}, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of one study with three targets and of one with four languages and one seed."""
    world = synthetic_results.Plan(
        "world", ("csqa", "mnli"), {"xnli": synthetic_results.QA, "tatoeba": synthetic_results.EVERY[:20]}
    )
    return synthetic_results.write(tmp_path_factory.mktemp("results"), (world, SOLO))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like data/published/ that knows the study `solo`."""
    path = tmp_path_factory.mktemp("published")
    note = {
        "source": "Nobody et al. 2020, table 1", "encoder": "E", "arms": {"none": "nothing", "mnli": "MNLI"},
        "training": {"bucc2018": ""}, "examples": {"bucc2018": 0}, "transcription": "by eye", "unseen": [],
        "notes": ["By <eye>."], "left_out": [],
    }  # fmt: skip
    (path / "studies.yaml").write_text(yaml.safe_dump({"solo": note}), encoding="utf-8")
    (path / "solo.csv").write_text("study,intermediate,target,metric,language,seed,value\n", encoding="utf-8")
    (path / "phang2020_means.csv").write_text(
        "study,intermediate,target,metric,value,kind\n"
        "p,none,xnli,accuracy,80.1,dev_score\np,mnli,xquad,f1,1,dev_gain\np,mnli,xquad,exact_match,2,dev_gain\n",
        encoding="utf-8",
    )
    (path / "claims.csv").write_text(
        "claim,text,intermediate,versus,target,relation,value,source\n"
        "a,MNLI lifts XNLI by 50,mnli,none,xnli,equals,50,paper\n"
        "b,QQP lifts XNLI,qqp,none,xnli,gain,,paper\n"
        "c,The average rises,mnli,none,all,equals,5,paper\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def written(folder: Path, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of these results."""
    output = tmp_path_factory.mktemp("reports")
    report.write(folder, output, published=published)
    return output


class _Page(HTMLParser):
    """Collects what a page would load, its text, and whether its tags close."""

    VOID = frozenset({"meta", "link", "line", "br", "input", "img"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.words: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.loads += [str(found[name]) for name in ("src", "href", "data") if name in found and tag != "a"]
        self.links += [str(found["href"]) for name in ("href",) if tag == "a" and name in found]
        self.ids += [str(found["id"])] if "id" in found else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)


def test_page_is_one_well_formed_file_that_loads_nothing(written: Path) -> None:
    source = (written / "index.html").read_text(encoding="utf-8")
    page = _Page(source)
    assert page.open == []
    static = [name for name in page.loads if name != "data:,"]
    assert len(static) > 5 and all((written / name).is_file() for name in static)  # for readers without JavaScript
    outside = re.sub(r"<noscript>.*?</noscript>", "", source, flags=re.DOTALL)
    assert "<img" not in outside
    assert "@import" not in source and "url(http" not in source
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)


def test_page_opens_with_the_question_and_the_answer_of_each_study(written: Path, folder: Path) -> None:
    words = " ".join(_Page((written / "index.html").read_text(encoding="utf-8")).words)
    assert words.index("Does the gain from English") < words.index("In world, no relation") < words.index("Caveats")
    assert "Nobody et al. 2020, E" in words
    assert "By <eye>." in words
    for verdict in {row["verdict"] for row in json.loads((folder / "verdicts.json").read_text())}:
        assert verdict in words


def test_every_table_has_a_caption_names_for_its_columns_and_takes_the_focus(written: Path) -> None:
    source = (written / "index.html").read_text(encoding="utf-8")
    assert source.count("<table") == source.count("<caption>") == source.count('<div class="scroll" tabindex="0"') > 10
    assert not re.search(r"<th[^>]*></th>|<caption></caption>", source)


def test_what_others_wrote_cannot_become_markup(folder: Path) -> None:
    evil = "<script>alert(1)</script>"
    read = tables.read(folder)
    notes = {
        study.name: StudyNote(evil, f"{evil} in `{evil}`", caveats=(evil,), left_out=(evil,)) for study in read.studies
    }
    context = report.Context(command=evil, facts=[("fact", evil)])
    page = report.page.render(read, notes, context)
    plain = report.page.render(read, {name: StudyNote("t", "w", ("c",), ("l",)) for name in notes}, report.Context())
    assert page.count("<script") == plain.count("<script")
    assert "<code>&lt;script&gt;alert(1)&lt;/script&gt;</code>" in page


def test_page_says_where_something_was_not_computed(written: Path) -> None:
    words = " ".join("".join(_Page((written / "index.html").read_text(encoding="utf-8")).words).split())
    assert "one seed: no standard errors and no noise ceiling" in words
    assert "no test" in words
    assert "missing: PAWS-X" in words


def test_same_results_give_the_same_bytes(folder: Path, published: Path, written: Path, tmp_path: Path) -> None:
    report.write(folder, tmp_path, published=published)
    first = {path.relative_to(written): path.read_bytes() for path in written.rglob("*") if path.is_file()}
    second = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert first == second


def test_every_figure_has_vector_files_and_its_data(written: Path) -> None:
    names = {path.stem for path in (written / "figures").iterdir()}
    kinds = {"scatter_world", "gains_world", "forest_world", "heatmap_world", "leave_one_family_out_world"}
    assert kinds | {"families_world", "specification_world", "coverage", "scatter_solo"} <= names
    for name in names:
        assert (written / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert "<svg" in (written / "figures" / f"{name}.svg").read_text(encoding="utf-8")
        with (written / "figures" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) > 0


def test_figure_data_keep_every_digit(written: Path, folder: Path) -> None:
    with (folder / "points.csv").open(encoding="utf-8", newline="") as file:
        exact = {
            (r["intermediate"], r["target"], r["language"]): r["gain"]
            for r in csv.DictReader(file)
            if r["study"] == "world"
        }
    with (written / "figures" / "scatter_world.csv").open(encoding="utf-8", newline="") as file:
        drawn = {(r["intermediate"], r["target"], r["language"]): r["gain"] for r in csv.DictReader(file)}
    assert drawn == exact


def test_summary_fits_a_comment_and_names_every_study(written: Path) -> None:
    summary = (written / "summary.md").read_text(encoding="utf-8")
    assert len(summary) < 60_000
    assert summary.count("\n") < 80
    assert "Measured here: world" in summary and "Nobody et al. 2020, E" in summary
    rows = [line for line in summary.splitlines() if line.startswith("|")]
    for above, below in itertools.pairwise(rows):
        if set(below) <= set("|-: "):
            assert len(re.findall(r"(?<!\\)\|", above)) == below.count("|")


def test_points_of_the_page_are_those_of_the_results(folder: Path) -> None:
    read = tables.read(folder)
    drawn = charts.data(read, {study.name: study.name for study in read.studies})
    with (folder / "points.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cell = (
                drawn["studies"][row["study"]]["points"][f"{row['intermediate']}|{row['target']}"]
                if row["study"] == "world"
                else []
            )
            for point in cell:
                if point[0] == row["language"]:
                    assert point[2] == pytest.approx(float(row["gain"]), rel=1e-4)


def test_full_grid_stays_below_five_megabytes(tmp_path: Path) -> None:
    read = tables.read(synthetic_results.write(tmp_path / "results", (synthetic_results.full_grid(),)))
    notes = report.contexts.notes(read.studies, None)
    page = report.page.render(read, notes, report.Context())
    assert len(page.encode()) < 5_000_000
    assert len(report.markdown.render(read, notes, report.Context())) < 60_000


def test_file_of_another_version_is_named(folder: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(folder, tmp_path / "results")
    lines = (copied / "selection.csv").read_text(encoding="utf-8").replace("chosen,", "picked,", 1)
    (copied / "selection.csv").write_text(lines, encoding="utf-8")
    with pytest.raises(ValueError, match=r"selection\.csv, line 1: no column chosen.*run `dvc repro correlate` again"):
        tables.read(copied)


def test_study_without_an_overall_verdict_is_an_error(folder: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(folder, tmp_path / "results")
    kept = [row for row in json.loads((copied / "verdicts.json").read_text()) if row["target"] != "all"]
    (copied / "verdicts.json").write_text(json.dumps(kept))
    with pytest.raises(ValueError, match=r"no row for study 'world'"):
        report.write(copied, tmp_path / "out")


@pytest.mark.parametrize(
    ("value", "written"),
    [(1.25, "+1.2"), (-0.04, "0.0"), (-3.0, "−3.0"), (None, "–"), (0.06, "+0.1")],
)
def test_gains_are_written_with_a_sign_and_a_real_minus(value: float | None, written: str) -> None:
    assert text.gain(value) == written


@pytest.mark.parametrize(("value", "written"), [(0.0004, "<0.001"), (0.0042, "0.0042"), (0.2, "0.20"), (None, "–")])
def test_probabilities_are_never_written_as_zero(value: float | None, written: str) -> None:
    assert text.probability(value) == written


def test_no_two_families_look_the_same() -> None:
    names = {language.family for language in report.charts.languages.LANGUAGES}
    looks = [families.look(name) for name in names]
    assert len(set(looks)) == len(names)
    assert max(look.hue for look in looks) == 8


def _study(gains: dict[str, list[float]], targets: tuple[str, ...] = ("xnli",)) -> tables.StudyView:
    """A study with one language, whose gains by intermediate and seed are these on every target."""
    rows = [
        {
            "intermediate": arm,
            "target": target,
            "metric": "accuracy",
            "seed": str(seed),
            "gain": str(value),
            "before": "50",
        }
        for arm, values in gains.items()
        for target in targets
        for seed, value in enumerate(values)
    ]
    row = {"seeds": f"xnli:{len(next(iter(gains.values())))}", "study": "s"}
    return tables.StudyView("s", row, {}, tuple(gains), targets, {}, {}, [], rows, {}, {}, {}, {}, {}, {}, {}, [], [])


def _claim(fields: dict[str, str | float]) -> Claim:
    given = {"claim": "c", "text": "t", "intermediate": "mnli", "versus": "none", "target": "xnli", "value": None}
    return Claim(**{**given, "source": "", **fields})


@pytest.mark.parametrize(
    ("gains", "claim", "outcome"),
    [
        ({"mnli": [4.9, 5.1, 5.0]}, {"relation": "equals", "value": 5.0}, claims.AGREES),
        ({"mnli": [4.9, 5.1, 5.0]}, {"relation": "equals", "value": 9.0}, claims.DISAGREES),
        ({"mnli": [4.9]}, {"relation": "equals", "value": 5.0}, claims.UNMEASURED),
        ({"mnli": [1.0, 1.1]}, {"relation": "gain", "target": "tydiqa"}, claims.UNMEASURED),
        ({"mnli": [1.0, 1.1], "qqp": [-2.0, -2.1]}, {"relation": "gain", "intermediate": "any"}, claims.AGREES),
        ({"mnli": [1.0, 1.1], "qqp": [-2.0, -2.1]}, {"relation": "no gain", "intermediate": "any"}, claims.DISAGREES),
        ({"mnli": [-1.0, -1.1]}, {"relation": "no gain", "intermediate": "any"}, claims.AGREES),
        ({"mnli": [-9.0, 9.0]}, {"relation": "no gain", "intermediate": "any"}, claims.UNMEASURED),
        ({"mnli": [2.0, 2.1], "mnli_mlm": [1.0, 1.1]}, BETTER | {"versus": "mlm"}, claims.AGREES),
        ({"mnli": [1.0, 1.1], "mnli_mlm": [2.0, 2.1]}, BETTER | {"versus": "mlm"}, claims.DISAGREES),
        ({"mnli": [1.0, 1.1]}, BETTER | {"versus": "translated"}, claims.UNMEASURED),
        ({"mnli": [5.0, 5.1]}, {"relation": "equals", "value": 5.0, "target": "all"}, claims.UNMEASURED),
    ],
)  # fmt: skip
def test_claims_agree_only_where_an_interval_settles_them(
    gains: dict[str, list[float]], claim: dict[str, str | float], outcome: str
) -> None:
    study = _study(gains)
    found = {arm: headline.changes(study, arm) for arm in study.intermediates}
    assert claims.judge(study, found, _claim(claim)).outcome == outcome


def test_xtreme_average_is_the_mean_over_all_nine_targets() -> None:
    study = _study({"mnli": [1.0, 3.0]}, headline.XTREME)
    change = headline.changes(study, "mnli")["all"]
    assert change == Change(2.0, pytest.approx(2 - 12.7062, abs=1e-3), pytest.approx(2 + 12.7062, abs=1e-3), 2)
    assert headline.head(study.targets)[-1] == "XTREME average"
    assert headline.head(("xnli", "panx"))[-1] == "mean of 2"


def test_printed_means_average_the_metrics_of_a_target(published: Path) -> None:
    body = headline.printed(evidence.means(published))
    assert body[0][:2] == ("no intermediate (score)", "80.1")
    assert body[1][headline.head(headline.XTREME).index("XQuAD")] == "+1.5"


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("slope -0.14 [-.2, +0.3]", "Slope −0.14 [−.2, +0.3]."),
        ("2020-05-26 mean-pooled.", "2020-05-26 mean-pooled."),
        ("", ""),
    ],
)
def test_prose_gets_real_minus_signs_and_keeps_hyphens(given: str, written: str) -> None:
    assert text.prose(given) == written
