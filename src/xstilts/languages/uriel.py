"""URIEL's arrays as lang2vec ships them: typological features, family membership, coordinates.

Separate because this is the only place that opens lang2vec's files, which are found by what the installer noted of
them and never by import: the package needs `pkg_resources`, which setuptools has dropped, and its wheel puts a script
`lang2vec.py` beside every console script, whose folder comes first on `sys.path`. In the arrays -1 means missing; what
this module gives has NaN there. Data: Littell et al. 2017 (https://aclanthology.org/E17-2002), lang2vec
1.1.2, CC BY-SA 4.0.
"""

import functools
import math
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Group → (file of the wheel, prefix of its feature names).
GROUPS = {
    "syntactic": ("features.npz", "S_"),
    "phonological": ("features.npz", "P_"),
    "inventory": ("features.npz", "INV_"),
    "featural": ("features.npz", ""),
    "syntactic_average": ("feature_averages.npz", "S_"),  # the mean over sources instead of the maximum
    "syntactic_knn": ("feature_predictions.npz", "S_"),
    "phonological_knn": ("feature_predictions.npz", "P_"),
    "inventory_knn": ("feature_predictions.npz", "INV_"),
    "featural_knn": ("feature_predictions.npz", ""),
    "family": ("family_features.npz", "F_"),
    "coordinates": ("geocoord_features.npz", "GC_"),
}


@dataclass(frozen=True)
class Arrays:
    """One group of features.

    Attributes:
        codes: ISO 639-3, shape (languages,).
        names: names of features, shape (features,).
        union: the maximum over sources as the files have it, -1 where no source knows; shape (languages, features).
            It is not converted as a whole, because the family tree has thirty million cells.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    union: NDArray[np.floating[Any]]

    @functools.cached_property
    def places(self) -> dict[str, int]:
        """The row of each language."""
        return {code: place for place, code in enumerate(self.codes)}

    @functools.cached_property
    def values(self) -> NDArray[np.float64]:
        """All rows, NaN where no source knows, shape (languages, features)."""
        return _known(self.union)

    def row(self, code: str) -> NDArray[np.float64]:
        """The features of one language, NaN where no source knows, shape (features,).

        Raises:
            ValueError: URIEL has no such language.
        """
        if code not in self.places:
            raise ValueError(
                f"URIEL (lang2vec 1.1.2) has no language {code!r}; it needs an individual ISO 639-3 code, e.g. 'arb'"
            )
        return _known(self.union[self.places[code]])


def _known(union: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    values = union.astype(np.float64)
    values[values < 0] = np.nan
    return values


def _place(name: str) -> Path:
    """A data file of lang2vec, wherever it is installed.

    Raises:
        FileNotFoundError: lang2vec is not installed, or not whole.
    """
    again = "pip install --force-reinstall --no-deps lang2vec==1.1.2"
    try:
        path = Path(str(metadata.distribution("lang2vec").locate_file(f"lang2vec/data/{name}")))
    except metadata.PackageNotFoundError:
        raise FileNotFoundError(f"lang2vec, whose arrays are URIEL's, is not installed here; {again}") from None
    if not path.is_file():
        raise FileNotFoundError(f"{path}: lang2vec is installed without its data; {again}")
    return path


@functools.cache
def _file(name: str) -> tuple[tuple[str, ...], tuple[str, ...], NDArray[np.floating[Any]]]:
    with np.load(_place(name)) as arrays:
        codes = tuple(str(code) for code in arrays["langs"])
        names = tuple(str(feature) for feature in arrays["feats"])
        data = arrays["data"]
        # -1 is below every value, so the maximum over sources is missing only where all sources are.
        return codes, names, data[..., 0] if data.shape[2] == 1 else data.max(axis=2)


@functools.cache
def arrays(group: str) -> Arrays:
    """All languages' features of one group of `GROUPS`.

    Raises:
        ValueError: no such group.
    """
    if group not in GROUPS:
        raise ValueError(f"no URIEL group {group!r}; known: {', '.join(GROUPS)}")
    name, prefix = GROUPS[group]
    codes, names, union = _file(name)
    columns = [index for index, feature in enumerate(names) if feature.startswith(prefix)]
    if len(columns) < len(names):
        names, union = tuple(names[index] for index in columns), union[:, columns]
    return Arrays(codes=codes, names=names, union=union)


def features(code: str, group: str = "syntactic") -> dict[str, float | None]:
    """One language's features by name; None where URIEL does not know."""
    table = arrays(group)
    row = table.row(code).tolist()
    return {name: None if math.isnan(value) else value for name, value in zip(table.names, row, strict=True)}


def families(code: str) -> frozenset[str]:
    """The nodes of the (Glottolog) family tree above a language, as URIEL names them."""
    table = arrays("family")
    row = table.row(code)
    return frozenset(table.names[index] for index in np.flatnonzero(row > 0))


def genetic_similarity(a: str, b: str) -> float:
    """Cosine of two languages' family memberships: 1 for a language and itself, 0 for unrelated ones.

    The cosine is the geometric mean of the two one-sided shares of common tree nodes, hence symmetric.
    """
    first, second = families(a), families(b)
    if not first or not second:
        return float(a == b)
    return len(first & second) / math.sqrt(len(first) * len(second))


def coordinates(code: str) -> NDArray[np.float64]:
    """Distances of a language from URIEL's 299 points on the globe, as fractions of the antipodal distance."""
    return arrays("coordinates").row(code)
