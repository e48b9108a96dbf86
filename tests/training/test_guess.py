"""What chance costs is what a head costs whose logits are all the same, on the very batches that it is judged by."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from toy_training import RECIPE, Memory, pairs, run, task
from xstilts.formats.examples import Answer, Choice, Question, TaggedSentence
from xstilts.model import encoder
from xstilts.model.batching import by_length, collate
from xstilts.training import encoded_tasks, guess
from xstilts.training.job import Job, Material
from xstilts.training.loop import _heads

CONTEXT = "the cat sat on the mat and the dog ran home"
ROWS: dict[str, tuple[list[Any], tuple[str, ...]]] = {
    "choice": ([Choice(str(i), f"the cat {i}", tuple("abcd"[: 2 + i % 3]), i % 2) for i in range(12)], ()),
    "span": ([Question(str(i), CONTEXT, "who sat", (Answer("cat", 4),)) for i in range(12)], ()),
    "tagging": (
        [TaggedSentence(str(i), ("the", "cat", "sat")[: 1 + i % 3], ("D", "N", "V")[: 1 + i % 3]) for i in range(12)],
        ("D", "N", "V"),
    ),
}


def flat(job: Job) -> tuple[dict[str, float], dict[str, float]]:
    """The loss of every validation set under equal logits, and what `guess` says."""
    mixture = encoded_tasks.read(job)
    body = encoder.open_encoder(job.start / "encoder")
    heads: Any = _heads(job, mixture.cards, mixture.masking is not None, body)
    found = {}
    for name, (subject, encoded) in mixture.validation.items():
        head = heads[subject].eval()
        with torch.no_grad():
            for parameter in head.parameters():
                parameter.zero_()
            total, terms = 0.0, 0
            for chosen in by_length(encoded, 64):
                batch = collate(encoded, chosen, 2)
                total += float(head.loss(torch.zeros(len(batch.ids), body.config.hidden_size), batch))
                terms += head.terms(batch)
        found[name] = total / terms
    return found, guess.losses(mixture.validation, body.config.vocab_size)


@pytest.mark.parametrize("shape", ["choice", "span"])
def test_among_answers_without_labels_it_is_an_even_guess(job: Job, tmp_path: Path, shape: str) -> None:
    rows, labels = ROWS[shape]
    even, guessed = flat(replace(job, material=Material((task(tmp_path / shape, shape, rows, labels),))))
    assert guessed == pytest.approx(even, rel=1e-5)


def test_masked_tokens_are_guessed_evenly(job: Job, tmp_path: Path) -> None:
    for folder in (tmp_path / "text", tmp_path / "text/heldout"):
        folder.mkdir()
        (folder / "eng.txt").write_text("the cat number 3 sat on the mat .\n" * 8)
    even, guessed = flat(replace(job, material=Material((), tmp_path / "text")))
    assert guessed == pytest.approx(even, rel=1e-5)
    assert list(guessed) == ["mlm/eng"]


def test_labels_have_their_shares_and_equal_shares_are_an_even_guess(job: Job, tmp_path: Path) -> None:
    even, guessed = flat(replace(job, material=Material((pairs(tmp_path / "pairs"),))))
    assert guessed["pairs"] == pytest.approx(even["pairs"], rel=1e-5) == pytest.approx(math.log(2))
    rows, labels = ROWS["tagging"]
    even, guessed = flat(replace(job, material=Material((task(tmp_path / "tagging", "tagging", rows, labels),))))
    counts = np.array(list(Counter(tag for row in rows[:8] for tag in row.tags).values()))
    shares = counts / counts.sum()
    assert guessed["tagging"] == pytest.approx(float(-(shares * np.log(shares)).sum()))
    assert guessed["tagging"] < even["tagging"] == pytest.approx(math.log(3), rel=1e-5)


def test_the_card_of_a_training_tells_whether_it_learned(job: Job, tmp_path: Path) -> None:
    logger = Memory()
    learns = run(replace(job, recipe=replace(RECIPE, epochs=8)), tmp_path / "resume", logger)["final"]
    assert learns["guess/toy"] == pytest.approx(math.log(2))
    assert learns["learned"] == 1.0
    assert learns["validation/toy"] < 0.69 < learns["first/toy"] + 0.2
    assert (0, {"validation/toy": learns["first/toy"]}) in logger.points
    still = replace(job, output=tmp_path / "still", recipe=replace(RECIPE, learning_rate=1e-12))
    fails = run(still, tmp_path / "resume")["final"]
    assert fails["learned"] == 0.0
    assert fails["validation/toy"] == pytest.approx(fails["first/toy"])
