"""`xstilts export`: what transformers opens is what was used."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from transformers import AutoModel, AutoTokenizer

from toy_training import RECIPE, RUNTIME, Memory, pairs, task
from xstilts.commands.dry_run import trial_step
from xstilts.commands.dry_run.architectures import Architecture
from xstilts.commands.main import main
from xstilts.formats import atomic, checkpoints
from xstilts.formats.examples import Answer, Choice, Question, TaggedSentence
from xstilts.model import encoder, shapes
from xstilts.model.architecture import first_position
from xstilts.model.batching import Encoded, by_length, collate, hidden_states
from xstilts.model.tokens import Tokens
from xstilts.training import loop
from xstilts.training.job import Job, Material


@pytest.fixture(scope="module")
def checkpoint(start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training of every shape with MLM, stored as a difference."""
    root = tmp_path_factory.mktemp("export")
    base = root / "checkpoints" / "pretrained"
    shutil.copytree(start, base)
    tagged = [TaggedSentence(str(i), ("the", "cat", "sat"), ("D", "N", "V")) for i in range(8)]
    asked = [Question(str(i), "the cat sat on the mat .", "who sat ?", (Answer("the cat", 0),)) for i in range(8)]
    chosen = [Choice(str(i), "the cat", ("sat", "mat"), 0) for i in range(8)]
    folders_ = (
        pairs(root / "toy"),
        task(root / "tags", "tagging", tagged, ("D", "N", "V")),
        task(root / "questions", "span", asked),
        task(root / "choices", "choice", chosen),
    )
    output = root / "checkpoints" / "intermediate" / "mixed" / "seed1"
    recipe = replace(RECIPE, steps=10)
    job = Job("intermediate", "mixed", 1, base, Material(folders_, start.parent / "text"), recipe, output, base)
    loop.train(job, RUNTIME, Memory().begin, root / "resume")
    return output


def export(checkpoint: Path, out: Path, *more: str) -> int:
    return main(["export", str(checkpoint), str(out), *more])


def sentences(checkpoint: Path) -> tuple[Encoded, dict[str, torch.Tensor]]:
    """Two sequences, unpadded for us and padded for transformers."""
    tokens = Tokens.open(checkpoint / "encoder")
    pieces = tokens.pieces(("the cat sat", "on the mat number"))
    sequences = [tokens.single(ids) for ids in pieces.values()]
    width = max(map(len, sequences))
    ids = torch.full((2, width), tokens.id("<pad>"))
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence)
    return Encoded.build(sequences), {"input_ids": ids, "attention_mask": (ids != tokens.id("<pad>")).long()}


def states(checkpoint: Path) -> tuple[Any, Any, torch.Tensor]:
    """Our encoder's states of these sequences, in the order of the padded ones."""
    body = encoder.open_encoder(checkpoint / "encoder").eval()
    encoded, _ = sentences(checkpoint)
    (order,) = by_length(encoded, 1000)
    batch = collate(encoded, order, first_position(body))
    found = hidden_states(body, batch)
    rows = [found[begin : begin + size] for begin, size in zip(batch.starts, batch.sizes, strict=True)]
    return body, batch, torch.cat([rows[list(order).index(item)] for item in range(len(rows))])


def head(checkpoint: Path, name: str) -> Any:
    row = checkpoints.read_card(checkpoint)["heads"][name]
    return encoder.open_head(shapes.get(row["shape"]).Head(32, 0.0, row["labels"]), checkpoint, name).eval()


def test_transformers_opens_exactly_the_weights_that_are_used(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(checkpoint, tmp_path / "out") == 0
    assert "transformers.AutoModel.from_pretrained opens it" in capsys.readouterr().out
    used = encoder.open_encoder(checkpoint / "encoder").state_dict()
    opened = AutoModel.from_pretrained(tmp_path / "out", add_pooling_layer=False).state_dict()
    assert used.keys() == opened.keys()
    assert all(torch.equal(used[name], opened[name]) for name in used)
    assert not (tmp_path / "out" / "heads").exists()


def test_its_tokenizer_gives_the_same_ids_and_knows_the_special_tokens(checkpoint: Path, tmp_path: Path) -> None:
    export(checkpoint, tmp_path / "out")
    theirs = AutoTokenizer.from_pretrained(tmp_path / "out")
    ours = Tokens.open(checkpoint / "encoder").tokenizer
    assert theirs("the cat", "on the mat")["input_ids"] == ours.encode("the cat", "on the mat").ids
    assert (theirs.pad_token, theirs.mask_token, theirs.cls_token) == ("<pad>", "<mask>", "<s>")
    padded = theirs(["the cat", "the cat sat on the mat"], padding=True)["input_ids"]
    assert len(padded[0]) == len(padded[1])


@pytest.mark.parametrize(
    ("name", "opened_by"),
    [("toy", "AutoModelForSequenceClassification"), ("tags", "AutoModelForTokenClassification")],
)
def test_a_head_gives_the_same_logits_in_transformers(
    checkpoint: Path, tmp_path: Path, name: str, opened_by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(checkpoint, tmp_path / "out", "--head", name) == 0
    assert f"transformers.{opened_by}.from_pretrained opens it" in capsys.readouterr().out
    model = getattr(transformers, opened_by).from_pretrained(tmp_path / "out").eval()
    _, padded = sentences(checkpoint)
    _, _, found = states(checkpoint)
    ours = head(checkpoint, name)
    real = padded["attention_mask"].bool()
    with torch.no_grad():
        theirs = model(**padded).logits
        if name == "toy":
            first = found[torch.tensor([0, int(real[0].sum())])]
            torch.testing.assert_close(theirs, ours.out(torch.tanh(ours.dense(first))), atol=1e-5, rtol=1e-5)
        else:
            torch.testing.assert_close(theirs[real], ours.out(found), atol=1e-5, rtol=1e-5)
    labels = checkpoints.read_card(checkpoint)["heads"][name]["labels"]
    assert [model.config.id2label[number] for number in range(len(labels))] == labels


def test_a_span_head_gives_the_same_logits_in_transformers(checkpoint: Path, tmp_path: Path) -> None:
    export(checkpoint, tmp_path / "out", "--head", "questions")
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(tmp_path / "out").eval()
    _, padded = sentences(checkpoint)
    _, _, found = states(checkpoint)
    with torch.no_grad():
        theirs = model(**padded)
        both = torch.stack([theirs.start_logits, theirs.end_logits], dim=-1)[padded["attention_mask"].bool()]
        torch.testing.assert_close(both, head(checkpoint, "questions").out(found), atol=1e-5, rtol=1e-5)


def test_a_choice_head_gives_the_same_logits_in_transformers(checkpoint: Path, tmp_path: Path) -> None:
    export(checkpoint, tmp_path / "out", "--head", "choices")
    model = transformers.AutoModelForMultipleChoice.from_pretrained(tmp_path / "out").eval()
    _, padded = sentences(checkpoint)
    _, _, found = states(checkpoint)
    ours = head(checkpoint, "choices")
    first = found[torch.tensor([0, int(padded["attention_mask"][0].sum())])]
    with torch.no_grad():
        theirs = model(**{name: value[None] for name, value in padded.items()}).logits[0]
        torch.testing.assert_close(theirs, ours.out(torch.tanh(ours.dense(first)))[:, 0], atol=1e-5, rtol=1e-5)


def test_the_language_model_head_gives_the_same_logits_in_transformers(checkpoint: Path, tmp_path: Path) -> None:
    from xstilts.model.shapes import mlm

    export(checkpoint, tmp_path / "out", "--head", "mlm")
    model = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path / "out").eval()
    body, _, found = states(checkpoint)
    ours = encoder.open_head(mlm.Head(32, body.get_input_embeddings()), checkpoint, "mlm").eval()
    _, padded = sentences(checkpoint)
    with torch.no_grad():
        theirs = model(**padded).logits[padded["attention_mask"].bool()]
        torch.testing.assert_close(theirs, ours.logits(found), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("shape", ["classification", "choice"])
def test_bert_s_pooler_takes_the_dense_layer_of_a_head(checkpoint: Path, tmp_path: Path, shape: str) -> None:
    size = Architecture("bert", 300, 2, 32, 2, 64, 130, types=2)
    body = trial_step.build(size)
    folder = atomic.aside(tmp_path / "bert")
    encoder.save_encoder(body, folder / "encoder", checkpoint / "encoder" / "tokenizer.json")
    ours = shapes.get(shape).Head(32, 0.0, ("a", "b")).eval()
    encoder.save_head(ours, folder, "toy")
    card = {"kind": "target", "name": "toy", "seed": 1, "heads": {"toy": {"shape": shape, "labels": ["a", "b"]}}}
    checkpoints.finish(folder, tmp_path / "bert", card)
    export(tmp_path / "bert", tmp_path / "out", "--head", "toy")
    kind = {"classification": "AutoModelForSequenceClassification", "choice": "AutoModelForMultipleChoice"}[shape]
    model = getattr(transformers, kind).from_pretrained(tmp_path / "out").eval()
    ids = torch.tensor([[0, 7, 9, 2], [0, 8, 11, 2]])
    body = AutoModel.from_pretrained(tmp_path / "bert" / "encoder", add_pooling_layer=False).eval()
    with torch.no_grad():
        expected = ours.out(torch.tanh(ours.dense(body(ids).last_hidden_state[:, 0])))
        found = model(ids).logits if shape == "classification" else model(ids[None]).logits.T
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_a_head_that_transformers_has_not_lies_beside_the_encoder(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from xstilts.commands import export as exporting

    monkeypatch.setattr(exporting, "SAME", {})
    assert export(checkpoint, tmp_path / "out", "--head", "toy") == 0
    assert "it lies in heads/toy.safetensors" in capsys.readouterr().out
    assert (tmp_path / "out/heads/toy.safetensors").read_bytes() == (checkpoint / "heads/toy.safetensors").read_bytes()
    AutoModel.from_pretrained(tmp_path / "out")


def test_a_folder_that_is_there_is_replaced_only_with_force(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    with atomic.whole(out) as folder:
        (folder / "mine").write_text("of value")
    assert export(checkpoint, out) == 1
    assert "is there already; name another folder, or replace it with --force" in capsys.readouterr().err
    assert (out / "mine").exists()
    assert export(checkpoint, out, "--force") == 0
    assert not (out / "mine").exists()
    assert export(checkpoint, checkpoint / "encoder", "--force") == 1
    assert export(checkpoint, checkpoint.parent, "--force") == 1
    assert (checkpoint / "card.json").exists()


def test_what_cannot_be_exported_is_an_error_that_names_it(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(checkpoint, tmp_path / "out", "--head", "xnli") == 1
    assert "has heads for choices, mlm, questions, tags, toy, not for 'xnli'" in capsys.readouterr().err
    assert export(tmp_path / "nothing", tmp_path / "out") == 1
    assert "nothing/card.json does not exist" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
