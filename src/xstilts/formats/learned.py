"""Whether a training learned anything: its validation loss beside that of a guess which does not look at the input.

A training whose head answers every question alike ends as any other, with an encoder that may be ruined for what comes
after. So the card of a checkpoint holds, for each set of validation data, the loss at the end, at the start and of the
guess, and this module says what they mean. docs/statistics.md has the rule; nothing here knows torch or MLflow.
"""

from collections.abc import Mapping
from typing import Any

VALIDATION, FIRST, GUESS, LEARNED = "validation/", "first/", "guess/", "learned"
# The end must be below the guess by this share of it. Of real-mini's intermediates, CSQA's ended 0.02 % below a
# guess at best and HellaSwag's 0.2 %; MNLI's 0.8 %, the next (docs/statistics.md).
MARGIN = 0.005


def final(losses: Mapping[str, float], first: Mapping[str, float], guesses: Mapping[str, float]) -> dict[str, float]:
    """What the card says of the validation loss: mean cross-entropy in nats, by set, and 1.0 or 0.0 as `learned`.

    Args:
        losses: of each validation set with the weights that were kept.
        first: before the first step.
        guesses: of the best answer that does not look at the input.
    """
    rows = {f"{VALIDATION}{name}": loss for name, loss in losses.items()}
    rows |= {f"{FIRST}{name}": first[name] for name in losses if name in first}
    rows |= {f"{GUESS}{name}": guesses[name] for name in losses if name in guesses}
    if losses and set(losses) <= set(guesses):
        rows[LEARNED] = float(any(_below(loss, guesses[name]) for name, loss in losses.items()))
    return rows


def verdict(card: Mapping[str, float]) -> bool | None:
    """Whether the training of a card's `final` learned; None where that is not known (no validation data)."""
    return bool(card[LEARNED]) if LEARNED in card else None


def told(card: Mapping[str, float]) -> str:
    """What a reader must be told of a training: that it learned nothing, or not all; empty where there is nothing."""
    missed = {
        name.removeprefix(GUESS): (card[VALIDATION + name.removeprefix(GUESS)], guess)
        for name, guess in card.items()
        if name.startswith(GUESS) and not _below(card[VALIDATION + name.removeprefix(GUESS)], guess)
    }
    if not missed:
        return ""
    listed = ", ".join(
        f"{name}: validation loss {loss:.3f}, a guess has {guess:.3f}" for name, (loss, guess) in missed.items()
    )
    return f"{'did not learn' if verdict(card) is False else 'did not learn all'} ({listed})"


def remark(card: Mapping[str, float]) -> str:
    """`told`, as the end of a line that says how a training went."""
    return f"; {text}" if (text := told(card)) else ""


def tags(metrics: Mapping[str, float]) -> dict[str, str]:
    """The MLflow tag `learned` of a training, from its last metrics."""
    known = metrics.get(f"final/{LEARNED}")
    return {} if known is None else {LEARNED: "true" if known else "false"}


def unlearned(start: Mapping[str, Any], kind: str, card: Mapping[str, float]) -> list[str]:
    """The kinds of the trainings behind a checkpoint that did not learn: `intermediate`, `target`.

    Not the pretraining: every arm starts from it alike, the baseline too.

    Args:
        start: the card of the checkpoint that the training starts from.
        kind: of the training.
        card: `final` of its card.
    """
    return [*start.get("unlearned", ()), *([kind] if kind != "pretrained" and verdict(card) is False else [])]


def lost(told: Mapping[str, Any]) -> list[str]:
    """Which of the trainings behind a score did not learn, by name: an intermediate's, a target's.

    Args:
        told: `training_run` of the score's record; before December 2026 it held the trainings themselves.
    """
    if "unlearned" in told:
        return list(told["unlearned"])
    return [
        run["name"]
        for run in told.get("runs", ())
        if run["tags"].get(LEARNED) == "false" and run["tags"].get("phase") in ("intermediate", "target")
    ]


def _below(loss: float, guess: float) -> bool:
    return loss < guess * (1 - MARGIN)
