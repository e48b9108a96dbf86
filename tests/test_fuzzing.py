"""Whatever is done to a file that somebody may hand over: a result, or an error with the file's name; nothing else.

A case that once failed stays as a line of `FOUND`. Each property takes some dozens of cases by default;
`make test-heavy` takes 30,000 in all, the same ones each time.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import made_data
import made_submission
from mutations_of_files import mutated
from xstilts import experiment, tasks
from xstilts.analysis import regression
from xstilts.commands.analyse import scores
from xstilts.commands.submission import check, evaluation, layout
from xstilts.distances import from_english, grambank, imputation
from xstilts.preparation import files
from xstilts.preparation.checks import accept
from xstilts.preparation.rows import Notes

CASES, HEAVY = 16, 30_000
# Property → contents that once ended in a traceback, or in an error that did not name the file.
FOUND: dict[str, list[bytes]] = {
    "params": [b"? [a]\n: 1\n", b"a: " + b"[" * 3000, b"study: 2020-99-99\n", b"\x00", "study: é\n".encode("cp1252")],
    "scores": [b"study\n" + b'"' * 3, b"x" * 140_000, "study,é\n".encode("cp1252")],
    "hellaswag": [b"null\n", b"[" * 5000 + b"\n", b'{"endings": [null], "ctx_a": null}\n'],
    "squad": [b'{"data": [null]}', b"[" * 5000, b'{"data": [{"paragraphs": [{"qas": [{"id": null}]}]}]}'],
    "conllu": [b"2-1\tab\t_\t_\t_\t_\t_\t_\t_\t_\n1\ta\t_\tX\t_\t_\t0\t_\t_\t_\n\n"],
    "labels mlqa": [b"[" * 5000, b"null", b'{"data": [{"paragraphs": [{"qas": [{"id": "x", "answers": [null]}]}]}]}'],
}


HAND = {
    "ccgbank": (
        "wsj_0001.auto",
        "ID=wsj_0001.1 PARSER=GOLD NUMPARSE=1\n(<T N 0 2> (<L N/N JJ JJ 1\\/2 N/N>) (<L N NN NN -LRB- N>) )\n" * 3,
    ),
    "two_columns": ("train.tsv", "a b\tX Y\nc\tZ\n"),
}


@dataclass(frozen=True)
class Property:
    """A file and what reads it.

    Attributes:
        path: the file that is mutated; the error must name it or one that is read beside it.
        good: its content when all is well.
        read: reads it, with whatever lies beside it.
        names: names of files of which an error must have one.
    """

    path: Path
    good: bytes
    read: Callable[[], object]
    names: tuple[str, ...]

    def holds(self, content: bytes) -> None:
        self.path.write_bytes(content)
        try:
            self.read()
        except (ValueError, OSError) as error:
            assert any(name in str(error) for name in self.names), f"{type(error).__name__} without a file: {error}"
        finally:
            self.path.write_bytes(self.good)


def _readers(root: Path) -> Iterator[tuple[str, Property]]:
    """One property a reader of upstream files, on the made data of the first task that has it."""
    seen: set[str] = set()
    for name in tasks.names():
        task = tasks.get(name)
        new = {source.reader for sources in task.files.values() for source in sources} - seen
        if not new:
            continue
        if new <= HAND.keys():
            continue
        made_data.write(task, root / name)
        for split, sources in task.files.items():
            for source in sources if not split.startswith("translated") else ():
                if source.reader in seen or source.reader in HAND:
                    continue
                seen.add(source.reader)
                paths, where = files.locate(task, root / name, source)

                def read(task: Any = task, split: str = split, paths: Any = paths, where: Any = where) -> object:
                    notes = Notes()
                    found = files.READERS[where.reader](paths, where.options, notes)
                    return list(accept(task, split, found, notes))

                names = tuple(path.name for path in paths)
                yield source.reader, Property(paths[0], paths[0].read_bytes(), read, names)


def _by_hand(root: Path) -> Iterator[tuple[str, Property]]:
    """Readers that no made data set has."""
    for name, (file, content) in HAND.items():
        path = root / name / file
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")

        def read(path: Path = path, reader: Any = files.READERS[name]) -> object:
            return list(reader([path], {}, Notes()))

        yield name, Property(path, content.encode(), read, (path.name,))


def _submissions(root: Path) -> Iterator[tuple[str, Property]]:
    for task in ("xnli", "udpos", "panx", "mlqa", "tydiqa", "bucc2018", "tatoeba"):
        made_submission.make(root / task, 1, tasks=(task,), size=4)
        predictions, labels = root / task / "predictions", root / task / "labels"
        language = next(iter(layout.codes(task)))
        place = layout.file(task, language)

        def read(predictions: Path = predictions, labels: Path = labels, task: str = task) -> object:
            check.faults(predictions, labels=labels)
            found, _ = evaluation.evaluate(predictions, labels)
            assert all(
                0 <= value <= 100 for row in found[task].values() if isinstance(row, dict) for value in row.values()
            )
            return found

        for folder in (predictions, labels):
            path = folder / place
            yield f"{folder.name} {task}", Property(path, path.read_bytes(), read, (path.name,))


def _tables(root: Path) -> Iterator[tuple[str, Property]]:
    root.mkdir(parents=True)
    codes = ("eng", "deu", "fra", "tha", "jpn", "tur")
    far = "".join(f"{code},syntactic,0.{place}5,60,60,1,0.4,0.01\n" for place, code in enumerate(codes))
    contents: dict[str, tuple[str, Callable[[Path], object]]] = {
        "scores": (
            "study,intermediate,target,metric,language,seed,value,examples\n"
            + "".join(
                f"s,{arm},panx,f1,{code},1,{60 + len(arm)}.5,100\n" for code in codes for arm in ("none", "mnli")
            ),
            scores.paired,
        ),
        "distances": (f"language,distance,value,shared,known,coverage_ok,raw,se\n{far}", from_english.read),
        "imputed": ("language,imputation,value\ndeu,0,0.5\ndeu,1,0.6\n", imputation.read),
        "grambank": ("language,glottocode,hamming,shared\nfra,stan1290,0.4,100\n", grambank.read),
        "predictors": ("target,language,overlap,fertility\npanx,deu,40,1.5\npanx,fra,30,1.2\n", regression.read),
        "params": ((Path(__file__).parents[1] / "profiles" / "world.yaml").read_text("utf-8"), experiment.load),
    }
    for name, (content, read) in contents.items():
        path = root / f"{name}.table"
        path.write_text(content, encoding="utf-8")

        def again(path: Path = path, read: Callable[[Path], object] = read) -> object:
            return read(path)

        yield name, Property(path, content.encode(), again, (path.name,))


NAMES = sorted(
    {*files.READERS, *("scores", "distances", "imputed", "grambank", "predictors", "params")}
    | {f"{kind} {task}" for kind in ("labels", "predictions") for task in made_submission.LANGUAGES}
    - {"labels xquad", "predictions xquad", "labels pawsx", "predictions pawsx"}
)


@pytest.fixture(scope="module")
def properties(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Property]:
    root = tmp_path_factory.mktemp("fuzzing")
    return dict(
        [
            *_readers(root / "data"),
            *_by_hand(root / "hand"),
            *_submissions(root / "submission"),
            *_tables(root / "tables"),
        ]
    )


def _run(one: Property, cases: int, found: list[bytes]) -> None:
    one.read()  # what is mutated is read when all is well

    @settings(
        max_examples=cases,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(one.good))
    def holds(content: bytes) -> None:
        one.holds(content)

    for content in found:
        holds = example(content)(holds)
    holds()


def test_every_reader_of_files_has_a_property(properties: dict[str, Property]) -> None:
    assert sorted(properties) == NAMES


@pytest.mark.parametrize("read", [lambda path: json.loads(path.read_text("utf-8")), lambda path: path.read_bytes()[9]])
def test_a_reader_that_names_no_file_is_found_out(tmp_path: Path, read: Callable[[Path], object]) -> None:
    path = tmp_path / "rows.json"
    path.write_bytes(b'{"rows": [1, 2]}')
    with pytest.raises((AssertionError, IndexError, ExceptionGroup)):
        _run(Property(path, path.read_bytes(), lambda: read(path), (path.name,)), CASES, [])


@pytest.mark.parametrize("name", NAMES)
def test_a_mutated_file_gives_a_result_or_an_error_with_its_name(properties: dict[str, Property], name: str) -> None:
    _run(properties[name], CASES, FOUND.get(name, []))


@pytest.mark.heavy
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", NAMES)
def test_thirty_thousand_mutated_files(properties: dict[str, Property], name: str) -> None:
    _run(properties[name], HEAVY // len(NAMES), FOUND.get(name, []))


@settings(max_examples=CASES, derandomize=True, database=None, deadline=None)
@given(st.text(max_size=20))
def test_any_text_as_a_name_is_taken_or_refused_with_a_reason(name: str) -> None:
    from xstilts.formats import names

    for kind in (names.Label, names.Intermediate, names.Target):
        (mark,) = kind.__metadata__  # type: ignore[attr-defined]
        fault = mark.fault(name)
        assert fault is None or fault.strip()
        assert fault is not None or not set(name) & set(" ;&|$`'\"/\\<>()*?[]{}~#!\n\t\0")
