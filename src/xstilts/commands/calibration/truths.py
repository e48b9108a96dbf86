"""Planted truths: what each world holds, and what the pipeline must find in it.

A file of truths names a complete params.yaml (`base`) and, for each truth, the parameters that differ from it. One
(truth, world seed, training seed) is one run of the pipeline.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from xstilts import experiment
from xstilts.formats import typed_yaml
from xstilts.preparation.world import WorldSettings

SUPPORTED, NOT_SUPPORTED, OPEN = "supported", "not supported", "open"
EXPECTED = (SUPPORTED, NOT_SUPPORTED, OPEN)
STILTS, SAME_TASK = "stilts", "same task"
CONTROLS = (STILTS, SAME_TASK)
DIRECTIONS = ("", "smaller with distance", "larger with distance")


@dataclass(frozen=True)
class Truth:
    """One planted truth.

    Attributes:
        name: of its folder and of the study in MLflow.
        planted: in words, what the gain follows and what it does not.
        expected: `supported`; `not supported`, where it would be a false alarm; or `open`, where the planted cause goes
            along with distance itself, so that either verdict describes it.
        control: `stilts`, an intermediate task of another format than the target; `same task`, more data of the same.
        direction: of the supported claim; empty where none is expected.
        base: another params.yaml than the file's.
        set: dotted key → value, what differs from the base.
    """

    name: str
    planted: str
    expected: str
    control: str = STILTS
    direction: str = ""
    base: str | None = None
    set: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """A file of truths: `base` is the complete params.yaml that they change, from the repository's root."""

    base: str
    truths: tuple[Truth, ...]


@dataclass(frozen=True)
class TruthRun:
    """One run of the pipeline: a truth in one world, with one training seed, and its whole params.yaml."""

    truth: Truth
    world: int
    seed: int
    text: str

    @property
    def name(self) -> str:
        """`slope/world1-seed2`."""
        return f"{self.truth.name}/world{self.world}-seed{self.seed}"

    @property
    def digest(self) -> str:
        """Of its parameters, 12 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]


def load(path: Path) -> File:
    """Read and check a file of truths.

    Raises:
        ValueError: an unknown key or word, a name given twice, an expected claim without its direction.
    """
    file = typed_yaml.load(path, File)
    names = [truth.name for truth in file.truths]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{path}: the truth {name!r} is given twice; rename one")
        if not name.replace("-", "").isalnum():
            raise ValueError(f"{path}: a truth's name is {name!r}; allowed: letters, digits and hyphens")
    for truth in file.truths:
        for key, allowed in (("expected", EXPECTED), ("control", CONTROLS), ("direction", DIRECTIONS)):
            value = getattr(truth, key)
            if value not in allowed:
                shown = ", ".join(repr(word) for word in allowed)
                raise ValueError(f"{path}: truth {truth.name!r} has {key} {value!r}; allowed: {shown}")
        if (truth.expected == SUPPORTED) != bool(truth.direction):
            raise ValueError(
                f"{path}: truth {truth.name!r} is expected {truth.expected!r} with direction {truth.direction!r}; "
                "a direction belongs to an expected claim, and to nothing else"
            )
    return file


def chosen(file: File, names: Sequence[str]) -> tuple[Truth, ...]:
    """The truths of these names, all where there are none.

    Raises:
        ValueError: an unknown name.
    """
    known = {truth.name: truth for truth in file.truths}
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"no truth {name!r}; known: {', '.join(known)}.{hint}")
    return tuple(known[name] for name in dict.fromkeys(names)) or file.truths


def runs(
    file: File, truths: Iterable[Truth], worlds: Iterable[int], seeds: Iterable[int], root: Path
) -> list[TruthRun]:
    """Every run, one world of every truth before the next world, so that a part of them tells of every truth.

    Raises:
        ValueError: a truth sets a parameter that does not exist, or its parameters contradict each other.
    """
    listed = tuple(truths)
    return [
        TruthRun(truth, world, seed, text(file, truth, world, seed, root))
        for seed in seeds
        for world in worlds
        for truth in listed
    ]


def text(file: File, truth: Truth, world: int, seed: int, root: Path) -> str:
    """The params.yaml of one run.

    Raises:
        ValueError: as `runs`.
    """
    base = root / (truth.base or file.base)
    if not base.is_file():
        raise ValueError(f"{base} is not there: truth {truth.name!r} needs the params.yaml that it changes")
    whole: dict[str, Any] = yaml.safe_load(base.read_text(encoding="utf-8"))
    fixed = {"profile": "calibration", "study": truth.name, "seeds": [seed], "data.world.seed": world}
    for key, value in {**truth.set, **fixed}.items():
        _put(whole, key, value, truth.name)
    try:
        WorldSettings.from_mapping(whole["data"]["world"])
    except (ValueError, TypeError) as error:
        raise ValueError(f"truth {truth.name!r}: {error}") from error
    return str(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=120))


def check(text: str, path: Path) -> None:
    """Read a params.yaml as every stage will.

    Raises:
        ValueError: its fault, with the line.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    experiment.load(path)


def _put(whole: dict[str, Any], key: str, value: Any, name: str) -> None:
    *parents, last = key.split(".")
    place = whole
    for depth, parent in enumerate(parents):
        if not isinstance(place.get(parent), dict):
            known = ", ".join(str(each) for each in place)
            where = ".".join(parents[: depth + 1])
            raise ValueError(f"truth {name!r} sets {key!r}, but the base has no mapping {where!r}; known here: {known}")
        place = place[parent]
    place[last] = value
