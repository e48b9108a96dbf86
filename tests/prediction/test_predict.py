import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xstilts import scoring
from xstilts.formats import checkpoints, predictions, prepared
from xstilts.formats.examples import ParallelSentences, SentencePair
from xstilts.formats.prepared import Card
from xstilts.model.settings import Runtime
from xstilts.prediction import predict
from xstilts.prediction.settings import Retrieval
from xstilts.scoring import score_run
from xstilts.training.job import Job, Material
from xstilts.training.loop import train
from xstilts.training.settings import Recipe

RUNTIME = Runtime(accelerator="cpu", threads=1, progress=False, tokens=256)
WORDS = ("cat", "mat", "sat", "number")


def sentences(number: int) -> list[str]:
    return [f"the {WORDS[i % 4]} {i} {WORDS[i // 4 % 4]} on the mat" for i in range(number)]


def tatoeba(folder: Path, languages: dict[str, list[ParallelSentences]]) -> Path:
    card = Card("tatoeba", "retrieval", "nearest", ("accuracy", "accuracy_reverse"), languages=tuple(languages))
    prepared.write(folder, card, {f"test/{code}": rows for code, rows in languages.items()})
    return folder


def test_a_language_that_is_english_is_found_again_in_both_directions(start: Path, tmp_path: Path) -> None:
    english = sentences(30)
    shuffled = [
        ParallelSentences(str(i), english[i], str(i), english[i]) for i in np.random.default_rng(0).permutation(30)
    ]
    data = tatoeba(tmp_path / "tatoeba", {"deu": shuffled})
    files = predict.retrieve(start, data, Retrieval(layer=1, max_length=30), RUNTIME)
    inputs = scoring.Inputs(shuffled, files["deu"], "deu", reverse=files["deu.reverse"])
    assert scoring.score("nearest", ("accuracy", "accuracy_reverse"), inputs).values == {
        "accuracy": 100.0,
        "accuracy_reverse": 100.0,
    }


def test_bucc_mines_the_pairs_that_are_equal_and_names_no_duplicate(start: Path, tmp_path: Path) -> None:
    texts = sentences(24)
    gold = [ParallelSentences(f"de-{i}", texts[i], f"en-{i}", texts[i]) for i in range(8)]
    alone = [ParallelSentences(f"de-{i}", texts[i], None, None) for i in range(8, 16)]
    alone += [ParallelSentences(None, None, f"en-{i}", texts[i]) for i in range(16, 24)]
    alone.append(ParallelSentences("de-99", texts[0], None, None))  # the text of de-0 under a second id
    card = Card("bucc2018", "retrieval", "mining", ("f1",), languages=("deu",))
    prepared.write(tmp_path / "bucc", card, {"test/deu": gold + alone, "dev/deu": gold})
    files = predict.retrieve(start, tmp_path / "bucc", Retrieval(layer=1, max_length=30), RUNTIME)
    assert set(files) == {"deu", "deu.dev"}
    mined = {(row["source_id"], row["target_id"]) for row in files["deu"]}
    assert {(f"de-{i}", f"en-{i}") for i in range(1, 8)} <= mined
    assert not {source for source, _ in mined} & {"de-0", "de-99"}


def test_a_layer_that_the_encoder_lacks_is_an_error_with_what_it_has(start: Path, tmp_path: Path) -> None:
    data = tatoeba(tmp_path / "tatoeba", {"deu": [ParallelSentences("0", "a", "0", "b")]})
    with pytest.raises(
        ValueError, match=r"retrieval.layer is 14, but the encoder has 2 layers; allowed: 0 \(embeddings\) to 2"
    ):
        predict.retrieve(start, data, Retrieval(layer=14), RUNTIME)


@pytest.fixture
def classified(start: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A task whose label is a word of the sentence, its data and a checkpoint trained on it."""
    rows = [SentencePair(str(i), text, "on the mat", "ab"[i % 2]) for i, text in enumerate(sentences(64))]
    card = Card("toy", "classification", "accuracy", ("accuracy",), labels=("a", "b"), languages=("eng", "deu"))
    splits = {"train": rows, "test/eng": rows[:20], "test/deu": rows[20:50]}
    prepared.write(tmp_path / "data" / "toy", card, splits)
    recipe = Recipe(learning_rate=5e-3, batch=8, max_length=32, steps=60)
    material = Material((tmp_path / "data" / "toy",))
    job = Job("target", "toy", 1, start, material, recipe, tmp_path / "checkpoint")

    class Silent:
        def begin(self, *_: Any) -> bool:
            return False

    train(job, RUNTIME, Silent().begin, tmp_path / "resume")
    return tmp_path / "checkpoint", tmp_path / "data" / "toy"


def test_every_language_is_predicted_in_its_own_file_and_learned_labels_are_found(
    classified: tuple[Path, Path],
) -> None:
    checkpoint, data = classified
    files = predict.predict(checkpoint, "toy", data, RUNTIME)
    assert {code: len(rows) for code, rows in files.items()} == {"eng": 20, "deu": 30}
    gold = prepared.read(data, "test/deu")
    assert scoring.score("accuracy", ("accuracy",), scoring.Inputs(gold, files["deu"], "deu")).values["accuracy"] > 80


def test_the_budget_of_tokens_changes_no_prediction(classified: tuple[Path, Path]) -> None:
    checkpoint, data = classified
    small, large = (
        predict.predict(checkpoint, "toy", data, Runtime(accelerator="cpu", threads=1, progress=False, tokens=tokens))
        for tokens in (16, 100_000)
    )
    assert small == large


def test_sentences_longer_than_the_encoder_has_positions_for_are_refused(start: Path, tmp_path: Path) -> None:
    data = tatoeba(tmp_path / "tatoeba", {"deu": [ParallelSentences("0", "a", "0", "b")]})
    with pytest.raises(ValueError, match=r"retrieval.max_length is 600, but the encoder takes at most \d+ tokens"):
        predict.retrieve(start, data, Retrieval(layer=1, max_length=600), RUNTIME)


def test_a_head_that_the_checkpoint_lacks_is_named(classified: tuple[Path, Path]) -> None:
    checkpoint, data = classified
    with pytest.raises(ValueError, match="has heads for toy, not for 'xnli'"):
        predict.predict(checkpoint, "xnli", data, RUNTIME)


def test_predictions_with_every_line_separator_of_unicode_are_read_back(tmp_path: Path) -> None:
    rows = [{"id": "1", "prediction": "a\u2028b"}, {"id": "2", "prediction": "c\u0085d"}]
    predictions.write_rows({"eng": rows}, tmp_path)
    assert score_run._rows(tmp_path / "eng.jsonl") == rows
    assert json.loads((tmp_path / "eng.jsonl").read_text(encoding="utf-8").split("\n")[0]) == rows[0]


def test_bf16_is_used_only_where_it_is_asked_for_and_finds_what_was_learned(
    classified: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint, data = classified
    seen = []
    hidden_states = predict.hidden_states

    def spied(body: Any, batch: Any, **more: Any) -> Any:
        states = hidden_states(body, batch, **more)
        seen.append((states @ states.T).dtype)
        return states

    monkeypatch.setattr(predict, "hidden_states", spied)
    exact, rough = (predict.predict(checkpoint, "toy", data, RUNTIME, bf16=bf16) for bf16 in (False, True))
    half = len(seen) // 2
    assert {str(kind) for kind in seen[:half]} == {"torch.float32"}
    assert {str(kind) for kind in seen[half:]} == {"torch.bfloat16"}
    assert sum(a == b for a, b in zip(exact["deu"], rough["deu"], strict=True)) >= 29


def test_predictions_carry_the_card_of_what_made_them(
    classified: tuple[Path, Path], start: Path, tmp_path: Path
) -> None:
    checkpoint, _ = classified
    card = predictions.card_of(checkpoint, "toy", {"prediction": {"bf16": True}})
    predictions.write({"eng": []}, card, tmp_path / "out")
    assert predictions.read_card(tmp_path / "out") == card
    trained = checkpoints.read_card(checkpoint)
    assert (card.fingerprint, card.encoder) == (trained["fingerprint"], checkpoints.read_card(start)["fingerprint"])
    assert card.parameters == {"recipe": trained["recipe"], "prediction": {"bf16": True}}
    assert card.label_counts == {"a": 32, "b": 32}
    encoder = predictions.card_of(start, "", {"retrieval": {"layer": 1}})
    assert encoder.fingerprint == encoder.encoder == card.encoder
    with pytest.raises(ValueError, match=r"nothing/card.json does not exist.*dvc repro -f predict"):
        predictions.read_card(tmp_path / "nothing")
