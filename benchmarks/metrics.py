"""Metrics as arrays against loops, on the same data: `python benchmarks/metrics.py [--sentences N] [--rounds N]`.

Entity F1 against seqeval where it is installed (else a loop over tags, which says so), UDPOS's chunk F1 against the
loop, one-to-one matching against the reference's loop. CPU time, alternating rounds, medians; the last line is JSON.
"""

import argparse
import importlib
import importlib.metadata
import importlib.util
import json
import statistics
import time
from collections.abc import Callable

import numpy as np

from xstilts.prediction.bitext_mining import one_to_one
from xstilts.scoring.metrics import tags

UPOS = ("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "NOUN", "NUM", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB")
IOB2 = ("O", "O", "O", "O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
Sentences = list[list[str]]


def made(labels: tuple[str, ...], sentences: int, rng: np.random.Generator) -> tuple[Sentences, Sentences]:
    """Random gold and predicted tags, four of five equal."""
    gold = [rng.choice(labels, rng.integers(5, 40)).tolist() for _ in range(sentences)]
    found = [
        [
            tag if keep else other
            for tag, keep, other in zip(
                row, rng.random(len(row)) < 0.8, rng.choice(labels, len(row)).tolist(), strict=True
            )
        ]
        for row in gold
    ]
    return gold, found


def loop_f1(gold: Sentences, found: Sentences, reading: Callable[[str], tuple[str, bool]]) -> float:
    """Typed spans token by token into sets: the plain way of doing it."""
    left, right = loop_spans(gold, reading), loop_spans(found, reading)
    return 200.0 * len(left & right) / (len(left) + len(right))


def loop_spans(sentences: Sentences, reading: Callable[[str], tuple[str, bool]]) -> set[tuple[int, int, int, str]]:
    """(sentence, first, last, type) of every span."""
    spans = set()
    for row, sentence in enumerate(sentences):
        start, open_kind = 0, ""
        for place, tag in enumerate([*sentence, "O"]):
            kind, opens = reading(tag)
            if open_kind and (opens or kind != open_kind):
                spans.add((row, start, place - 1, open_kind))
            if kind and (opens or kind != open_kind):
                start = place
            open_kind = kind
    return spans


def loop_matching(source: np.ndarray, target: np.ndarray) -> list[int]:
    """The reference's greedy loop."""
    taken_source, taken_target, kept = set(), set(), []
    for place in range(len(source)):
        left, right = source[place], target[place]
        if left not in taken_source and right not in taken_target:
            taken_source.add(left)
            taken_target.add(right)
            kept.append(place)
    return kept


def compare(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median CPU seconds of both, measured in turn after one call each."""
    spent: tuple[list[float], list[float]] = ([], [])
    for round_ in range(rounds + 1):
        for function, times in zip((ours, theirs), spent, strict=True):
            before = time.process_time()
            function()
            if round_:
                times.append(time.process_time() - before)
    return statistics.median(spent[0]), statistics.median(spent[1])


def main() -> None:
    """Print a table of ratios and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    gold, found = made(IOB2, arguments.sentences, rng)
    cases = {}
    if importlib.util.find_spec("seqeval"):
        seqeval = importlib.import_module("seqeval.metrics")
        cases["entity F1", f"seqeval {importlib.metadata.version('seqeval')}"] = (
            lambda: tags.entities(gold, found)["f1"],
            lambda: 100 * seqeval.f1_score(gold, found),
        )
    cases["entity F1", "loop"] = (lambda: tags.entities(gold, found)["f1"], lambda: loop_f1(gold, found, tags.iob2))
    words, guesses = made(UPOS, arguments.sentences, rng)
    cases["chunk F1", "loop"] = (
        lambda: tags.span_scores(words, guesses, tags.upos)["f1"],
        lambda: loop_f1(words, guesses, tags.upos),
    )
    source, target = rng.integers(0, arguments.pairs // 2, (2, arguments.pairs))
    cases["one-to-one matching", "loop"] = (
        lambda: one_to_one(source, target).tolist(),
        lambda: loop_matching(source, target),
    )
    print(f"{'what':22}{'against':16}{'ours, CPU s':>12}{'theirs':>10}{'ratio':>8}  equal")
    rows = []
    for (what, peer), (ours, theirs) in cases.items():
        left, right = ours(), theirs()
        equal = left == right if isinstance(left, list) else bool(abs(left - right) < 1e-9)
        mine, other = compare(ours, theirs, arguments.rounds)
        rows.append(
            {"what": what, "against": peer, "ours": mine, "theirs": other, "ratio": other / mine, "equal": equal}
        )
        print(f"{what:22}{peer:16}{mine:12.4f}{other:10.3f}{other / mine:8.1f}  {equal}")
    tokens = sum(map(len, gold))
    print(json.dumps({"benchmark": "metrics", "tokens": tokens, "pairs": arguments.pairs, "rows": rows}))


if __name__ == "__main__":
    main()
