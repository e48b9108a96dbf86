"""Sections of params.yaml: `data`, where examples come from, and `mixtures`, what an intermediate learns from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from xstilts.formats.typed_yaml import Like, Natural

KINDS = ("text", "train", "validation", "test", "dev", "translated")  # of material, which `data.limits` may cut


@dataclass(frozen=True)
class Data:
    """What `data` may hold; `docs/add-a-task.md` says which origin reads what. The origins check the values."""

    origin: str
    origins: Mapping[str, str] | None = None
    root: str | None = None
    layout: str | None = None
    saved: str | None = None
    revisions: Mapping[str, str] | None = None
    variants: Mapping[str, tuple[str, ...]] | None = None
    translated: bool | tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    text: tuple[str, ...] | None = None
    text_sentences: Natural | None = None
    limits: Mapping[str, Natural | Mapping[str, Natural]] | None = None
    allow_count_mismatch: bool | tuple[str, ...] | None = None
    world: Mapping[str, Any] | None = None


Checked = Annotated[Mapping[str, Any], Like(Data, others=r"\w+_from_hub")]  # `data` as it is written


@dataclass(frozen=True)
class Mixture:
    """What an intermediate learns from: tasks, MLM or not, and the languages of the tasks' training data.

    `languages` other than English take the machine-translated training data of the tasks (`translated/<code>`).
    """

    tasks: tuple[str, ...] = ()
    mlm: bool = False
    languages: tuple[str, ...] = ("eng",)
