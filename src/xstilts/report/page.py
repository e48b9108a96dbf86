"""The page: one self-contained HTML file that asks nothing of the network.

Its structure is in `templates/`, filled by Jinja2 with autoescape; here is what the templates are told.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from xstilts.languages import table as languages
from xstilts.report import (
    answer,
    captions,
    charts,
    claims,
    figures,
    glossary,
    headline,
    opening,
    origin,
    sections,
    text,
    vector,
)
from xstilts.report.answer import Span
from xstilts.report.context import QUESTION, Context, StudyNote
from xstilts.report.families import DARK_HUES, DARK_OTHER, HUES, OTHER, look
from xstilts.report.origin import UNKNOWN
from xstilts.report.sections import PageTable
from xstilts.report.tables import ReportTables, StudyView

_SCRIPTS = ("page_core.js", "page_points.js", "page_statistics.js", "page_tools.js", "page.js")


def render(
    results: ReportTables, notes: Mapping[str, StudyNote], context: Context, drawn: Collection[str] = frozenset()
) -> str:
    """The whole page; `drawn` are the names in figures/, which readers without JavaScript see."""
    titles = {name: note.title for name, note in notes.items()}
    between = answer.span(results)
    written = json.dumps(charts.data(results, titles), ensure_ascii=False, separators=(",", ":"))
    return (
        templates()
        .get_template("page.html")
        .render(
            question=QUESTION,
            captions=captions,
            hues={"light": (*HUES.values(), OTHER), "dark": (*DARK_HUES, DARK_OTHER)},
            **_opening(results, notes),
            anchor=anchor,
            studies=[_study(study, notes[study.name], context, between, drawn) for study in results.studies],
            badge_words=origin.BADGE,
            terms=glossary.TERMS,
            coverage=sections.coverage(results),
            distances_source=captions.DISTANCES_SOURCE,
            own_encoder=not context.origin.xlmr,
            claims=_claims(results, notes, context) if context.claims else None,
            methods=_methods(results, context),
            command=context.command,
            # Only "<" can end a script element or open a comment inside it.
            data=Markup(written.replace("<", "\\u003c")),
            script=Markup("\n".join(_resource(name) for name in _SCRIPTS)),
        )
    )


def templates() -> Environment:
    """The templates of the page: values are escaped unless they are `Markup`; a name that is missing is an error."""
    made = Environment(
        loader=PackageLoader("xstilts.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["marked"] = text.marked
    made.filters["linked"] = glossary.linked
    made.filters["json"] = lambda value: json.dumps(value, ensure_ascii=False)
    return made


def _resource(name: str) -> str:
    return resources.files("xstilts.report").joinpath(name).read_text(encoding="utf-8").strip()


def anchor(name: str) -> str:
    """The address of a study inside the page."""
    return f"study-{text.slug(name)}"


def _opening(results: ReportTables, notes: Mapping[str, StudyNote]) -> dict[str, Any]:
    """What opening.html is told: the best study, and the figures of the first screen."""
    between = answer.span(results)
    found = answer.findings(results, notes, between)
    best = answer.best(found)
    study, shown = best.study, opening.spots(best)
    drawn = [opening.scatter(best, between, *size) for size in ((opening.WIDE, 392), (opening.NARROW, 320))]
    near, far = (languages.get(code).name for code in (between.near, between.far))
    families = sorted({spot.family for spot in shown}, key=lambda name: (look(name).hue, name))
    return {
        "answer": {
            "note": best.note,
            "anchor": anchor(study.name),
            "sentence": answer.sentence(best, between),
            "word": best.word,
            "sure": best.sure,
            "compared": answer.compared(study),
            "languages": best.languages,
            "families": best.families,
            "seeds": _seeds(study),
            "source": source(study, best.note),
            "scatters": [part for part in drawn if part is not None],
            "families_shown": [(name, vector.symbol(name, 7, 7, 4.6)) for name in families],
        },
        "forests": [opening.forest(found, width) for width in (1216, opening.NARROW)],
        "near": near,
        "far": far,
    }


def _seeds(study: StudyView) -> str:
    return str(study.seeds) if study.seeds > 1 else "one run a cell: chance differences between runs are not known"


def _study(
    study: StudyView, note: StudyNote, context: Context, between: Span, drawn: Collection[str]
) -> dict[str, Any]:
    """What study.html is told of one study."""
    counts = study.answer.get("counts", {})
    return {
        "name": study.name,
        "anchor": anchor(study.name),
        "note": note,
        "word": str(study.overall["verdict"]),
        "plain": answer.sentence(answer.finding(study, note, between), between),
        "sentences": " ".join(study.answer.get("sentences", [])) or str(study.overall["reason"]),
        "reason": str(study.overall["reason"]),
        "tally": ", ".join(f"{count} {word}" for word, count in sorted(counts.items(), reverse=True) if count),
        "source": source(study, note),
        "described": _described(study),
        "remark": study.row["note"],
        "caveats": list(dict.fromkeys([*note.caveats, *study.overall.get("caveats", [])])),
        "figures": _figures(study, drawn),
        "changes": PageTable("Changes by target, in points", headline.head(study.targets), headline.rows(study)),
        "printed": _printed(note, context),
        "english": sections.english(study),
        "selection": sections.selection(study),
        "folded": {
            "Every slope, with its interval": sections.correlations(study),
            "Every verdict, with its reason": sections.verdicts(study),
            "Pooled models, adjusted and unadjusted": sections.pooled(study),
            "Distance beside other predictors": sections.predictors(study),
            **sections.gains(study),
        },
        "marks": sections.marks(study),
    }


def source(study: StudyView, note: StudyNote) -> str:
    """The line under every figure of a study: encoder, data, seeds, and commit or paper."""
    found = note.origin
    facts = {"Encoder": found.encoder, "Data": found.data, "Seeds": str(study.seeds or UNKNOWN), "Source": found.made}
    return " · ".join(f"{name}: {value}" for name, value in facts.items() if value)


def _described(study: StudyView) -> str:
    seeds = f"{study.seeds} seeds" if study.seeds > 1 else "one seed: no standard errors and no noise ceiling"
    return (
        f"{len(study.intermediates)} intermediate{'s' * (len(study.intermediates) > 1)}, {len(study.targets)} "
        f"target{'s' * (len(study.targets) > 1)}, {study.row['languages']} languages, {seeds}."
    )


def _figures(study: StudyView, drawn: Collection[str]) -> list[dict[str, Any]]:
    """Name, title and reading of every chart that a study has."""
    found = []
    for name, (title, reading) in captions.CHARTS.items():
        if name == "heatmap" and len(study.targets) * len(study.intermediates) == 1:
            continue
        bars = " One seed: no bars." if study.seeds < 2 and name in ("scatter", "gains") else ""
        static = [stem for stem in figures.stems(study, name) if stem in drawn]
        found.append({"name": name, "title": title, "reading": reading + bars, "static": static})
    return found


def _printed(note: StudyNote, context: Context) -> PageTable | None:
    if note.published or not context.printed:
        return None
    return PageTable("Changes as printed, in points", headline.head(headline.XTREME), headline.printed(context.printed))


def _claims(results: ReportTables, notes: Mapping[str, StudyNote], context: Context) -> dict[str, PageTable]:
    """Title of a measured study → the paper's claims beside what it measured."""
    return {
        notes[study.name].title: PageTable(
            "Claims beside measurements", claims.HEAD, claims.rows(study, context.claims), frozenset({0, 5, 6})
        )
        for study in results.studies
        if not notes[study.name].published
    }


def _methods(results: ReportTables, context: Context) -> PageTable:
    method = results.method
    excluded = "; ".join(
        f"{text.distance(name)}: {' '.join(codes) or 'none'}" for name, codes in sorted(method["excluded"].items())
    )
    versions: Sequence[tuple[str, str]] = sorted({**method["versions"], **context.versions}.items())
    compared = ", ".join(text.distance(name) for name in method["compared_distances"])
    facts = [
        ("Rule", f"{method['rule']} (docs/statistics.md)"),
        ("Null", f"Monte Carlo with family, genus and area variance, {method['draws']} draws, seed {method['seed']}"),
        ("Several tests", f"max-T over intermediates, Benjamini-Hochberg over cells, level {method['alpha']}"),
        ("Primary distance", f"{text.distance(method['primary_distance'])}; compared with {compared}"),
        ("Smallest slope of interest", f"±{method['bound']} SD of the true gain per SD of distance"),
        ("Languages needed for a test", str(method["minimum_languages"])),
        ("Imputations of missing features", str(method["imputations"])),
        ("Languages left out of a distance", excluded),
        ("Codes (ISO 639-3)", " ".join(method["languages"])),
        *context.facts,
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions)),
    ]
    return PageTable("Facts of this report", ("What", "Value"), facts, frozenset({1}))
