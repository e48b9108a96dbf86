"""The stage `score`: predictions and gold of one run become its record, and the record its MLflow run."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from xstilts import scoring
from xstilts.formats import atomic, fingerprints, predictions, prepared, text
from xstilts.formats.runs import RunKey
from xstilts.tracking import provenance, scores


def measure(key: RunKey, root: Path, *, study: str, profile: str) -> dict[str, Any]:
    """Score a run in every language, write its record below scores/, and mirror it in MLflow.

    Args:
        key: the run.
        root: the repository.
        study: the MLflow experiment.
        profile: the name of the parameters' profile.

    Raises:
        ValueError: predictions and test data are not about the same examples, or a file is damaged.
    """
    meter = provenance.Meter()
    data, folder = root / "data" / key.target, root / "predictions" / key.path
    card, made = prepared.read_card(data), predictions.read_card(folder)
    values: dict[str, float] = {}
    floors: dict[str, float] = {}
    examples: dict[str, int] = {}
    for language in card.languages:
        inputs = inputs_of(card, data, folder, language)
        scored = scoring.score(card.scorer, card.metrics, inputs)
        values |= {f"{metric}/{language}": value for metric, value in scored.values.items()}
        examples[language] = scored.examples
        floor = scoring.majority(card.scorer, card.metrics, inputs.gold, made.label_counts, language=language)
        floors |= {f"{metric}/{language}": value for metric, value in floor.items()}
    record = scores.record(
        root / "scores" / f"{key.path}.json",
        study=study,
        profile=profile,
        key=key,
        training=made.training,
        values=values,
        examples=examples,
        majority=floors,
        parameters=made.parameters,
        inputs={
            "predictions": {"path": _name(folder, root), "sha256": fingerprints.of_folder(folder)},
            "data": {"path": _name(data, root), "sha256": fingerprints.of_folder(data)},
            "checkpoint": dict(made.checkpoint),
        },
        training_run=made.fingerprint,
        parent=made.encoder,
        unlearned=[_training(kind, key, made.training) for kind in made.unlearned],
        provenance=provenance.collect(meter, licences=card.metadata.get("licence", "")),
    )
    atomic.write(root / "metrics" / f"{key.path}.json", json.dumps(means(record), indent=1) + "\n")
    scores.log(record)
    return record


def means(record: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """What `dvc metrics` shows of a run: each metric's means over all languages and over those that are not English,
    and English itself where it is tested, points.
    """
    found: dict[str, dict[str, float]] = {}
    for name, value in record["values"].items():
        metric, _, language = name.partition("/")
        found.setdefault(metric, {})[language] = value
    return {
        metric: {
            "mean": fmean(values.values()),
            **({"english": values["eng"]} if "eng" in values else {}),
            **({"others": fmean(others)} if (others := [v for code, v in values.items() if code != "eng"]) else {}),
        }
        for metric, values in found.items()
    }


def summary(record: Mapping[str, Any]) -> str:
    """Each metric's mean over languages, for the terminal."""
    languages = len(record["examples"])
    return ", ".join(
        f"{metric} {found['mean']:.1f} over {languages} languages" for metric, found in means(record).items()
    )


def _training(kind: str, key: RunKey, training: str) -> str:
    """The name of a training behind a run, as in its record."""
    return "/".join((kind, key.intermediate, *([training] if kind == "target" else []), f"seed{key.seed}"))


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def inputs_of(card: prepared.Card, data: Path, folder: Path, language: str) -> scoring.Inputs:
    """What the scorer of a task compares in one language: gold and predictions.

    Raises:
        ValueError: the language has no predictions.
    """
    return scoring.Inputs(
        gold=prepared.read(data, f"test/{language}"),
        rows=_rows(folder / f"{language}.jsonl"),
        language=language,
        reverse=_rows_if_any(folder / f"{language}.reverse.jsonl"),
        development=prepared.read_if_any(data, f"dev/{language}") or None,
        development_rows=_rows_if_any(folder / f"{language}.dev.jsonl"),
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        return [row for _, row in text.json_lines(path)]
    except FileNotFoundError:
        raise ValueError(
            f"{path} does not exist: this language has no predictions; run: dvc repro -f predict"
        ) from None


def _rows_if_any(path: Path) -> list[dict[str, Any]] | None:
    return _rows(path) if path.exists() else None
