"""What a task is: data, no behaviour.

A task names its shape and its scorer as strings, so that importing a task pulls in neither torch nor the metrics:
adding a task re-runs nothing, and a metric fix re-runs scoring only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HubSource:
    """One split on the Hugging Face Hub.

    Attributes:
        path, config, split: as `datasets.load_dataset` takes them.
        reader: a row reader of `origins/hub/readers.py`.
        revision: a 40-hex commit, or None: `params.yaml: data.revisions` names it, or `prepare` finds and records it.
        options: what the reader must know of this data set (column names, the order of its labels).
    """

    path: str
    config: str | None
    split: str
    reader: str
    revision: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class FileSource:
    """One split in upstream files below `data.root`.

    Attributes:
        paths: globs below the root; the files of each glob are read in the order of their names.
        reader: a reader of `origins/files/`.
        options: what the reader must know of these files.
        part: `(which, of)`: keep one part of the files, cut by a hash of the prompt, context or first sentence, so that
            no two parts share one. `("validation", 10)` is about a tenth, `("train", 10)` the rest.
        otherwise: read instead where no file matches `paths` (another form of the same data).
        strict: drop what stands in the split already, or in the task's English training data, and count it.
    """

    paths: tuple[str, ...]
    reader: str
    options: Mapping[str, object] = field(default_factory=dict)
    part: tuple[str, int] | None = None
    otherwise: "FileSource | None" = None
    strict: bool = False


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
        alike: pairs of languages whose test sets share most of their rows, which is an error in others.
        training: the task whose English training set the target starts from; None for retrieval.
        hub, files, archive, archives: a source per split: `train`, `validation`, `test/<code>`, `dev/<code>` (BUCC's
            threshold), `translated/<code>` (machine-translated training data). A tuple of sources is concatenated.
            `files` is the upstream layout; `archive` a partial copy (`data.layout: archive`); `archives` what stands
            in for it, by split, where there is a second one beside it (`data.layout: archives`). A split
            `train+<name>` joins `train` where `data.variants` asks for it.
        counts: expected rows per split, where known; another count is an error.
        archive_counts, archives_counts: the same for `archive` and `archives`.
        absent: why an origin or a layout (`hub`, `world`, `archive`, `archives`) cannot give this task, and what to do
            instead.
        metadata: `description`, `paper`, `licence`, `homepage`, `obtain` (where the upstream files come from and how
            they must lie below `data.root`).
    """

    name: str
    shape: str
    scorer: str
    metrics: tuple[str, ...]
    labels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    alike: tuple[tuple[str, str], ...] = ()
    training: str | None = None
    hub: Mapping[str, tuple[HubSource, ...]] = field(default_factory=dict)
    files: Mapping[str, tuple[FileSource, ...]] = field(default_factory=dict)
    archive: Mapping[str, tuple[FileSource, ...]] = field(default_factory=dict)
    archives: Mapping[str, tuple[FileSource, ...]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    archive_counts: Mapping[str, int] = field(default_factory=dict)
    archives_counts: Mapping[str, int] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
