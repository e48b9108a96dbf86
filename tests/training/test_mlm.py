"""MLM as one more task of a mixture: what is sampled, what is hidden, what is learned."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toy_training import RUNTIME, Memory, pairs
from xstilts.formats import prepared
from xstilts.model.batching import Encoded
from xstilts.model.shapes import Lengths, mlm
from xstilts.model.tokens import Tokens
from xstilts.preparation import mixtures, mlm_text
from xstilts.preparation.settings import Mixture
from xstilts.training import loop
from xstilts.training.job import Job, Material
from xstilts.training.schedule import EncodedTask, Masking, Schedule
from xstilts.training.settings import Recipe

LINES = {"eng": 5000, "deu": 400, "swh": 30, "yor": 3}
MASKING = Masking(share=0.15, mask=4, vocabulary=50, specials=np.array([0, 2, 4]))


def test_languages_are_drawn_with_p_in_proportion_to_their_lines_to_the_power_of_alpha_and_lines_evenly() -> None:
    numbers = np.repeat(np.arange(len(LINES)), list(LINES.values()))
    share = mlm.sampling(numbers, 0.3)
    rows = [[0, 5 + number, 6, 2] for number in numbers]
    subject = EncodedTask("mlm", Encoded.build(rows), 8, share)
    steps = 4000
    schedule = Schedule({"mlm": subject}, seed=3, steps=steps, cap=1 << 17, first_position=2, masking=MASKING)
    items = np.concatenate([schedule.items("mlm", turn) for turn in range(steps)])
    drawn = Counter(numbers[items].tolist())
    powers = np.array(list(LINES.values())) ** 0.3
    for number, expected in enumerate(powers / powers.sum()):
        margin = 4 * (expected * (1 - expected) / len(items)) ** 0.5
        assert drawn[number] / len(items) == pytest.approx(expected, abs=margin)
    least_common = Counter(items[numbers[items] == 3].tolist())
    assert set(least_common) == set(range(len(numbers) - 3, len(numbers)))
    assert max(least_common.values()) / min(least_common.values()) < 1.2


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_the_share_of_a_language_is_its_power_and_sums_to_one(alpha: float) -> None:
    numbers = np.repeat(np.arange(len(LINES)), list(LINES.values()))
    share = mlm.sampling(numbers, alpha)
    assert share.sum() == pytest.approx(1)
    by_language = np.bincount(numbers, weights=share)
    expected = np.array(list(LINES.values()), dtype=float) ** alpha
    assert by_language == pytest.approx(expected / expected.sum())


def test_a_language_without_a_line_that_is_left_after_tokenising_takes_no_share() -> None:
    share = mlm.sampling(np.array([0, 0, 2]), 0.5)
    assert share.sum() == pytest.approx(1)
    assert share[0] == share[1]


def test_mlm_takes_its_capped_share_of_a_mixture_s_steps() -> None:
    numbers = np.zeros(3000, dtype=np.int64)
    text_rows = EncodedTask("mlm", Encoded.build([[0, 5, 6, 2]] * 3000), 8, mlm.sampling(numbers, 0.3))
    task = EncodedTask(
        "task", Encoded.build([[0, 7, 2]] * 500, item_targets={"label": np.zeros(500, dtype=np.int64)}), 4
    )
    schedule = Schedule(
        {"task": task, "mlm": text_rows}, seed=1, steps=20_000, cap=1000, first_position=2, masking=MASKING
    )
    expected = 1000 / 1500
    margin = 4 * (expected * (1 - expected) / 20_000) ** 0.5
    assert Counter(schedule.order)["mlm"] / 20_000 == pytest.approx(expected, abs=margin)


def test_four_in_five_hidden_sub_words_are_masked_and_one_in_ten_stays() -> None:
    rows = [[0, *range(10, 40), 2]] * 2000
    encoded = Encoded.build(rows)
    hidden = mlm.hide(
        encoded,
        np.arange(2000),
        0.15,
        mask=4,
        vocabulary=50_000,
        specials=MASKING.specials,
        rng=np.random.default_rng(1),
    )
    truth = hidden.token_targets["hidden"]
    chosen = truth >= 0
    number = int(chosen.sum())
    assert number / (2000 * 30) == pytest.approx(0.15, abs=0.006)
    assert (hidden.ids[chosen] == 4).mean() == pytest.approx(0.8, abs=4 * (0.16 / number) ** 0.5)
    assert (hidden.ids[chosen] == truth[chosen]).mean() == pytest.approx(0.1, abs=4 * (0.09 / number) ** 0.5)
    assert (hidden.ids[~chosen] == encoded.ids[~chosen]).all()


def test_text_of_several_scripts_is_cut_at_the_recipe_s_length_and_keeps_its_language(start: Path) -> None:
    tokens = Tokens.open(start / "encoder")
    texts = {"eng": ["the cat sat on the mat . " * 20, ""], "tha": ["แมวนั่งบนเสื่อ"]}
    encoded, numbers = mlm.encode(texts, tokens, Lengths(12))
    assert numbers.tolist() == [0, 1]
    assert encoded.tokens().tolist()[0] == 12
    assert encoded.tokens()[1] <= 12


def test_text_and_a_task_from_files_are_prepared_mixed_and_learned(start: Path, tmp_path: Path) -> None:
    """The whole way of the `files` origin: globs of text, the held-out part, the gathered mixture, a training."""
    root = tmp_path / "upstream"
    root.mkdir()
    (root / "en.txt").write_text(
        "".join(f"the cat number {i} sat on the mat .\n" for i in range(300)), encoding="utf-8"
    )
    (root / "th.txt").write_text("".join(f"แมวตัวที่ {i} นั่งบนเสื่อ\n" for i in range(60)), encoding="utf-8")
    settings = {"origin": "files", "root": str(root), "languages": ["eng", "tha"], "text": ["{alpha2}.txt"]}
    data = tmp_path / "data"
    assert mlm_text.write(data / "text", settings) == {"eng": 300, "tha": 60}
    heldout = {code: list(prepared.lines(path)) for code, path in prepared.text_files(data / "text/heldout").items()}
    kept = {code: list(prepared.lines(path)) for code, path in prepared.text_files(data / "text").items()}
    assert all(heldout[code] and not set(heldout[code]) & set(kept[code]) for code in ("eng", "tha"))
    pairs(data / "toy")
    gathered = mixtures.gather("toy_mlm", Mixture(("toy",), mlm=True), data, tmp_path / "mixtures" / "toy_mlm")
    assert gathered == ["text", "toy"]
    folder = tmp_path / "mixtures" / "toy_mlm"
    recipe = Recipe(learning_rate=3e-3, batch=8, max_length=32, steps=80, mask=0.15, alpha=0.3)
    job = Job(
        "intermediate", "toy_mlm", 1, start, Material((folder / "toy",), folder / "text"), recipe, tmp_path / "out"
    )
    card = loop.train(job, RUNTIME, Memory().begin, tmp_path / "resume")
    before = _untrained(job, tmp_path)
    for code in ("eng", "tha"):
        assert card["final"][f"validation/mlm/{code}"] < before[f"validation/mlm/{code}"]
    assert {path.stem for path in (job.output / "heads").iterdir()} == {"toy", "mlm"}
    assert json.loads((job.output / "card.json").read_text())["recipe"]["alpha"] == 0.3


def _untrained(job: Job, tmp_path: Path) -> dict[str, Any]:
    from dataclasses import replace

    recipe = replace(job.recipe, steps=1, learning_rate=0.0)
    still = replace(job, recipe=recipe, output=tmp_path / "before")
    return loop.train(still, RUNTIME, Memory().begin, tmp_path / "resume")["final"]
