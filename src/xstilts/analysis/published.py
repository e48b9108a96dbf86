"""Scores that papers printed, per language, with and without intermediate training: the evidence beside our own runs.

Separate from measured scores because nobody here can run them again: each number stands in a tidy file with its
source, and every fault of the files is reported together, by file and line, before any number is used.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import fields as fields_of
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from xstilts.analysis import units
from xstilts.formats import csv_rows, fields, typed_yaml
from xstilts.formats.runs import BASELINE, Score
from xstilts.languages import table as languages

COLUMNS = ("study", "intermediate", "target", "metric", "language", "seed", "value")
STUDIES = "studies.yaml"
MEANS = "phang2020_means.csv"
CLAIMS = "claims.csv"

# dev_score: the baseline's mean over languages; dev_gain: difference from it; xtreme_score: test, as XTREME averages.
KINDS = ("dev_score", "dev_gain", "xtreme_score")
_STUDIES: Any = Mapping[str, Mapping[str, Any]]  # studies.yaml: what is known of each study
RELATIONS = ("equals", "gain", "no gain", "better")


@dataclass(frozen=True)
class PublishedStudy:
    """One encoder in one paper: `<name>.csv` holds its scores.

    Attributes:
        name: the study's name, in the file, in MLflow and in the report.
        source: paper and table.
        encoder: what both arms start from.
        arms: what each intermediate is, the baseline `none` among them.
        training: target → the task whose English training set it starts from, "" for none.
        examples: target → test examples a language, or target → language → examples; 0 is unknown.
        transcription: how the numbers came from the source into the file.
        unseen: codes of languages that are not in the encoder's pretraining data.
        notes: what a reader of the study's verdict must know.
        left_out: numbers of the same source that are not here, and why.
    """

    name: str
    source: str
    encoder: str
    arms: Mapping[str, str]
    training: Mapping[str, str]
    examples: Mapping[str, int | Mapping[str, int]]
    transcription: str
    unseen: tuple[str, ...]
    notes: tuple[str, ...]
    left_out: tuple[str, ...]

    def count(self, target: str, language: str) -> int:
        """Test examples of a language, 0 where unknown."""
        given = self.examples.get(target, 0)
        return given if isinstance(given, int) else given.get(language, 0)

    def about(self) -> dict[str, str]:
        """What the MLflow runs of the study carry as notes, flat text."""
        return {
            "source": self.source,
            "encoder": self.encoder,
            "transcription": self.transcription,
            "unseen": " ".join(self.unseen),
            "notes": " ".join(self.notes),
        }


@dataclass(frozen=True)
class Mean:
    """A mean over a target's languages as Phang et al. printed it; `target` is `all` for the mean over targets."""

    study: str
    intermediate: str
    target: str
    metric: str
    value: float
    kind: str


@dataclass(frozen=True)
class Claim:
    """A statement of the paper to set a measured number beside.

    `relation` says how `intermediate` stands to `versus`: `equals` a gain of `value` points, any `gain`, `no gain`,
    or `better`. `intermediate` may be `any`, `best` (the best for each target) or `alone` (English tasks only).
    """

    claim: str
    text: str
    intermediate: str
    versus: str
    target: str
    relation: str
    value: float | None
    source: str


def studies(folder: Path) -> list[PublishedStudy]:
    """What `studies.yaml` says of each study, sorted by name.

    Raises:
        ValueError: an unknown or missing key, an unknown language, no baseline arm, or a file that is in one place
            only; all faults together.
    """
    path = folder / STUDIES
    given: Mapping[str, Mapping[str, Any]] = typed_yaml.load(path, _STUDIES)
    if not given:
        raise ValueError(f"{path}: no studies; expected one mapping a study, named as its CSV file")
    names = {field.name for field in fields_of(PublishedStudy)} - {"name"}
    faults, found = [], []
    for name, row in sorted(given.items()):
        for key in sorted(set(row) - names):
            hint = get_close_matches(key, names, n=1)
            faults.append(f"{path}, {name}: unknown key {key!r}" + (f"; did you mean {hint[0]!r}?" if hint else ""))
        faults.extend(f"{path}, {name}: key {key!r} is missing" for key in sorted(names - set(row)))
        if names == set(row):
            try:
                found.append(_study(name, row))
                faults.extend(f"{path}, {name}: {fault}" for fault in _study_faults(found[-1]))
            except (AttributeError, TypeError) as error:
                faults.append(f"{path}, {name}: a value of another type than in the other studies ({error})")
    files = {file.stem for file in folder.glob("*.csv")} - {Path(MEANS).stem, Path(CLAIMS).stem}
    faults.extend(f"{folder / name}.csv has no entry in {STUDIES}; add its source there" for name in files - set(given))
    faults.extend(f"{path}: {name} has no file {name}.csv" for name in sorted(set(given) - files))
    _raise(faults)
    return found


def scores(folder: Path) -> list[Score]:
    """Every score of every study, sorted.

    Raises:
        ValueError: anything wrong in any file; all faults together, each with file and line.
    """
    faults: list[str] = []
    found: list[Score] = []
    for study in studies(folder):
        path = folder / f"{study.name}.csv"
        lines: list[tuple[Score, int]] = []
        for line, row in _rows(path, COLUMNS):
            read = _score(study, row)
            if isinstance(read, Score):
                lines.append((read, line))
            else:
                faults.append(f"{path}, line {line}: {read}")
        faults.extend(f"{path}, line {line}: {fault}" for line, fault in _pair_faults(lines))
        small = units.faults([score for score, _ in lines])
        faults.extend(f"{path}, line {lines[place][1]}: {fault}" for place, fault in small)
        found.extend(score for score, _ in lines)
    _raise(faults)
    return sorted(found)


def means(folder: Path) -> list[Mean]:
    """The means that Phang et al. (2020, first version) printed, in the order of the table.

    Raises:
        ValueError: a row that cannot be read; all faults together.
    """
    path, faults, found = folder / MEANS, [], []
    for line, row in _rows(path, tuple(field.name for field in fields_of(Mean))):
        value = _number(row["value"])
        if value is None or row["kind"] not in KINDS:
            faults.append(
                f"{path}, line {line}: value {row['value']!r}, kind {row['kind']!r}; kinds: {', '.join(KINDS)}"
            )
        else:
            found.append(Mean(**{**row, "value": value}))  # type: ignore[arg-type]
    _raise(faults)
    return found


def claims(folder: Path) -> list[Claim]:
    """What the project's paper claims, one row a claim.

    Raises:
        ValueError: an unknown relation, or a claim of a number without a number; all faults together.
    """
    path, faults, found = folder / CLAIMS, [], []
    for line, row in _rows(path, tuple(field.name for field in fields_of(Claim))):
        value = _number(row["value"]) if row["value"] else None
        if row["relation"] not in RELATIONS or (row["relation"] == "equals") != (value is not None):
            faults.append(
                f"{path}, line {line}: relation {row['relation']!r} with value {row['value']!r}; "
                f"relations: {', '.join(RELATIONS)}, and only `equals` has a value"
            )
        else:
            found.append(Claim(**{**row, "value": value}))  # type: ignore[arg-type]
    _raise(faults)
    return found


def _study(name: str, row: Mapping[str, Any]) -> PublishedStudy:
    lists = {key: tuple(row[key]) for key in ("unseen", "notes", "left_out")}
    return PublishedStudy(name=name, **{**row, **lists})


def _study_faults(study: PublishedStudy) -> Iterable[str]:
    if BASELINE not in study.arms or len(study.arms) < 2:
        yield f"arms are {', '.join(study.arms)}; needs `{BASELINE}` and at least one more"
    for code in study.unseen:
        try:
            languages.get(code)
        except ValueError as error:
            yield f"unseen: {error}"


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with their line numbers."""
    ragged: list[tuple[int, str]] = []
    table = csv_rows.read(path, (), optional=None, wrong=ragged)
    if table.header != columns:
        raise ValueError(f"{path}: columns are {','.join(table.header)}, expected {','.join(columns)}")
    if ragged:
        raise ValueError(f"{path}, line {ragged[0][0]}: expected {len(columns)} fields")
    return table.rows


def _number(text: str) -> float | None:
    try:
        return fields.number(text)
    except ValueError:
        return None


def _score(study: PublishedStudy, row: Mapping[str, str]) -> Score | str:
    """The score of a row, or what is wrong with it."""
    value = _number(row["value"])
    if row["study"] != study.name:
        return f"study is {row['study']!r}, the file is {study.name}.csv"
    if row["intermediate"] not in study.arms:
        return f"intermediate {row['intermediate']!r} is not among its arms in {STUDIES}: {', '.join(study.arms)}"
    if row["target"] not in study.training:
        return f"target {row['target']!r} is not under `training` in {STUDIES}: {', '.join(study.training)}"
    if value is None or not 0 <= value <= 100:
        return f"value is {row['value']!r}; allowed: points, 0 to 100"
    if not re.fullmatch("[0-9]{1,18}", row["seed"]):
        return f"seed is {row['seed']!r}; allowed: 0, 1, 2, …"
    if not row["metric"]:
        return "metric is empty"
    try:
        language = languages.get(row["language"]).code
    except ValueError as error:
        return str(error)
    return Score(
        study=study.name,
        intermediate=row["intermediate"],
        training=study.training[row["target"]],
        target=row["target"],
        language=language,
        metric=row["metric"],
        seed=int(row["seed"]),
        value=value,
        examples=study.count(row["target"], language),
    )


def _pair_faults(lines: list[tuple[Score, int]]) -> Iterable[tuple[int, str]]:
    """Scores given twice, scores without a baseline, and baselines that nothing is compared with."""
    seen: dict[tuple[object, ...], int] = {}
    arms: dict[tuple[object, ...], set[str]] = {}
    for score, line in lines:
        cell = (score.target, score.metric, score.language, score.seed)
        first = seen.setdefault((*cell, score.intermediate), line)
        if first != line:
            yield line, f"{score.key} {score.metric}/{score.language} is given twice, first in line {first}"
        arms.setdefault(cell, set()).add(score.intermediate)
    for score, line in lines:
        there = arms[score.target, score.metric, score.language, score.seed]
        if BASELINE not in there:
            yield line, f"missing baseline: no {score.key.baseline} {score.metric}/{score.language}"
        elif there == {BASELINE}:
            yield line, f"baseline {score.key} {score.metric}/{score.language} has no other arm; nothing to compare"


def _raise(faults: list[str]) -> None:
    if faults:
        raise ValueError(f"{len(faults)} fault(s) in published scores:\n" + "\n".join(f"  {fault}" for fault in faults))
