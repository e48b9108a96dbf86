"""Fractions among points: what must be known before a gain is taken.

Separate because nothing after it can tell: 0.63 is a score in points, and 100 · gain / (100 − before) of fractions is a
copy of the gain. A score of 1 point or less is legitimate near chance, so that whoever has such scores says so.
"""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from xstilts.formats.runs import Score

LARGEST = 1.0  # a fraction, of which 1 is everything
_NEAR = 2.0  # a value that is another one divided by 100 up to this factor


def faults(scores: Sequence[Score]) -> list[tuple[int, str]]:
    """Scores that look like fractions where points are expected; by place in the sequence.

    Looked at within study, target and metric: all of them, one arm or seed, one language, or single values.
    """
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for place, score in enumerate(scores):
        groups[score.study, score.target, score.metric].append(place)
    return sorted(fault for key, places in groups.items() for fault in _group(" ".join(key), places, scores))


def _group(name: str, places: list[int], scores: Sequence[Score]) -> list[tuple[int, str]]:
    small = [place for place in places if scores[place].value <= LARGEST]
    if len(small) == len(places):
        return [
            (places[0], f"fractions: all {len(places)} values of {name} are at most 1; scores are points, 0 to 100")
        ]
    mixed = {
        place: f"mixed units: {what} of {name} looks like fractions beside points (value {scores[place].value:g})"
        for place, what in [*_arms(small, places, scores), *_singles(small, places, scores)]
        if scores[place].value > 0
    }
    return list(mixed.items())


def _arms(small: list[int], places: list[int], scores: Sequence[Score]) -> list[tuple[int, str]]:
    """Places of an arm, a seed of it or a language that has no value above 1, where others have a hundred times it."""
    found = []
    for names in (("intermediate",), ("intermediate", "seed"), ("language",)):
        parts: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for place in places:
            parts[tuple(getattr(scores[place], name) for name in names)].append(place)
        for key, part in parts.items():
            inside = set(part)
            others = [scores[place].value for place in places if place not in inside]
            middle = 100 * median(scores[place].value for place in part)
            if inside <= set(small) and others and min(others) / _NEAR <= middle <= max(others) * _NEAR:
                what = " ".join(f"{name} {value}" for name, value in zip(names, key, strict=True))
                found += [(place, what) for place in part]
    return found


def _singles(small: list[int], places: list[int], scores: Sequence[Score]) -> list[tuple[int, str]]:
    """Places of values that are a hundredth of what the same language has elsewhere."""
    large: dict[str, list[float]] = defaultdict(list)
    for place in places:
        if scores[place].value > LARGEST:
            large[scores[place].language].append(scores[place].value)
    found = []
    for place in small:
        beside = large.get(scores[place].language)
        if beside and median(beside) / _NEAR <= 100 * scores[place].value <= median(beside) * _NEAR:
            found.append((place, f"a value in {scores[place].language}"))
    return found
