"""Two other models of what languages share, for the specification curve: a family tree, and areas alone.

Separate because verdicts rest on neither: they show whether another defensible model would say something else.
"""

import functools
from collections.abc import Sequence

import numpy as np
from scipy import stats

from xstilts.analysis import family_null
from xstilts.analysis.estimates import Array
from xstilts.languages import uriel

SHARES = np.arange(0, 1.0, 0.05)  # Pagel's lambda, or the share of areas
RANGES = (500.0, 1000.0, 2000.0, 4000.0)  # km
MODELS = ("phylogeny", "areas")


@functools.lru_cache(maxsize=64)
def grafen(codes: tuple[str, ...]) -> Array:
    """Covariance of a trait that evolves along Glottolog's tree with Grafen's (1989) branch lengths.

    A node lies as high as it has languages below it, less one, the root at 1: two languages share 1 minus the height
    of the smallest node that holds both. Shape (languages, languages).
    """
    nodes = [uriel.families(code) for code in codes]
    n = len(codes)
    holds = {name: frozenset(i for i in range(n) if name in nodes[i]) for name in frozenset().union(*nodes)}
    height = np.ones((n, n))
    for members in set(holds.values()):
        rows = sorted(members)
        block = np.ix_(rows, rows)
        height[block] = np.minimum(height[block], (len(rows) - 1) / (n - 1))
    np.fill_diagonal(height, 0.0)
    return np.asarray(1 - height)


@functools.lru_cache(maxsize=64)
def covariances(codes: tuple[str, ...], model: str) -> Array:
    """The grid of covariances of one model, unit variance, shape (grid, languages, languages).

    Raises:
        ValueError: no such model.
    """
    if model not in MODELS:
        raise ValueError(f"no model {model!r}; known: {', '.join(MODELS)}")
    kernels = [grafen(codes)] if model == "phylogeny" else [family_null.area(codes, reach) for reach in RANGES]
    own = np.eye(len(codes))
    return np.stack([share * kernel + (1 - share) * own for kernel in kernels for share in SHARES])


def slope(codes: Sequence[str], x: Array, y: Array, covariates: Sequence[Array], model: str) -> tuple[float, ...]:
    """REML fit of y on x and covariates under one model.

    Args:
        codes: the languages.
        x: shape (languages,).
        y: shape (languages,).
        covariates: each of shape (languages,).
        model: phylogeny or areas.

    Returns:
        Slope, its standard error, two-sided p from t with n - effects degrees of freedom, and the 97.5 % quantile.
    """
    columns = np.column_stack([np.ones(len(y)), x, *covariates])
    inverses = _inverses(tuple(codes), model)
    inner = inverses @ columns
    information = columns.T @ inner
    solutions = np.linalg.solve(information, (inner.transpose(0, 2, 1) @ y)[..., None])[..., 0]
    rest = y - solutions @ columns.T  # (grid, languages)
    squares = ((inverses @ rest[..., None])[..., 0] * rest).sum(axis=1)
    freedom = len(y) - columns.shape[1]
    likelihood = -0.5 * (
        freedom * np.log(np.maximum(squares, 1e-300))
        + _log_determinants(tuple(codes), model)
        + np.linalg.slogdet(information)[1]
    )
    best = int(likelihood.argmax())
    error = float(np.sqrt(squares[best] / freedom * np.linalg.inv(information[best])[1, 1]))
    value = float(solutions[best, 1])
    p = float(2 * stats.t.sf(abs(value / error), freedom)) if error > 0 else float("nan")
    return value, error, p, float(stats.t.ppf(0.975, freedom))


@functools.lru_cache(maxsize=64)
def _log_determinants(codes: tuple[str, ...], model: str) -> Array:
    return np.asarray(np.linalg.slogdet(covariances(codes, model))[1])


@functools.lru_cache(maxsize=64)
def _inverses(codes: tuple[str, ...], model: str) -> Array:
    return np.asarray(np.linalg.inv(covariances(codes, model)))
