"""Records: the small files, kept by DVC and by git, from which the whole MLflow store can be rebuilt.

A score record (`scores/<intermediate>/<target>/seed<k>.json`) holds what one run measured; a training record
(`run.json` beside the weights, with `curve.jsonl`) what one training did. Each carries the sha256 of its own content,
so that an edit or a flipped bit is found when it is read.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xstilts.formats import atomic, fingerprints
from xstilts.formats.runs import RunKey
from xstilts.tracking.run_content import RunContent

TRAINING, CURVE = "run.json", "curve.jsonl"
Points = list[tuple[str, float, int, int]]  # metric name, value, milliseconds since 1970, step


@dataclass(frozen=True)
class TrainingRecord:
    """One training as its record tells it: the run, and its curve if known.

    A record names neither study nor profile, which decide nothing of a training; `under` puts them on.
    """

    entry: RunContent
    curve: tuple[tuple[str, float, int, int], ...] | None = None

    def under(self, study: str, profile: str) -> "TrainingRecord":
        """The same, shown in a study."""
        return replace(self, entry=replace(self.entry, study=study, tags={**self.entry.tags, "profile": profile}))


def score(
    *,
    study: str,
    profile: str,
    key: RunKey,
    training: str,
    values: Mapping[str, float],
    examples: Mapping[str, int],
    parameters: Mapping[str, Any],
    inputs: Mapping[str, Mapping[str, str]],
    training_run: str = "",
    parent: str = "",
    unlearned: Sequence[str] = (),
    majority: Mapping[str, float] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A score record, not yet written.

    Args:
        study: what is compared with what; an MLflow experiment.
        profile: the name of the parameters' profile.
        key: the run.
        training: the task whose English training set the target started from, empty for retrieval.
        values: points by `<metric>/<code>`.
        examples: how many test examples each language's values rest on, by code.
        parameters: what an experimenter varies, nested or flat.
        inputs: name → `{"path", "sha256"}` of what the values were computed from (predictions, data, checkpoint, …);
            the digests are part of the fingerprint, and `xstilts trace` checks the files.
        training_run: the fingerprint of the training that made the predictions; for retrieval, of the encoder's.
        parent: the fingerprint of the training that made the encoder which the target started from.
        unlearned: the names of the trainings behind it that did not learn (see `formats.learned`).
        majority: points of the majority baseline, by `<metric>/<code>`, where it is defined.
        provenance: from `provenance.collect`.

    Raises:
        ValueError: no value, a value outside 0 to 100, or a language without its number of examples.
    """
    _check(key, values, examples)
    content = {
        "study": study,
        "profile": profile,
        "intermediate": key.intermediate,
        "training": training,
        "target": key.target,
        "seed": key.seed,
        "values": dict(sorted(values.items())),
        "examples": dict(sorted(examples.items())),
        "majority": dict(sorted((majority or {}).items())),
        "parameters": dict(parameters),
    }
    digests = {name: row["sha256"] for name, row in sorted(inputs.items())}
    return signed(
        {
            **content,
            "fingerprint": fingerprints.of({**content, "inputs": digests, "training_run": training_run}),
            "inputs": {name: dict(row) for name, row in sorted(inputs.items())},
            "provenance": dict(provenance or {}),
            "training_run": {"fingerprint": training_run, "parent": parent, "unlearned": list(unlearned)},
        }
    )


def signed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with its own sha256 as `digest`."""
    bare = {name: value for name, value in content.items() if name != "digest"}
    return {**bare, "digest": fingerprints.of(bare)}


def write(record: Mapping[str, Any], path: Path) -> None:
    """Write a record; the file appears whole or not at all, and is on the disk when this returns."""
    atomic.write(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n", synced=True)


def read(path: Path) -> dict[str, Any]:
    """A record as it was written.

    Raises:
        ValueError: it is no record, or its content is not what its digest says.
    """
    path = Path(path)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a record ({error}); {_AGAIN.format(path=path)}") from error
    if not isinstance(record, dict) or "digest" not in record:
        raise ValueError(f"{path} is not a record: it has no `digest`; {_AGAIN.format(path=path)}")
    found = signed(record)["digest"]
    if found != record["digest"]:
        raise ValueError(
            f"{path} is damaged or was edited: its digest is {record['digest']}, its content gives {found}; "
            f"{_AGAIN.format(path=path)}"
        )
    return record


def read_scores(folder: Path, keys: Iterable[RunKey] | None = None) -> list[dict[str, Any]]:
    """The score records below a folder, sorted by run; `keys` limits them to a grid.

    Raises:
        ValueError: a record is damaged, or lies where another run's belongs.
        FileNotFoundError: a run of the grid has no record.
    """
    folder = Path(folder)
    if keys is None:
        paths = sorted(folder.glob("*/*/seed*.json"))
    else:
        paths = [folder / f"{key.path}.json" for key in sorted(set(keys))]
    records = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path}: this run has no score record; `dvc repro score` or `dvc pull` brings it")
        record = read(path)
        place = f"{key_of(record).path}.json"
        if path.relative_to(folder).as_posix() != place:
            raise ValueError(f"{path} holds the record of {key_of(record)}, which belongs in {folder / place}")
        records.append(record)
    return records


def key_of(record: Mapping[str, Any]) -> RunKey:
    """The run that a score record is of."""
    return RunKey(record["intermediate"], record["target"], record["seed"])


def write_training(folder: Path, training: TrainingRecord) -> None:
    """Write `run.json` and `curve.jsonl` into the folder of a training's record."""
    rows = (json.dumps(point, ensure_ascii=False) for point in training.curve or ())
    atomic.write(Path(folder) / CURVE, "".join(f"{row}\n" for row in rows), synced=True)
    row = training.entry.as_json()
    del row["study"]
    row["tags"] = {name: text for name, text in row["tags"].items() if name != "profile"}
    write(signed({"entry": row}), Path(folder) / TRAINING)


def read_training(folder: Path) -> TrainingRecord:
    """The training whose record lies in a folder.

    Raises:
        FileNotFoundError: no record lies there.
        ValueError: it is damaged.
    """
    # Until November 2026 a record also named its study and told of its ancestors, which `lineage` finds by place.
    record = read(Path(folder) / TRAINING)
    curve: Sequence[Any] = ()
    if (file := Path(folder) / CURVE).exists():
        curve = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return TrainingRecord(
        RunContent.from_json({"study": "", **record["entry"]}),
        tuple((name, float(value), int(time), int(step)) for name, value, time, step in curve),
    )


_AGAIN = "restore it with `git checkout -- {path}` or make it again with `dvc repro`"


def _check(key: RunKey, values: Mapping[str, float], examples: Mapping[str, int]) -> None:
    if not values:
        raise ValueError(f"run {key}: no values to record")
    for name, value in values.items():
        if not (math.isfinite(value) and 0 <= value <= 100):
            raise ValueError(f"run {key}: {name} is {value}; allowed: points from 0 to 100")
        metric, _, code = name.rpartition("/")
        if not metric or code not in examples:
            raise ValueError(
                f"run {key}: the value {name!r} has no number of examples; values are named <metric>/<code> and "
                f"examples are known for {', '.join(sorted(examples)) or 'no language'}"
            )
