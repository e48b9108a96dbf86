"""Slopes of the models beside what R 4.2.2 gives (nlme 3.1-162, lme4 1.1-31, ape 5.7) on the same typed-in numbers.

d <- data.frame(code, family, genus, x, left, y)                     # family and genus of languages/table.py
lme(y ~ x, random = ~1 | family/genus, weights = varFixed(~I(1/left)), data = d, method = "REML")
lmer(y ~ x + (1 | family) + (1 | genus), weights = left, data = d)
tree <- compute.brlen(read.tree(...), method = "Grafen")             # the clades of Glottolog's tree, as URIEL has it
gls(z ~ x, data = d, correlation = corPagel(.5, tree, form = ~code), method = "REML")
lmer(p ~ x + target + (1 | family) + (1 | genus) + (1 | code), data = long)
"""

import numpy as np
import pytest

from xstilts.analysis import family_null, phylogeny, reml, slope

CODES = (
    "afr", "arb", "ben", "bul", "cmn", "deu", "ell", "est", "eus", "fin", "fra", "heb", "hin", "hun", "ind", "ita",
    "jav", "jpn", "kat", "kaz", "kor", "mal", "mar", "mya", "nld", "pes", "por", "rus", "spa", "swh",
)  # fmt: skip
X = np.array([
    0.364, 0.55, 0.601, 0.314, 0.374, 0.764, 0.335, 0.365, 0.774, 0.611, 0.484, 0.556, 0.631, 0.438, 0.369, 0.694,
    0.635, 0.556, 0.708, 0.575, 0.79, 0.402, 0.577, 0.542, 0.477, 0.596, 0.418, 0.701, 0.734, 0.364,
])  # fmt: skip
LEFT = np.array([
    47.4, 32.2, 16.6, 81.7, 44.4, 21.8, 63.9, 26.2, 82.1, 27.4, 12.6, 26.1, 37.7, 47.5, 82.5, 65.8, 37.1, 11.4, 22.8,
    89.7, 46.8, 65.3, 14.4, 12.7, 77.7, 57.0, 34.7, 35.4, 17.1, 23.8,
])  # fmt: skip
Y = np.array([
    2.152, -1.16, -1.653, 1.268, 2.43, -1.364, 0.204, 1.013, -1.115, -0.994, -1.312, 0.935, -0.786, 0.183, 2.032,
    -2.306, 0.133, 2.589, -0.957, -1.385, -1.774, 2.325, 2.306, 0.22, -0.423, -1.901, 1.449, 0.885, -2.766, 1.748,
])  # fmt: skip
Z = np.array([
    -1.433, -2.174, -1.401, 0.279, 1.579, -2.351, -1.254, -1.45, 0.162, -1.608, 0.303, -2.194, -3.173, 0.442, 0.167,
    -2.412, -0.253, -3.162, -1.916, -1.185, -1.653, 0.513, -1.079, 0.588, -1.112, -1.562, -0.47, -0.89, -1.246, 0.669,
])  # fmt: skip
POOLED = np.array([
    [0.19, -0.71, 0.04, 0.89, 0.7, -0.66, 1.11, -0.33, -1.32, -0.25, 0.11, 0.11, 0.24, 0.71, 1.18, 0.05],
    [1.53, 0.19, 0.59, 1.82, 1.27, -0.98, 1.51, -0.1, -0.99, 0.58, 0.23, 0.67, 1.11, -0.18, 1.53, 0.66],
    [0.85, -0.11, 1.16, 2.11, 1.48, -0.67, 2.52, 0.85, -0.63, 0.52, 0.87, 1.48, 0.78, 0.72, 2.14, 0.52],
])  # fmt: skip


def standardised(value: float, y: np.ndarray) -> float:
    """A slope of R in standard deviations."""
    return value * float(X.std(ddof=1) / y.std(ddof=1))


def test_weighted_slopes_are_lmes_and_lmers_within_five_hundredths() -> None:
    columns = slope.with_intercept(slope.standardised(X))
    fitted = family_null.fit(CODES, slope.standardised(Y), columns, tuple((1 / LEFT).tolist()))
    found = slope.model(fitted.covariance, columns).estimates(slope.standardised(Y)[None])[0][0]
    assert found == pytest.approx(standardised(-7.56679, Y), abs=0.05)  # lme, varFixed(~1/left); lmer prints -7.566786


def test_unweighted_slopes_are_lmers_within_five_hundredths() -> None:
    columns = slope.with_intercept(slope.standardised(X))
    fitted = family_null.fit(CODES, slope.standardised(Y), columns)
    value, error = slope.model(fitted.covariance, columns).estimates(slope.standardised(Y)[None])
    assert value[0] == pytest.approx(standardised(-7.438409, Y), abs=0.05)
    assert error[0] == pytest.approx(standardised(1.541467, Y), abs=0.02)


def test_the_phylogenetic_regression_is_that_of_ape_and_nlme() -> None:
    # corPagel found lambda = .681; the grid here has steps of .05.
    value, error, p, _ = phylogeny.slope(CODES, X, Z, [], "phylogeny")
    assert value == pytest.approx(-3.5179, abs=0.03)
    assert error == pytest.approx(1.086297, abs=0.02)
    assert p == pytest.approx(0.003088965, abs=4e-4)


def test_the_pooled_model_is_lmers() -> None:
    codes = CODES[:16]
    rows = np.tile(np.arange(16), 3)
    kernels = [family_null.same(family_null.families(codes)), family_null.same(family_null.genera(codes)), np.eye(16)]
    effects = reml.Effects(("family", "genus", "language"), np.eye(16)[rows], np.stack(kernels), np.ones(48))
    targets = np.repeat(np.eye(3), 16, axis=0)
    fixed = np.column_stack([X[:16][rows], targets])
    fitted = reml.fit(POOLED.ravel(), fixed, effects)
    assert np.sqrt(fitted.components) == pytest.approx([0.191877, 0, 0.434177, 0.345241], abs=2e-3)
    weights = reml.statistic(fitted, fixed).weights[0]
    assert weights @ POOLED.ravel() == pytest.approx(-3.878674, abs=2e-3)
    assert np.sqrt(weights @ fitted.covariance @ weights) == pytest.approx(0.8165778, abs=1e-3)
