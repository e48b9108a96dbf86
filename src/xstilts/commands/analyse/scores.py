"""The scores that somebody hands over: every bad row is found, with its line, before anything is computed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from xstilts.analysis import gains, units
from xstilts.analysis.gains import Gain
from xstilts.formats import csv_rows, faults, fields, names
from xstilts.formats.runs import BASELINE, SPARE, Score
from xstilts.languages import table as languages

COLUMNS = ("study", "intermediate", "target", "metric", "language", "seed", "value")
OPTIONAL = ("training", "examples")
NAMES = ("study", "intermediate", "target", "metric", "training")
MISSING = ("nan", "null", "none", "<na>", "n/a", "nat")  # what pandas and others write where a field had nothing
LONGEST = 120  # characters of a name
SCALES = (1, 100)
UNITS = (
    "Scores are points, 0 to 100. `--scale 100` takes all values as fractions of 1 and multiplies them; `--scale 1` "
    "says that they are points although they look like fractions"
)


def read(path: Path, scale: int | None = None) -> tuple[list[Score], list[str]]:
    """The scores of a file, in points, and remarks on columns that are not used.

    Args:
        path: CSV with the columns `COLUMNS`, `OPTIONAL` ones and others.
        scale: what values are multiplied with; None where the file does not say that it has fractions, or scores that
            look like them.

    Raises:
        ValueError: what is wrong, row by row with its line: a column that is missing or there twice, a field that is
            empty or not a number, a reserved name, an unknown language, a value outside 0 to 100, values that look like
            fractions, a key given twice, a gain without baseline.
    """
    wrong: list[tuple[int, str]] = []
    table = csv_rows.read(path, COLUMNS, optional=None, wrong=wrong)
    remarks = _unused(path, table.header)
    if not table.rows and not wrong:
        raise ValueError(f"{path}: no rows below the header; expected one score a row")
    scores: list[Score] = []
    lines: list[int] = []
    for line, row in table.rows:
        texts = _faults(row, scale or 1)
        wrong += [(line, text) for text in texts]
        if not texts:
            scores.append(_score(row, scale or 1))
            lines.append(line)
    wrong += [(lines[place], text) for place, text in gains.problems(scores)]
    fractions = units.faults(scores) if scale is None else []
    wrong += [(lines[place], text) for place, text in fractions]
    if wrong:
        raise ValueError(_message(path, wrong, fractions=bool(fractions)))
    return scores, remarks


def paired(path: Path, scale: int | None = None) -> tuple[list[Score], list[Gain], list[str]]:
    """The scores of a file, their gains, and remarks.

    Raises:
        ValueError: as `read`; also scores from which no gain can be taken.
    """
    given, remarks = read(path, scale)
    try:
        return given, gains.pair(given), remarks
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def left_out(scores: Iterable[Score]) -> dict[str, list[str]]:
    """What of each study's scores no gain is taken from, in words: baselines without a treated score, and gaps."""
    there: dict[tuple[str, str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for score in scores:
        there[score.study, score.target, score.metric][score.intermediate].add(score.language)
    told: dict[str, list[str]] = defaultdict(list)
    for (study, target, metric), arms in sorted(there.items()):
        place = f"{target} {metric}"
        treated = {arm: codes for arm, codes in arms.items() if arm not in (BASELINE, SPARE)}
        every = set().union(*treated.values())
        if lost := arms[BASELINE] - every:
            told[study].append(f"{place}: left out, without a score after any intermediate: {' '.join(sorted(lost))}")
        told[study] += [
            f"{place}: no score after {arm} in {' '.join(sorted(every - codes))}"
            for arm, codes in sorted(treated.items())
            if every - codes
        ]
        if every == {languages.ENGLISH}:
            told[study].append(f"{place}: English alone, which is shown and never correlated")
    return {study: texts for study, texts in told.items() if texts}


def _unused(path: Path, header: Iterable[str]) -> list[str]:
    """A remark on columns that nothing reads.

    Raises:
        ValueError: one of them is spelled almost as a column that is read.
    """
    known = (*COLUMNS, *OPTIONAL)
    unused = [name for name in header if name not in known]
    for name in unused:
        if near := csv_rows.near(name, known):
            raise ValueError(f"{path}, line 1: unknown column {fields.shown(name)}; did you mean {near!r}?")
    if not unused:
        return []
    return [f"{path}: not used: the columns {', '.join(map(fields.shown, unused))}; used are {', '.join(known)}"]


def _message(path: Path, wrong: list[tuple[int, str]], *, fractions: bool) -> str:
    texts = [f"{path}: {len(wrong)} problem(s); nothing was written", faults.listed(wrong)]
    if any(text.startswith("unknown language") and "Did you mean" not in text for _, text in wrong):
        texts.append(languages.known())
    return "\n".join([*texts, UNITS] if fractions else texts)


def _faults(row: Mapping[str, str], scale: int) -> list[str]:
    """What is wrong with one row by itself."""
    found = [f"{name} is empty" for name in COLUMNS if not row[name].strip()]
    found += [text for name in NAMES if (text := _name_fault(name, row.get(name, "").strip()))]
    if found:
        return found
    try:
        languages.parse(row["language"].strip())
    except languages.UnknownLanguage as error:
        found.append(f"unknown language: {error.short}")
    try:
        fields.integer(row["seed"])
    except ValueError as error:
        found.append(f"seed {error}")
    return found + _value_faults(row["value"], scale) + _example_faults(row.get("examples", ""))


def _name_fault(kind: str, word: str) -> str | None:
    if len(word) > LONGEST:
        return f"{kind} {fields.shown(word)} is longer than {LONGEST} characters"
    if not names.printable(word):
        return f"{kind} {fields.shown(word)} has a line break or an invisible character; allowed: one line"
    if word.casefold() in MISSING and (kind, word.casefold()) != ("intermediate", BASELINE):
        return f"{kind} {word!r} is how a missing value is written; allowed: a name"
    return names.reserved(kind, word)


def _value_faults(text: str, scale: int) -> list[str]:
    try:
        value = fields.number(text)
    except ValueError as error:
        return [f"value {error}"]
    if 0 <= value * scale <= 100:
        return []
    allowed = "0–1: `--scale 100` takes fractions" if scale == 100 else "0–100; scores are points"
    return [f"value {text.strip()} is outside {allowed}"]


def _example_faults(text: str) -> list[str]:
    if not text.strip():
        return []
    try:
        value = fields.number(text)
    except ValueError as error:
        return [f"examples {error}"]
    whole = 0 <= value < 1e15 and value == int(value)
    return [] if whole else [f"examples {text.strip()} is no count; allowed: 0 (unknown), 1, 2, …"]


def _score(row: Mapping[str, str], scale: int) -> Score:
    return Score(
        study=row["study"].strip(),
        intermediate=row["intermediate"].strip(),
        training=row.get("training", "").strip(),
        target=row["target"].strip(),
        language=languages.parse(row["language"].strip()).code,
        metric=row["metric"].strip(),
        seed=fields.integer(row["seed"]),
        value=round(fields.number(row["value"]) * scale, 10) if scale != 1 else fields.number(row["value"]),
        examples=int(fields.number(row.get("examples", "").strip() or "0")),
    )
