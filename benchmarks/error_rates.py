"""How often a verdict errs where the truth is known: real languages, families, places and distances, made-up scores.

    python benchmarks/error_rates.py [--studies 200] [--worlds N5 E1] [--pools] [--seed 1] [--draws 400]

Every study goes through the project's own way from scores to verdict. Prints the tables of docs/statistics.md: per
cent of studies, their standard error is 100 √(share (1 - share) / studies). Kinds: null (no gain follows distance),
effect (a slope of ±.3 or more), shape (a relation that is no line), cause (the gain follows something that goes along
with distance), missing (scores are left out for what they are), scale (constant on a scale that is not looked at).
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from worlds import Place, World, place, pools
from worlds import cells as cell_worlds

from xstilts import tasks
from xstilts.analysis import cells, gains, measure, pooled, predictors, sample, verdicts
from xstilts.analysis.predictors import COMPARED, PRIMARY, Predictor
from xstilts.analysis.settings import Analysis
from xstilts.analysis.verdict_rule import ABSENT, INCONCLUSIVE, SUPPORTED
from xstilts.distances import from_english, grambank
from xstilts.formats.runs import BASELINE, Score
from xstilts.languages import table as languages

TARGETS = ("panx", "udpos", "tatoeba")
ARMS = ("one", "two", "three")


@dataclass(frozen=True)
class Trial:
    """What one study was called, and the numbers behind it."""

    verdict: str
    within: str
    between: str
    naive: float
    family: float
    slope: float


def scores(
    world: World,
    target: str,
    where: Place,
    arms: Sequence[str],
    rng: np.random.Generator,
    shared: dict[str, np.ndarray],
) -> list[Score]:
    """Scores of the baseline and the arms on one target; arms share the baseline and its noise.

    Args:
        world: the truth.
        target: its name.
        where: its languages.
        arms: intermediates.
        rng: of everything.
        shared: arm → pattern over all languages, of which half enters here; empty: patterns of this target only.
    """
    sizes = rng.choice(np.array(world.sizes), len(where.codes))
    baseline = world.level(where, rng)
    truths = {}
    for arm in arms:
        own = world.likeness.draw(where, rng)
        pattern = np.sqrt(0.5) * (own + shared[arm]) if shared else own
        truths[arm] = world.truth(where, rng, baseline, pattern)
    first = truths[arms[0]]
    spread = float((first.after - first.before).std())
    rows = []
    values = {BASELINE: first.before, **{arm: truth.after for arm, truth in truths.items()}}
    noisy = {arm: world.noisy(where, value, spread, sizes, rng) for arm, value in values.items()}
    before, after = (noisy[arm].mean(axis=1) for arm in (BASELINE, arms[0]))
    gone = world.missing(where, before, after) if world.missing else np.zeros(len(where.codes), dtype=bool)
    for arm, found in noisy.items():
        for i, code in enumerate(where.codes):
            if not gone[i]:
                rows += [
                    Score("simulation", arm, target, target, code, world.metric, seed + 1, float(value), int(sizes[i]))
                    for seed, value in enumerate(found[i])
                ]
    return rows


def cell_trial(world: World, sides: list[Predictor], settings: Analysis, rng: np.random.Generator) -> Trial:
    """One study of one intermediate and one target, made up and judged."""
    codes = _codes(world.target)
    if world.languages:
        codes = sorted(rng.choice([code for code in codes if code in sides[0].values], world.languages, replace=False))
    where = place(codes, _distances(sides))
    made = cells.build(gains.pair(scores(world, world.target, where, ["one"], rng, {}), _chances(world, codes)))[0]
    correlations, questions = [], []
    for outcome in made.outcomes:
        for side in sides:
            part = sample.take(made, outcome, side)
            found = measure.measure(made, outcome, side, part, settings, rng)
            correlations += found.correlations
            questions += found.questions
    rows = verdicts.Measurements(correlations, [], questions)
    judged = verdicts.judge("simulation", [made], rows, settings)
    return _trial(next(row for row in judged if row.outcome == "points" and row.target != cells.ALL))


def _trial(row: verdicts.Verdict) -> Trial:
    return Trial(row.verdict, row.within, row.between, row.p_naive, row.p_family, row.slope)


def pooled_trial(
    world: World, sides: list[Predictor], settings: Analysis, rng: np.random.Generator
) -> tuple[str, list[str]]:
    """The verdicts on one made-up study of three targets: over all intermediates, and of each."""
    everywhere = place(sorted({code for target in TARGETS for code in _codes(target)}), _distances(sides))
    patterns = {arm: world.likeness.draw(everywhere, rng) for arm in ARMS}
    index = {code: i for i, code in enumerate(everywhere.codes)}
    rows: list[Score] = []
    for target in TARGETS:
        where = place(_codes(target), _distances(sides))
        picks = [index[code] for code in where.codes]
        rows += scores(world, target, where, ARMS, rng, {arm: value[picks] for arm, value in patterns.items()})
    made = cells.build(gains.pair(rows))
    groups = {name: [cell for cell in made if cell.intermediate == name] for name in (*ARMS, cells.ALL)}
    found = [pooled.study_models(groups, outcome, sides, settings, rng) for outcome in cells.OUTCOMES]
    measured = verdicts.Measurements(
        [], [row for one in found for row in one.pooled], [row for one in found for row in one.questions]
    )
    judged = verdicts.over_targets("simulation", made, measured, [], settings)
    words = {row.intermediate: row.verdict for row in judged if row.outcome == "points"}
    return words[cells.ALL], [words[arm] for arm in ARMS]


def _codes(target: str) -> list[str]:
    return sorted(code for code in tasks.get(target).languages if code != languages.ENGLISH)


def _distances(sides: list[Predictor]) -> dict[str, float]:
    primary = next(side for side in sides if side.name == PRIMARY)
    return {code: values[0] for code, values in primary.values.items()}


def _chances(world: World, codes: Sequence[str]) -> dict[tuple[str, str, str], float]:
    return {(world.target, world.metric, code): world.floor for code in codes} if world.floor else {}


def known(seed: int) -> list[Predictor]:
    """The compared distances of XTREME's languages."""
    codes = [language.code for language in languages.xtreme()]
    rows = from_english.table(codes, seed) + [row for row in grambank.read() if row.language in codes]
    return [side for side in predictors.load(rows) if side.name in COMPARED]


def _percent(found: Sequence[bool] | np.ndarray) -> str:
    return f"{100 * float(np.mean(found)):.1f}" if len(found) else ""


def main() -> None:
    """Print one line per world."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bound", type=float, default=Analysis.bound, help="smallest slope of interest")
    parser.add_argument("--worlds", nargs="*", default=[], help="beginnings of names; all where none is given")
    parser.add_argument("--pools", action="store_true", help="studies of three targets and three intermediates")
    arguments = parser.parse_args()
    settings = Analysis(seed=arguments.seed, draws=arguments.draws, bootstrap=0, bound=arguments.bound)
    sides = known(arguments.seed)
    wanted = tuple(arguments.worlds)
    worlds = [world for world in (pools() if arguments.pools else cell_worlds()) if world.name.startswith(wanted or "")]
    (_pooled if arguments.pools else _single)(worlds, sides, arguments.studies, settings)


def _single(worlds: Sequence[World], sides: list[Predictor], studies: int, settings: Analysis) -> None:
    print("| world | kind | naive p < .05 | p < .05, points | supported | absent | within | between | slope |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for world in worlds:
        found = [
            cell_trial(world, sides, settings, np.random.default_rng([settings.seed, study]))
            for study in range(studies)
        ]
        shares = [
            [row.naive < 0.05 for row in found],
            [row.family < 0.05 for row in found],
            [row.verdict == SUPPORTED for row in found],
            [row.verdict == ABSENT for row in found],
            [row.within not in (ABSENT, INCONCLUSIVE) for row in found],
            [row.between not in (ABSENT, INCONCLUSIVE) for row in found],
        ]
        slope = float(np.nanmean([row.slope for row in found])) if any(row.slope == row.slope for row in found) else 0
        numbers = " | ".join(_percent(share) for share in shares)
        print(f"| {world.name} | {world.kind} | {numbers} | {slope:+.2f} |", flush=True)


def _pooled(worlds: Sequence[World], sides: list[Predictor], studies: int, settings: Analysis) -> None:
    print("| three targets, three intermediates | kind | study: supported | absent | each: supported | absent |")
    print("|---|---|---|---|---|---|", flush=True)
    for world in worlds:
        found = [
            pooled_trial(world, sides, settings, np.random.default_rng([settings.seed, study]))
            for study in range(studies)
        ]
        study = [word for word, _ in found]
        each = [word for _, words in found for word in words]
        numbers = " | ".join(
            _percent([word == verdict for word in words]) for words in (study, each) for verdict in (SUPPORTED, ABSENT)
        )
        print(f"| {world.name} | {world.kind} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
