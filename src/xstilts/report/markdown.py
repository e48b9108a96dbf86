"""The summary for a pull request: short, plain Markdown, the same numbers as the page."""

from collections.abc import Mapping, Sequence

from xstilts.analysis.published import Claim
from xstilts.report import answer, captions, headline, text
from xstilts.report import claims as checked
from xstilts.report.context import QUESTION, Context, StudyNote
from xstilts.report.origin import BADGE
from xstilts.report.tables import PRIMARY, ReportTables, StudyView, number

_KEY = "Bold: supported. † fewer than ten languages or three families: no test."
LIMIT = 60_000  # characters; GitHub refuses a comment of more than 65,536


def render(results: ReportTables, notes: Mapping[str, StudyNote], context: Context) -> str:
    """The whole summary, under `LIMIT` characters: what does not fit is left to the page, and it says so."""
    parts = [
        f"## {QUESTION}",
        _best(results, notes),
        _warning(notes),
        _answers(results, notes),
        _verdicts(results, notes),
    ]
    measured = [study for study in results.studies if not notes[study.name].published]
    for study in measured:
        parts += [_cells(study, notes[study.name]), _changes(study)]
        if context.claims:
            parts.append(_claims(study, context.claims))
    command = context.command.replace("`", "'")
    parts.append(f"{captions.SUMMARY} Reproduce: `{command}`.")
    kept: list[str] = []
    for part in parts:
        if sum(map(len, kept)) + len(part) > LIMIT - 200:
            kept.append("The rest did not fit into a comment; it is in `reports/index.html`.")
            break
        kept.append(part)
    return "\n\n".join(part for part in kept if part) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(text.cell(value) for value in line) + " |" for line in lines)


def _best(results: ReportTables, notes: Mapping[str, StudyNote]) -> str:
    """What the study says that can tell most."""
    between = answer.span(results)
    found = answer.best(answer.findings(results, notes, between))
    return f"**{answer.sentence(found, between)}** {found.sure} ({text.markdown(found.note.title)})"


def _warning(notes: Mapping[str, StudyNote]) -> str:
    """The first line where something here is about made-up languages."""
    made_up = [text.markdown(note.title) for note in notes.values() if note.origin.artificial]
    if not made_up:
        return ""
    return f"> **{BADGE}**: {', '.join(made_up)}. No evidence about natural languages."


def _answers(results: ReportTables, notes: Mapping[str, StudyNote]) -> str:
    lines = []
    for study in results.studies:
        note = notes[study.name]
        sentences = " ".join(study.answer.get("sentences", [])) or str(study.overall["reason"])
        lines.append(
            f"- {_badge(note)}**{text.markdown(note.title)}: {study.overall['verdict']}.** "
            + text.markdown(text.prose(" ".join(sentences.split())), code=True)
        )
    return "\n".join(lines)


def _badge(note: StudyNote) -> str:
    return f"`{BADGE}` " if note.origin.artificial else ""


def _verdicts(results: ReportTables, notes: Mapping[str, StudyNote]) -> str:
    rows = []
    for study in results.studies:
        found, counts = study.overall, study.answer.get("counts", {})
        rows.append(
            (
                notes[study.name].title,
                str(found["verdict"]),
                text.correlation(found.get("slope", found["r"])),
                text.interval(found.get("slope_low", found["r_low"]), found.get("slope_high", found["r_high"])),
                str(found["n"]),
                str(study.seeds),
                " / ".join(str(counts.get(word, 0)) for word in ("supported", "practically absent", "inconclusive")),
            )
        )
    head = ("Study", "Verdict", "Slope", "95 %", "Languages", "Seeds", "Cells: supported / absent / inconclusive")
    return table(head, rows)


def _cells(study: StudyView, note: StudyNote) -> str:
    """Each cell as slope (n); bold where supported, a dagger where no test was made."""
    rows = []
    for arm in study.arms:
        line = [text.intermediate(arm)]
        for target in study.targets:
            row = study.correlations.get((arm, target, "points", PRIMARY, "slope"))
            found = study.verdict(arm, target)
            if row is None or not row["estimate"]:
                line.append("not computed")
                continue
            written = f"{text.correlation(number(row['estimate']))} ({row['n']})"
            strong = found is not None and found["verdict"] == "supported"
            line.append(f"**{written}**" if strong else written + ("" if row["tested"] == "1" else " †"))
        rows.append(line)
    head = ("slope of gain on distance (n)", *(text.target(target) for target in study.targets))
    title = f"### {text.markdown(note.title)}{f' ({BADGE})' if note.origin.artificial else ''}"
    return "\n\n".join([title, f"Encoder: {text.markdown(note.origin.encoder)}.", table(head, rows), _KEY])


def _changes(study: StudyView) -> str:
    return (
        table(headline.head(study.targets), headline.rows(study))
        + "\n\nPoints, mean over languages with English, as XTREME averages."
    )


def _claims(study: StudyView, claims: Sequence[Claim]) -> str:
    rows = checked.rows(study, claims)
    settled = [row[:5] for row in rows if row[4] != checked.UNMEASURED]
    rest = (
        f"{len(rows) - len(settled)} of {len(rows)} claims of Phang et al. (2020) were not measured; the page says why."
    )
    return (table(checked.HEAD[:5], settled) + "\n\n" if settled else "") + rest
