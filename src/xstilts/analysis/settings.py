"""A section of params.yaml: `analysis`, what the statistics may vary."""

from dataclasses import dataclass

from xstilts.formats.typed_yaml import Count, Natural, Share


@dataclass(frozen=True)
class Analysis:
    """What an analysis varies.

    Attributes:
        seed: of all random numbers; every cell has its own stream, so that cells do not depend on each other.
        draws: from the null, for every p.
        bootstrap: resamples of the bootstrap intervals.
        imputations: completed feature vectors a language, where distances are imputed.
        alpha: level of the tests.
        bound: smallest slope of interest, in standard deviations of the true gain per standard deviation of distance.
        minimum: languages below which nothing is tested.
    """

    seed: Count = 1
    draws: Natural = 2000
    bootstrap: Natural = 1000
    imputations: Count = 20
    alpha: Share = 0.05
    bound: Share = 0.3
    minimum: Natural = 10
