"""The `files` origin: data sets in the formats in which their authors publish them, below `data.root`.

`data.layout` is `upstream` (each data set unpacked as downloaded, see a task's `metadata["obtain"]`), `archive` (a
partial copy, whose sources and counts each task declares apart) or `archives` (that copy in `xtreme-data/` and a second
one in `xtreme-more/`, which brings more). Readers are one module a family of formats.
"""

import glob
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xstilts.formats.examples import Choice, Example, ParallelSentences, Question, SentencePair
from xstilts.languages import table as languages
from xstilts.preparation import Prepared
from xstilts.preparation.assembly import finish
from xstilts.preparation.checks import accept
from xstilts.preparation.files import bitext, choices, conllu, pairs, squad, tagged
from xstilts.preparation.files.lines import lines
from xstilts.preparation.rows import REPEATED, TRAINED, Notes, Row, texts
from xstilts.preparation.selection import wanted
from xstilts.tasks.task import FileSource, Task

LAYOUTS = ("upstream", "archive", "archives")
FIRST = "xtreme-data"  # where the first archive lies in the layout `archives`

Reader = Callable[[Sequence[Path], Mapping[str, Any], Notes], Iterator[Row]]
READERS: dict[str, Reader] = {
    "bucc": bitext.bucc,
    "ccgbank": tagged.ccgbank,
    "conllu": conllu.conllu,
    "cosmosqa": choices.cosmosqa,
    "csqa": choices.csqa,
    "ecare": choices.ecare,
    "hellaswag": choices.hellaswag,
    "nli_json": pairs.nli_json,
    "pairs": pairs.plain,
    "siqa": choices.siqa,
    "squad": squad.squad,
    "tags": tagged.columns,
    "tatoeba": bitext.tatoeba,
    "topics": pairs.topics,
    "two_columns": tagged.two_columns,
    "xcopa": choices.xcopa,
    "xnli": pairs.xnli,
}


def load(task: Task, settings: Mapping[str, Any]) -> Prepared:
    """The examples of one task from upstream files.

    Args:
        task: what to read, and what must come out.
        settings: `params.yaml: data`: `root`, `layout` (default `upstream`), `translated` (codes whose
            machine-translated training data are wanted, or true for all), `variants` (task: names of additional
            sources), `allow_count_mismatch` (true, or a list of tasks), `limits` (`train`, `test`, …: rows kept).

    Raises:
        ValueError: a file is missing, damaged, of another language or of another size than the data set; the message
            names file, line and what was expected.
    """
    root = Path(settings["root"])
    if not root.is_dir():
        raise ValueError(
            f"params.yaml: data.root is {str(root)!r}, which is no folder; expected the upstream files there"
        )
    layout = settings.get("layout") or "upstream"
    sources, declared = declared_by(task, layout)
    trained: set[tuple[str, str]] = set()
    chosen_sources, counts = wanted(task, sources, declared, settings)
    splits: dict[str, list[Example]] = {}
    notes: dict[str, Notes] = {}
    read: dict[str, str] = {}
    for split, chosen in chosen_sources.items():
        notes[split] = Notes()
        splits[split] = []
        for source in chosen:
            found, source = locate(task, root, source)
            raw = READERS[source.reader](found, source.options, notes[split])
            script = source.options.get("script")
            checked = accept(task, split, raw, notes[split], None if script is None else str(script))
            rows: Iterator[Row] = (row for row in checked if _in_part(row, source))
            if source.strict:
                trained = trained or {texts(example) for example in splits["train"]}
                rows = _apart(rows, splits[split], trained, notes[split])
            splits[split] += [row.example for row in rows]
            read |= {path.relative_to(root).as_posix(): _sha256(path) for path in found}
    about = {"origin": "files", "layout": layout, "files": read}
    return finish(task, splits, about, settings, counts, notes)


def declared_by(task: Task, layout: str) -> tuple[Mapping[str, tuple[FileSource, ...]], Mapping[str, int]]:
    """The sources and the expected rows of a task's splits in one layout.

    Raises:
        ValueError: no such layout, or the task has no sources in it; the message says what to do instead.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"params.yaml: data.layout is {layout!r}; allowed: {', '.join(LAYOUTS)}")
    sources, counts = (task.files, task.counts) if layout == "upstream" else (task.archive, task.archive_counts)
    if layout == "archives":
        first = {split: tuple(_below(FIRST, source) for source in group) for split, group in sources.items()}
        sources, counts = first | dict(task.archives), {**counts, **task.archives_counts}
    if not sources:
        why = task.absent.get(layout) or task.absent.get("archive", "its task file declares no sources for it")
        raise ValueError(f"{task.name} cannot be prepared from files in the {layout} layout: {why}")
    return sources, counts


def _below(folder: str, source: FileSource) -> FileSource:
    otherwise = None if source.otherwise is None else _below(folder, source.otherwise)
    return replace(source, paths=tuple(f"{folder}/{path}" for path in source.paths), otherwise=otherwise)


def _apart(rows: Iterator[Row], before: list[Example], trained: set[tuple[str, str]], notes: Notes) -> Iterator[Row]:
    """The rows that are neither in the split already nor in the training data; the others are counted."""
    seen = {texts(example) for example in before}
    for row in rows:
        key = texts(row.example)
        if key in trained:
            notes.dropped[TRAINED] += 1
        elif key in seen:
            notes.dropped[REPEATED] += 1
        else:
            seen.add(key)
            yield row


def locate(task: Task, root: Path, source: FileSource) -> tuple[list[Path], FileSource]:
    """The files of a source, each glob's in the order of their names, and the source that they belong to.

    Raises:
        ValueError: a glob matches no file, in this form of the data or another.
    """
    found: list[Path] = []
    for pattern in source.paths:
        matching = sorted((path for path in root.glob(pattern) if path.is_file()), key=lambda path: (path.name, path))
        if not matching and source.otherwise is not None:
            return locate(task, root, source.otherwise)
        if not matching:
            about = task.metadata
            raise ValueError(
                f"{task.name}: no file {root / pattern}. To obtain it: {about.get('obtain', 'see its task file')} "
                f"Homepage: {about.get('homepage', 'none')}"
            )
        found += matching
    return found, source


def _in_part(row: Row, source: FileSource) -> bool:
    """Whether a row belongs to the part of the files that the source keeps."""
    if source.part is None:
        return True
    which, of = source.part
    digest = hashlib.sha256(_key(row.example).encode()).digest()
    return (int.from_bytes(digest[:8], "big") % of == 0) == (which == "validation")


def _key(example: Example) -> str:
    """What the two parts of a file may not share: two questions on one context stay together."""
    if isinstance(example, SentencePair):
        return example.first
    if isinstance(example, Question):
        return example.context
    if isinstance(example, Choice):
        return example.prompt
    if isinstance(example, ParallelSentences):
        return example.target or example.source or ""
    return " ".join(example.words)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def text(languages_wanted: tuple[str, ...], settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """Plain text for MLM: the lines of every file that a glob of `data.text` matches, without repetitions.

    Without `languages_wanted`, every language that has a file.

    Globs are relative to `data.root`; `{code}` in one stands for the ISO 639-3 code of the language, `{alpha2}` for
    its two letters.

    An empty list of globs asks for no text.

    Raises:
        ValueError: `data.text` is missing, or a language has no text.
    """
    if settings.get("text") is not None and not settings["text"]:
        return {}
    patterns = settings.get("text") or ()
    if not patterns:
        raise ValueError(
            "params.yaml: data.text is missing: MLM needs text. Give globs relative to data.root with {code} or "
            "{alpha2} in them, for example [corpus/ntrex128/{alpha2}.txt], or, if nothing learns by MLM, []"
        )
    found = {}
    for code in languages_wanted or [language.code for language in languages.LANGUAGES]:
        names = {"code": code, "alpha2": languages.get(code).alpha2}
        globs = [str(Path(settings["root"], str(pattern).format(**names))) for pattern in patterns]
        files = [Path(path) for pattern in globs for path in sorted(glob.glob(pattern))]  # noqa: PTH207 - `..` in globs
        stripped = (line.strip() for path in files for _, line in lines(path))
        found[code] = list(dict.fromkeys(line for line in stripped if line))
        if languages_wanted and not found[code]:
            raise ValueError(f"no text of {code} for MLM in {', '.join(globs)}. Add a file or take the language out")
    kept = {code: rows for code, rows in found.items() if rows}
    if not kept:
        raise ValueError(
            f"no text of any language for MLM: {', '.join(patterns)} match no line below {settings['root']}"
        )
    return kept
