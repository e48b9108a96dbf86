"""Where the numbers of a study come from: encoder, languages, data, commit; and what holds only for one encoder.

The analysis does not know the encoder: its caveats and marks speak of XLM-R's pretraining data. `fitted` puts them
right for the encoder that was used.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xstilts.languages import beyond
from xstilts.languages import table as languages
from xstilts.report.tables import Row, StudyView

UNKNOWN = "not stated"
BADGE = "ARTIFICIAL LANGUAGES"
_DATA = {
    "world": "artificial languages generated from real typology",
    "files": "natural text from upstream files",
    "hub": "natural text from the Hugging Face Hub",
}
# Encoders that were distilled from XLM-R and read the same languages.
_FROM_XLMR = re.compile(r"\bmultilingual-(e5-small|minilm-l12-h384)\b", re.IGNORECASE)
_UNSEEN = re.compile(r"^Not in [^:]*pretraining data: ")
_CC100 = "CC-100 size"


@dataclass(frozen=True)
class Origin:
    """What the numbers of a study rest on.

    Attributes:
        encoder: what every run starts from, in words.
        data: what it was trained and tested on, in words.
        artificial: the languages are made up: no evidence about natural ones.
        xlmr: the encoder is XLM-R, whose pretraining data CC-100 describes.
        unseen: codes that are not in the encoder's pretraining data; None where that is not known.
        made: the commit and date of own numbers, or the source of printed ones.
    """

    encoder: str = UNKNOWN
    data: str = UNKNOWN
    artificial: bool = False
    xlmr: bool = False
    unseen: frozenset[str] | None = None
    made: str = ""

    @property
    def note(self) -> str:
        """The origin in two lines of Markdown, for the places that show one study's runs."""
        badge = f"**{BADGE}: no evidence about natural languages.**\n\n" if self.artificial else ""
        return f"{badge}Encoder: {self.encoder}. Data: {self.data}."


NOT_STATED = Origin()


def measured(model: Mapping[str, Any], data: Mapping[str, Any], made: str) -> Origin:
    """The origin of what this pipeline measured.

    Args:
        model: the section `model` of params.yaml.
        data: its section `data`.
        made: commit and date.
    """
    kind = data["origin"]
    return Origin(
        encoder=_encoder(model, kind),
        data=_DATA.get(kind, kind),
        artificial=kind == "world",
        xlmr=is_xlmr(model.get("name") or ""),
        unseen=_unseen(model, data),
        made=made,
    )


def is_xlmr(encoder: str) -> bool:
    """Whether a name or a description is that of an XLM-R."""
    return re.search(r"\bxlm-r(oberta)?\b", encoder.lower()) is not None


def _encoder(model: Mapping[str, Any], kind: str) -> str:
    if model.get("name"):
        revision = model.get("revision")
        return f"{model['name']}{f' at {revision[:7]}' if revision else ''}"
    text = "artificial" if kind == "world" else "this study's"
    size = f"{model['layers']} layers of width {model['hidden']}" if {"layers", "hidden"} <= set(model) else "small"
    return f"{size}, pretrained here on {text} text"


def _unseen(model: Mapping[str, Any], data: Mapping[str, Any]) -> frozenset[str] | None:
    if model.get("name"):
        return unseen_by_xlmr() if is_xlmr(model["name"]) or _FROM_XLMR.search(model["name"]) else None
    read: Sequence[str] | None = data.get("languages")
    return None if read is None else frozenset(row.code for row in languages.LANGUAGES) - set(read)


def unseen_by_xlmr() -> frozenset[str]:
    """The codes of languages that CC-100 lacks."""
    return frozenset(row.code for row in languages.LANGUAGES if not row.pretrained) | beyond.UNSEEN


def fitted(study: StudyView, origin: Origin) -> StudyView:
    """A study whose marks and caveats are about its own encoder."""
    unseen = origin.unseen or frozenset()
    codes = sorted({row["language"] for rows in study.points.values() for row in rows} & unseen)
    return replace(
        study,
        points={key: [_marked(row, unseen) for row in rows] for key, rows in study.points.items()},
        verdicts={key: {**row, "caveats": caveats(row, origin, codes)} for key, row in study.verdicts.items()},
    )


def _marked(row: Row, unseen: frozenset[str]) -> Row:
    marks = [mark for mark in row["marks"].split() if mark != "unseen"]
    return {**row, "marks": " ".join([*marks, *(["unseen"] if row["language"] in unseen else [])])}


def caveats(verdict: Mapping[str, Any], origin: Origin, unseen: Sequence[str]) -> list[str]:
    """The caveats of a verdict, put right for the encoder; `unseen` are the study's languages that it never read."""
    found = [caveat for caveat in verdict.get("caveats", []) if not _UNSEEN.match(caveat)]
    if not origin.xlmr:
        found = [caveat.replace(_CC100, f"{_CC100} (of XLM-R's data, not this encoder's)") for caveat in found]
    if unseen:
        found.insert(0, f"Not in the encoder's pretraining data: {', '.join(unseen)}.")
    return found
