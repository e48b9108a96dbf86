"""How often a verdict errs where the truth is known: real languages, families and distances, made-up gains.

    PYTHONPATH=src python benchmarks/false_positives.py [--repetitions 200] [--draws 500]

Prints the table of docs/statistics.md.
"""

import argparse
from dataclasses import dataclass

import numpy as np

from xstilts import tasks
from xstilts.analysis import predictors, simulation
from xstilts.analysis.settings import Analysis
from xstilts.analysis.simulation import HEADROOM, NO_EFFECT, SLOPE, Trial, World
from xstilts.analysis.verdict_rule import ABSENT, SUPPORTED
from xstilts.distances import from_english as distances
from xstilts.distances import grambank
from xstilts.languages import table as languages

TARGETS = ("panx", "udpos", "xnli", "xquad", "tydiqa")


@dataclass(frozen=True)
class Case:
    """A truth on the languages of one target."""

    name: str
    target: str
    world: World


def cases() -> list[Case]:
    """The worlds of docs/statistics.md."""
    found = []
    for target in ("panx", "udpos", "xnli"):
        found += [
            Case("no effect in points", target, World(NO_EFFECT)),
            Case("no effect in error reduction", target, World(NO_EFFECT, "error_reduction")),
            Case("every language 10 % fewer errors, 5 seeds", target, World(HEADROOM, seeds=5)),
        ]
    mild = {"family": 0.3, "genus": 0.1}
    slopes = {
        "slope +.5 in error reduction": World(SLOPE, "error_reduction", **mild),
        "slope -.5 in points": World(SLOPE, rho=-0.5, **mild),
        "slope +.5 in points, baseline unrelated to distance": World(SLOPE, baseline_rho=0.0, **mild),
        "slope -.5 in points, baseline unrelated to distance": World(SLOPE, rho=-0.5, baseline_rho=0.0, **mild),
        "slope +.5 in points": World(SLOPE, **mild),
        "slope -.5 in error reduction": World(SLOPE, "error_reduction", rho=-0.5, **mild),
    }
    found += [Case(name, "panx", world) for name, world in slopes.items()]
    found += [
        Case("slope -.5 in points", target, World(SLOPE, rho=-0.5, **mild)) for target in ("udpos", "xnli", "xquad")
    ]
    return found


def known(seed: int) -> list[predictors.Predictor]:
    """The compared distances of XTREME's languages."""
    codes = [language.code for language in languages.xtreme()]
    rows = distances.table(codes, seed) + [row for row in grambank.read() if row.language in codes]
    return predictors.load(rows)


def trials(case: Case, sides: list[predictors.Predictor], repetitions: int, settings: Analysis) -> list[Trial]:
    """The verdicts on one case."""
    rng = np.random.default_rng(settings.seed)
    codes = [code for code in tasks.get(case.target).languages if code != languages.ENGLISH]
    return [simulation.trial(case.world, case.target, codes, sides, settings, rng) for _ in range(repetitions)]


def pooled(sides: list[predictors.Predictor], repetitions: int, settings: Analysis) -> None:
    """Print what the mixed model over targets does with three intermediates: any of them supported, and each."""
    foreign = {name: [code for code in tasks.get(name).languages if code != languages.ENGLISH] for name in TARGETS}
    names = ("one", "two", "three")
    worlds = {
        "no effect in points": World(NO_EFFECT),
        "no effect in error reduction": World(NO_EFFECT, "error_reduction"),
        "every language 10 % fewer errors, 5 seeds": World(HEADROOM, seeds=5),
        "slope +.5 in error reduction": World(SLOPE, "error_reduction", family=0.3, genus=0.1),
        "slope -.5 in points": World(SLOPE, rho=-0.5, family=0.3, genus=0.1),
    }
    print("\n| truth, three intermediates over five targets | any supported | each supported |\n|---|---|---|")
    for name, world in worlds.items():
        rng = np.random.default_rng(settings.seed)
        found = [simulation.pooled_trial(world, foreign, names, sides, settings, rng) for _ in range(repetitions)]
        hits = np.array([[verdict == SUPPORTED for verdict in row] for row in found])
        print(f"| {name} | {100 * hits.any(axis=1).mean():.1f} % | {100 * hits.mean():.1f} % |", flush=True)


def main() -> None:
    """Print one line per case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--pooled", type=int, default=60, help="repetitions of studies with five targets")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    settings = Analysis(seed=arguments.seed, draws=arguments.draws, bootstrap=0)
    sides = known(arguments.seed)
    print("| truth | languages | naive p < .05 | family-aware, points | family-aware, reduction | supported | absent |")
    print("|---|---|---|---|---|---|---|")
    for case in cases():
        found = trials(case, sides, arguments.repetitions, settings)
        shares = [
            np.mean([row.naive_points < 0.05 for row in found]),
            np.mean([row.family_points < 0.05 for row in found]),
            np.mean([row.family_reduction < 0.05 for row in found]),
            np.mean([row.verdict == SUPPORTED for row in found]),
            np.mean([row.verdict == ABSENT for row in found]),
        ]
        numbers = " | ".join(f"{100 * share:.1f} %" for share in shares)
        print(f"| {case.name} | {case.target} | {numbers} |", flush=True)
    pooled(sides, arguments.pooled, settings)


if __name__ == "__main__":
    main()
