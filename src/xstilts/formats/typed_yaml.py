"""YAML → frozen dataclasses of annotated types; a fault is named with its file, its line and what is allowed."""

import contextlib
import dataclasses
import math
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml

from xstilts.formats import text

Kind = TypeVar("Kind")

_NONE = "(?!)"  # a regular expression that nothing matches
_NEEDED: Any = object()  # in the place of a default: there is none


@dataclasses.dataclass(frozen=True)
class Between:
    """The least and the largest value of a number: `Annotated[int, Between(1)]`."""

    least: float
    largest: float = math.inf

    def __str__(self) -> str:
        return f"{self.least} or more" if self.largest == math.inf else f"{self.least} to {self.largest}"


@dataclasses.dataclass(frozen=True)
class Like:
    """A mapping with a dataclass's keys and types, kept as it is written: `Annotated[Mapping[str, Any], Like(Data)]`.

    `others` is a regular expression of further keys.
    """

    kind: type
    others: str = _NONE


@dataclasses.dataclass(frozen=True)
class Named:
    """A value that a function of its own checks: `Annotated[str, Named(fault)]`; `fault` gives None or what is wrong.

    As the keys of a mapping, `Mapping[Annotated[str, Named(fault)], …]`, too.
    """

    fault: Callable[[Any], str | None]


@dataclasses.dataclass(frozen=True)
class Filled:
    """A mapping of mappings, one entry of which fills what the others leave out: `Annotated[Mapping[…], Filled()]`.

    The entry itself is not part of the value, and need not be there.
    """

    entry: str = "default"


# What a number of params.yaml may be; the ranges are checked where the file is read.
Count = Annotated[int, Between(0)]
Natural = Annotated[int, Between(1)]
Amount = Annotated[float, Between(0)]
Share = Annotated[float, Between(0, 1)]


def load(path: Path, kind: type[Kind]) -> Kind:
    """Read a file as a dataclass, whose fields may be dataclasses, tuples, mappings, unions and scalars.

    Raises:
        ValueError: an unknown key, a missing key, a value of the wrong type, or a number out of its range; the message
            names file, line, what is allowed and the nearest known key.
    """
    with _depth(path):
        found: Kind = _Reader(str(path)).value(kind, _root(path), "")
        return found


def section(path: Path | str, name: str, kind: Any, *, default: Any = _NEEDED, filled: str = "") -> Any:
    """Read one section of a file, and nothing beside it.

    Args:
        path: the file.
        name: dotted, such as `recipes.target.xnli`.
        kind: a dataclass, or any type that a field of one may have.
        default: what a file without the section means; without a default the section must be there.
        filled: the section, if there is one, whose keys stand for those that this one leaves out.

    Raises:
        ValueError: as `load`, of the section alone; or the file has no such section.
    """
    with _depth(path):
        reader, root = _Reader(str(path)), _root(path)
        node = reader.find(root, name, needed=default is _NEEDED)
        if node is None:
            return default
        others = reader.find(root, filled, needed=False) if filled else None
        return reader.value(kind, reader.filled(node, others, name), name)


@contextlib.contextmanager
def _depth(path: Path | str) -> Iterator[None]:
    try:
        yield
    except RecursionError:
        raise ValueError(
            f"{path} is nested too deep, or an alias stands inside its own anchor; expected some levels"
        ) from None


def _root(path: Path | str) -> yaml.Node:
    content = text.read(Path(path))
    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from error
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(f"{path} is not a mapping of parameters")
    return node


class _Reader:
    """Turns YAML nodes into values of the annotated types, with the place of each fault."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.constructor = yaml.SafeLoader("")
        self._merged: set[int] = set()  # nodes whose `<<` is resolved: an anchor's node is read once for each alias

    def fault(self, node: yaml.Node, message: str) -> ValueError:
        return ValueError(f"{self.path}, line {node.start_mark.line + 1}: {message}")

    def missing(self, node: yaml.Node, name: str, there: Iterable[str]) -> ValueError:
        close = get_close_matches(name.rpartition(".")[2], list(there), n=1)
        hint = f"; the nearest name there is {close[0]!r}" if close else ""
        return self.fault(node, f"parameter {name!r} is missing; add it (profiles/world.yaml shows every one){hint}")

    def find(self, root: yaml.Node, name: str, *, needed: bool) -> yaml.Node | None:
        """The node of a dotted name; None, or an error if it is needed, where there is none."""
        node, above = root, ""
        for key in name.split("."):
            pairs = dict(self.pairs(node, above or "the file"))
            above = f"{above}.{key}".lstrip(".")
            if key not in pairs:
                if needed:
                    raise self.missing(node, above, pairs)
                return None
            node = pairs[key]
        return node

    def filled(self, node: yaml.Node, others: yaml.Node | None, name: str) -> yaml.Node:
        """A mapping with the pairs of another one for the keys that it leaves out; an empty one may be left blank."""
        if others is None:
            return node
        blank = node.tag == "tag:yaml.org,2002:null"
        own = {} if blank else dict(self.pairs(node, name))
        self.pairs(others, name)
        pairs = ([] if blank else node.value) + [pair for pair in others.value if pair[0].value not in own]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, node.start_mark, node.end_mark)

    def each_filled(self, node: yaml.Node, entry: str, name: str) -> yaml.Node:
        """A mapping without one entry, which fills all others."""
        others = dict(self.pairs(node, name)).get(entry)
        pairs = [
            (key, self.filled(item, others, f"{name}.{key.value}")) for key, item in node.value if key.value != entry
        ]
        return yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark)

    def value(self, kind: Any, node: yaml.Node, name: str) -> Any:
        if kind is Any:
            return self.construct(node, name)
        if dataclasses.is_dataclass(kind):
            return self.fields(kind, node, name)
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return self.marked(arguments[0], arguments[1], node, name)
        if origin in (types.UnionType, typing.Union):
            if node.tag == "tag:yaml.org,2002:null":
                if type(None) in arguments:
                    return None
                raise self.fault(node, f"{name} is empty; a value is needed")
            return self.union([a for a in arguments if a is not type(None)], node, name)
        if origin is tuple:
            if not isinstance(node, yaml.SequenceNode):
                raise self.fault(node, f"{name} must be a list, not {node.value!r}")
            return tuple(self.value(arguments[0], item, f"{name}[{i}]") for i, item in enumerate(node.value))
        if origin is Mapping:
            for key, _ in self.pairs(node, name) and node.value:
                self.value(arguments[0], key, f"{name}: the key")
            return {
                key: self.value(arguments[1], item, f"{name}.{key}".lstrip(".")) for key, item in self.pairs(node, name)
            }
        return self.scalar(kind, node, name)

    def union(self, kinds: list[Any], node: yaml.Node, name: str) -> Any:
        faults = []
        for kind in kinds:
            try:
                return self.value(kind, node, name)
            except ValueError as fault:
                faults.append(fault)
        raise faults[0]

    def pairs(self, node: yaml.Node, name: str) -> list[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self.fault(node, f"{name} must be a mapping, not {node.value!r}")
        seen: dict[str, yaml.Node] = {}
        for key, _ in () if id(node) in self._merged else node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.fault(key, f"{name}: a key is a list or a mapping; a word is needed")
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise self.fault(key, f"{name}.{key.value} is given twice".lstrip("."))
            seen[key.value] = key
        try:
            self.constructor.flatten_mapping(node)
        except yaml.YAMLError as error:
            raise self.fault(node, f"{name}: `<<` cannot be merged ({error})") from error
        self._merged.add(id(node))
        merged = {key.value: item for key, item in node.value}
        return list(merged.items())

    def fields(self, kind: Any, node: yaml.Node, name: str, others: str = _NONE) -> Any:
        hints = typing.get_type_hints(kind, include_extras=True)
        known = {item.name: item for item in dataclasses.fields(kind)}
        pairs = {key: item for key, item in self.pairs(node, name or "the file") if not re.fullmatch(others, key)}
        for key, item in pairs.items():
            if key not in known:
                close = get_close_matches(key, known, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                where = f"{name}.{key}" if name else key
                raise self.fault(item, f"unknown parameter {where!r}{hint} Known here: {', '.join(known)}")
        for key, item in known.items():
            required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
            if required and key not in pairs:
                raise self.missing(node, f"{name}.{key}".lstrip("."), ())
        return kind(**{key: self.value(hints[key], item, f"{name}.{key}".lstrip(".")) for key, item in pairs.items()})

    def marked(self, kind: Any, mark: Between | Like | Named | Filled, node: yaml.Node, name: str) -> Any:
        if isinstance(mark, Filled):
            return self.value(kind, self.each_filled(node, mark.entry, name), name)
        if isinstance(mark, Like):
            self.fields(mark.kind, node, name, mark.others)
            return self.value(kind, node, name)
        value = self.value(kind, node, name)
        if isinstance(mark, Named):
            if fault := mark.fault(value):
                raise self.fault(node, f"{name}: {fault}")
            return value
        if not mark.least <= value <= mark.largest or value == math.inf:  # the first is true of nan, too
            raise self.fault(node, f"{name} is {value}; allowed: {mark}")
        return value

    def construct(self, node: yaml.Node, name: str) -> Any:
        """What YAML takes a node for: text, a number, a date, a list, a mapping."""
        try:
            return self.constructor.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:  # !!python, 2020-99-99, 4,301 digits
            raise self.fault(node, f"{name} cannot be read ({str(error).splitlines()[0]})") from error

    def scalar(self, kind: Any, node: yaml.Node, name: str) -> Any:
        value = self.construct(node, name)
        if kind is float and isinstance(value, str | int) and not isinstance(value, bool):
            with contextlib.suppress(ValueError, OverflowError):  # YAML 1.1 reads 5e-4 as a string
                value = float(value)
        if type(value) is not kind:
            raise self.fault(node, f"{name} is {value!r}; a value of type {kind.__name__} is needed")
        return value
