"""The folder that the official evaluation scored, where this machine has it, and how scores are compared."""

import os
import tarfile
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("XSTILTS_SHARED", Path(__file__).parents[3] / "shared"))
ARCHIVE = SHARED / "golden" / "submission.tar.gz"


def unpack(folder: Path) -> Path:
    """The official golden folder (predictions, labels, expected.json), or a skip."""
    if not ARCHIVE.is_file():
        pytest.skip(f"{ARCHIVE} is not on this machine; XSTILTS_SHARED names the folder with golden/submission.tar.gz")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return next(path.parent for path in sorted(folder.rglob("expected.json")))


def flat(scores: dict, path: str = "") -> dict[str, float]:
    """Nested scores by path, as `xquad/f1/de`."""
    found = {}
    for name, value in scores.items():
        place = f"{path}/{name}" if path else name
        found |= flat(value, place) if isinstance(value, dict) else {place: value}
    return found


def differences(left: dict, right: dict) -> set[str]:
    """The paths at which two scores differ by more than 1e-9, or that only one of them has."""
    one, other = flat(left), flat(right)
    return (one.keys() ^ other.keys()) | {
        name for name in one.keys() & other.keys() if abs(one[name] - other[name]) > 1e-9
    }
