"""Files and folders that appear whole or not at all: they are written aside and then moved into place.

What a killed process leaves aside ends in `.partial`, which git and DVC ignore, and the next one writes over it.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def beside(output: Path) -> Path:
    """Where a file or folder is written before it is moved into place."""
    return output.with_name(output.name + ".partial")


def write(path: Path, text: str, *, synced: bool = False) -> None:
    """Write text in UTF-8 with Unix line ends.

    Args:
        path: the file; folders above it are made.
        text: all of it.
        synced: whether it is on the disk when this returns, so that a power cut does not take it away.
    """
    with file(Path(path)) as aside, aside.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        if synced:
            stream.flush()
            os.fsync(stream.fileno())


@contextmanager
def file(output: Path) -> Iterator[Path]:
    """A path to write to, which becomes `output` when nothing failed; a failure leaves `output` as it was."""
    output.parent.mkdir(parents=True, exist_ok=True)
    path = beside(output)
    path.unlink(missing_ok=True)
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    path.replace(output)


def aside(output: Path) -> Path:
    """An empty folder beside the one to be written; what a killed process left there is gone."""
    folder = beside(output)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def place(folder: Path, output: Path) -> None:
    """Move a folder that was written aside into place; what stood there before is gone."""
    shutil.rmtree(output, ignore_errors=True)
    folder.rename(output)


@contextmanager
def whole(output: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `output` when nothing failed; a failure leaves `output` as it was."""
    folder = aside(output)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    place(folder, output)


@contextmanager
def shared(output: Path) -> Iterator[Path]:
    """A folder to write into that other processes may be writing, too, with the same content: the first one's stays."""
    folder = output.with_name(f"{output.name}.{os.getpid()}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
        try:
            folder.rename(output)
        except OSError:
            if not output.exists():
                raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
