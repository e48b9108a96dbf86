"""From predictions and gold to a task's numbers: which metric a scorer is, and what no skill would have scored.

A task names its scorer as a string (`Task.scorer`); this is where the string becomes a function. Kept apart from the
metrics, which know nothing of files' rows, and from prediction: editing it re-scores and trains nothing.
"""

from xstilts.scoring.floors import majority
from xstilts.scoring.rows import Inputs
from xstilts.scoring.rules import SCORERS, Scored, score

__all__ = ["SCORERS", "Inputs", "Scored", "majority", "score"]
