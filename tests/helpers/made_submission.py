"""A random submission with its labels, and the numbers that the oracle gives it: our own golden folder."""

import json
from functools import partial
from pathlib import Path

import numpy as np

import oracle

LANGUAGES = {
    "xnli": "ar bg de el en es fr hi ru sw th tr ur vi zh",
    "pawsx": "de en es fr ja ko zh",
    "udpos": "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh",
    "panx": "af ar bg bn de el en es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr ms my nl pt ru sw ta te th tl "
    "tr ur vi yo zh",
    "xquad": "ar de el en es hi ru th tr vi zh",
    "mlqa": "ar de en es hi vi zh",
    "tydiqa": "ar bn en fi id ko ru sw te",
    "bucc2018": "de fr ru zh",
    "tatoeba": "af ar bg bn de el es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr nl pt ru sw ta te th tl tr ur "
    "vi zh",
}
UPOS = [
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT"),
    *("SCONJ", "SYM", "VERB", "X"),
]
IOB2 = ["O", "O", "O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
LABELS = {"xnli": ["contradiction", "entailment", "neutral"], "pawsx": ["0", "1"]}
PIECES = {
    "ar": ["ال", "الك", "كتاب", "بال", "ن", "؟", "،"],
    "zh": ["天", "三", "。", "ab", "12", "、", "《"],
    "vi": ["của", "là", "những", "nha\u0300", "nhà", "chiếc"],
    "de": ["der", "Die", "einem", "haus", "derr", "„", "“"],
    "es": ["el", "LA", "unos", "casa", "¿", "niño"],
    "hi": ["।", "घर", "का", "है"],
    "th": ["บ้าน", "ที่", "ฯ"],
}
COMMON = ["The", "a", "an", "dog", "the", "x", "-", ".", "'s", "«", "»", "\u00a0", "\u200c", "\u200f", "_", "!", "7"]
TSV = {"udpos", "panx"}


def make(folder: Path, seed: int, *, tasks=tuple(LANGUAGES), size: int = 12) -> dict:
    """Write `predictions/` and `labels/` below a folder; returns the scores by the oracle."""
    scores = {}
    for place, task in enumerate(LANGUAGES):
        if task not in tasks:
            continue
        for other, language in enumerate(LANGUAGES[task].split()):
            rng = np.random.default_rng([seed, place, other])
            gold, predicted, values = MAKERS.get(task, _labels)(task, language, rng, size)
            for name, content in (("labels", gold), ("predictions", predicted)):
                suffix = "json" if task in ("xquad", "mlqa", "tydiqa") else "tsv"
                path = folder / name / task / f"test-{language}.{suffix}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
            for metric, value in values.items():
                scores.setdefault(task, {}).setdefault(metric, {})[language] = value
    return oracle.summary(scores)


def text(language: str, rng: np.random.Generator) -> str:
    """A random answer: words, articles, punctuation, sometimes nothing."""
    pieces = COMMON + 3 * PIECES.get(language, ["дом", "lä"])
    joints = ["", " ", " ", "  "]
    return "".join(str(rng.choice(pieces)) + str(rng.choice(joints)) for _ in range(rng.integers(0, 6)))


def _labels(task, language, rng, size):
    gold = rng.choice(LABELS[task], size).tolist()
    predicted = np.where(rng.random(size) < 0.6, gold, rng.choice(LABELS[task], size)).tolist()
    return _lines(gold), _lines(predicted), oracle.equal_lines(gold, predicted)


def _tags(task, language, rng, size):
    tags = UPOS if task == "udpos" else IOB2
    gold = [rng.choice(tags[-6:] if rng.random() < 0.5 else tags, rng.integers(1, 9)).tolist() for _ in range(size)]
    keep = 0.7
    predicted = [
        np.where(rng.random(len(row)) < keep, row, rng.choice(tags, len(row))).tolist()  # a wrong tag here and there
        for row in gold
    ]
    parts = oracle.upos_parts if task == "udpos" else oracle.iob2_parts
    values = oracle.sets(oracle.iobes_spans(gold, parts), oracle.iobes_spans(predicted, parts))
    return _sentences(gold), _sentences(predicted), values


def _answers(task, language, rng, size):
    gold, predicted, qas = {}, {"nobody-asked": "x"}, []
    for number in range(3 * size):
        key = f"{language}-{number}"
        gold[key] = [text(language, rng) for _ in range(rng.integers(1, 4))]
        chance = rng.random()
        if chance < 0.4:
            predicted[key] = str(rng.choice(gold[key]))
        elif chance < 0.7:
            predicted[key] = f"{rng.choice(COMMON)} {rng.choice(gold[key])}{rng.choice(COMMON)}"
        elif chance < 0.95:
            predicted[key] = text(language, rng)
        found = [{"text": answer, "answer_start": 0} for answer in gold[key]]
        qas.append({"id": key, "question": "?", "answers": found})
    # Cases that chance may miss: nothing left of either side, and a token that comes twice.
    gold["empty"], predicted["empty"] = ["the ."], "A !"
    gold["twice"], predicted["twice"] = ["dog dog x"], "dog x x"
    qas += [
        {"id": key, "question": "?", "answers": [{"text": gold[key][0], "answer_start": 0}]}
        for key in ("empty", "twice")
    ]
    tokens = partial(oracle.mlqa_tokens, language=language) if task == "mlqa" else oracle.squad_tokens
    data = [{"title": "t", "paragraphs": [{"context": "c", "qas": qas}]}]
    labels = data if rng.random() < 0.3 else {"version": "1", "data": data}
    return json.dumps(labels), json.dumps(predicted, ensure_ascii=False), oracle.answers(gold, predicted, tokens)


def _pairs(task, language, rng, size):
    gold = {_pair(language, number, number + 1) for number in range(3 * size)}
    wrong = {_pair(language, number, number + 2) for number in rng.integers(0, 3 * size, size).tolist()}
    found = [pair for pair in sorted(gold) if rng.random() < 0.7] + sorted(wrong)
    rows = found + found[:4]  # a pair that comes twice counts once
    text = _lines("\t".join(pair) for pair in rng.permutation(rows).tolist())
    return _lines("\t".join(pair) for pair in sorted(gold)), text, oracle.sets(gold, set(found))


def _pair(language, source, target):
    return f"{language}-{source:09}", f"en-{target:09}"


def _numbers(task, language, rng, size):
    gold = [str(number) for number in rng.permutation(2 * size)]
    predicted = [number if rng.random() < 0.6 else str(rng.integers(2 * size)) for number in gold]
    return _lines(gold), _lines(predicted), oracle.equal_lines(gold, predicted)


def _lines(rows):
    return "".join(f"{row}\n" for row in rows)


def _sentences(rows):
    return "\n".join("".join(f"{tag}\n" for tag in row) for row in rows)


MAKERS = {
    "udpos": _tags,
    "panx": _tags,
    "xquad": _answers,
    "mlqa": _answers,
    "tydiqa": _answers,
    "bucc2018": _pairs,
    "tatoeba": _numbers,
}
