"""The page: one self-contained HTML file that asks nothing of the network."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from string import Template

from xstilts.report import captions, charts, headline, sections, text
from xstilts.report import claims as checked
from xstilts.report.context import QUESTION, Context, StudyNote
from xstilts.report.families import DARK_HUES, DARK_OTHER, HUES, OTHER
from xstilts.report.sections import folded, missing
from xstilts.report.tables import Results, Study

_SCRIPTS = ("page_core.js", "page_points.js", "page_statistics.js", "page.js")


def render(results: Results, notes: Mapping[str, StudyNote], context: Context) -> str:
    """The whole page."""
    parts = [_opening(results, notes, context)]
    parts += [_study(study, notes[study.name], context) for study in results.studies]
    parts += [_coverage(results), _claims(results, notes, context), _methods(results, context)]
    titles = {name: note.title for name, note in notes.items()}
    written = json.dumps(charts.data(results, titles), ensure_ascii=False, separators=(",", ":"))
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
    claims = '<li><a href="#claims">Claims</a></li>' if context.claims else ""
    words = "".join(
        f"<dt>{sections.verdict(word)}</dt><dd>{text.escape(rule)}</dd>" for word, rule in captions.VERDICTS.items()
    )
    return f"""<ul class="answers">
{answers}
</ul>
<dl class="words">{words}</dl>
<noscript><p class="absent">The charts need JavaScript; every table below is readable without it.</p></noscript>
<nav aria-label="Sections"><ul><li><a href="#coverage">Coverage</a></li>{claims}\
<li><a href="#methods">Methods</a></li></ul></nav>"""


def _answer(study: Study, note: StudyNote) -> str:
    word = str(study.overall["verdict"])
    sentences = " ".join(study.answer.get("sentences", [])) or str(study.overall["reason"])
    link = f'<a href="#{anchor(study.name)}">{text.escape(note.title)}</a>'
    return (
        f'<li class="{word.replace(" ", "-")}"><p class="name">{link}: '
        f"{sections.verdict(word)}</p><p>{text.marked(sentences)}</p></li>"
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
    listed = "".join(f"<li>{text.marked(caveat)}</li>" for caveat in dict.fromkeys(caveats))
    left = "".join(f"<li>{text.marked(words)}</li>" for words in note.left_out)
    figures = "\n".join(_figure(name, study) for name in captions.CHARTS)
    return f"""<section data-study="{text.escape(study.name)}" id="{anchor(study.name)}">
<h2>{text.escape(note.title)}: {sections.verdict(str(study.overall["verdict"]))}</h2>
<p>{text.marked(note.text)}</p>
<p>{text.marked(str(study.overall["reason"]))} Verdicts of single cells: {text.escape(tally or "none")}.</p>
<p class="muted">{text.escape(described)} {text.marked(study.row["note"])}</p>
{f"<h3>Caveats</h3><ul>{listed}</ul>" if listed else ""}
{folded("Numbers of the same source that were left out", f"<ul>{left}</ul>") if left else ""}
<div class="controls"></div>
<div class="legend" role="group" aria-label="Families: select one to see it alone"></div>
{figures}
<h3>Tables</h3>
<p class="reads">{captions.TABLES}</p>
{sections.table(headline.head(study.targets), headline.rows(study))}
{_printed(note, context)}
{sections.english(study)}
{sections.selection(study)}
{folded("Every correlation, with its interval", sections.correlations(study))}
{folded("Every verdict, with its reason", sections.verdicts(study))}
{folded("Pooled models, adjusted and unadjusted", sections.pooled(study))}
{folded("Distance beside other predictors", sections.predictors(study))}
{sections.gains(study)}
</section>"""


def _printed(note: StudyNote, context: Context) -> str:
    if note.published or not context.printed:
        return ""
    body = sections.table(headline.head(headline.XTREME), headline.printed(context.printed))
    return folded("The same table as Phang et al. (2020) print it", f'<p class="muted">{captions.PRINTED}</p>{body}')


def _figure(name: str, study: Study) -> str:
    title, reading = captions.CHARTS[name]
    if study.seeds < 2 and name in ("scatter", "gains"):
        reading += " One seed: no bars."
    if name == "heatmap" and len(study.targets) * len(study.intermediates) == 1:
        return ""
    return (
        f"<figure><h3>{title}</h3>\n<figcaption>{text.escape(reading)}</figcaption>\n"
        f'<div class="chart" data-chart="{name}"></div></figure>'
    )


def _coverage(results: Results) -> str:
    return f"""<section id="coverage"><h2>What the distances stand on</h2>
<p>{captions.COVERAGE}</p>
<figure><div class="chart" data-chart="coverage"></div></figure>
{sections.coverage(results)}
</section>"""


def _claims(results: Results, notes: Mapping[str, StudyNote], context: Context) -> str:
    if not context.claims:
        return ""
    measured = [study for study in results.studies if not notes[study.name].published]
    parts = [
        f"<h3>{text.escape(notes[study.name].title)}</h3>\n"
        + sections.table(checked.HEAD, checked.rows(study, context.claims), words=[0, 5, 6])
        for study in measured
    ]
    body = "\n".join(parts) or missing("Not measured: this report holds no study of this pipeline's own.")
    return f"""<section id="claims"><h2>Claims, and what was measured</h2>
<p>{captions.CLAIMS}</p>
{body}
</section>"""


def _methods(results: Results, context: Context) -> str:
    method = results.method
    excluded = "; ".join(
        f"{text.distance(name)}: {' '.join(codes) or 'none'}" for name, codes in sorted(method["excluded"].items())
    )
    versions: Sequence[tuple[str, str]] = sorted({**method["versions"], **context.versions}.items())
    compared = ", ".join(text.distance(name) for name in method["compared_distances"])
    facts = [
        ("Null", f"Monte Carlo with family and genus variance, {method['draws']} draws, seed {method['seed']}"),
        ("Several tests", f"max-T over intermediates, Benjamini-Hochberg over cells, level {method['alpha']}"),
        ("Primary distance", f"{text.distance(method['primary_distance'])}; compared with {compared}"),
        ("Smallest correlation of interest", str(method["sesoi"])),
        ("Languages needed for a test", str(method["minimum_languages"])),
        ("Imputations of missing features", str(method["imputations"])),
        ("Languages left out of a distance", excluded),
        ("Codes (ISO 639-3)", " ".join(method["languages"])),
        *context.facts,
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions)),
    ]
    return f"""<section id="methods"><h2>Methods, versions and how to reproduce this</h2>
<p>{captions.METHODS}</p>
{sections.table(("", ""), facts, words=[1])}
<p>Static figures for papers (SVG, PDF), each with its data as CSV, lie in <code>figures/</code> beside this file. \
This report was made by</p>
<pre><code>{text.escape(context.command)}</code></pre>
</section>"""
