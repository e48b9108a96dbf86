"""A folder that appears whole or not at all: it is written aside and then moved into place."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def aside(output: Path) -> Path:
    """An empty folder beside the one to be written; what a killed process left there is gone."""
    folder = output.with_name(output.name + ".partial")
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
