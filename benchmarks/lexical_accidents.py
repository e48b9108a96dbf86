"""Whether some language of the artificial world profits from words that it has by accident: numbers and a figure.

    PYTHONPATH=src python benchmarks/lexical_accidents.py [--worlds 20] [--size 200] [--figure FILE.png]

Every language has 40 % of the English content words and English's order. Prints the line of docs/calibration.md.
"""

import argparse
from pathlib import Path

import numpy as np

from xstilts.commands.calibration import accidents
from xstilts.commands.calibration.accidents import Array
from xstilts.languages import table as languages
from xstilts.preparation.world.settings import WorldSettings


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=20, help="how many world seeds (default 20)")
    parser.add_argument("--size", type=int, default=200, help="sentences a world (default 200)")
    parser.add_argument("--draws", type=int, default=2000, help="permutations (default 2000)")
    parser.add_argument("--figure", type=Path, help="where to draw it")
    arguments = parser.parse_args()
    codes = tuple(language.code for language in languages.xtreme())
    alike = WorldSettings(languages=codes, cognates="constant", cognate_base=0.4, order="english")
    worlds = range(1, arguments.worlds + 1)
    values = accidents.transfer(alike, worlds, arguments.size)
    usual, p = accidents.chance(values, seed=1, draws=arguments.draws)
    effects = accidents.language_effects(values)
    foreign = [code for code in codes if code != "eng"]
    largest = int(np.abs(effects).argmax())
    shared = accidents.shared_functions(alike, worlds)
    spread, mean = values.std(axis=1, ddof=1).mean(), values.mean()
    print(f"{len(worlds)} worlds, {len(foreign)} languages, {arguments.size} sentences: accuracy {mean:.1f} points")
    print(f"SD among the languages of a world: {spread:.2f} points")
    print(f"largest effect of a language: {effects[largest]:+.2f} standard errors ({foreign[largest]}), p = {p:.3f}")
    print(f"largest by chance: up to {usual:.2f} (95 %)")
    print(f"function words that are also English's: {len(shared)}")
    if arguments.figure:
        draw(arguments.figure, values, foreign, usual)


def draw(path: Path, values: Array, codes: list[str], usual: float) -> None:
    """Every language's deviation from its worlds' means, with the band in which the largest mean lies by chance."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    apart = values - values.mean(axis=1, keepdims=True)
    order = np.argsort(apart.mean(axis=0))
    error = apart.std(ddof=1) / np.sqrt(len(values))
    figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
    axes.axhspan(-usual * error, usual * error, color="#dddddd", label="largest mean by chance, 95 %")
    for place, language in enumerate(order):
        axes.plot([place] * len(values), apart[:, language], ".", color="#999999", markersize=3)
    axes.plot(apart.mean(axis=0)[order], "o", color="#0072b2", markersize=5, label=f"mean of {len(values)} worlds")
    axes.set_xticks(range(len(codes)), [codes[place] for place in order], rotation=90, fontsize=8)
    axes.set_ylabel("accuracy less the world's mean, points")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.legend(frameon=False, loc="upper left", ncols=2, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
