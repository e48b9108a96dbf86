"""What one MLflow run must hold, whatever file it comes from: the form that every record takes on its way to the store.

Times, hardware and commits are tags, not parameters: they may differ for one fingerprint, and a parameter may not.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = ("training", "score", "published", "report")
# The tags that say which run this is; the other tags say where and when it was made.
IDENTITY = ("study", "kind", "key", "intermediate", "training", "target", "seed", "phase", "fingerprint")
# Metrics of what a training cost: they differ each time that the same training is done. The last word of their names.
COSTS = ("tokens_per_second", "memory_mib", "seconds", "joules")
# The tags of the provenance that people filter by; the rest of it is tagged `provenance.…`.
GIT = ("git_commit", "git_dirty")


@dataclass(frozen=True)
class RunContent:
    """One run.

    Attributes:
        study: the MLflow experiment; empty for a training that is not yet shown in one (`records.Training.under`).
        kind: one of `KINDS`.
        name: what the UI shows, such as `mnli/xnli/seed1`; with `kind`, what a newer run supersedes.
        fingerprint: 64 hex digits; the run with this fingerprint is this run.
        parent: the parent run's fingerprint, empty for none.
        tags, parameters: flat text.
        metrics: the latest value of each, by MLflow name (`f1/swh`).
        datasets: of each data set: name, digest, context, source (flat text), for `log_inputs`.
        started, ended: milliseconds since 1970.
        step: the training step at which the metrics stand, 0 for what is measured once.
    """

    study: str
    kind: str
    name: str
    fingerprint: str
    parent: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    datasets: tuple[Mapping[str, str], ...] = ()
    started: int = 0
    ended: int = 0
    step: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"run {self.name}: kind is {self.kind!r}; allowed: {', '.join(KINDS)}")
        for what in ("study", "name", "fingerprint"):
            value = getattr(self, what)
            bare = what == "study" and self.kind == "training"  # in a training's record, which names none
            if (not value and not bare) or "'" in value or '"' in value:
                raise ValueError(f"run {self.name!r}: {what} is {value!r}; it may be neither empty nor hold a quote")

    @property
    def key(self) -> str:
        """What a run with another fingerprint supersedes."""
        return f"{self.kind}:{self.name}"

    @property
    def all_tags(self) -> dict[str, str]:
        """Every tag but those that change over a run's life (`superseded`, `process`, MLflow's own)."""
        return {
            **self.tags,
            "study": self.study,
            "kind": self.kind,
            "key": self.key,
            "fingerprint": self.fingerprint,
            "parent_fingerprint": self.parent,
        }

    def as_json(self) -> dict[str, Any]:
        """Plain JSON of it."""
        return asdict(self)

    @staticmethod
    def from_json(row: Mapping[str, Any]) -> "RunContent":
        """The inverse of `as_json`."""
        return RunContent(**{**row, "datasets": tuple(row.get("datasets", ()))})


def costs(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that tell what a training cost."""
    return {name: value for name, value in metrics.items() if name.rpartition("/")[2] in COSTS}


def results(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that tell what came out of it."""
    return {name: value for name, value in metrics.items() if name.rpartition("/")[2] not in COSTS}


def tagged(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Provenance as tags: the commit's under their own names, the rest as `provenance.…`."""
    named = {name: provenance[name] for name in GIT if name in provenance}
    rest = {name: value for name, value in provenance.items() if name not in GIT}
    return {**flat(named), **flat(rest, "provenance.")}


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested values as flat text: `{"versions": {"dvc": "3.67.1"}}` is `{"versions.dvc": "3.67.1"}`.

    A list is its JSON; None, True and False are spelt as in JSON, so that text is the same from everywhere.
    """
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found.update(flat(value, f"{prefix}{name}."))
        else:
            found[f"{prefix}{name}"] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return found
