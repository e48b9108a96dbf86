"""The loss of the best answer that does not look at the input: what a training must beat to have learned anything.

A label has its share in the set (for even shares that is an even guess, ln of the number of labels); a continuation,
an answer's first or last token and a masked token are guessed evenly among those that are possible.
"""

from typing import Any

import numpy as np

from xstilts.model.batching import IGNORED, Encoded


def losses(sets: dict[str, tuple[str, Encoded]], vocabulary: int) -> dict[str, float]:
    """Mean cross-entropy of chance in each validation set, nats.

    Args:
        sets: by name, the subject and its sequences (`encoded_tasks.Subjects.validation`).
        vocabulary: tokens that a masked one may be.
    """
    return {name: loss(encoded, vocabulary) for name, (_, encoded) in sets.items()}


def loss(encoded: Encoded, vocabulary: int) -> float:
    """Mean cross-entropy of chance over the terms of one set's loss, nats.

    Raises:
        ValueError: the set has targets of no shape that is trained.
    """
    per_item = np.diff(encoded.items)
    if "tag" in encoded.token_targets:
        tags = encoded.token_targets["tag"]
        return _shares(tags[tags != IGNORED])
    if "hidden" in encoded.token_targets:
        return float(np.log(vocabulary))
    if "start" in encoded.sequence_targets or "start" in encoded.item_targets:
        return float(np.log(np.diff(encoded.offsets)).mean())
    if "label" in encoded.item_targets:
        alone = bool((per_item == 1).all())
        return _shares(encoded.item_targets["label"]) if alone else float(np.log(per_item).mean())
    known: list[Any] = [*encoded.token_targets, *encoded.sequence_targets, *encoded.item_targets]
    raise ValueError(f"no shape has the targets {', '.join(known) or '(none)'}; known: tag, hidden, start, label")


def _shares(labels: np.ndarray) -> float:
    counts = np.unique(labels, return_counts=True)[1]
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())
