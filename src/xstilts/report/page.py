"""The page: one self-contained HTML file that asks nothing of the network."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from string import Template

from xstilts.report import charts, headline, sections, text
from xstilts.report import claims as checked
from xstilts.report.context import QUESTION, Context, StudyNote
from xstilts.report.families import DARK_HUES, DARK_OTHER, HUES, OTHER
from xstilts.report.sections import folded, missing
from xstilts.report.tables import Results, Study

_SCRIPTS = ("page_core.js", "page_points.js", "page_statistics.js", "page.js")

# Chart → its title and what it shows.
CHARTS = {
    "heatmap": (
        "Correlation of gain with distance, intermediates by targets",
        "Each cell is Pearson's r over languages, with n below. Orange: the gain is smaller far from English; blue: larger. "
        "Hatched: fewer than ten languages, or q ≥ 0.05 over the grid. Select a cell to see it in the charts below.",
    ),
    "scatter": (
        "Gain against distance",
        "One mark per language, bars are ± one standard error over seeds. Solid line: least squares through the languages "
        "that enter; dashed: without Indo-European; no line with fewer than ten languages. Hollow: shown but not in the "
        "correlation (English; languages whose distance rests on too few features). Scales differ between panels.",
    ),
    "forest": (
        "How sure each correlation is",
        "Squares: Pearson's r; bars: 95 % family-aware interval; diamonds: the pooled model. Grey band: too small "
        "to be detected with 80 % power at this number of languages. Hatched: beyond the noise ceiling, which no measured r can pass "
        "in expectation. Hollow: no test.",
    ),
    "gains": (
        "Gains by language, nearest family first",
        "Families by their mean distance from English, languages by theirs (printed beside the code). Bars: ± one standard "
        "error over seeds.",
    ),
    "lofo": (
        "Without one family at a time",
        "Each mark is the estimate when the family of that colour and shape is left out; the vertical stroke is the estimate "
        "with every family. A result that one family carries shows as one mark far from the others.",
    ),
    "specification": (
        "Specification curve",
        "Every combination of outcome, distance, covariates, languages and method, sorted by its estimate; the orange dot is "
        "the primary one, fixed before. Intervals here are Fisher's and naive: they assume independent languages.",
    ),
    "families": (
        "Families",
        "Marks: family means shrunken towards the overall mean, with 95 % intervals; strokes: plain means; nearest family first. "
        "The smallest p that Indo-European against the rest can give is one over the number of families.",
    ),
}  # fmt: skip

VERDICTS = {
    "supported": "The family-aware, multiplicity-corrected p is below .05 for gain in points and for relative error reduction, "
    "the sign holds whichever family is left out and for at least three of four distances.",
    "practically absent": "The 90 % interval lies inside ± the smallest correlation of interest for both outcomes.",
    "inconclusive": "Neither: the data cannot tell. With few languages, this is the expected verdict.",
}


def render(
    results: Results, notes: Mapping[str, StudyNote], context: Context, claims: Sequence[Mapping[str, str]]
) -> str:
    """The whole page."""
    parts = [_opening(results, notes, context)]
    parts += [_study(study, notes[study.name], context) for study in results.studies]
    parts += [_coverage(results), _claims(results, notes, claims), _methods(results, context)]
    titles = {name: note.title for name, note in notes.items()}
    written = json.dumps(charts.data(results, titles), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return Template(_resource("page.html")).substitute(
        title=text.escape(QUESTION),
        question=text.escape(QUESTION),
        style=_style(),
        body="\n".join(part for part in parts if part),
        data=written.replace("<", "\\u003c"),
        script="\n".join(_resource(name) for name in _SCRIPTS),
    )


def _resource(name: str) -> str:
    return resources.files("xstilts.report").joinpath(name).read_text(encoding="utf-8").strip()


def _style() -> str:
    light, dark = (*HUES.values(), OTHER), (*DARK_HUES, DARK_OTHER)
    variables = [" ".join(f"--hue{number}: {colour};" for number, colour in enumerate(row)) for row in (light, dark)]
    marks = "\n".join(
        f"svg .hue{number} {{ fill: var(--hue{number}); }} svg .hue{number}.hollow {{ stroke: var(--hue{number}); }}"
        for number in range(len(light))
    )
    style = Template(_resource("page.css")).substitute(light=variables[0], dark=variables[1])
    return style.replace("svg .mark.hollow {", f"{marks}\nsvg .mark.hollow {{", 1)


def anchor(name: str) -> str:
    """The address of a study inside the page."""
    return "study-" + "".join(letter if letter.isalnum() else "-" for letter in name)


def _opening(results: Results, notes: Mapping[str, StudyNote], context: Context) -> str:
    answers = "\n".join(_answer(study, notes[study.name]) for study in results.studies)
    links = "".join(
        f'<li><a href="#{anchor(s.name)}">{text.escape(notes[s.name].title)}</a></li>' for s in results.studies
    )
    words = "".join(f"<dt>{sections.verdict(word)}</dt><dd>{text.escape(rule)}</dd>" for word, rule in VERDICTS.items())
    return f"""<ul class="answers">
{answers}
</ul>
<dl class="words">{words}</dl>
<noscript><p class="absent">The charts need JavaScript; every table below is readable without it.</p></noscript>
<nav aria-label="Sections"><ul>{links}<li><a href="#coverage">Coverage</a></li><li><a href="#claims">Claims</a></li>\
<li><a href="#methods">Methods</a></li></ul></nav>"""


def _answer(study: Study, note: StudyNote) -> str:
    word = str(study.overall["verdict"])
    sentences = " ".join(study.answer.get("sentences", [])) or str(study.overall["reason"])
    return (
        f'<li class="{word.replace(" ", "-")}"><p class="name"><a href="#{anchor(study.name)}">{text.escape(note.title)}</a>: '
        f"{sections.verdict(word)}</p><p>{text.escape(sentences)}</p></li>"
    )


def _study(study: Study, note: StudyNote, context: Context) -> str:
    counts = study.answer.get("counts", {})
    tally = ", ".join(f"{count} {word}" for word, count in sorted(counts.items(), reverse=True) if count)
    seeds = f"{study.seeds} seeds" if study.seeds > 1 else "one seed: no standard errors and no noise ceiling"
    described = (
        f"{len(study.intermediates)} intermediate{'s' * (len(study.intermediates) > 1)}, {len(study.targets)} "
        f"target{'s' * (len(study.targets) > 1)}, {study.row['languages']} languages, {seeds}."
    )
    caveats = [*note.caveats, *study.overall.get("caveats", [])]
    listed = "".join(f"<li>{text.escape(caveat)}</li>" for caveat in dict.fromkeys(caveats))
    left = "".join(f"<li>{text.escape(words)}</li>" for words in note.left_out)
    figures = "\n".join(_figure(name, study, context) for name in CHARTS)
    return f"""<section data-study="{text.escape(study.name)}" id="{anchor(study.name)}">
<h2>{text.escape(note.title)}: {sections.verdict(str(study.overall["verdict"]))}</h2>
<p>{text.escape(note.text)}</p>
<p>{text.escape(str(study.overall["reason"]))} Verdicts of single cells: {text.escape(tally or "none")}.</p>
<p class="muted">{text.escape(described)} {text.escape(study.row["note"])}</p>
{f"<h3>Caveats</h3><ul>{listed}</ul>" if listed else ""}
{folded("Numbers of the same source that were left out", f"<ul>{left}</ul>") if left else ""}
<div class="controls"></div>
<div class="legend" role="group" aria-label="Families: select one to see it alone"></div>
{figures}
<h3>Tables</h3>
<p class="reads">Changes against the same target without an intermediate task, in XTREME's form: the mean over \
languages, English included, then over metrics.</p>
{sections.table(headline.head(study), headline.rows(study))}
{sections.english(study)}
{sections.selection(study)}
{folded("Every correlation, with its interval", sections.correlations(study))}
{folded("Every verdict, with its reason", sections.verdicts(study))}
{folded("Pooled models, adjusted and unadjusted", sections.pooled(study))}
{folded("Distance beside other predictors", sections.predictors(study))}
{sections.gains(study)}
</section>"""


def _figure(name: str, study: Study, context: Context) -> str:
    title, reading = CHARTS[name]
    if name == "heatmap" and len(study.targets) * len(study.intermediates) == 1:
        return ""
    if name == "specification" and not study.specification:
        return f"<h3>{title}</h3>\n{missing('Not computed: no target of this study has enough languages.')}"
    return (
        f"<figure><h3>{title}</h3>\n<figcaption>{text.escape(reading)}</figcaption>\n"
        f'<div class="chart" data-chart="{name}"></div></figure>'
    )


def _coverage(results: Results) -> str:
    return f"""<section id="coverage"><h2>What the distances stand on</h2>
<p>A distance is computed on the features that both languages have. Where too few are known it is marked and not used, \
never filled in. Numbers in the cells are features known of the language; hatched: the distance is not used.</p>
<figure><div class="chart" data-chart="coverage"></div></figure>
{sections.coverage(results)}
</section>"""


def _claims(results: Results, notes: Mapping[str, StudyNote], claims: Sequence[Mapping[str, str]]) -> str:
    measured = [study for study in results.studies if not notes[study.name].published]
    parts = [
        f"<h3>{text.escape(notes[study.name].title)}</h3>\n"
        + sections.table(checked.HEAD, checked.rows(study, claims), words=[0, 5, 6])
        for study in measured
        if claims
    ]
    body = "\n".join(parts) or missing(
        "Not measured: this report holds no study of this pipeline's own."
        if claims
        else "Not measured: no claims were given."
    )
    return f"""<section id="claims"><h2>Claims, and what was measured</h2>
<p>What Phang et al. (2020) report beside what this pipeline measured with its own encoder and data. A small encoder is not \
XLM-R Large: a difference in size says nothing about the paper, a difference in sign may.</p>
{body}
</section>"""


def _methods(results: Results, context: Context) -> str:
    method = results.method
    excluded = "; ".join(
        f"{text.distance(name)}: {' '.join(codes) or 'none'}" for name, codes in sorted(method["excluded"].items())
    )
    versions: Sequence[tuple[str, str]] = sorted({**method["versions"], **context.versions}.items())
    facts = [
        ("Test", f"Monte Carlo from a null with family and genus variance, {method['draws']} draws, seed {method['seed']}; "
         f"max-T over intermediates; Benjamini–Hochberg over cells; level {method['alpha']}"),
        ("Primary distance", f"{text.distance(method['primary_distance'])}; compared with {', '.join(text.distance(name) for name in method['compared_distances'])}"),
        ("Smallest correlation of interest", str(method["sesoi"])),
        ("Languages needed for a test", str(method["minimum_languages"])),
        ("Imputations of missing features", str(method["imputations"])),
        ("Languages left out of a distance", excluded),
        ("Codes (ISO 639-3)", " ".join(method["languages"])),
        *context.facts,
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions)),
    ]  # fmt: skip
    return f"""<section id="methods"><h2>Methods, versions and how to reproduce this</h2>
<p>English is the training language: it is shown and never correlated. Gains are paired by seed. A claim needs both outcomes, \
gain in points and relative error reduction, because gains in points follow the room that is left. \
Languages are not independent draws: p and intervals come from a model with family and genus variance, and p values that \
ignore this are labelled naive. Typological data: URIEL through lang2vec (Littell et al. 2017), CC BY-SA 4.0.</p>
{sections.table(("", ""), facts, words=[1])}
<p>Static figures for papers (SVG, PDF), each with its data as CSV, lie in <code>figures/</code> beside this file. \
This report was made by</p>
<pre><code>{text.escape(context.command)}</code></pre>
</section>"""
