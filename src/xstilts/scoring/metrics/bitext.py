"""BUCC's mined pairs and Tatoeba's nearest neighbours.

Mining itself (neighbours, margins, one-to-one matching) is prediction and lives in `xstilts.prediction.bitext_mining`;
here its candidates are cut at the threshold that is best on the development corpus, and compared with gold as sets.
XTREME's released script never applies that threshold to the test corpus (an undefined name stops it); this is what it
means.

Sources: evaluate.py (`bucc_f1`) and third_party/utils_retrieve.py (`bucc_eval`, `bucc_optimize`) of
google-research/xtreme @ 838c13b, there from Artetxe and Schwenk 2019 (LASER).
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from xstilts.scoring.metrics.classification import accuracy, precision_recall_f1

Pair = tuple[str, ...]  # ids, foreign first


def pair_scores(gold: Collection[Pair], predicted: Collection[Pair]) -> dict[str, float]:
    """`f1`, `precision` and `recall` in points of id pairs as sets: a pair that comes twice counts once."""
    wanted, found = set(gold), set(predicted)
    return precision_recall_f1(correct=len(wanted & found), predicted=len(found), gold=len(wanted))


def mined(candidates: Mapping[Pair, float], threshold: float) -> set[Pair]:
    """The candidates whose score is at least the threshold."""
    return {pair for pair, score in candidates.items() if score >= threshold}


def best_threshold(candidates: Mapping[Pair, float], gold: Collection[Pair]) -> float:
    """The score from which on candidates are kept, best in F1 on a corpus with gold pairs.

    Candidates are sorted by score, equal ones in their given order; of the prefixes with the best F1 the shortest
    is kept, and the threshold is midway to the next candidate's score. Two cases of their own: if the best prefix is
    everything the threshold is the lowest score (the reference fails there); if no candidate is right it is 0.

    Args:
        candidates: pair of ids (foreign, English) to its margin score.
        gold: the true pairs.

    Raises:
        ValueError: there are no gold pairs, so that any threshold is as good.
    """
    wanted = set(gold)
    if not wanted:
        raise ValueError("no gold pairs to find a threshold with; check the development gold of BUCC")
    pairs = list(candidates)
    scores = np.fromiter(candidates.values(), dtype=np.float64, count=len(pairs))
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(np.fromiter((pair in wanted for pair in pairs), dtype=np.float64, count=len(pairs))[order])
    if not len(found) or not found[-1]:
        return 0.0
    right = np.where(found > 0, found, np.nan)
    precision, recall = right / np.arange(1, len(right) + 1), right / len(wanted)
    # The reference's own operations in its order: prefixes with equal F1 must not part by rounding.
    f1 = 2 * precision * recall / (precision + recall)
    cut = int(np.nanargmax(f1))  # the first of equals
    ranked = scores[order]
    return float(ranked[cut] if cut + 1 == len(ranked) else (ranked[cut] + ranked[cut + 1]) / 2)


def mining(
    candidates: Mapping[Pair, float],
    gold: Collection[Pair],
    development: Mapping[Pair, float],
    development_gold: Collection[Pair],
) -> dict[str, float]:
    """BUCC: `f1`, `precision`, `recall` in points on test candidates, cut at the development corpus' threshold."""
    return pair_scores(gold, mined(candidates, best_threshold(development, development_gold)))


def nearest(lines: Sequence[int], order: Sequence[int]) -> float:
    """Tatoeba, English to foreign: accuracy in points of the foreign line found for each *sorted* English sentence.

    Args:
        lines: 0-based line of the foreign sentence found, one for each English sentence in sorted order.
        order: `xstilts.formats.parallel_corpora.english_order`: the line that each sorted English sentence came from,
            which is the line of its translation. Equal English sentences are not forgiven.
    """
    return accuracy(list(order), list(lines))
