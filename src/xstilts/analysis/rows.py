"""The rows (target × language) of one intermediate, and their fixed and random effects.

Separate because the model's words (family, target, covariate) become matrices here and nowhere else.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xstilts.analysis import estimates
from xstilts.analysis.cells import Cell
from xstilts.analysis.estimates import Array
from xstilts.analysis.predictors import Predictor, latin, log_cc100
from xstilts.languages import table as languages

TARGET_LEAST = 4  # languages of a target below which it does not enter
SLOPES_LEAST = 3  # targets below which the spread of their slopes is not estimated


@dataclass(frozen=True)
class Table:
    """The rows (target × language) of one intermediate and outcome.

    Attributes:
        codes, targets: of each row.
        gains: in standard deviations of their target, times the root of their weight, shape (rows,).
        roots: root of each row's weight, mean weight 1 per target, shape (rows,).
        scales: that standard deviation, outcome units, shape (rows,).
        spare: spare baseline in standard deviations of its target; None where a row lacks it.
    """

    codes: tuple[str, ...]
    targets: tuple[str, ...]
    gains: Array
    roots: Array
    scales: Array
    spare: Array | None

    @property
    def keys(self) -> list[tuple[str, str]]:
        """(target, language) of each row."""
        return list(zip(self.targets, self.codes, strict=True))

    def part(self, rows: list[int]) -> "Table":
        """Some of the rows, unchanged."""
        return Table(
            tuple(self.codes[i] for i in rows),
            tuple(self.targets[i] for i in rows),
            self.gains[rows],
            self.roots[rows],
            self.scales[rows],
            None if self.spare is None else self.spare[rows],
        )

    def fixed(self, x: Array, adjusted: bool) -> tuple[Array, tuple[str, ...]]:
        """Fixed effects, the distance in the first column, and the names of the covariates."""
        names = sorted(set(self.targets))
        columns = [x, *(np.array([float(target == name) for target in self.targets]) for name in names)]
        covariates = {"log_cc100": log_cc100(self.codes), "latin": latin(self.codes)}
        if self.spare is not None:
            covariates["spare_before"] = self.spare
        used = {name: column for name, column in covariates.items() if adjusted and np.ptp(column) > 0}
        return np.stack([*columns, *used.values()], axis=1) * self.roots[:, None], tuple(used)

    def effects(self, x: Array) -> dict[str, Array]:
        """Z of the random effects that this table can tell apart."""
        found = languages.get
        labels = {
            "family": [found(code).family for code in self.codes],
            "genus": [f"{found(code).family}/{found(code).genus}" for code in self.codes],
        }
        if len(set(self.targets)) > 1:
            labels["language"] = list(self.codes)
        effects = {name: _indicators(names) for name, names in labels.items()}
        if len(set(self.targets)) >= SLOPES_LEAST:
            effects["slope"] = _indicators(list(self.targets)) * x[:, None]
        return {name: effect * self.roots[:, None] for name, effect in effects.items()}


def _indicators(names: list[str]) -> Array:
    return np.array([[float(name == level) for level in sorted(set(names))] for name in names])


def table(cells: Sequence[Cell], outcome: str, predictor: Predictor) -> Table:
    """The rows of all targets with enough languages and a gain that varies."""
    codes: list[str] = []
    targets: list[str] = []
    gains, roots, scales, spares = [], [], [], []
    for cell in cells:
        values = cell.outcome(outcome)
        keep = [i for i, code in enumerate(cell.codes) if code in predictor.values and not math.isnan(values[i])]
        if len(keep) < TARGET_LEAST or estimates.constant(values[keep]):
            continue
        scale = values[keep].std(ddof=1)
        codes += [cell.codes[i] for i in keep]
        targets += [cell.target] * len(keep)
        precision = cell.precision(outcome)
        weights = np.ones(len(keep)) if precision is None else precision[keep] / precision[keep].mean()
        roots.append(np.sqrt(weights))
        gains.append((values[keep] - values[keep].mean()) / scale * roots[-1])
        scales.append(np.full(len(keep), scale))
        spread = cell.spare[keep].std(ddof=1)
        spares.append((cell.spare[keep] - cell.spare[keep].mean()) / (spread if spread > 0 else 1.0))
    if not gains:
        return Table((), (), np.empty(0), np.empty(0), np.empty(0), None)
    spare = np.concatenate(spares)
    return Table(
        tuple(codes),
        tuple(targets),
        np.concatenate(gains),
        np.concatenate(roots),
        np.concatenate(scales),
        None if np.isnan(spare).any() else spare,
    )


def unit(predictor: Predictor, codes: Sequence[str]) -> Array:
    """The distance in standard deviations over distinct languages, one value per row."""
    names = sorted(set(codes))
    values = predictor.mean(names)
    return scaled(values, names, codes)


def scaled(values: Array, names: Sequence[str], codes: Sequence[str]) -> Array:
    """Values of distinct languages in their standard deviations, spread over the rows that `codes` name."""
    spread = values.std(ddof=1)
    place = {code: (value - values.mean()) / spread for code, value in zip(names, values, strict=True)}
    return np.array([place[code] for code in codes])
