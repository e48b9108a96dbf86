"""What a task is: data, no behaviour.

A task names its shape and its scorer as strings, so that importing a task pulls in neither torch nor the
metrics: adding a task re-runs nothing, and a metric fix re-runs scoring only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HubSource:
    """One split on the Hugging Face Hub. `revision` is a 40-hex commit, or None: resolved and recorded by `prepare`."""

    path: str
    config: str | None
    split: str
    revision: str | None = None
    reader: str = ""  # a row reader of origins/hub.py
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class FileSource:
    """One split in upstream files below `data.root`; `paths` are globs, read in sorted order by `reader` of origins/files.py."""

    paths: tuple[str, ...]
    reader: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task.

    Attributes:
        name: as in `params.yaml`, MLflow tags and reports.
        shape: `classification`, `tagging`, `span`, `choice` or `retrieval`.
        scorer: the rule of `scoring.py` that scores it.
        metrics: what the scorer returns, in points; the first is the headline.
        labels: in the order of the head's outputs; empty for span, choice and retrieval.
        languages: ISO 639-3 codes with test data; empty for a task that is only trained on.
        training: the task whose English training set the target starts from; None for retrieval.
        hub, files: a source per split: `train`, `validation`, `test/<code>`, `dev/<code>` (BUCC's threshold),
            `translated/<code>` (machine-translated training data). A tuple of sources is concatenated.
        counts: expected rows per split, where known; another count is an error.
        metadata: licence, paper, homepage, where to get what must be bought.
    """

    name: str
    shape: str
    scorer: str
    metrics: tuple[str, ...]
    labels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    training: str | None = None
    hub: Mapping[str, tuple[HubSource, ...]] = field(default_factory=dict)
    files: Mapping[str, tuple[FileSource, ...]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
