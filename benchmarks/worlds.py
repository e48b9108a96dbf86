"""Worlds whose truth is known: real languages, families, places and distances, made-up scores.

Separate because the same worlds are judged cell by cell and pooled (benchmarks/error_rates.py). N: no gain follows
distance; E: something does. Scores are points; a pattern is what varies over languages, of unit variance.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from xstilts.analysis import family_null
from xstilts.analysis.estimates import Array
from xstilts.analysis.predictors import latin, log_cc100
from xstilts.distances import from_english

AREAS = 6
Random = np.random.Generator


@dataclass(frozen=True)
class Place:
    """The languages of one target.

    Attributes:
        codes: without English, sorted.
        x: syntactic distance in standard deviations, the mean where it is unknown, shape (languages,).
        known: whether the distance is known, shape (languages,).
    """

    codes: tuple[str, ...]
    x: Array
    known: Array

    @functools.cached_property
    def areas(self) -> Array:
        """Which of six areas each language lies in (k-means on the globe), shape (languages,)."""
        places = from_english.positions(self.codes)
        centres = places[np.linspace(0, len(places) - 1, AREAS).astype(int)]
        for _ in range(30):
            nearest = (places @ centres.T).argmax(axis=1)
            centres = np.array([places[nearest == k].mean(axis=0) if (nearest == k).any() else centres[k]
                                for k in range(AREAS)])  # fmt: skip
        return nearest

    @functools.cached_property
    def from_england(self) -> Array:
        """Great-circle distance from England in standard deviations, shape (languages,)."""
        places = from_english.positions(["eng", *self.codes])
        return scaled(np.arccos(np.clip(places[1:] @ places[0], -1, 1)))


@dataclass(frozen=True)
class Likeness:
    """Shares of the variance of a pattern: family, genus, area (of six), space (exponential with a range in km)."""

    family: float = 0.3
    genus: float = 0.1
    area: float = 0.0
    space: float = 0.0
    reach: float = 2500.0

    def draw(self, place: Place, rng: Random) -> Array:
        """A pattern of these shares, shape (languages,)."""
        parts = {
            self.family: family_null.same(family_null.families(place.codes)),
            self.genus: family_null.same(family_null.genera(place.codes)),
            self.area: (place.areas[:, None] == place.areas).astype(float),
            self.space: np.exp(-family_null.kilometres(place.codes) / self.reach),
        }
        covariance = sum((share * part for share, part in parts.items() if share), np.zeros((len(place.codes),) * 2))
        left = 1 - (self.family + self.genus + self.area + self.space)
        covariance = covariance + max(left, 1e-6) * np.eye(len(place.codes))
        return np.asarray(np.linalg.cholesky(covariance) @ rng.standard_normal(len(place.codes)))


@dataclass(frozen=True)
class Truth:
    """True scores of one pair of arms, before noise, points, shape (languages,) each; NaN: not reported."""

    before: Array
    after: Array


@dataclass(frozen=True)
class World:
    """How the scores of one study are made.

    Attributes:
        name: short, as printed.
        kind: null, effect (a slope of the bound or more) or shape (neither: only *absent* is an error).
        gains: (place, baseline, pattern drawn from `likeness`, rng) → gain in points, shape (languages,).
        target: whose languages.
        languages: how many of them, drawn anew for each study; 0: all.
        likeness: of gains, beside what they follow.
        baseline, spread: mean and standard deviation of the baseline, of which `tilt` is its correlation with x.
        seeds, noise: runs per arm, and standard deviation of one score.
        noise_grows: by how much that deviation grows per standard deviation of distance.
        reliability: of the gains; sets the noise where it is below 1.
        sizes: test examples to choose from, at random over languages; 0: not known, no sampling noise.
        floor: lowest score; what is below is chance, known to the analysis.
        metric: f1 (chance is 0) or accuracy.
        missing: (place, before, after) → languages that are not reported.
    """

    name: str
    kind: str
    gains: Callable[[Place, Array, Array, Random], Array]
    target: str = "panx"
    languages: int = 0
    likeness: Likeness = field(default_factory=lambda: Likeness(0.4, 0.2))
    baseline: float = 65.0
    spread: float = 10.0
    tilt: float = -0.5
    seeds: int = 3
    noise: float = 0.5
    noise_grows: float = 0.0
    reliability: float = 1.0
    sizes: Sequence[int] = (0,)
    floor: float = 0.0
    metric: str = "f1"
    missing: Callable[[Place, Array, Array], Array] | None = None

    def truth(self, place: Place, rng: Random, baseline: Array | None = None, pattern: Array | None = None) -> Truth:
        """True scores of one study.

        Args:
            place: the languages.
            rng: of everything.
            baseline: true scores without intermediate training, where several arms share them.
            pattern: what the gains have beside what they follow.
        """
        before = self.level(place, rng) if baseline is None else baseline
        rest = self.likeness.draw(place, rng) if pattern is None else pattern
        after = before + self.gains(place, before, rest, rng)
        return Truth(np.clip(before, self.floor, 99.5), np.clip(after, self.floor, 99.5))

    def level(self, place: Place, rng: Random) -> Array:
        """True scores without intermediate training, shape (languages,)."""
        rest = Likeness(0.3, 0.1).draw(place, rng)
        found = self.baseline + self.spread * (self.tilt * place.x + np.sqrt(1 - self.tilt**2) * rest)
        return np.asarray(np.clip(found, 2.0, 96.0))

    def noisy(self, place: Place, truth: Array, spread: float, sizes: Array, rng: Random) -> Array:
        """Scores of every seed, shape (languages, seeds); the sample of examples is the same for all seeds.

        Args:
            place: the languages.
            truth: true scores.
            spread: standard deviation of true gains, which sets the noise where a reliability is asked for.
            sizes: test examples, 0 where there is no sampling noise.
            rng: of the noise.
        """
        deviation = self.noise
        if self.reliability < 1:
            deviation = spread * np.sqrt((1 - self.reliability) / self.reliability * self.seeds / 2)
        own = deviation * np.exp(self.noise_grows * place.x)
        share = np.clip(truth / 100, 0, 1)
        sampled = np.where(sizes > 0, 100 * np.sqrt(share * (1 - share) / np.maximum(sizes, 1)), 0.0)
        value = truth + sampled * rng.standard_normal(truth.size)
        return np.clip(value[:, None] + own[:, None] * rng.standard_normal((truth.size, self.seeds)), self.floor, 100)


def scaled(values: Array) -> Array:
    """Mean 0, standard deviation 1."""
    return np.asarray((values - values.mean()) / values.std())


def _follows(
    what: Callable[[Place], Array], rho: float, mean: float = 1.0, spread: float = 2.0
) -> Callable[..., Array]:
    def gains(place: Place, _: Array, pattern: Array, __: Random) -> Array:
        return mean + spread * (rho * what(place) + np.sqrt(1 - rho**2) * pattern)

    return gains


def _slope(rho: float) -> Callable[..., Array]:
    return _follows(lambda place: place.x, rho)


def _nothing(place: Place, _: Array, pattern: Array, __: Random) -> Array:
    return 1 + 2 * pattern


def _outlier(farthest: bool) -> Callable[..., Array]:
    def gains(place: Place, _: Array, pattern: Array, __: Random) -> Array:
        found = 1 + 2 * pattern
        distances = np.where(place.known, place.x, np.nan)
        found[np.nanargmax(distances) if farthest else np.nanargmin(distances)] += 12
        return found

    return gains


def _heavy(place: Place, _: Array, __: Array, rng: Random) -> Array:
    return 1 + 2 * rng.standard_t(3, len(place.codes)) / np.sqrt(3)


def _log_odds(shift: float) -> Callable[..., Array]:
    def gains(_: Place, before: Array, __: Array, ___: Random) -> Array:
        odds = np.log(before / (100 - before)) + shift
        return 100 / (1 + np.exp(-odds)) - before

    return gains


def _scaled_error(share: float) -> Callable[..., Array]:
    return lambda _, before, __, ___: share * (100 - before)


def _scaled_score(share: float) -> Callable[..., Array]:
    return lambda _, before, __, ___: share * before


def _floored(level: float, gain: float) -> Callable[..., Array]:
    """The farthest third is at the floor before and after, the others gain alike."""

    def gains(place: Place, before: Array, pattern: Array, _: Random) -> Array:
        far = place.x >= np.quantile(place.x, 2 / 3)
        before[far] = level
        return np.where(far, 0.0, gain + 0.5 * pattern)

    return gains


def _ceiled(place: Place, before: Array, pattern: Array, _: Random) -> Array:
    near = place.x <= np.quantile(place.x, 1 / 3)
    before[near] = 99.4
    return np.where(near, 0.0, 3 + 0.5 * pattern)


def _uniform_noise(place: Place, before: Array, _: Array, rng: Random) -> Array:
    before[:] = 0.0
    return rng.uniform(0, 0.5, len(place.codes))


def _flat(place: Place, _: Array, __: Array, ___: Random) -> Array:
    return np.ones(len(place.codes))


def _u_shape(place: Place, _: Array, pattern: Array, __: Random) -> Array:
    return 1 + 2 * (np.sqrt(0.6) * scaled(place.x**2) + np.sqrt(0.4) * pattern)


def _step(place: Place, _: Array, pattern: Array, __: Random) -> Array:
    near = scaled((place.x <= np.quantile(place.x, 0.25)).astype(float))
    return 1 + 2 * (0.7 * near + np.sqrt(1 - 0.49) * pattern)


def _one_family(place: Place, _: Array, pattern: Array, __: Random) -> Array:
    inside = np.array([name == "Indo-European" for name in family_null.families(place.codes)])
    line = np.zeros(len(place.codes))
    line[inside] = scaled(place.x[inside])
    return 1 + 2 * (-0.8 * line + 0.6 * pattern)


def family_means(place: Place) -> Array:
    """Mean distance of each language's family, in standard deviations, shape (languages,)."""
    members = family_null.same(family_null.families(place.codes))
    return scaled(members @ place.x / members.sum(axis=1))


def _simpson(place: Place, _: Array, pattern: Array, __: Random) -> Array:
    between = family_means(place)
    members = family_null.same(family_null.families(place.codes))
    within = scaled(place.x - members @ place.x / members.sum(axis=1))
    return 1 + 2 * (-0.6 * between + 0.6 * within + 0.5 * pattern)


def _lost_far(place: Place, before: Array, after: Array) -> Array:
    """Far languages that lose are not reported."""
    return (place.x > np.quantile(place.x, 0.5)) & (after < before - 1)


def _weak(_: Place, before: Array, __: Array) -> Array:
    return before < 55


FAMILY, MILD = Likeness(0.4, 0.2), Likeness(0.3, 0.1)
NONE = Likeness(0, 0)


def _effects() -> list[World]:
    found = [World(f"E1 slope {rho} in points", "effect", _slope(rho), likeness=MILD)
             for rho in (-0.3, -0.4, -0.5, -0.6, -0.7, 0.5)]  # fmt: skip
    for rho, shares in {-0.3: (0.2, 0.4, 0.6, 0.8), -0.5: (0.2, 0.4), -0.7: (0.1, 0.2, 0.4), -0.9: (0.1, 0.2)}.items():
        found += [World(f"E2 true slope {rho}, reliability {share}", "effect", _slope(rho), likeness=MILD,
                        reliability=share) for share in shares]  # fmt: skip
    found += [
        World("E2b true slope -0.7, reliability 0.2, 1 seed", "effect", _slope(-0.7), likeness=MILD, reliability=0.2,
              seeds=1),
        World("E3 U-shape, distance explains 60 %", "shape", _u_shape, likeness=MILD),
        World("E3b step: the nearest quarter gains", "shape", _step, likeness=MILD),
        World("E4 slope -.8 within Indo-European only", "shape", _one_family, likeness=MILD),
        World("E5 slope -.8 on family means only", "shape", _follows(family_means, -0.8), likeness=NONE),
        World("E6 -.6 between, +.6 within families", "shape", _simpson, likeness=NONE),
        World("E9 slope -.5, baseline 25", "effect", _slope(-0.5), likeness=MILD, baseline=25),
        World("E9b slope -.5, baseline 85", "effect", _slope(-0.5), likeness=MILD, baseline=85, spread=6),
    ]  # fmt: skip
    found += [World(f"E7 slope -.7, {target}", "effect", _slope(-0.7), target=target, likeness=MILD)
              for target in ("udpos", "xnli", "xquad")]  # fmt: skip
    return found


def _nulls() -> list[World]:
    found = [
        World("N0 families .4/.2", "null", _nothing),
        World("N0b families .6/.3", "null", _nothing, likeness=Likeness(0.6, 0.3)),
        World("N1 space .7 at 2500 km", "null", _nothing, likeness=Likeness(0, 0, space=0.7)),
        World("N1b space .9 at 4000 km", "null", _nothing, likeness=Likeness(0, 0, space=0.9, reach=4000)),
        World("N1c six areas .6", "null", _nothing, likeness=Likeness(0, 0, area=0.6)),
        World("N1d areas .4, families .3", "null", _nothing, likeness=Likeness(0.3, 0, area=0.4)),
        World("N1e space .9 at 4000 km, udpos", "null", _nothing, "udpos", likeness=Likeness(0, 0, space=0.9,
                                                                                              reach=4000)),
        World("N2 follows log CC-100 (-.7)", "cause", _follows(lambda place: scaled(log_cc100(place.codes)), -0.7)),
        World("N2b follows Latin script (.7)", "cause", _follows(lambda place: scaled(latin(place.codes)), 0.7)),
        World("N2c follows km from England (.6)", "cause", _follows(lambda place: place.from_england, 0.6)),
        World("N3 test sizes 100, 1000, 10000", "null", _nothing, sizes=(100, 1000, 10000)),
        World("N4 outlier: farthest +6 SD", "null", _outlier(True)),
        World("N4b outlier: nearest +6 SD", "null", _outlier(False)),
        World("N4c t(3) tails", "null", _heavy),
        World("N5 log-odds shift, baseline 80", "null", _log_odds(0.3), baseline=80, likeness=NONE),
        World("N5b log-odds shift, baseline 65", "null", _log_odds(0.3), likeness=NONE),
        World("N5c log-odds shift, baseline 40", "null", _log_odds(0.3), baseline=40),
        World("N5d log-odds shift, baseline 25", "null", _log_odds(0.3), baseline=25),
        World("N5e log-odds shift, baseline 12", "null", _log_odds(0.3), baseline=12, spread=6),
        World("N5f 10 % more right, baseline 25", "scale", _scaled_score(0.1), baseline=25),
        World("N5g 10 % more right, baseline 65", "scale", _scaled_score(0.1)),
        World("N5j 10 % fewer errors, baseline 65", "null", _scaled_error(0.1)),
        World("N5k 10 % fewer errors, baseline 25", "null", _scaled_error(0.1), baseline=25),
        World("N5l one point more everywhere, baseline 25", "null", _flat, baseline=25),
        World("N5m one point more everywhere, baseline 80", "null", _flat, baseline=80),
        World("N5h far third at the floor (F1)", "null", _floored(0.5, 3), baseline=50),
        World("N5h far third at the floor (accuracy)", "null", _floored(100 / 3, 3), baseline=65, floor=100 / 3,
              metric="accuracy", sizes=(2000,)),
        World("N5i near third at the ceiling", "null", _ceiled, baseline=80, spread=6),
        World("N5n baseline 0, noise of half a point, 1 seed", "null", _uniform_noise, seeds=1, noise=0.0),
        World("N6 regression to the mean: 1 seed, noise 3", "null", _nothing, seeds=1, noise=3),
        World("N6b only noise, 1 seed", "null", _flat, seeds=1, noise=1),
        World("N6c only noise, 3 seeds", "null", _flat, noise=1),
        World("N6d noise grows with distance, 1 seed", "null", _flat, seeds=1, noise=1, noise_grows=0.4),
        World("N7 far languages that lose are missing", "missing", _nothing, missing=_lost_far),
        World("N7b baselines below 55 are missing", "null", _nothing, missing=_weak),
    ]  # fmt: skip
    found += [World(f"N9 {count} random languages", "null", _nothing, languages=count) for count in (10, 12, 14, 20)]
    return found


def cells() -> list[World]:
    """Every world that is judged as a single cell."""
    return _effects() + _nulls()


def pools() -> list[World]:
    """Every world that is judged over three targets and three intermediates."""
    return [
        World("P null, families .4/.2", "null", _nothing),
        World("P null, areas .6", "null", _nothing, likeness=Likeness(0, 0, area=0.6)),
        World("P null, space .9 at 4000 km", "null", _nothing, likeness=Likeness(0, 0, space=0.9, reach=4000)),
        World("P log-odds shift, baseline 25", "null", _log_odds(0.3), baseline=25),
        World("P 10 % fewer errors", "null", _scaled_error(0.1)),
        World("P only noise, 3 seeds", "null", _flat, noise=1),
        World("P slope -.5", "effect", _slope(-0.5), likeness=MILD),
        World("P slope -.3", "effect", _slope(-0.3), likeness=MILD),
        World("P slope -.5, reliability .4", "effect", _slope(-0.5), likeness=MILD, reliability=0.4),
        World("P slope -.7, reliability .1", "effect", _slope(-0.7), likeness=MILD, reliability=0.1),
        World("P U-shape", "shape", _u_shape, likeness=MILD),
        World("P -.8 on family means only", "shape", _follows(family_means, -0.8), likeness=NONE),
    ]


def place(codes: Sequence[str], distances: Mapping[str, float]) -> Place:
    """The languages of one target with their distances; unknown ones get the mean."""
    ordered = tuple(sorted(codes))
    values = np.array([distances.get(code, np.nan) for code in ordered])
    known = ~np.isnan(values)
    x = (values - values[known].mean()) / values[known].std()
    return Place(ordered, np.where(known, x, 0.0), known)
