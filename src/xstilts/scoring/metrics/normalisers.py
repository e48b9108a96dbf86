"""How an answer's text is normalised before it is compared: two rules, never to be shared.

`squad` is SQuAD v1.1's English rule; XTREME applies it to XQuAD and to TyDiQA **in every language** (ASCII
punctuation, English articles, whitespace tokens), so that Chinese or Thai F1 is close to exact match. `mlqa` is
MLQA's, which knows Unicode punctuation, seven languages' articles, and that Chinese has no spaces.

Sources: Rajpurkar et al. 2016 (evaluate-v1.1), Lewis et al. 2020 (mlqa_evaluation_v1), as google-research/xtreme
@ 838c13b runs them (third_party/evaluate_squad.py, third_party/evaluate_mlqa.py).
"""

import re
import string
import sys
import unicodedata
from collections.abc import Callable
from functools import cache

Normaliser = Callable[[str], str]

_SQUAD_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_WITHOUT_ASCII_PUNCTUATION = dict.fromkeys(map(ord, string.punctuation))

# MLQA's articles by two-letter code; None: the language has none. Arabic loses every "ال", also inside words: the
# reference's pattern for "at the start of a word" can never match, and its alternative matches everywhere.
_MLQA_ARTICLES = {
    "en": r"\b(?:a|an|the)\b",
    "es": r"\b(?:un|una|unos|unas|el|la|los|las)\b",
    "hi": None,
    "vi": r"\b(?:của|là|cái|chiếc|những)\b",
    "de": r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "ar": "ال",
    "zh": None,
}
MLQA_LANGUAGES = tuple(sorted(_MLQA_ARTICLES))
_HAN = re.compile("([\u4e00-\u9fa5])")


def squad(text: str) -> str:
    """SQuAD v1.1: lower case, no ASCII punctuation, no a/an/the, single spaces. Other punctuation stays."""
    text = text.lower().translate(_WITHOUT_ASCII_PUNCTUATION)
    return " ".join(_SQUAD_ARTICLES.sub(" ", text).split())


def mlqa(text: str, language: str) -> str:
    """MLQA: lower case, no Unicode or ASCII punctuation, no articles of the language; Chinese characters apart.

    Args:
        text: an answer.
        language: MLQA's own two-letter code, one of `MLQA_LANGUAGES`.

    Raises:
        ValueError: MLQA has no rule for the language.
    """
    if language not in _MLQA_ARTICLES:
        raise ValueError(f"MLQA has no normaliser for {language!r}; it has: {', '.join(MLQA_LANGUAGES)}")
    text = text.lower().translate(_without_punctuation())
    articles = _MLQA_ARTICLES[language]
    if articles is not None:
        text = re.sub(articles, " ", text)
    if language == "zh":
        text = _HAN.sub(r" \1 ", text)
    return " ".join(text.split())


@cache
def _without_punctuation() -> dict[int, None]:
    points = range(sys.maxunicode + 1)
    unicode_punctuation = [point for point in points if unicodedata.category(chr(point)).startswith("P")]
    return dict.fromkeys(unicode_punctuation) | _WITHOUT_ASCII_PUNCTUATION
