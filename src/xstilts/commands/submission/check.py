"""Every fault of a submission folder that can be seen before it is scored.

XTREME's own script checks the number of rows of some tasks only; a tag too many in one sentence, or `[12]` for 12,
costs points without a word.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xstilts.commands.submission import files, layout
from xstilts.formats import examples
from xstilts.formats.examples import ParallelSentences
from xstilts.formats.faults import ranges
from xstilts.scoring import rows

_SHOWN = 80  # characters of a faulty value


@dataclass(frozen=True)
class Expected:
    """What a file must fit; None where that is not known.

    `lengths` are the tags of each sentence, `ids` those of the questions, `sources` and `targets` BUCC's sentences.
    """

    language: str
    size: int | None = None
    lengths: tuple[int, ...] | None = None
    ids: frozenset[str] | None = None
    sources: frozenset[str] | None = None
    targets: frozenset[str] | None = None


def faults(folder: Path, *, data: Path | None = None, labels: Path | None = None) -> tuple[list[str], list[str]]:
    """All faults of a submission, and remarks on what could not be checked.

    Args:
        folder: the submission.
        data: prepared data to compare with.
        labels: or a label folder; without either, the benchmark's published sizes.

    Raises:
        FileNotFoundError: one of the folders does not exist.
    """
    for given in (folder, data, labels):
        if given is not None and not given.is_dir():
            raise FileNotFoundError(f"{given} is not a folder")
    found, notes = list(_strays(folder)), []
    for name in layout.TASKS:
        if not (folder / name).is_dir():
            found.append(f"{name}: the folder is missing, with {len(layout.codes(name))} files")
            continue
        for language, code in layout.codes(name).items():
            place = layout.file(name, language)
            if not (folder / place).is_file():
                found.append(f"{place}: the file is missing")
                continue
            expected = _expected(name, language, code, data, labels)
            if expected is None:
                notes.append(f"note: nothing to compare {place} with")
                expected = Expected(language, layout.size(name, language))
            try:
                found += [f"{place}: {fault}" for fault in _file_faults(name, folder / place, expected)]
            except ValueError as error:
                found.append(f"{place}: {error}")
    return found, notes


def _strays(folder: Path) -> Iterator[str]:
    known = set(layout.everything())
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_dir():
            if place.as_posix() not in layout.TASKS:
                yield f"{place}: not a folder of XTREME; allowed: {', '.join(layout.TASKS)}"
        elif len(place.parts) > 1 and place not in known:
            yield f"{place}: not a file of XTREME"


def _expected(name: str, language: str, code: str, data: Path | None, labels: Path | None) -> Expected | None:
    if labels is not None and (labels / layout.file(name, language)).is_file():
        return _from_labels(name, language, labels / layout.file(name, language))
    if data is not None and (data / name / "test" / f"{code}.jsonl").is_file():
        return _from_data(name, language, data / name / "test" / f"{code}.jsonl")
    return Expected(language, layout.size(name, language)) if data is None and labels is None else None


def _from_labels(name: str, language: str, path: Path) -> Expected:
    shape = layout.task(name).shape
    if shape == "span":
        ids = frozenset(id_ for id_, _ in files.gold_answers(path))
        return Expected(language, len(ids), ids=ids)
    if shape == "tagging":
        lengths = tuple(map(len, files.sentences(path)))
        return Expected(language, len(lengths), lengths)
    return Expected(language, len(files.lines(path)) if name != "bucc2018" else None)


def _from_data(name: str, language: str, path: Path) -> Expected:
    gold = examples.read(path, layout.task(name).shape)
    if name == "bucc2018":
        pairs = rows.typed(gold, ParallelSentences)
        sources = frozenset(pair.source_id for pair in pairs if pair.source_id is not None)
        targets = frozenset(pair.target_id for pair in pairs if pair.target_id is not None)
        return Expected(language, sources=sources, targets=targets)
    lengths = tuple(len(row.words) for row in gold if isinstance(row, examples.TaggedSentence))
    ids = frozenset(row.id for row in gold if isinstance(row, examples.Question))
    return Expected(language, len(gold), lengths or None, ids or None)


def _file_faults(name: str, path: Path, expected: Expected) -> Iterable[str]:
    return _CHECKS[layout.task(name).scorer](name, path, expected)


def _label_faults(name: str, path: Path, expected: Expected) -> Iterator[str]:
    lines = files.lines(path)
    yield from _count(len(lines), expected.size, "lines")
    yield from _vocabulary(enumerate(lines, start=1), layout.task(name).labels)


def _tag_faults(name: str, path: Path, expected: Expected) -> Iterator[str]:
    found = files.sentences(path)
    yield from _count(len(found), expected.size, "sentences (a blank line ends one)")
    if expected.lengths is not None:
        for row, (sentence, length) in enumerate(zip(found, expected.lengths, strict=False), start=1):
            if len(sentence) != length:
                yield f"sentence {row}: {len(sentence)} tags, expected {length}"
    numbered = ((row, line) for row, line in enumerate(files.lines(path), start=1) if line)
    yield from _vocabulary(numbered, layout.task(name).labels)


def _answer_faults(name: str, path: Path, expected: Expected) -> Iterator[str]:
    found = files.predicted_answers(path)
    if expected.ids is None:
        yield from _count(len(found), expected.size, "answers")
        return
    for key in sorted(expected.ids - found.keys()):
        yield f"question {key!r} has no answer (it would score 0)"
    for key in sorted(found.keys() - expected.ids):
        yield f"answer to {key!r:.{_SHOWN}}, which is no question of this test set"


def _pair_faults(name: str, path: Path, expected: Expected) -> Iterator[str]:
    lines = files.lines(path)
    if not lines:
        yield "no pairs"
    form = re.compile(rf"({expected.language}-\d{{9}})\t(en-\d{{9}})", re.ASCII)
    for row, line in enumerate(lines, start=1):
        match = form.fullmatch(line)
        if match is None:
            yield f"line {row}: {line!r:.{_SHOWN}} is not {expected.language}-<9 digits>, a tab, en-<9 digits>"
            continue
        for key, known in zip(match.groups(), (expected.sources, expected.targets), strict=True):
            if known is not None and key not in known:
                yield f"line {row}: {key} is no sentence of the test corpus"


def _number_faults(name: str, path: Path, expected: Expected) -> Iterator[str]:
    lines = files.lines(path)
    yield from _count(len(lines), expected.size, "lines")
    for row, line in enumerate(lines, start=1):
        if not re.fullmatch(r"0|[1-9]\d*", line, re.ASCII):
            yield f"line {row}: {line!r:.{_SHOWN}} is not a bare line number"
        elif expected.size is not None and int(line) >= expected.size:
            yield f"line {row}: {line} is outside 0 to {expected.size - 1}"


def _count(found: int, expected: int | None, what: str) -> Iterator[str]:
    if not found or (expected is not None and found != expected):
        yield f"{found} {what}, expected {'some' if expected is None else expected}"


def _vocabulary(numbered: Iterable[tuple[int, str]], allowed: tuple[str, ...]) -> Iterator[str]:
    """A fault for each wrong value, naming all of its lines."""
    wrong = defaultdict(list)
    for row, value in numbered:
        if value not in allowed:
            wrong[value].append(row)
    for value, found in wrong.items():
        place = f"line{'s' if len(found) > 1 else ''} {ranges(found)}"
        yield f"{place}: {value!r:.{_SHOWN}} is not one of {', '.join(allowed)}"


_CHECKS: dict[str, Callable[[str, Path, Expected], Iterable[str]]] = {
    "accuracy": _label_faults,
    "chunks": _tag_faults,
    "entities": _tag_faults,
    "squad": _answer_faults,
    "mlqa": _answer_faults,
    "mining": _pair_faults,
    "nearest": _number_faults,
}
