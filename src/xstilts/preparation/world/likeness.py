"""How like English a language is: what cognates, and the amount of text, can be planted to follow."""

import math
import random

from xstilts.languages import uriel


def kinship(code: str) -> float:
    """Square root of the genetic similarity with English, 0 to 1."""
    return math.sqrt(uriel.genetic_similarity("eng", code))


def agreement(code: str) -> float:
    """1 - 2 * the share of syntax features known of both languages in which one differs from English; 0 to 1.

    With features drawn by chance half of them would differ; languages beyond that count as 0.
    """
    mine, english = uriel.features(code), uriel.features("eng")
    shared = [(mine[name], english[name]) for name in mine if mine[name] is not None and english[name] is not None]
    differ = sum(first != second for first, second in shared) / len(shared) if shared else 1.0
    return max(0.0, 1 - 2 * differ)


def dealt(code: str, languages: tuple[str, ...], seed: int) -> str:
    """The language whose kinship `code` is dealt when kinship is shuffled; English keeps its own."""
    others = [each for each in languages if each != "eng"]
    givers = list(others)
    random.Random(f"{seed}/kinship").shuffle(givers)
    return dict(zip(others, givers, strict=True)).get(code, code)
