"""Write XTREME's folders from this project's predictions, and its label folder from prepared data."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xstilts.commands.submission import files, layout
from xstilts.formats import atomic, examples
from xstilts.formats.examples import Example, ParallelSentences
from xstilts.formats.parallel_corpora import english_order
from xstilts.formats.prepared import sha256
from xstilts.scoring import rows
from xstilts.scoring.metrics import bitext, tags
from xstilts.scoring.rows import Inputs, Row


@dataclass(frozen=True)
class Written:
    """What an export wrote: files below the folder with their SHA-256, and files for which there was no source."""

    files: Mapping[str, str]
    missing: tuple[str, ...]
    expected: int


@dataclass(frozen=True)
class _Source:
    """The gold and the predictions of one task in one language; `threshold` notes what BUCC was cut at."""

    name: str
    language: str
    code: str
    data: Path
    runs: Path
    thresholds: dict[str, float] = field(default_factory=dict)

    def gold(self, split: str = "test") -> list[Example]:
        return examples.read(self.data / self.name / split / f"{self.code}.jsonl", layout.task(self.name).shape)

    def inputs(self) -> Inputs:
        return Inputs(self.gold(), self.rows(), self.code)

    def rows(self, suffix: str = "") -> list[Row]:
        return _read_rows(self.runs / f"{self.code}{suffix}.jsonl")


def predictions(folder: Path, data: Path, output: Path, *, seed: int, scores: Path | None = None) -> Written:
    """Write a submission folder and, beside its nine folders, a manifest of where it came from.

    Args:
        folder: `predictions/<intermediate>`.
        data: the prepared data that was predicted, whose ids and lengths the predictions must have.
        output: a folder that is not there yet, or empty; it appears whole or not at all.
        seed: which runs.
        scores: `scores/<intermediate>`; its records' fingerprints, parameters and provenance go into the manifest.

    Raises:
        FileNotFoundError: there are no predictions of this seed.
        ValueError: a prediction file does not fit its data, or the output folder is not empty.
    """
    thresholds: dict[str, float] = {}
    runs = {name: folder / name / f"seed{seed}" for name in layout.TASKS}
    if not any(run.is_dir() for run in runs.values()):
        raise FileNotFoundError(f"{folder} has no predictions of seed {seed}; run: dvc repro predict")

    def text(name: str, language: str, code: str) -> str | None:
        if not (runs[name] / f"{code}.jsonl").is_file():
            return None
        return _PREDICTIONS[layout.task(name).scorer](_Source(name, language, code, data, runs[name], thresholds))

    def manifest(written: Written) -> Mapping[str, Any]:
        return {
            "intermediate": folder.resolve().name,
            "seed": seed,
            "bucc2018_thresholds": thresholds,
            "files": written.files,
            "missing": written.missing,
            "predictions": _digests(runs.values()),
            "runs": {} if scores is None else _records(scores, seed),
        }

    return _write(output, text, manifest)


def labels(data: Path, output: Path) -> Written:
    """Write the gold labels of the prepared test sets, laid out as a submission.

    Raises:
        FileNotFoundError: the data folder has none of XTREME's test sets.
        ValueError: a test set hides its labels, or the output folder is not empty.
    """
    if not any((data / name / "test").is_dir() for name in layout.TASKS):
        raise FileNotFoundError(f"{data} has no test set of {', '.join(layout.TASKS)}; run: dvc repro prepare")

    def text(name: str, language: str, code: str) -> str | None:
        source = _Source(name, language, code, data, data)
        if not (data / name / "test" / f"{code}.jsonl").is_file():
            return None
        return _LABELS[layout.task(name).scorer](source)

    return _write(output, text, None)


def _write(
    output: Path,
    text: Callable[[str, str, str], str | None],
    manifest: Callable[[Written], Mapping[str, Any]] | None,
) -> Written:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ValueError(f"{output} is there and not empty; name a new folder, so that no old file stays in it")
    with atomic.whole(output) as aside:
        found, missing = {}, []
        for name in layout.TASKS:
            for language, code in layout.codes(name).items():
                place = layout.file(name, language)
                content = text(name, language, code)
                if content is None:
                    missing.append(place.as_posix())
                else:
                    atomic.write(aside / place, content)
                    found[place.as_posix()] = sha256(aside / place)
        written = Written(found, tuple(missing), len(layout.everything()))
        if manifest is not None:
            atomic.write(aside / layout.MANIFEST, files.json_text(manifest(written)))
    return written


def _predicted_labels(source: _Source) -> str:
    return files.lines_text(rows.aligned(source.inputs(), str))


def _predicted_tags(source: _Source) -> str:
    gold, found = rows.tagged(source.inputs())
    tags.require_same_shape(gold, found)
    return files.tags_text(found)


def _predicted_answers(source: _Source) -> str:
    return files.json_text(rows.texts(source.inputs()))


def _predicted_pairs(source: _Source) -> str:
    development = rows.candidates(source.rows(".dev"))
    threshold = bitext.best_threshold(development, rows.true_pairs(source.gold("dev")))
    source.thresholds[source.language] = threshold
    kept = bitext.mined(rows.candidates(source.rows()), threshold)
    return files.lines_text("\t".join(pair) for pair in sorted(kept))


def _predicted_lines(source: _Source) -> str:
    return files.lines_text(rows.numbered(source.rows(), range(len(source.gold())), "English sentence"))


def _gold_labels(source: _Source) -> str:
    return files.lines_text(rows.labels(source.gold(), examples.SentencePair))


def _gold_tags(source: _Source) -> str:
    return files.tags_text(rows.gold_tags(source.gold()))


def _gold_answers(source: _Source) -> str:
    return files.json_text(files.squad(rows.typed(source.gold(), examples.Question), source.name))


def _gold_pairs(source: _Source) -> str:
    return files.lines_text("\t".join(pair) for pair in sorted(rows.true_pairs(source.gold())))


def _gold_lines(source: _Source) -> str:
    pairs = rows.typed(source.gold(), ParallelSentences)
    return files.lines_text(english_order([rows.side(pair.target, pair) for pair in pairs]))


_PREDICTIONS: dict[str, Callable[[_Source], str]] = {
    "accuracy": _predicted_labels,
    "chunks": _predicted_tags,
    "entities": _predicted_tags,
    "squad": _predicted_answers,
    "mlqa": _predicted_answers,
    "mining": _predicted_pairs,
    "nearest": _predicted_lines,
}
_LABELS: dict[str, Callable[[_Source], str]] = {
    "accuracy": _gold_labels,
    "chunks": _gold_tags,
    "entities": _gold_tags,
    "squad": _gold_answers,
    "mlqa": _gold_answers,
    "mining": _gold_pairs,
    "nearest": _gold_lines,
}


def _read_rows(path: Path) -> list[Row]:
    found = []
    for number, line in enumerate(files.lines(path), start=1):
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}, line {number}: not JSON ({error.msg}); predict again") from error
    return found


def _digests(runs: Iterable[Path]) -> dict[str, str]:
    return {"/".join(path.parts[-3:]): sha256(path) for run in runs for path in sorted(run.glob("*.jsonl"))}


def _records(scores: Path, seed: int) -> dict[str, Any]:
    kept = ("fingerprint", "parameters", "provenance")
    found = {}
    for name in layout.TASKS:
        path = scores / name / f"seed{seed}.json"
        if path.is_file():
            record = json.loads(path.read_text(encoding="utf-8"))
            found[name] = {key: record[key] for key in kept if key in record}
    return found
