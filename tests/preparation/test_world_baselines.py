"""What must not be solvable by a glance: baselines on the world's pairs are at chance.

Each baseline is a softmax regression on bags of words, fitted by gradient descent in numpy; with as few words as the
world has it finds any leak that one sentence, or the overlap of two, holds.
"""

import numpy as np
import pytest

from xstilts import tasks
from xstilts.preparation import world

SETTINGS = {"origin": "world", "world": {"languages": ["eng", "tur"], "train": 3000, "validation": 1500, "test": 60}}
PAIRS = ("xnli", "mnli", "anli", "pawsx", "qqp")


def regression(train, labels, test, classes, *, steps=300, rate=0.5, decay=1e-3):
    """Predicted classes; inputs are (examples, features)."""
    weights = np.zeros((train.shape[1], classes))
    gold = np.eye(classes)[labels]
    for _ in range(steps):
        scores = train @ weights
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        chances /= chances.sum(axis=1, keepdims=True)
        weights -= rate * (train.T @ (chances - gold) / len(train) + decay * weights)
    return (test @ weights).argmax(axis=1)


def bags(rows, read, vocabulary):
    found = np.zeros((len(rows), len(vocabulary) + 2))
    for index, row in enumerate(rows):
        words = read(row).split()
        found[index, -2:] = 1, len(words) / 10
        for word in words:
            if word in vocabulary:
                found[index, vocabulary[word]] = 1
    return found


def overlaps(rows):
    """Words of either sentence that the other lacks, shared words, lengths, each also one-hot."""
    table = []
    for row in rows:
        first, second = row.first.split(), row.second.split()
        lacking = len(set(second) - set(first)), len(set(first) - set(second))
        same_start = first[0] == second[0]
        features = [1.0, *lacking, len(set(first) & set(second)), len(first), len(second), same_start]
        features += [float(lacking[0] == count) for count in range(4)]
        features += [float(lacking[1] == count) for count in range(8)]
        table.append(features)
    array = np.array(table, dtype=float)
    return array / np.maximum(1, array.max(axis=0))


def accuracy(task, train, test, features):
    labels = {label: number for number, label in enumerate(task.labels)}
    gold = [np.array([labels[row.label] for row in rows]) for rows in (train, test)]
    predicted = regression(features(train), gold[0], features(test), len(labels))
    return float((predicted == gold[1]).mean())


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("side", ["first", "second"])
def test_one_sentence_alone_tells_nothing_about_the_label(name, side):
    task = tasks.get(name)
    splits = world.load(task, SETTINGS).splits
    words = sorted({word for row in splits["train"] for word in getattr(row, side).split()})
    vocabulary = {word: number for number, word in enumerate(words)}
    found = accuracy(
        task,
        splits["train"],
        splits["validation"],
        lambda rows: bags(rows, lambda row: getattr(row, side), vocabulary),
    )
    assert found < 1 / len(task.labels) + 0.05


@pytest.mark.parametrize("name", PAIRS)
def test_word_overlap_and_lengths_tell_nothing_about_the_label(name):
    task = tasks.get(name)
    splits = world.load(task, SETTINGS).splits
    found = accuracy(task, splits["train"], splits["validation"], overlaps)
    assert found < 1 / len(task.labels) + 0.05


@pytest.mark.parametrize("name", PAIRS)
def test_labels_are_balanced(name):
    task = tasks.get(name)
    rows = world.load(task, SETTINGS).splits["train"]
    shares = [sum(row.label == label for row in rows) / len(rows) for label in task.labels]
    assert max(shares) - min(shares) < 0.01


@pytest.mark.parametrize("name", ["csqa", "hellaswag", "cosmosqa", "siqa", "xcopa"])
def test_the_position_of_the_right_choice_tells_nothing(name):
    rows = world.load(tasks.get(name), SETTINGS).splits["train"]
    counts = np.bincount([row.label for row in rows], minlength=len(rows[0].choices))
    assert counts.max() / len(rows) < 1 / len(rows[0].choices) + 0.05
