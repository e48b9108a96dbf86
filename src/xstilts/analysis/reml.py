"""A linear mixed model with several variance components: REML, and the slope's studentised statistic for many draws.

Separate because it knows matrices and nothing of languages. Written by hand since statsmodels' MixedLM does not
converge on crossed effects of this size and offers nothing but Wald's z. REML by Fisher scoring, which is Rao's
MIVQUE iterated; components that would turn negative are held at zero (Searle, Casella and McCulloch 1992). Everything
is solved in the space of the random effects (Woodbury), which is smaller than that of the rows.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from xstilts.analysis.estimates import Array

STEPS = 80
CLOSE = 1e-5  # relative change of the components at which scoring stops
TINY = 1e-12
FLOOR = 1e-3  # share of the total variance that the residual keeps


@dataclass(frozen=True)
class Effects:
    """The random effects: covariance of the rows = sum of component · loadings kernel loadings' + residual.

    Attributes:
        names: of the components, without the residual.
        loadings: of the rows on the levels of all effects, shape (rows, levels).
        kernels: covariance of the levels for a component of one, shape (components, levels, levels).
        residual: variance of each row's residual for a component of one, shape (rows,).
    """

    names: tuple[str, ...]
    loadings: Array
    kernels: Array
    residual: Array

    def covariance(self, components: Array) -> Array:
        """Of the rows; shape (rows, rows).

        Args:
            components: of each kernel, then of the residual, shape (components + 1,).
        """
        inner = np.tensordot(components[:-1], self.kernels, axes=1)
        return np.asarray(self.loadings @ inner @ self.loadings.T + np.diag(components[-1] * self.residual))


@dataclass(frozen=True)
class Fit:
    """REML components of y = X b + random effects + e.

    Attributes:
        effects: the random effects.
        components: variance of each, then of the residual, shape (effects + 1,).
        log_likelihood: restricted, up to a constant that the effects do not change.
    """

    effects: Effects
    components: Array
    log_likelihood: float

    @property
    def covariance(self) -> Array:
        """Of the rows, shape (rows, rows)."""
        return self.effects.covariance(self.components)


@dataclass(frozen=True)
class Statistic:
    """Coefficients and errors of any y under fixed weights, with components re-estimated in one scoring step.

    Attributes:
        weights: coefficients = weights · y, shape (effects, rows).
        projection: residuals in the metric of the covariance, shape (rows, rows).
        effects: the random effects.
        scoring: components = scoring · quadratic forms, shape (components, components).
        shares: variance of each coefficient per unit of each component, shape (effects, components).
    """

    weights: Array
    projection: Array
    effects: Effects
    scoring: Array
    shares: Array

    def components(self, values: Array) -> Array:
        """Of each row of values, shape (draws, rows) → (draws, components)."""
        residuals = values @ self.projection
        loaded = residuals @ self.effects.loadings
        forms = [np.einsum("dq,dq->d", loaded @ kernel, loaded) for kernel in self.effects.kernels]
        forms.append((residuals**2) @ self.effects.residual)
        found = np.maximum(np.stack(forms, axis=1) @ self.scoring.T, 0)
        found[:, -1] = np.maximum(found[:, -1], TINY)
        return found

    def estimates(self, values: Array, column: int = 0, components: Array | None = None) -> tuple[Array, Array]:
        """One coefficient and its standard error of each row; shape (draws, rows) → (draws,) twice."""
        known = self.components(values) if components is None else components
        return values @ self.weights[column], np.sqrt(known @ self.shares[column])


@dataclass(frozen=True)
class _Solved:
    """One covariance, solved: everything that scoring and the statistic need.

    Attributes:
        loaded: loadings' P loadings, shape (levels, levels).
        traces: tr(P V_k) of every component, shape (components + 1,).
        information: tr(P V_k P V_l), shape (components + 1, components + 1).
        shield: D (I + A D)^-1, which Woodbury subtracts, shape (levels, levels).
        spread: inverse of X' V^-1 X, shape (effects, effects).
        log_determinants: log|V| + log|X' V^-1 X|.
    """

    loaded: Array
    information: Array
    shield: Array
    spread: Array
    log_determinants: float


def _solve(components: Array, fixed: Array, effects: Effects) -> _Solved:
    weights = 1 / (components[-1] * effects.residual)
    scaled = effects.loadings * weights[:, None]
    inner = effects.loadings.T @ scaled  # (levels, levels)
    levels = np.tensordot(components[:-1], effects.kernels, axes=1)
    system = np.eye(len(inner)) + inner @ levels
    shield = levels @ np.linalg.inv(system)
    cross = scaled.T @ fixed  # (levels, columns)
    information = (fixed * weights[:, None]).T @ fixed - cross.T @ shield @ cross
    spread = np.linalg.pinv(information)
    outer = inner - inner @ shield @ inner
    mixed = cross - inner @ shield @ cross  # loadings' V^-1 X
    loaded = outer - mixed @ spread @ mixed.T
    products = [loaded @ kernel for kernel in effects.kernels]
    count, rank = len(products), int(np.linalg.matrix_rank(information))
    found = np.empty((count + 1, count + 1))
    for k in range(count):
        for other in range(k, count):
            found[k, other] = found[other, k] = (products[k] * products[other].T).sum()
    traces = np.array([product.trace() for product in products])
    # P V P = P gives what belongs to the residual without forming P.
    own = (len(weights) - rank - components[:-1] @ traces) / components[-1]
    found[-1, :-1] = found[:-1, -1] = (traces - components[:-1] @ found[:-1, :-1]) / components[-1]
    found[-1, -1] = (own - components[:-1] @ found[-1, :-1]) / components[-1]
    determinants = -np.log(weights).sum() + np.linalg.slogdet(system)[1] + np.linalg.slogdet(information)[1]
    return _Solved(loaded, found, shield, spread, float(determinants))


def _residuals(values: Array, components: Array, fixed: Array, effects: Effects, solved: _Solved) -> Array:
    """P y, shape (rows,)."""
    weights = 1 / (components[-1] * effects.residual)

    def inverse(what: Array) -> Array:
        scaled = (what.T * weights).T
        return np.asarray(scaled - (effects.loadings.T * weights).T @ (solved.shield @ (effects.loadings.T @ scaled)))

    whole = inverse(values)
    return np.asarray(whole - inverse(fixed) @ (solved.spread @ (fixed.T @ whole)))


def fit(values: Array, fixed: Array, effects: Effects) -> Fit:
    """REML by Fisher scoring.

    Args:
        values: shape (rows,).
        fixed: shape (rows, columns), full rank or not.
        effects: the random effects.

    Raises:
        ValueError: no more rows than fixed effects.
    """
    rows, rank = values.size, int(np.linalg.matrix_rank(fixed))
    if rows <= rank:
        raise ValueError(f"{rows} rows for {fixed.shape[1]} fixed effects: no variance is left to estimate")
    start = values - fixed @ np.linalg.lstsq(fixed, values, rcond=None)[0]
    total = float((start**2).sum() / (rows - rank))
    components = np.full(len(effects.kernels) + 1, total / (len(effects.kernels) + 1))
    for _ in range(STEPS):
        solved = _solve(components, fixed, effects)
        residuals = _residuals(values, components, fixed, effects, solved)
        new = _nonnegative(solved.information, _forms(residuals, effects))
        new[-1] = max(new[-1], FLOOR * total)
        moved = float(np.abs(new - components).max())
        components = (components + new) / 2
        if moved < CLOSE * total:
            break
    solved = _solve(components, fixed, effects)
    form = float(values @ _residuals(values, components, fixed, effects, solved))
    return Fit(effects, components, -0.5 * (solved.log_determinants + form))


def _forms(residuals: Array, effects: Effects) -> Array:
    loaded = residuals @ effects.loadings
    own = residuals**2 @ effects.residual
    return np.array([*(loaded @ kernel @ loaded for kernel in effects.kernels), own])


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


def projection(covariance: Array, fixed: Array) -> tuple[Array, Array]:
    """P = W - W X (X'W X)⁻¹ X'W with W the inverse covariance, and (X'W X)⁻¹ X'W, shape (effects, rows)."""
    inverse = linalg.inv(covariance)
    inner = inverse @ fixed
    solution = np.linalg.pinv(fixed.T @ inner) @ inner.T
    return np.asarray(inverse - inner @ solution), np.asarray(solution)


def statistic(fitted: Fit, fixed: Array) -> Statistic:
    """Prepare the coefficients of the fixed effects.

    Args:
        fitted: the covariance that weighs the rows.
        fixed: shape (rows, columns).
    """
    effects = fitted.effects
    matrix, solution = projection(fitted.covariance, fixed)
    solved = _solve(fitted.components, fixed, effects)
    loaded = solution @ effects.loadings
    shares = [np.einsum("eq,qr,er->e", loaded, kernel, loaded) for kernel in effects.kernels]
    shares.append(solution**2 @ effects.residual)
    scoring = np.asarray(np.linalg.pinv(solved.information))
    return Statistic(solution, matrix, effects, scoring, np.stack(shares, axis=1))


def root(covariance: Array) -> Array:
    """The symmetric square root: row k of root · z stays next to row k of z."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)
