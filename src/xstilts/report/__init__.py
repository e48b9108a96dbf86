"""The report: what the numbers in `results/` say, for people. Nothing is estimated here, only written and drawn.

`write` makes `index.html` (self-contained, offline), `summary.md` (for a pull request) and `figures/` (for papers).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from xstilts.analysis import published as evidence
from xstilts.formats import atomic
from xstilts.report import context as contexts
from xstilts.report import figures, markdown, origin, page, tables
from xstilts.report.context import Context, StudyNote
from xstilts.report.origin import Origin
from xstilts.report.tables import ReportTables

__all__ = ["Context", "Origin", "write"]


def write(results: Path, output: Path, *, published: Path | None = None, context: Context | None = None) -> list[Path]:
    """Write the report of a `results/` folder.

    Args:
        results: the folder that docs/results.md describes, with `distances.csv`.
        output: the folder to write to; files of an earlier report are replaced.
        published: `data/published/`, for the notes on printed studies and the claims to check.
        context: versions and the command to print at the end.

    Returns:
        The files written.

    Raises:
        ValueError: a file of another version, or a study without an overall verdict.
    """
    read = tables.read(results)
    about = context or Context()
    if published is not None:
        about = replace(about, printed=evidence.means(published), claims=evidence.claims(published))
    notes = contexts.notes(read.studies, None if published is None else evidence.studies(published), about.origin)
    read = arranged(read, notes)
    output.mkdir(parents=True, exist_ok=True)
    written = figures.write(read, output / "figures")
    written.append(_write(output / "index.html", page.render(read, notes, about, {path.stem for path in written})))
    written.append(_write(output / "summary.md", markdown.render(read, notes, about)))
    return written


def arranged(results: ReportTables, notes: Mapping[str, StudyNote]) -> ReportTables:
    """Studies in the order of the report, artificial languages last, with what is said of their own encoders."""
    studies = sorted(results.studies, key=lambda study: notes[study.name].place)
    return replace(results, studies=tuple(origin.fitted(study, notes[study.name].origin) for study in studies))


def _write(path: Path, text: str) -> Path:
    atomic.write(path, text)
    return path


def verdicts(results: Path) -> dict[str, str]:
    """Study → its overall verdict and reason, one line each, for the tags of the report's run."""
    return {
        study.name: f"{study.overall['verdict']}: {study.overall['reason']}" for study in tables.read(results).studies
    }
