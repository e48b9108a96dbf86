"""Exact match and token F1 of answers: SQuAD v1.1 (XQuAD, TyDiQA), MLQA, SQuAD v2.0.

An answer is compared with every gold answer and keeps its best; a question's F1 counts common tokens as multisets.
Two empty normalised strings match exactly but share no token: EM 1, F1 0 in v1.1 and MLQA (so EM can exceed F1),
and F1 1 in v2.0, where the empty answer means something.

Sources: third_party/evaluate_squad.py and evaluate_mlqa.py of google-research/xtreme @ 838c13b; Rajpurkar et al. 2018
(evaluate-v2.0) for v2.0.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from xstilts.scoring.metrics import normalisers
from xstilts.scoring.metrics.normalisers import Normaliser

# Question ids with their answers: as a mapping, or as pairs in which an id may be there twice and then counts twice.
Golds = Mapping[str, Sequence[str]] | Sequence[tuple[str, Sequence[str]]]


def squad(gold: Golds, predicted: Mapping[str, str]) -> dict[str, float]:
    """SQuAD v1.1, in whatever language: `exact_match` and `f1` in points.

    Args:
        gold: question id to its answers, at least one each.
        predicted: question id to the answer's text. A missing id scores 0, an unknown one is not looked at: whoever
            calls says whether that is allowed.

    Raises:
        ValueError: no questions, or a question without a gold answer.
    """
    return _answered(gold, predicted, normalisers.squad)


def mlqa(gold: Golds, predicted: Mapping[str, str], language: str) -> dict[str, float]:
    """MLQA in one language (its two-letter code): as `squad`, with MLQA's normaliser.

    Raises:
        ValueError: as `squad`; also for a language that MLQA does not have.
    """
    return _answered(gold, predicted, partial(normalisers.mlqa, language=language))


def squad_v2(gold: Golds, predicted: Mapping[str, str]) -> dict[str, float]:
    """SQuAD v2.0: as `squad`, but a question may have no gold answer; "" is the answer that there is none.

    A gold answer that normalises to nothing does not count as one; if none is left the right answer is "".
    """
    values = []
    for key, answers in _questions(gold):
        real = [answer for answer in answers if normalisers.squad(answer)] or [""]
        if key in predicted:
            values.append(best(real, predicted[key], normalisers.squad, both_empty=1.0))
        else:
            values.append((0.0, 0.0))
    return _mean(values)


def best(answers: Sequence[str], text: str, normalise: Normaliser, *, both_empty: float = 0.0) -> tuple[float, float]:
    """The best exact match and the best token F1 over the gold answers, each from 0 to 1.

    `both_empty` is the F1 of two answers of which nothing is left.
    """
    found = normalise(text)
    wanted = [normalise(answer) for answer in answers]
    return float(found in wanted), max(token_f1(gold, found, both_empty=both_empty) for gold in wanted)


def token_f1(gold: str, found: str, *, both_empty: float = 0.0) -> float:
    """F1 from 0 to 1 of the whitespace tokens of two normalised strings."""
    left, right = gold.split(), found.split()
    if not left and not right:
        return both_empty
    common = (Counter(left) & Counter(right)).total()
    return 2.0 * common / (len(left) + len(right))


def _answered(gold: Golds, predicted: Mapping[str, str], normalise: Normaliser) -> dict[str, float]:
    values = []
    for key, answers in _questions(gold):
        if not answers:
            raise ValueError(
                f"question {key!r} has no gold answer; only SQuAD v2.0 may have such questions: "
                "name the scorer 'squad_v2', or repair the gold file"
            )
        values.append(best(answers, predicted[key], normalise) if key in predicted else (0.0, 0.0))
    return _mean(values)


def _questions(gold: Golds) -> list[tuple[str, Sequence[str]]]:
    if not gold:
        raise ValueError("no questions to score; the gold file is empty: prepare it again")
    return list(gold.items() if isinstance(gold, Mapping) else gold)


def _mean(values: Sequence[tuple[float, float]]) -> dict[str, float]:
    exact, f1 = (sum(column) for column in zip(*values, strict=True))
    return {"exact_match": 100.0 * exact / len(values), "f1": 100.0 * f1 / len(values)}
