"""What a report says of itself that `results/` does not hold: titles and notes of studies, versions, the command."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from xstilts.report.tables import Study

QUESTION = (
    "Does the gain from English intermediate-task training correlate with the typological distance between English "
    "and the target language?"
)


@dataclass(frozen=True)
class Context:
    """Facts for the end of the report.

    `facts` are (name, value) rows of the methods table, `printed` the rows of phang2020_means.csv.
    """

    command: str = "dvc repro report"
    versions: Mapping[str, str] = field(default_factory=dict)
    facts: Sequence[tuple[str, str]] = ()
    printed: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class StudyNote:
    """How a study is introduced. `published` says that its numbers are printed ones."""

    title: str
    text: str
    caveats: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    published: bool = False


def printed(published: Path | None) -> list[dict[str, str]]:
    """The paper's printed means, if `data/published/` is at hand."""
    path = published / "phang2020_means.csv" if published else None
    if path is None or not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def notes(studies: Sequence[Study], published: Path | None) -> dict[str, StudyNote]:
    """A note for every study: from `studies.yaml` for what papers printed, otherwise that this pipeline measured it."""
    path = published / "studies.yaml" if published else None
    listed = yaml.safe_load(path.read_text(encoding="utf-8")) if path and path.is_file() else {}
    return {study.name: _note(study.name, listed.get(study.name)) for study in studies}


def _note(name: str, entry: Mapping[str, Any] | None) -> StudyNote:
    if entry is None:
        return StudyNote(f"Measured here: {name}", "Trained and scored by this pipeline.")
    lists = {key: entry.get(key) or [] for key in ("notes", "left_out")}
    for key, value in lists.items():
        if not isinstance(value, list):
            raise ValueError(f"data/published/studies.yaml: {key} of {name!r} must be a list, not {value!r}")
    source, encoder = str(entry.get("source", name)), str(entry.get("encoder", ""))
    arms = "; ".join(f"{arm} = {words}" for arm, words in (entry.get("arms") or {}).items())
    transcribed = f" Transcribed {entry['transcription']}." if entry.get("transcription") else ""
    return StudyNote(
        title=", ".join(part for part in (source.partition(",")[0], encoder) if part),
        text=f"Printed numbers: {source}.{transcribed} Compared: {arms or 'not recorded'}.",
        caveats=tuple(map(str, lists["notes"])),
        left_out=tuple(map(str, lists["left_out"])),
        published=True,
    )
