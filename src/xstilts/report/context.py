"""What a report says of itself that `results/` does not hold: titles and notes of studies, versions, the command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xstilts.analysis import published
from xstilts.report import origin
from xstilts.report.origin import NOT_STATED, Origin
from xstilts.report.tables import StudyView

QUESTION = (
    "Does the gain from English intermediate-task training correlate with the typological distance between English "
    "and the target language?"
)


@dataclass(frozen=True)
class Context:
    """Facts for the end of the report.

    `facts` are (name, value) rows of the methods table, `printed` the means and `claims` the statements of the paper,
    `origin` what the studies rest on that are not printed ones.
    """

    command: str = "dvc repro report"
    versions: Mapping[str, str] = field(default_factory=dict)
    facts: Sequence[tuple[str, str]] = ()
    printed: Sequence[published.Mean] = ()
    claims: Sequence[published.Claim] = ()
    origin: Origin = NOT_STATED


@dataclass(frozen=True)
class StudyNote:
    """How a study is introduced. `published` says that its numbers are printed ones."""

    title: str
    text: str
    caveats: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    published: bool = False
    origin: Origin = NOT_STATED

    @property
    def place(self) -> tuple[bool, bool]:
        """Sorts studies: natural languages before artificial ones, own numbers before printed ones."""
        return self.origin.artificial, self.published


def notes(
    studies: Sequence[StudyView], listed: Sequence[published.PublishedStudy] | None, own: Origin = NOT_STATED
) -> dict[str, StudyNote]:
    """A note for every study.

    Args:
        studies: those of `results/`.
        listed: what `data/published/` says of printed studies; None where the scores are somebody's own, of which
            nothing is known here (`xstilts analyse`).
        own: what those studies rest on that are not printed ones.
    """
    known = {study.name: _printed(study) for study in listed or ()}
    return {study.name: known.get(study.name) or _own(study.name, listed is not None, own) for study in studies}


_ARTIFICIAL = (
    "Trained and scored by this pipeline in artificial languages: their word order and relations follow real typology, "
    "their words and texts are made up. This shows what the pipeline finds; it is no evidence about natural languages."
)


def _own(name: str, here: bool, own: Origin) -> StudyNote:
    if own.artificial:
        return StudyNote(f"Measured here: {name}", _ARTIFICIAL, origin=own)
    if here:
        return StudyNote(f"Measured here: {name}", "Trained and scored by this pipeline.", origin=own)
    return StudyNote(name, "Scores as they were given to this analysis.", origin=own)


def _printed(study: published.PublishedStudy) -> StudyNote:
    arms = "; ".join(f"{arm} = {words}" for arm, words in study.arms.items())
    return StudyNote(
        title=f"{study.source.partition(',')[0]}, {study.encoder}",
        text=f"Printed numbers: {study.source}; transcribed {study.transcription}. Compared: {arms}.",
        caveats=study.notes,
        left_out=study.left_out,
        published=True,
        origin=Origin(
            encoder=study.encoder,
            data="natural languages, numbers as printed",
            xlmr=origin.is_xlmr(study.encoder),
            unseen=frozenset(study.unseen),
            made=study.source,
        ),
    )
