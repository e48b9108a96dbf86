"""What a report says of itself that `results/` does not hold: titles and notes of studies, versions, the command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xstilts.analysis import published
from xstilts.report.tables import Study

QUESTION = (
    "Does the gain from English intermediate-task training correlate with the typological distance between English "
    "and the target language?"
)


@dataclass(frozen=True)
class Context:
    """Facts for the end of the report.

    `facts` are (name, value) rows of the methods table, `printed` the means and `claims` the statements of the paper.
    """

    command: str = "dvc repro report"
    versions: Mapping[str, str] = field(default_factory=dict)
    facts: Sequence[tuple[str, str]] = ()
    printed: Sequence[published.Mean] = ()
    claims: Sequence[published.Claim] = ()


@dataclass(frozen=True)
class StudyNote:
    """How a study is introduced. `published` says that its numbers are printed ones."""

    title: str
    text: str
    caveats: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    published: bool = False


def notes(studies: Sequence[Study], listed: Sequence[published.Study] | None) -> dict[str, StudyNote]:
    """A note for every study.

    Args:
        studies: those of `results/`.
        listed: what `data/published/` says of printed studies; None where the scores are somebody's own, of which
            nothing is known here (`xstilts analyse`).
    """
    known = {study.name: _printed(study) for study in listed or ()}
    return {study.name: known.get(study.name) or _own(study.name, here=listed is not None) for study in studies}


def _own(name: str, *, here: bool) -> StudyNote:
    if here:
        return StudyNote(f"Measured here: {name}", "Trained and scored by this pipeline.")
    return StudyNote(name, "Scores as they were given to this analysis.")


def _printed(study: published.Study) -> StudyNote:
    arms = "; ".join(f"{arm} = {words}" for arm, words in study.arms.items())
    return StudyNote(
        title=f"{study.source.partition(',')[0]}, {study.encoder}",
        text=f"Printed numbers: {study.source}; transcribed {study.transcription}. Compared: {arms}.",
        caveats=study.notes,
        left_out=study.left_out,
        published=True,
    )
