"""Accuracy (XNLI, PAWS-X, multiple choice, Tatoeba's line numbers), and the F1 that the other metrics share.

Source: `accuracy` of evaluate.py, google-research/xtreme @ 838c13b: equality of what stands in the two rows.
"""

from collections.abc import Hashable, Sequence


def accuracy(gold: Sequence[Hashable], predicted: Sequence[Hashable]) -> float:
    """The share of rows that are equal, in points.

    Raises:
        ValueError: no rows, or not one prediction for each gold row.
    """
    if not gold:
        raise ValueError("accuracy of no rows; the gold data are empty: check the test file and prepare it again")
    if len(gold) != len(predicted):
        raise ValueError(f"{len(predicted)} predictions for {len(gold)} gold rows; predict the whole test set again")
    return 100.0 * sum(map(_equal, gold, predicted)) / len(gold)


def precision_recall_f1(*, correct: int, predicted: int, gold: int) -> dict[str, float]:
    """Micro precision, recall and F1 in points; each is 0 where its denominator is."""
    precision = 100.0 * correct / predicted if predicted else 0.0
    recall = 100.0 * correct / gold if gold else 0.0
    both = precision + recall
    return {"f1": 2 * precision * recall / both if both else 0.0, "precision": precision, "recall": recall}


def _equal(left: Hashable, right: Hashable) -> bool:
    return left == right
