"""The rules of XTREME's evaluation, written again as slowly and literally as they can be said.

Nothing here is shared with src/xstilts: numbers of the two must agree because both follow the same rule.
"""

import string
import unicodedata

ARTICLES = {
    "en": {"a", "an", "the"},
    "es": {"un", "una", "unos", "unas", "el", "la", "los", "las"},
    "vi": {"của", "là", "cái", "chiếc", "những"},
    "de": {"ein", "eine", "einen", "einem", "eines", "einer", "der", "die", "das", "den", "dem", "des"},
    "hi": set(),
    "zh": set(),
    "ar": set(),
}


def squad_tokens(text):
    """SQuAD v1.1: lower case, drop ASCII punctuation, drop English articles, split at white space."""
    kept = "".join(character for character in text.lower() if character not in string.punctuation)
    return without_words(kept, ARTICLES["en"]).split()


def mlqa_tokens(text, language):
    """MLQA: lower case, drop Unicode and ASCII punctuation, drop the language's articles, split."""
    kept = ""
    for character in text.lower():
        if not unicodedata.category(character).startswith("P") and character not in string.punctuation:
            kept += character
    kept = kept.replace("ال", " ") if language == "ar" else without_words(kept, ARTICLES[language])
    if language != "zh":
        return kept.split()
    tokens, word = [], ""
    for character in kept:
        if 0x4E00 <= ord(character) <= 0x9FA5:
            tokens += [*word.split(), character]
            word = ""
        else:
            word += character
    return tokens + word.split()


def without_words(text, words):
    """Replace whole words (runs of letters, digits and underscores) by a space."""
    result, word = "", ""
    for character in text + "\n":
        if character.isalnum() or character == "_":
            word += character
        else:
            result += (" " if word in words else word) + character
            word = ""
    return result


def answer(golds, prediction, tokens):
    """Best exact match and best token F1 over the gold answers; nothing in common is F1 0, also of two empty ones."""
    exact = f1 = 0.0
    found = tokens(prediction)
    for gold in map(tokens, golds):
        exact = max(exact, float(gold == found))
        left, common = list(gold), 0
        for token in found:
            if token in left:
                left.remove(token)
                common += 1
        if common:
            precision, recall = common / len(found), common / len(gold)
            f1 = max(f1, 2 * precision * recall / (precision + recall))
    return exact, f1


def answers(golds, predictions, tokens):
    """Exact match and F1 in points; a missing id scores 0, an unknown one is not looked at."""
    total = [answer(golds[key], predictions[key], tokens) for key in golds if key in predictions]
    return {
        "exact_match": 100 * sum(row[0] for row in total) / len(golds),
        "f1": 100 * sum(row[1] for row in total) / len(golds),
    }


def iobes_spans(sentences, parts):
    """Spans by the letters B I O E S (any other letter continues a span of its type)."""
    found = set()
    for row, sentence in enumerate(sentences):
        before, before_kind, start = "O", "", None
        for place, tag in enumerate([*sentence, "O"]):
            letter, kind = ("O", "O") if tag == "O" else parts(tag)
            new = letter in "BS" or before in "ES" or kind != before_kind
            if before != "O" and (letter == "O" or new):
                found.add((row, start, place - 1, before_kind))
            if letter != "O" and (before == "O" or new):
                start = place
            before, before_kind = letter, kind
    return found


def upos_parts(tag):
    """What seqeval up to 0.0.15 makes of a bare tag: its first letter, and the tag as the type."""
    return tag[0], tag


def iob2_parts(tag):
    """B-PER: letter B, type PER."""
    return tag[0], tag[2:]


def sets(gold, predicted):
    """Precision, recall and F1 of two sets, in points."""
    correct = len(gold & predicted)
    precision = correct / len(predicted) if predicted else 0.0
    recall = correct / len(gold) if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
    return {"f1": 100 * f1, "precision": 100 * precision, "recall": 100 * recall}


def equal_lines(gold, predicted):
    """Accuracy in points."""
    return {"accuracy": 100 * sum(left == right for left, right in zip(gold, predicted, strict=True)) / len(gold)}


def threshold(candidates, gold):
    """BUCC's threshold: walk down the candidates, remember where F1 was best, take the middle to the next score."""
    ranked = sorted(candidates.items(), key=lambda item: -item[1])
    best, found, correct = 0.0, 0.0, 0
    for place, (pair, score) in enumerate(ranked):
        correct += pair in gold
        if correct:
            precision, recall = correct / (place + 1), correct / len(gold)
            f1 = 2 * precision * recall / (precision + recall)
            if f1 > best:
                best = f1
                found = (score + ranked[place + 1][1]) / 2 if place + 1 < len(ranked) else score
    return found


def mine(x, y, k):
    """Artetxe and Schwenk's mining with the ratio margin and "max" retrieval, pair by pair in double precision."""
    x = [row / max((row @ row) ** 0.5, 1e-30) for row in x.astype("f8")]
    y = [row / max((row @ row) ** 0.5, 1e-30) for row in y.astype("f8")]
    cosine = [[float(left @ right) for right in y] for left in x]

    def best(row):
        return sorted(range(len(row)), key=lambda place: -row[place])[:k]

    near_x = [best(row) for row in cosine]
    columns = [list(column) for column in zip(*cosine, strict=True)]
    near_y = [best(column) for column in columns]
    mean_x = [sum(row[place] for place in near) / len(near) for row, near in zip(cosine, near_x, strict=True)]
    mean_y = [sum(row[place] for place in near) / len(near) for row, near in zip(columns, near_y, strict=True)]

    def margin(left, right):
        return cosine[left][right] / ((mean_x[left] + mean_y[right]) / 2)

    pool = []
    for left, near in enumerate(near_x):
        right = max(near, key=lambda place: margin(left, place))
        pool.append((margin(left, right), left, right))
    for right, near in enumerate(near_y):
        left = max(near, key=lambda place: margin(place, right))
        pool.append((margin(left, right), left, right))
    kept, taken_x, taken_y = [], set(), set()
    for score, left, right in sorted(pool, key=lambda row: -row[0]):
        if left not in taken_x and right not in taken_y:
            taken_x.add(left)
            taken_y.add(right)
            if score > 0:
                kept.append((left, right, score))
    return kept


GROUPS = {
    "classification": ("pawsx", "xnli"),
    "tagging": ("udpos", "panx"),
    "qa": ("xquad", "mlqa", "tydiqa"),
    "retrieval": ("bucc2018", "tatoeba"),
}


def summary(scores):
    """Averages over languages, the nine tasks and the four groups.

    `scores`: task to metric to language to points.
    """
    result = {}
    for task, metrics in scores.items():
        row = dict(metrics)
        for metric, values in metrics.items():
            row[f"avg_{metric}"] = sum(values.values()) / len(values)
        if task in GROUPS["qa"]:
            row["avg_metric"] = (row["avg_exact_match"] + row["avg_f1"]) / 2
        elif task in ("udpos", "panx", "bucc2018"):
            row["avg_metric"] = row["avg_f1"]
        else:
            row["avg_metric"] = row["avg_accuracy"]
        result[task] = row
    averages = {task: row["avg_metric"] for task, row in result.items()}
    for group, tasks in GROUPS.items():
        if all(task in averages for task in tasks):
            result[group] = sum(averages[task] for task in tasks) / len(tasks)
    if len(averages) == 9:
        result["all_task"] = sum(averages.values()) / 9
    return result
