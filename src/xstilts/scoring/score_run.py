"""The stage `score`: predictions and gold of one run become its record, and the record its MLflow run."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from xstilts import scoring
from xstilts.experiment import Params
from xstilts.formats import checkpoints, fingerprints, prepared
from xstilts.formats.runs import RunKey
from xstilts.tracking import provenance, records, scores


@dataclass(frozen=True)
class Run:
    """One run and where its parts lie."""

    intermediate: str
    training: str
    target: str
    seed: int

    @property
    def key(self) -> RunKey:
        """Its key."""
        return RunKey(self.intermediate, self.target, self.seed)

    @property
    def place(self) -> Path:
        """Of its checkpoint below checkpoints/ and of its training's record below trainings/."""
        if self.training:
            return Path("target", self.intermediate, self.training, f"seed{self.seed}")
        return Path("intermediate", self.intermediate, f"seed{self.seed}")


def measure(run: Run, params: Params, root: Path) -> dict[str, Any]:
    """Score a run in every language, write its record below scores/, and mirror it in MLflow.

    Raises:
        ValueError: predictions and test data are not about the same examples, or a file is damaged.
    """
    meter = provenance.Meter()
    data, predictions = root / "data" / run.target, root / "predictions" / run.key.path
    card = prepared.read_card(data)
    training = prepared.read(root / "data" / run.training, "train") if run.training and _needs_training(card) else []
    values: dict[str, float] = {}
    floors: dict[str, float] = {}
    examples: dict[str, int] = {}
    for language in card.languages:
        inputs = inputs_of(card, data, predictions, language)
        scored = scoring.score(card.scorer, card.metrics, inputs)
        values |= {f"{metric}/{language}": value for metric, value in scored.values.items()}
        examples[language] = scored.examples
        floor = scoring.majority(card.scorer, card.metrics, inputs.gold, training, language=language)
        floors |= {f"{metric}/{language}": value for metric, value in floor.items()}
    checkpoint = root / "checkpoints" / run.place
    recipe = checkpoints.read_card(checkpoint)["recipe"]
    parameters = {"recipe": recipe} if run.training else {"retrieval": asdict(params.retrieval)}
    if run.target in params.prediction.bf16:
        parameters["prediction"] = {"bf16": True}
    record = scores.record(
        root / "scores" / f"{run.key.path}.json",
        study=params.study,
        profile=params.profile,
        key=run.key,
        training=run.training,
        values=values,
        examples=examples,
        majority=floors,
        parameters=parameters,
        inputs={
            "predictions": {"path": _name(predictions, root), "sha256": fingerprints.of_folder(predictions)},
            "data": {"path": _name(data, root), "sha256": fingerprints.of_folder(data)},
            "checkpoint": {
                "path": _name(checkpoint / checkpoints.CARD, root),
                "sha256": fingerprints.of_file(checkpoint / checkpoints.CARD),
            },
        },
        run=records.read_training(root / "trainings" / run.place),
        provenance=provenance.collect(meter, licences=card.metadata.get("licence", "")),
    )
    scores.log(record)
    return record


def summary(record: Mapping[str, Any]) -> str:
    """Each metric's mean over languages, for the terminal."""
    by_metric: dict[str, list[float]] = {}
    for name, value in record["values"].items():
        by_metric.setdefault(name.partition("/")[0], []).append(value)
    return ", ".join(
        f"{metric} {fmean(values):.1f} over {len(values)} languages" for metric, values in by_metric.items()
    )


def _needs_training(card: prepared.Card) -> bool:
    return card.shape in ("classification", "tagging", "choice")


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def inputs_of(card: prepared.Card, data: Path, predictions: Path, language: str) -> scoring.Inputs:
    """What the scorer of a task compares in one language: gold and predictions.

    Raises:
        ValueError: the language has no predictions.
    """
    return scoring.Inputs(
        gold=prepared.read(data, f"test/{language}"),
        rows=_rows(predictions / f"{language}.jsonl"),
        language=language,
        reverse=_rows_if_any(predictions / f"{language}.reverse.jsonl"),
        development=prepared.read_if_any(data, f"dev/{language}") or None,
        development_rows=_rows_if_any(predictions / f"{language}.dev.jsonl"),
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        # str.splitlines also splits at U+2028 and U+0085, which answers hold.
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    except FileNotFoundError:
        raise ValueError(
            f"{path} does not exist: this language has no predictions; run: dvc repro -f predict"
        ) from None


def _rows_if_any(path: Path) -> list[dict[str, Any]] | None:
    return _rows(path) if path.exists() else None
