"""A linear mixed model with several variance components: REML, and the slope's studentised statistic for many draws.

Separate because it knows matrices and nothing of languages. Written by hand since statsmodels' MixedLM does not
converge on crossed effects of this size and offers nothing but Wald's z. REML by Fisher scoring, which is Rao's
MIVQUE iterated; components that would turn negative are held at zero (Searle, Casella and McCulloch 1992).
"""

from dataclasses import dataclass

import numpy as np

from xstilts.analysis.estimates import Array

STEPS = 60
CLOSE = 1e-5  # relative change of the components at which scoring stops
TINY = 1e-12


@dataclass(frozen=True)
class Fit:
    """REML components of y = X b + sum of Z u + e.

    Attributes:
        components: variance of each random effect, then of the residual, shape (effects + 1,).
        covariance: of the rows, shape (rows, rows).
    """

    components: Array
    covariance: Array


@dataclass(frozen=True)
class Statistic:
    """Slope and error of any y under fixed weights, with components re-estimated in one scoring step.

    Attributes:
        weights: slope = weights · y, shape (rows,).
        projection: residuals in the metric of the covariance, shape (rows, rows).
        effects: Z of each random effect, (rows, levels), then the identity.
        scoring: components = scoring · quadratic forms, shape (effects + 1, effects + 1).
        shares: variance of the slope per unit of each component, shape (effects + 1,).
    """

    weights: Array
    projection: Array
    effects: tuple[Array, ...]
    scoring: Array
    shares: Array

    def slopes(self, values: Array) -> tuple[Array, Array]:
        """Slope and standard error of each row; shape (draws, rows) → (draws,) twice."""
        residuals = values @ self.projection
        forms = np.stack([((residuals @ effect) ** 2).sum(axis=1) for effect in self.effects], axis=1)
        components = np.maximum(forms @ self.scoring.T, 0)
        components[:, -1] = np.maximum(components[:, -1], TINY)
        return values @ self.weights, np.sqrt(components @ self.shares)


def projection(covariance: Array, fixed: Array) -> tuple[Array, Array]:
    """P = W - W X (X'W X)⁻¹ X'W with W the inverse covariance, and (X'W X)⁻¹ X'W, shape (effects, rows)."""
    inverse = np.linalg.inv(covariance)
    inner = inverse @ fixed
    solution = np.linalg.pinv(fixed.T @ inner) @ inner.T
    return np.asarray(inverse - inner @ solution), np.asarray(solution)


def _information(matrix: Array, effects: tuple[Array, ...]) -> Array:
    """The traces tr(P V_k P V_l) of all pairs of components."""
    halves = [matrix @ effect for effect in effects]
    size = len(effects)
    result = np.empty((size, size))
    for k in range(size):
        for other in range(k, size):
            value = ((effects[other].T @ halves[k]) ** 2).sum()
            result[k, other] = result[other, k] = value
    return result


def fit(values: Array, fixed: Array, effects: tuple[Array, ...]) -> Fit:
    """REML by Fisher scoring.

    Args:
        values: shape (rows,).
        fixed: shape (rows, columns), full rank or not.
        effects: Z of each random effect, shape (rows, levels); the residual is added here.

    Raises:
        ValueError: no more rows than fixed effects.
    """
    rows = values.size
    if rows <= np.linalg.matrix_rank(fixed):
        raise ValueError(f"{rows} rows for {fixed.shape[1]} fixed effects: no variance is left to estimate")
    parts = (*effects, np.eye(rows))
    products = [effect @ effect.T for effect in parts]
    start = values - fixed @ np.linalg.lstsq(fixed, values, rcond=None)[0]
    total = float((start**2).sum() / (rows - np.linalg.matrix_rank(fixed)))
    components = np.full(len(parts), total / len(parts))
    for _ in range(STEPS):
        covariance = np.einsum("k,kij->ij", components, np.stack(products)) + TINY * total * np.eye(rows)
        matrix, _ = projection(covariance, fixed)
        residuals = matrix @ values
        forms = np.array([((effect.T @ residuals) ** 2).sum() for effect in parts])
        new = _nonnegative(_information(matrix, parts), forms)
        new[-1] = max(new[-1], 1e-3 * total)
        moved = float(np.abs(new - components).max())
        components = (components + new) / 2
        if moved < CLOSE * total:
            break
    return Fit(components, np.einsum("k,kij->ij", components, np.stack(products)))


def _nonnegative(information: Array, forms: Array) -> Array:
    """Solve for the components; the most negative one is held at zero until none is."""
    free = np.ones(len(forms), dtype=bool)
    solution = np.zeros(len(forms))
    while free.any():
        part = np.linalg.pinv(information[np.ix_(free, free)]) @ forms[free]
        solution[:] = 0
        solution[free] = part
        if (part >= 0).all():
            break
        free[np.flatnonzero(free)[part.argmin()]] = False
    return solution


def statistic(covariance: Array, fixed: Array, column: int, effects: tuple[Array, ...]) -> Statistic:
    """Prepare the slope of one column of the fixed effects.

    Args:
        covariance: that weighs the rows, from the null fit, shape (rows, rows).
        fixed: shape (rows, columns).
        column: which slope.
        effects: as in `fit`.
    """
    parts = (*effects, np.eye(len(covariance)))
    matrix, solution = projection(covariance, fixed)
    weights = solution[column]
    shares = np.array([((effect.T @ weights) ** 2).sum() for effect in parts])
    return Statistic(weights, matrix, parts, np.asarray(np.linalg.pinv(_information(matrix, parts))), shares)


def root(covariance: Array) -> Array:
    """The symmetric square root: row k of root · z stays next to row k of z."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)
