"""How XTREME orders and unifies the sentences of a parallel or comparable corpus: what prediction and scoring share.

Sources: utils_preprocess.py (`tatoeba_preprocess`) and third_party/utils_retrieve.py (`read_sent2id`, `unify_sents`)
of google-research/xtreme @ 838c13b; nyu-mll/jiant for the policy `jiant`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

POLICIES = ("xtreme", "jiant")


def english_order(sentences: Sequence[str]) -> list[int]:
    """The order of Tatoeba's English side: line numbers, sorted by their sentence's code points, stably.

    Row i of Tatoeba's predictions is about line `order[i]`, whose translation is the foreign line of that number.
    """
    return sorted(range(len(sentences)), key=sentences.__getitem__)


@dataclass(frozen=True)
class Distinct:
    """The distinct sentences of one side: line `rows[j]` stands for sentence j, `lines[j]` are all its lines."""

    rows: tuple[int, ...]
    lines: tuple[tuple[int, ...], ...]


def distinct(sentences: Sequence[str]) -> Distinct:
    """Unify equal lines, in order of first occurrence; the **last** occurrence stands for all, as in the reference."""
    lines: dict[str, list[int]] = {}
    for number, sentence in enumerate(sentences):
        lines.setdefault(sentence, []).append(number)
    return Distinct(tuple(group[-1] for group in lines.values()), tuple(map(tuple, lines.values())))


def lines_of(sentence: int, side: Distinct, policy: str = "xtreme") -> tuple[int, ...]:
    """The lines that a mined distinct sentence stands for.

    `xtreme` drops a sentence that occurs on more than one line of its file; `jiant` names all its lines.

    Raises:
        ValueError: no such policy.
    """
    if policy not in POLICIES:
        raise ValueError(f"no duplicates policy {policy!r}; allowed: {', '.join(POLICIES)}")
    lines = side.lines[sentence]
    return lines if policy == "jiant" or len(lines) == 1 else ()


def expand(
    pairs: Iterable[tuple[int, int, float]], sources: Distinct, targets: Distinct, policy: str = "xtreme"
) -> list[tuple[int, int, float]]:
    """From pairs of mined distinct sentences to pairs of lines, under a duplicates policy, in the same order.

    Args:
        pairs: source sentence, target sentence, score.
        sources: the distinct sentences of the source side.
        targets: the same of the target side.
        policy: as in `lines_of`.
    """
    return [
        (source_line, target_line, score)
        for source, target, score in pairs
        for source_line in lines_of(source, sources, policy)
        for target_line in lines_of(target, targets, policy)
    ]
