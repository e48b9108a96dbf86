"""The rows (target × language) of one intermediate, and their fixed and random effects.

Separate because the model's words (family, area, target, covariate) become matrices here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xstilts.analysis import estimates, family_null, reliability, slope
from xstilts.analysis.cells import Cell
from xstilts.analysis.estimates import Array
from xstilts.analysis.predictors import Predictor, latin, log_cc100
from xstilts.analysis.reliability import Reliability
from xstilts.analysis.reml import Effects
from xstilts.analysis.sample import take

TARGET_LEAST = 4  # languages of a target below which it does not enter
SLOPES_LEAST = 3  # targets below which the spread of their slopes is not estimated
QUESTIONS = ("line", "bend", "families")


@dataclass(frozen=True)
class ModelRows:
    """The rows (target × language) of one intermediate and outcome.

    Attributes:
        codes, targets: of each row.
        gains: in standard deviations of their target, shape (rows,).
        variances: what the residual may follow, mean 1 in each target; None where it is the same for all.
        scales: that standard deviation, outcome units, shape (rows,).
        spare: spare baseline in standard deviations of its target; None where a row lacks it.
        reliability: of the slope pooled over the targets.
        floor, ceiling: gains left out since nothing was learned there, or nothing is left to gain.
    """

    codes: tuple[str, ...]
    targets: tuple[str, ...]
    gains: Array
    variances: Array | None
    scales: Array
    spare: Array | None
    reliability: Reliability
    floor: int
    ceiling: int

    @property
    def keys(self) -> list[tuple[str, str]]:
        """(target, language) of each row."""
        return list(zip(self.targets, self.codes, strict=True))

    def part(self, rows: list[int]) -> "ModelRows":
        """Some of the rows, unchanged."""
        return ModelRows(
            tuple(self.codes[i] for i in rows),
            tuple(self.targets[i] for i in rows),
            self.gains[rows],
            None if self.variances is None else self.variances[rows],
            self.scales[rows],
            None if self.spare is None else self.spare[rows],
            self.reliability,
            self.floor,
            self.ceiling,
        )

    def fixed(self, x: Array, adjusted: bool, question: str = "line") -> tuple[Array, tuple[str, ...]]:
        """Fixed effects, those of the question in the first columns, and the names of the covariates.

        Args:
            x: the distance, shape (rows,).
            adjusted: whether CC-100 size, script and spare baseline enter.
            question: line (one column), bend (the line and its bend) or families (within and between).
        """
        names = sorted(set(self.targets))
        columns = [
            *_asked(self.codes, x, question),
            *(np.array([float(target == name) for target in self.targets]) for name in names),
        ]
        covariates = {"log_cc100": log_cc100(self.codes), "latin": latin(self.codes)}
        if self.spare is not None:
            covariates["spare_before"] = self.spare
        used = {name: column for name, column in covariates.items() if adjusted and np.ptp(column) > 0}
        return np.stack([*columns, *used.values()], axis=1), tuple(used)

    def effects(self, x: Array, reach: float, power: float) -> Effects:
        """The random effects that this table can tell apart.

        Args:
            x: the distance, shape (rows,).
            reach: range of areas in km.
            power: of the variance function of the residual.
        """
        distinct, targets = tuple(sorted(set(self.codes))), sorted(set(self.targets))
        kernels = {
            "family": family_null.same(family_null.families(distinct)),
            "genus": family_null.same(family_null.genera(distinct)),
            "area": family_null.area(distinct, reach),
        }
        loadings = _indicators(self.codes, distinct)
        if len(targets) > 1:
            kernels["language"] = np.eye(len(distinct))
        slopes = len(targets) if len(targets) >= SLOPES_LEAST else 0
        size = len(distinct) + slopes
        stacked = np.zeros((len(kernels) + (slopes > 0), size, size))
        for place, kernel in enumerate(kernels.values()):
            stacked[place, : len(distinct), : len(distinct)] = kernel
        if slopes:
            loadings = np.hstack([loadings, _indicators(self.targets, targets) * x[:, None]])
            stacked[-1, len(distinct) :, len(distinct) :] = np.eye(slopes)
        residual = np.ones(len(self.codes)) if self.variances is None else self.variances**power
        return Effects((*kernels, *(["slope"] if slopes else [])), loadings, stacked, residual / residual.mean())


def _asked(codes: tuple[str, ...], x: Array, question: str) -> list[Array]:
    if question == "line":
        return [x]
    distinct = tuple(sorted(set(codes)))
    place = {code: i for i, code in enumerate(distinct)}
    rows = [place[code] for code in codes]
    values = np.array([x[codes.index(code)] for code in distinct])
    if question == "bend":
        return [x, slope.bend(values)[rows]]
    return [part[rows] for part in slope.decomposed(distinct, values)]


def _indicators(names: Sequence[str], levels: Sequence[str]) -> Array:
    return np.array([[float(name == level) for level in levels] for name in names])


def table(cells: Sequence[Cell], outcome: str, predictor: Predictor) -> ModelRows:
    """The rows of all targets with enough languages and a gain that varies."""
    codes: list[str] = []
    targets: list[str] = []
    gains, variances, scales, spares, trust = [], [], [], [], []
    floor = ceiling = 0
    for cell in cells:
        part = take(cell, outcome, predictor)
        floor, ceiling = floor + part.floor, ceiling + part.ceiling
        if len(part.codes) < TARGET_LEAST or estimates.constant(part.gains):
            continue
        scale = part.gains.std(ddof=1)
        codes += part.codes
        targets += [cell.target] * len(part.codes)
        function = np.ones(len(part.codes)) if part.variances is None else np.array(part.variances)
        variances.append(function / function.mean())
        gains.append((part.gains - part.gains.mean()) / scale)
        scales.append(np.full(len(part.codes), scale))
        spare = cell.spare[part.places]
        spread = spare.std(ddof=1)
        spares.append((spare - spare.mean()) / (spread if spread > 0 else 1.0))
        trust.append((reliability.of(cell, outcome, part.places), len(part.codes)))
    if not gains:
        nothing = Reliability(float("nan"), float("nan"), float("nan"), "no gains")
        return ModelRows((), (), np.empty(0), None, np.empty(0), None, nothing, floor, ceiling)
    spare = np.concatenate(spares)
    return ModelRows(
        tuple(codes),
        tuple(targets),
        np.concatenate(gains),
        None if outcome == "points" else np.concatenate(variances),
        np.concatenate(scales),
        None if np.isnan(spare).any() else spare,
        reliability.pooled(trust),
        floor,
        ceiling,
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
