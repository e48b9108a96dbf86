"""How far each language is from English: typology, family, place, each with the coverage that it rests on.

Separate because a distance is only as good as what is known of a language: a number that rests on too few shared
features is kept as `raw` and never becomes a `value`. Angular distance and zero filling follow lang2vec's published
distances (https://github.com/antonisa/lang2vec), recomputed here since its wheel has none; URIEL data: CC BY-SA 4.0.
"""

import functools
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xstilts.formats import csv_rows, fields, tables
from xstilts.languages import table as languages
from xstilts.languages import uriel

GROUPS = ("syntactic", "phonological", "inventory", "featural")
GRAMBANK = "grambank"

# Fewest features known of both languages. Syntactic and phonological: facts of the study plan. Inventories come
# whole or not at all; half of all features for the union of the three. Grambank's own advice is to have far more.
MINIMUM_SHARED = {"syntactic": 30, "phonological": 20, "inventory": 79, "featural": 145, "grambank": 30}

BOOTSTRAP = 1000
HALF_EARTH_KM = np.pi * 6371.0088

# Every distance that has a name here; `table` gives all but Grambank's.
NAMES = (
    *(f"{group}{how}" for group in GROUPS for how in ("", "_zero_filled", "_knn")),
    *("genetic", "genetic_over_english", "genetic_over_language", "geographic", "geographic_km", GRAMBANK),
)
DECIMALS = 6  # of every number that is written


@dataclass(frozen=True, order=True)
class Distance:
    """One distance of one language from English.

    Attributes:
        language: ISO 639-3.
        distance: which one; `geographic_km` is in km, all others run from 0 to 1.
        value: the distance; None where it rests on too little to be used.
        shared: features known of both languages (family nodes of both, for the genetic ones).
        known: features known of this language.
        coverage_ok: whether `shared` reaches the minimum of the group.
        raw: the number as computed, whatever its coverage; None where it is undefined.
        se: standard error over resampled features (imputed: over imputations), None where it has none.
    """

    language: str
    distance: str
    value: float | None
    shared: int
    known: int
    coverage_ok: bool
    raw: float | None
    se: float | None = None


def angular(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """The angle between two non-negative vectors, 0 (same direction) to 1 (orthogonal).

    None where a vector has no direction: no feature at all, or every feature absent.
    """
    norms = float(first @ first) * float(second @ second)
    if norms == 0:
        return None
    if np.array_equal(first, second):
        return 0.0
    return float(2 / np.pi * np.arccos(np.clip(first @ second / np.sqrt(norms), 0, 1)))


def shared_only(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Angular distance on the features known of both (NaN is unknown)."""
    both = ~np.isnan(first) & ~np.isnan(second)
    return angular(first[both], second[both])


def zero_filled(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Angular distance with unknown read as absent, as lang2vec's published distances do.

    A vector without any present feature becomes a constant one there, so that a language of which nothing is
    known gets a plausible number; it is reproduced here and marked by its coverage.
    """
    filled = [np.nan_to_num(vector) for vector in (first, second)]
    return angular(*(vector if vector.any() else np.ones_like(vector) for vector in filled))


def standard_error(first: NDArray[np.float64], second: NDArray[np.float64], rng: np.random.Generator) -> float | None:
    """Bootstrap standard error of `shared_only` over features; optimistic, since features depend on each other.

    None with fewer than two shared features or where the distance itself is undefined.
    """
    both = ~np.isnan(first) & ~np.isnan(second)
    count = int(both.sum())
    if count < 2 or angular(first[both], second[both]) is None:
        return None
    draws = rng.multinomial(count, np.full(count, 1 / count), size=BOOTSTRAP).astype(np.float64)  # (draws, features)
    one, two = first[both], second[both]
    norms = (draws @ (one * one)) * (draws @ (two * two))
    defined = norms > 0
    cosines = (draws @ (one * two))[defined] / np.sqrt(norms[defined])
    return float(np.std(2 / np.pi * np.arccos(np.clip(cosines, 0, 1)), ddof=1)) if defined.sum() > 1 else None


def marked(language: str, distance: str, raw: float | None, shared: int, known: int, group: str) -> Distance:
    """A distance whose number is its value only if it rests on the `MINIMUM_SHARED` features of its group."""
    enough = raw is not None and shared >= MINIMUM_SHARED.get(group, 0)
    return Distance(language, distance, raw if enough else None, shared, known, enough, raw)


def typological(code: str, group: str, seed: int) -> list[Distance]:
    """One language's distances of one group: shared features only (named as the group), zero-filled, kNN.

    Args:
        code: ISO 639-3.
        group: one of `GROUPS`.
        seed: of the feature bootstrap; each language and group has its own stream.
    """
    table, predicted = uriel.arrays(group), uriel.arrays(f"{group}_knn")
    english, other = table.row(languages.ENGLISH), table.row(code)
    known = int((~np.isnan(other)).sum())
    shared = int((~np.isnan(other) & ~np.isnan(english)).sum())
    rng = np.random.default_rng([seed, zlib.crc32(f"{group}/{code}".encode())])
    primary = marked(code, group, shared_only(english, other), shared, known, group)
    return [
        Distance(**{**primary.__dict__, "se": standard_error(english, other, rng)}),
        marked(code, f"{group}_zero_filled", zero_filled(english, other), shared, known, group),
        marked(
            code,
            f"{group}_knn",
            angular(predicted.row(languages.ENGLISH), predicted.row(code)),
            shared,
            known,
            group,
        ),
    ]


def genetic(code: str) -> list[Distance]:
    """Share of the family tree's nodes not in common: Jaccard (`genetic`), of English's nodes, of the language's.

    The two one-sided numbers are the orientations that lang2vec's published matrix mixes. Unrelated languages
    are 1 in all three, so most of XTREME is tied.
    """
    english, other = uriel.families(languages.ENGLISH), uriel.families(code)
    common = len(english & other)
    shares = {
        "genetic": common / len(english | other),
        "genetic_over_english": common / len(english),
        "genetic_over_language": common / len(other) if other else 0.0,
    }
    return [marked(code, name, 1 - share, common, len(other), name) for name, share in shares.items()]


def positions(codes: Sequence[str]) -> NDArray[np.float64]:
    """Places as unit vectors, shape (languages, 3), from distances to URIEL's 299 lattice points."""
    table = uriel.arrays("coordinates")
    cosines = np.cos(np.pi * np.stack([table.row(code) for code in codes], axis=1))  # (points, languages)
    places = np.linalg.lstsq(_lattice(), cosines, rcond=None)[0].T
    units: NDArray[np.float64] = places / np.linalg.norm(places, axis=1, keepdims=True)
    return units


@functools.cache
def _lattice() -> NDArray[np.float64]:
    """URIEL's points as unit vectors, shape (points, 3), read off their names."""
    names = uriel.arrays("coordinates").names
    latitude, longitude = np.radians([[float(part) for part in name.split("_")[1:]] for name in names]).T
    ring = np.cos(latitude)
    return np.column_stack([ring * np.cos(longitude), ring * np.sin(longitude), np.sin(latitude)])


def geographic(code: str) -> list[Distance]:
    """Great-circle distance: as lang2vec scales it (1 is the antipode) and in km.

    URIEL has one point a language: Russian's lies in western Siberia, English's in England.
    """
    english, other = positions([languages.ENGLISH, code])
    fraction = float(np.arccos(np.clip(english @ other, -1, 1)) / np.pi)
    fraction = 0.0 if code == languages.ENGLISH else fraction
    points = len(uriel.arrays("coordinates").names)
    return [
        marked(code, "geographic", fraction, points, points, "geographic"),
        marked(code, "geographic_km", fraction * HALF_EARTH_KM, points, points, "geographic"),
    ]


def table(codes: Iterable[str], seed: int) -> list[Distance]:
    """Every distance that URIEL gives, of every language asked for, English included (its distances are 0)."""
    rows: list[Distance] = []
    for code in codes:
        for group in GROUPS:
            rows.extend(typological(code, group, seed))
        rows.extend(genetic(code))
        rows.extend(geographic(code))
    return rows


@dataclass(frozen=True)
class Confounding:
    """How a distance goes along with documentation and pretraining data, over `n` languages without English.

    Each pair is (Pearson, Spearman); None where one side is constant.
    """

    distance: str
    n: int
    with_known: tuple[float, float] | None
    with_cc100: tuple[float, float] | None


def _correlations(first: Sequence[float], second: Sequence[float]) -> tuple[float, float] | None:
    from scipy import stats  # half a second that no stage needs

    if len(first) < 3 or len(set(first)) < 2 or len(set(second)) < 2:
        return None
    return float(stats.pearsonr(first, second)[0]), float(stats.spearmanr(first, second)[0])


def confounding(rows: Iterable[Distance], codes: Iterable[str]) -> list[Confounding]:
    """Correlate each distance with its coverage and with log10(CC-100 size in GiB + 0.05), on its usable values.

    Args:
        rows: distances, of any languages.
        codes: the languages to look at; English is left out.
    """
    wanted = set(codes) - {languages.ENGLISH}
    groups: dict[str, list[Distance]] = {}
    for row in rows:
        if row.language in wanted and row.value is not None:
            groups.setdefault(row.distance, []).append(row)
    result = []
    for name, members in groups.items():
        values = [row.value for row in members if row.value is not None]
        sizes = [float(np.log10(languages.get(row.language).cc100 + 0.05)) for row in members]
        known = [float(row.known) for row in members]
        result.append(Confounding(name, len(members), _correlations(values, known), _correlations(values, sizes)))
    return result


def write(path: Path, rows: Iterable[Distance]) -> None:
    """Write distances as CSV, sorted, with six decimals: the same bytes on every machine."""
    tables.write_csv(path, Distance, sorted(rows, key=lambda row: (row.language, row.distance)), DECIMALS)


def read(path: Path) -> list[Distance]:
    """Read what `write` wrote, or a table of one's own in its form; codes may be XTREME's two-letter ones.

    Raises:
        ValueError: other columns, an unknown language, a distance whose name is spelled almost as a known one, a number
            out of its range, or a distance given twice; the message names file and lines.
    """
    readers = {"language": _code, "distance": _name, "shared": fields.count, "known": fields.count}
    return tables.read(path, Distance, lambda row: (row.language, row.distance), readers, _check_range)


def _code(text: str) -> str:
    return languages.parse(text.strip()).code


def _name(text: str) -> str:
    name = text.strip()
    if name not in NAMES and (near := csv_rows.near(name, NAMES)):
        raise ValueError(f"unknown distance {fields.shown(name)}; did you mean {near!r}?")
    if not name:
        raise ValueError("it is empty; allowed: a name such as syntactic")
    return name


def _check_range(row: Distance) -> None:
    largest = HALF_EARTH_KM if row.distance.endswith("_km") else 1
    for name, number in (("value", row.value), ("raw", row.raw)):
        if number is not None and not 0 <= number <= largest:
            raise ValueError(f"{name}: {number!r} is outside 0 to {largest:g}")
