"""What a grid's checkpoints will take on disk, estimated before anything runs."""

from dataclasses import dataclass

from xstilts.commands.dry_run.architectures import Architecture
from xstilts.experiment import Params
from xstilts.formats.runs import BASELINE

# Tokens of XLM-R's 250,002 that an English training set uses: a guess, its tokenizer was not at hand.
USED = 30_000


@dataclass(frozen=True)
class Disk:
    """Bytes of a grid's encoders, and of what one running training keeps beside them.

    `target` is there until the targets' weights are dropped, if they are.
    """

    pretrained: int
    intermediate: int
    target: int
    resume: int

    @property
    def total(self) -> int:
        """All of it in the work folder; DVC's cache holds the checkpoints a second time where it cannot link them."""
        return self.pretrained + self.intermediate + self.target + self.resume


def need(params: Params, architecture: Architecture) -> Disk:
    """Whole weights are kept in fp32, differences in bf16; a checkpoint to resume from has two moments more.

    It is there twice while it is replaced, and the best weights beside it where a recipe selects.
    """
    one, seeds = 4 * architecture.parameters, len(params.seeds)
    selects = any(
        recipe.patience for recipe in (*params.recipes.intermediate.values(), *params.recipes.target.values())
    )
    learned = {name: _stored(params, architecture, name) for name in params.intermediates}
    copied = one - learned[BASELINE]  # the baseline itself is a whole copy
    return Disk(
        one,
        (sum(learned.values()) + copied) * seeds,
        sum(learned.values()) * seeds * len(params.trainings),
        2 * 3 * one + (2 * one if selects else 0),
    )


def _stored(params: Params, architecture: Architecture, intermediate: str) -> int:
    """An encoder that was trained on an intermediate, or from it on a target."""
    if params.model.storage == "full":
        return 4 * architecture.parameters
    mixture = params.mixtures[intermediate]
    recipes = (params.recipes.intermediate[intermediate], *params.recipes.target.values())
    decays = any(recipe.weight_decay for recipe in recipes) and not params.runtime.trim
    every_row = mixture.mlm or len(mixture.languages) > 1 or decays
    rows = architecture.vocabulary if every_row else min(USED, architecture.vocabulary)
    table = architecture.vocabulary * architecture.row
    return 2 * (architecture.parameters - table) + rows * (2 * architecture.row + 4)
