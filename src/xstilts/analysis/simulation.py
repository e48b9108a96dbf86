"""Scores with a known truth: real languages, real families, real distances, made-up gains.

Separate because a verdict is worth what it does where the answer is known: the tests and the
benchmark of the analysis' time run on these scores; benchmarks/error_rates.py has many more worlds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xstilts.analysis import cells, family_null, gains, measure, sample, verdicts
from xstilts.analysis.cells import OUTCOMES
from xstilts.analysis.estimates import Array
from xstilts.analysis.predictors import COMPARED, PRIMARY, Predictor
from xstilts.analysis.settings import Analysis
from xstilts.formats.runs import BASELINE, Score
from xstilts.languages import table as languages

NO_EFFECT, HEADROOM, SLOPE = "no effect", "headroom", "slope"
TRUTHS = (NO_EFFECT, HEADROOM, SLOPE)


@dataclass(frozen=True)
class SimulatedScores:
    """How scores are made; points throughout.

    Attributes:
        truth: no effect: gains of languages have families and know nothing of distance. headroom: every language
            gets the same relative error reduction, so that far languages, which score lower, gain more points.
            slope: true gains correlate with distance.
        scale: what has that family structure or that slope, points or error_reduction.
        rho: the correlation of the slope truth.
        family, genus: shares of the variance.
        gain, spread: mean and standard deviation of the true gain on the scale points.
        reduction, reduction_spread: likewise on the scale error_reduction, per cent; the headroom truth has no spread.
        baseline, baseline_spread: mean and standard deviation of the baseline over languages.
        baseline_rho: correlation of the baseline with distance.
        shared: share of what is not distance that an intermediate has in common over its targets, 0 to 1.
        seeds: runs per arm.
        noise: standard deviation of one score over seeds.
    """

    truth: str = NO_EFFECT
    scale: str = "points"
    rho: float = 0.5
    family: float = 0.4
    genus: float = 0.2
    gain: float = 1.0
    spread: float = 2.0
    reduction: float = 10.0
    reduction_spread: float = 5.0
    baseline: float = 65.0
    baseline_spread: float = 10.0
    baseline_rho: float = -0.5
    shared: float = 0.5
    seeds: int = 3
    noise: float = 0.5

    def __post_init__(self) -> None:
        """Refuse a truth that is not known.

        Raises:
            ValueError: no such truth.
        """
        if self.truth not in TRUTHS:
            raise ValueError(f"no truth {self.truth!r}; known: {', '.join(TRUTHS)}")
        if self.scale not in OUTCOMES[:2]:
            raise ValueError(f"no scale {self.scale!r}; known: {', '.join(OUTCOMES[:2])}")


@dataclass(frozen=True)
class Trial:
    """The verdict on one made-up study, and the p-values behind it."""

    verdict: str
    naive_points: float
    family_points: float
    naive_reduction: float
    family_reduction: float


def scores(
    world: SimulatedScores,
    targets: Mapping[str, Sequence[str]],
    distances: Mapping[str, float],
    rng: np.random.Generator,
    *,
    intermediates: Sequence[str] = ("simulated",),
) -> list[Score]:
    """Scores of a study with the baseline, for every target, intermediate, language and seed.

    Args:
        world: the truth.
        targets: target → languages, without English.
        distances: language → distance; languages without one get the mean.
        rng: of everything.
        intermediates: each with gains of its own; they share the baseline and its noise.
    """
    everywhere = tuple(sorted({code for codes in targets.values() for code in codes}))
    arms = (BASELINE, *intermediates)
    common = {arm: dict(zip(everywhere, _related(everywhere, world, rng), strict=True)) for arm in arms}
    rows = []
    for target, codes in targets.items():
        ordered = tuple(sorted(codes))
        x = _scaled(ordered, distances)
        rest = {
            arm: np.sqrt(world.shared) * np.array([common[arm][code] for code in ordered])
            + np.sqrt(1 - world.shared) * _related(ordered, world, rng)
            for arm in arms
        }
        level = world.baseline + world.baseline_spread * _mixed(x, world.baseline_rho, rest[BASELINE])
        level = np.clip(level, 5, 95)
        rows += _arm(world, BASELINE, target, ordered, level, rng)
        for intermediate in intermediates:
            after = level + _gains(world, x, level, rest[intermediate])
            rows += _arm(world, intermediate, target, ordered, after, rng)
    return rows


def trial(
    world: SimulatedScores,
    target: str,
    codes: Sequence[str],
    predictors: Sequence[Predictor],
    settings: Analysis,
    rng: np.random.Generator,
) -> Trial:
    """One study of one intermediate and one target, made up and judged by the rule of `verdicts`.

    Args:
        world: the truth.
        target: its name.
        codes: its languages, without English.
        predictors: of them the compared distances are used; the primary one must be there.
        settings: draws and levels.
        rng: of the scores and of the draws.
    """
    primary = next(predictor for predictor in predictors if predictor.name == PRIMARY)
    distances = {code: values[0] for code, values in primary.values.items()}
    cell = cells.build(gains.pair(scores(world, {target: codes}, distances, rng)))[0]
    correlations, questions = [], []
    for outcome in cell.outcomes:
        for predictor in (one for one in predictors if one.name in COMPARED):
            part = sample.take(cell, outcome, predictor)
            found = measure.measure(cell, outcome, predictor, part, settings, rng)
            correlations += found.correlations
            questions += found.questions
    rows = verdicts.Measurements(correlations, [], questions)
    judged = verdicts.judge("simulation", [cell], rows, settings)
    points, reduction = (next(row for row in judged if row.outcome == outcome) for outcome in OUTCOMES[:2])
    return Trial(points.verdict, points.p_naive, points.p_family, reduction.p_naive, reduction.p_family)


def _scaled(codes: tuple[str, ...], distances: Mapping[str, float]) -> Array:
    known = np.array([distances.get(code, np.nan) for code in codes])
    return np.asarray(np.nan_to_num((known - np.nanmean(known)) / np.nanstd(known)))


def _related(codes: tuple[str, ...], world: SimulatedScores, rng: np.random.Generator) -> Array:
    """Unit variance, with the shares of family and genus; shape (languages,)."""
    family = family_null.same(family_null.families(codes))
    genus = family_null.same([f"{languages.get(code).family}/{languages.get(code).genus}" for code in codes])
    covariance = world.family * family + world.genus * genus + (1 - world.family - world.genus) * np.eye(len(codes))
    return np.asarray(np.linalg.cholesky(covariance) @ rng.standard_normal(len(codes)))


def _mixed(x: Array, rho: float, rest: Array) -> Array:
    return np.asarray(rho * x + np.sqrt(1 - rho**2) * rest)


def _gains(world: SimulatedScores, x: Array, level: Array, rest: Array) -> Array:
    if world.truth == HEADROOM:
        return world.reduction * (100 - level) / 100
    pattern = _mixed(x, world.rho if world.truth == SLOPE else 0.0, rest)
    if world.scale == "points":
        return np.asarray(world.gain + world.spread * pattern)
    return np.asarray((world.reduction + world.reduction_spread * pattern) * (100 - level) / 100)


def _arm(
    world: SimulatedScores,
    intermediate: str,
    target: str,
    codes: tuple[str, ...],
    level: Array,
    rng: np.random.Generator,
) -> list[Score]:
    values = np.clip(level[:, None] + world.noise * rng.standard_normal((len(codes), world.seeds)), 0, 100)
    return [
        Score("simulation", intermediate, target, target, code, "f1", seed + 1, float(values[i, seed]))
        for i, code in enumerate(codes)
        for seed in range(world.seeds)
    ]
