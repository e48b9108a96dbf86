"""The family-aware slope of gain on distance: GLS, averaged over the shares of family and genus.

Separate because it is the statistic that verdicts rest on. For each share of variance on the grid of `null` there is a
GLS slope; the slopes are averaged with the restricted likelihood of their share as weight, and the spread between
them enters the standard error. Its p is not read from a table: the same statistic is computed on draws from the
null. In simulations it keeps its level and finds more than Pearson's r does (docs/statistics.md).
"""

import functools
from dataclasses import dataclass

import numpy as np

from xstilts.analysis import family_null as null
from xstilts.analysis.estimates import Array


@dataclass(frozen=True)
class Design:
    """What the slopes of one set of languages and one distance need, for every share of variance.

    Attributes:
        weights: slope = weights · gains, shape (grid, languages).
        squares: residual sum of squares = squares · (products of gains), shape (grid, languages²/2 packed).
        scales: variance of the slope per unit residual variance, shape (grid,).
        penalties: what REML adds to the likelihood, shape (grid,).
    """

    weights: Array
    squares: Array
    scales: Array
    penalties: Array


@dataclass(frozen=True)
class Slopes:
    """Slopes and their standard errors, each shape (draws,)."""

    values: Array
    errors: Array

    @property
    def ratios(self) -> Array:
        """Slope over standard error; 0 where both vanish."""
        return np.asarray(np.divide(self.values, self.errors, out=np.zeros_like(self.values), where=self.errors > 0))


@functools.lru_cache(maxsize=768)
def design(codes: tuple[str, ...], distances: tuple[float, ...], weights: tuple[float, ...] | None = None) -> Design:
    """Prepare one set of languages and their distances (standardised by the caller, if a unit is wanted).

    Args:
        codes: the languages.
        distances: one per language.
        weights: precision of each gain up to scale; equal where it is None.

    Raises:
        ValueError: fewer than four languages, or a constant distance: no slope with an error exists.
    """
    x = np.array(distances)
    if x.size < 4 or np.ptp(x) == 0:
        raise ValueError(f"{x.size} languages with {np.unique(x).size} different distances: no slope can be estimated")
    grid = null.structure(codes)
    scale = np.ones_like(x) if weights is None else np.sqrt(weights)
    columns = np.stack([scale, scale * x], axis=1)
    inner = grid.inverses @ columns  # (grid, languages, 2)
    information = columns.T @ inner  # (grid, 2, 2)
    spread = np.linalg.inv(information)
    solutions = spread @ inner.transpose(0, 2, 1)  # (grid, 2, languages)
    projections = grid.inverses - inner @ solutions
    rows, places = np.triu_indices(x.size)
    packed = projections[:, rows, places] * np.where(rows == places, 1.0, 2.0)
    penalties = -0.5 * grid.log_determinants - 0.5 * np.log(np.linalg.det(information))
    packed = packed * scale[rows] * scale[places]
    return Design(solutions[:, 1] * scale, packed, spread[:, 1, 1], penalties)


def products(gains: Array) -> Array:
    """Products of all pairs of languages, packed like `Design.squares`; (draws, languages) → (draws, packed)."""
    rows, places = np.triu_indices(gains.shape[1])
    return np.asarray(gains[:, rows] * gains[:, places])


def slopes(plan: Design, gains: Array, packed: Array | None = None) -> Slopes:
    """The averaged slope of every row.

    Args:
        plan: of the same languages in the same order.
        gains: shape (draws, languages).
        packed: `products(gains)`, where the caller has it.
    """
    squares = (products(gains) if packed is None else packed) @ plan.squares.T  # (draws, grid)
    freedom = gains.shape[1] - 2
    squares = np.maximum(squares, 1e-300)
    log_likelihood = -0.5 * freedom * np.log(squares) + plan.penalties
    weights = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    values = gains @ plan.weights.T  # (draws, grid)
    mean = (weights * values).sum(axis=1)
    variances = squares / freedom * plan.scales + (values - mean[:, None]) ** 2
    return Slopes(mean, np.sqrt((weights * variances).sum(axis=1)))
