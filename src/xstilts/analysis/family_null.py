"""What gains look like when distance plays no part: languages of a family and of a genus are alike.

Separate because this is where naive p-values go wrong. A null with variance of family, genus and language is fitted
by REML and drawn from; a statistic's p is its rank among the draws. A handful of families says little about the
shares of variance, so each draw takes them from their restricted likelihood (flat prior on a grid) rather than
from its peak: with few families the peak is often at zero, and the p would be the naive one again.
"""

import functools
from dataclasses import dataclass

import numpy as np

from xstilts.analysis.estimates import Array
from xstilts.languages import table as languages

STEP = 0.15  # of the grid over the shares of family and genus
MOST = 0.9  # of the variance that family and genus may take together


@dataclass(frozen=True)
class Structure:
    """The grid of covariances of one set of languages, each scaled to unit variance.

    Attributes:
        codes: the languages.
        shares: share of family and of genus, shape (grid, 2).
        roots: lower Cholesky factors, shape (grid, languages, languages).
        inverses: shape (grid, languages, languages).
        log_determinants: of the covariances, shape (grid,).
    """

    codes: tuple[str, ...]
    shares: Array
    roots: Array
    inverses: Array
    log_determinants: Array


@dataclass(frozen=True)
class Null:
    """A fitted null: the likelihood of every share of variance, and the total variance that goes with each.

    Attributes:
        structure: the grid.
        likelihood: restricted, sums to one, shape (grid,).
        variances: REML total variance at each grid point, shape (grid,).
        mean: generalised least squares mean at the peak.
        scales: standard deviation of each language's gain up to a factor, shape (languages,).
    """

    structure: Structure
    likelihood: Array
    variances: Array
    mean: float
    scales: Array

    @property
    def peak(self) -> int:
        """The grid point of the REML estimate."""
        return int(self.likelihood.argmax())

    @property
    def family_share(self) -> float:
        """REML share of family in the variance."""
        return float(self.structure.shares[self.peak, 0])

    @property
    def genus_share(self) -> float:
        """REML share of genus in the variance."""
        return float(self.structure.shares[self.peak, 1])

    def draw(self, draws: int, rng: np.random.Generator) -> Array:
        """Gains under the null, up to scale and mean, which no correlation sees; shape (draws, languages).

        The drawn languages are grouped by grid point: the order of the rows carries no meaning.
        """
        counts = rng.multinomial(draws, self.likelihood)
        used = np.flatnonzero(counts)
        blocks = [
            rng.standard_normal((counts[point], len(self.structure.codes))) @ self.structure.roots[point].T
            for point in used
        ]
        return np.concatenate(blocks) * self.scales


def same(labels: list[str]) -> Array:
    """1 where two languages share the label; shape (languages, languages)."""
    names = np.array(labels)
    return np.asarray(names[:, None] == names[None, :], dtype=np.float64)


def families(codes: tuple[str, ...]) -> list[str]:
    """The family of each language."""
    return [languages.get(code).family for code in codes]


@functools.lru_cache(maxsize=64)
def structure(codes: tuple[str, ...]) -> Structure:
    """The grid of covariances of these languages.

    Raises:
        ValueError: an unknown language, or fewer than two.
    """
    n = len(codes)
    if n < 2:
        raise ValueError(f"{n} language(s): no variance can be fitted; at least two are needed")
    family = same(families(codes))
    genus = same([f"{languages.get(code).family}/{languages.get(code).genus}" for code in codes])
    steps = np.arange(0, MOST + STEP / 2, STEP)
    shares = np.array([(a, b) for a in steps for b in steps if a + b <= MOST + 1e-9])
    a, b = shares[:, 0, None, None], shares[:, 1, None, None]
    covariances = a * family + b * genus + (1 - a - b) * np.eye(n)
    roots = np.linalg.cholesky(covariances)
    inverses = np.linalg.inv(covariances)
    log_determinants = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    return Structure(codes, shares, roots, inverses, log_determinants)


def fit(codes: tuple[str, ...], gains: Array, weights: Array | None = None) -> Null:
    """The null of one sample.

    Args:
        codes: the languages.
        gains: one per language, same order, shape (languages,); not constant.
        weights: precision of each gain up to scale, positive, shape (languages,); equal where it is None.

    Raises:
        ValueError: the lengths differ.
    """
    if len(codes) != gains.size:
        raise ValueError(f"{len(codes)} languages and {gains.size} gains: one of each is needed")
    grid = structure(codes)
    column = np.sqrt(np.ones(gains.size) if weights is None else weights)  # of ones, in the unit of equal variance
    inner = grid.inverses @ column  # (grid, languages)
    totals = inner @ column
    scaled = column * gains
    squares = np.einsum("i,gij,j->g", scaled, grid.inverses, scaled, optimize=True) - (inner @ scaled) ** 2 / totals
    squares = np.maximum(squares, 1e-300)
    log_likelihood = -0.5 * ((gains.size - 1) * np.log(squares) + grid.log_determinants + np.log(totals))
    likelihood = np.exp(log_likelihood - log_likelihood.max())
    peak = int(likelihood.argmax())
    mean = float(inner[peak] @ scaled / totals[peak])
    return Null(grid, likelihood / likelihood.sum(), squares / (gains.size - 1), mean, 1 / column)


def p_value(observed: float, drawn: Array) -> float:
    """Two-sided Monte Carlo p of |observed|: never zero (Davison and Hinkley 1997, section 4.2); NaN for NaN."""
    if np.isnan(observed):
        return float("nan")
    drawn = drawn[~np.isnan(drawn)]
    return float((1 + (np.abs(drawn) >= abs(observed) - 1e-12).sum()) / (1 + drawn.size))
