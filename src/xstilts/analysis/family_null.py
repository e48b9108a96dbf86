"""What gains look like when distance plays no part: languages of a family, a genus or an area are alike.

Separate because this is where naive p-values go wrong. The covariance of the languages has shares of family, genus,
area (exponential in great-circle distance, its range fitted) and language; the language's own variance may follow how
much error is left, by a power that is fitted too. A handful of families says little about these shares, so that they
are averaged over their restricted likelihood (flat prior on a grid): with few families the peak is often at zero,
where the null would be that of independent languages.
"""

import functools
import itertools
from dataclasses import dataclass

import numpy as np

from xstilts.analysis.estimates import Array
from xstilts.distances import from_english
from xstilts.languages import table as languages

STEP = 0.15  # of the grid over the shares of family, genus and area
MOST = 0.9  # of the variance that these may take together
RANGES = (1000.0, 3000.0)  # km at which the likeness of an area has fallen to 1/e
POWERS = (0.0, 1.0, 2.0)  # of the variance function of the language's own part


@dataclass(frozen=True)
class Structure:
    """The grid of covariances of one set of languages.

    Attributes:
        codes: the languages.
        shares: share of family, of genus, of area, shape (grid, 3).
        ranges: range of the area in km, NaN where its share is 0, shape (grid,).
        powers: of the variance function, shape (grid,).
        parts: likeness by family, genus and area of each range, shape (2 + ranges, languages, languages).
        weights: of the parts, shape (grid, 2 + ranges).
        own: each language's own variance, shape (grid, languages).
        roots: lower Cholesky factors, shape (grid, languages, languages).
        inverses: shape (grid, languages, languages).
        log_determinants: of the covariances, shape (grid,).
    """

    codes: tuple[str, ...]
    shares: Array
    ranges: Array
    powers: Array
    parts: Array
    weights: Array
    own: Array
    roots: Array
    inverses: Array
    log_determinants: Array


@dataclass(frozen=True)
class Null:
    """The covariance of one sample: the restricted likelihood of every grid point, and the mean over it.

    Attributes:
        structure: the grid.
        likelihood: restricted, sums to one, shape (grid,).
        variances: REML variance that goes with each grid point, shape (grid,).
    """

    structure: Structure
    likelihood: Array
    variances: Array

    @property
    def peak(self) -> int:
        """The grid point of the REML estimate."""
        return int(self.likelihood.argmax())

    @property
    def shares(self) -> Array:
        """Mean shares of family, genus and area, shape (3,)."""
        return np.asarray(self.likelihood @ self.structure.shares)

    @functools.cached_property
    def covariance(self) -> Array:
        """The mean over the grid, in units of the gains, shape (languages, languages)."""
        weights = self.likelihood * self.variances
        grid = self.structure
        return np.asarray(np.tensordot(weights @ grid.weights, grid.parts, axes=1) + np.diag(weights @ grid.own))

    def draw(self, draws: int, rng: np.random.Generator) -> Array:
        """Gains that follow nothing but the null, up to scale and mean, which no slope sees; (draws, languages).

        The rows are grouped by grid point: their order carries no meaning.
        """
        counts = rng.multinomial(draws, self.likelihood / self.likelihood.sum())
        noise = rng.standard_normal((draws, len(self.structure.codes)))
        ends = np.cumsum(counts)
        for point in np.flatnonzero(counts):
            rows = slice(ends[point] - counts[point], ends[point])
            noise[rows] = noise[rows] @ self.structure.roots[point].T
        return noise


def same(labels: list[str]) -> Array:
    """1 where two languages share the label; shape (languages, languages)."""
    names = np.array(labels)
    return np.asarray(names[:, None] == names[None, :], dtype=np.float64)


def families(codes: tuple[str, ...]) -> list[str]:
    """The family of each language."""
    return [languages.get(code).family for code in codes]


def genera(codes: tuple[str, ...]) -> list[str]:
    """The genus of each language, with its family."""
    return [f"{languages.get(code).family}/{languages.get(code).genus}" for code in codes]


@functools.lru_cache(maxsize=256)
def kilometres(codes: tuple[str, ...]) -> Array:
    """Great-circle distances between languages, shape (languages, languages)."""
    places = from_english.positions(codes)
    return np.asarray(np.arccos(np.clip(places @ places.T, -1, 1)) / np.pi * from_english.HALF_EARTH_KM)


def area(codes: tuple[str, ...], reach: float) -> Array:
    """Exponential likeness of neighbours, which is a valid covariance on a sphere (Gneiting 2013).

    Args:
        codes: the languages.
        reach: km at which it has fallen to 1/e.
    """
    return np.asarray(np.exp(-kilometres(codes) / reach) + 1e-9 * np.eye(len(codes)))


@functools.lru_cache(maxsize=20)
def structure(codes: tuple[str, ...], variances: tuple[float, ...] | None = None) -> Structure:
    """The grid of covariances of these languages.

    Args:
        codes: the languages.
        variances: what each language's own variance follows, up to scale; None where it is the same for all.

    Raises:
        ValueError: an unknown language, or fewer than two.
    """
    n = len(codes)
    if n < 2:
        raise ValueError(f"{n} language(s): no variance can be fitted; at least two are needed")
    parts = np.stack([same(families(codes)), same(genera(codes)), *(area(codes, reach) for reach in RANGES)])
    own = np.ones(n) if variances is None else np.array(variances) / np.mean(variances)
    points = list(_points(POWERS if variances is not None else POWERS[:1]))
    weights = np.array([[a, b, *(c * (reach == r) for r in RANGES)] for a, b, c, reach, _ in points])
    powers = np.array([power for *_, power in points])
    covariances = np.tensordot(weights, parts, axes=1)
    diagonal = own[None, :] ** powers[:, None]
    diagonal *= (1 - weights.sum(axis=1, keepdims=True)) / diagonal.mean(axis=1, keepdims=True)
    covariances[:, np.arange(n), np.arange(n)] += diagonal
    roots = np.linalg.cholesky(covariances)
    shares = np.column_stack([weights[:, :2], weights[:, 2:].sum(axis=1)])
    ranges = np.array([reach if c > 0 else np.nan for _, _, c, reach, _ in points])
    log_determinants = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    inverses = np.linalg.inv(covariances)
    return Structure(codes, shares, ranges, powers, parts, weights, diagonal, roots, inverses, log_determinants)


def _points(powers: tuple[float, ...]) -> list[tuple[float, float, float, float, float]]:
    """Shares of family, genus and area, range and power of every grid point; no area has one range only."""
    steps = [round(step * STEP, 9) for step in range(round(MOST / STEP) + 1)]
    return [
        (a, b, c, reach, power)
        for a, b, c in itertools.product(steps, repeat=3)
        if a + b + c <= MOST + 1e-9
        for reach in (RANGES if c > 0 else RANGES[:1])
        for power in powers
    ]


def fit(
    codes: tuple[str, ...], gains: Array, columns: Array | None = None, variances: tuple[float, ...] | None = None
) -> Null:
    """The covariance of one sample.

    Args:
        codes: the languages.
        gains: one per language, same order, shape (languages,); not constant.
        columns: fixed effects, shape (languages, effects); a mean alone where it is None.
        variances: as in `structure`.

    Raises:
        ValueError: the lengths differ.
    """
    if len(codes) != gains.size:
        raise ValueError(f"{len(codes)} languages and {gains.size} gains: one of each is needed")
    grid = structure(codes, variances)
    fixed = np.ones((gains.size, 1)) if columns is None else columns
    values = gains - gains.mean()
    inner = grid.inverses @ np.column_stack([fixed, values])  # (grid, languages, effects + 1)
    information = fixed.T @ inner[..., :-1]
    moments = inner[..., -1] @ fixed  # (grid, effects)
    solutions = np.linalg.solve(information, moments[..., None])[..., 0]
    squares = np.maximum(inner[..., -1] @ values - (solutions * moments).sum(axis=1), 1e-300)
    freedom = gains.size - fixed.shape[1]
    log_likelihood = -0.5 * (freedom * np.log(squares) + grid.log_determinants + np.linalg.slogdet(information)[1])
    likelihood = np.exp(log_likelihood - log_likelihood.max())
    return Null(grid, likelihood / likelihood.sum(), squares / freedom)


def p_value(observed: float, drawn: Array) -> float:
    """Two-sided Monte Carlo p of |observed|: never zero (Davison and Hinkley 1997, section 4.2); NaN for NaN."""
    if np.isnan(observed):
        return float("nan")
    drawn = drawn[~np.isnan(drawn)]
    return float((1 + (np.abs(drawn) >= abs(observed) - 1e-12).sum()) / (1 + drawn.size))
