"""setuptools' build backend, and one more file in the wheel: `xstilts-stages.pth`.

dvc.yaml says `python pipelines/…`, and DVC looks `python` up on PATH. Where `.venv/bin/dvc` is started without
activating the environment first (an editor's extension does so), that would be the system's Python. Python reads the
`.pth` files of its environment when it starts; the line of ours puts the environment's `bin` first on PATH if the
program is DVC or xstilts, and does nothing otherwise. So a stage runs in the environment that its `dvc` belongs to, in
an editable installation as in any other.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from setuptools import build_meta
from setuptools.build_meta import (  # noqa: F401  (the hooks that stay as they are)
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

NAME = "xstilts-stages.pth"
# A line of a .pth file is run if it begins with `import`, for some environments more than once.
LINE = (
    "import os, sys; here, path = os.path.dirname(sys.executable), os.environ.get('PATH', os.defpath);"
    " {'dvc', 'xstilts'} & set(map(os.path.basename, sys.orig_argv[1:3])) and path.split(os.pathsep)[0] != here"
    " and os.environ.__setitem__('PATH', here + os.pathsep + path)\n"
)


def build_wheel(folder: str, settings: Any = None, metadata: str | None = None) -> str:
    """The wheel's name, as PEP 517 asks."""
    return _with_line(Path(folder), build_meta.build_wheel(folder, settings, metadata))


def build_editable(folder: str, settings: Any = None, metadata: str | None = None) -> str:
    """The name of the wheel of an editable installation, as PEP 660 asks."""
    return _with_line(Path(folder), build_meta.build_editable(folder, settings, metadata))


def _with_line(folder: Path, name: str) -> str:
    """Add the file, and its entry to the list of files by which an installation is removed."""
    wheel, aside = folder / name, folder / f"{name}.partial"
    with ZipFile(wheel) as made, ZipFile(aside, "w", ZIP_DEFLATED) as whole:
        for entry in made.infolist():
            content = made.read(entry)
            if entry.filename.endswith(".dist-info/RECORD"):
                digest = base64.urlsafe_b64encode(hashlib.sha256(LINE.encode()).digest()).rstrip(b"=").decode()
                content = f"{NAME},sha256={digest},{len(LINE.encode())}\n".encode() + content
            whole.writestr(entry, content)
        whole.writestr(NAME, LINE)
    aside.replace(wheel)
    return name
