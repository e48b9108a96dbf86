"""Every family of encoders that docs/encoders.md lists, tiny and random, from a folder to predictions."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import families
from families import FAMILIES
from toy_training import RECIPE, RUNTIME, run, task
from xstilts.formats import prepared
from xstilts.formats.examples import ParallelSentences
from xstilts.formats.prepared import Card
from xstilts.model import architecture, encoder
from xstilts.model.attention import PACKED
from xstilts.model.batching import Encoded, collate, hidden_states
from xstilts.model.shapes import retrieval
from xstilts.model.tokens import Tokens
from xstilts.prediction import predict
from xstilts.prediction.settings import Retrieval
from xstilts.training import pretraining, probe
from xstilts.training.job import Job, Material
from xstilts.training.probe import EXAMPLES, Needs

torch.set_num_threads(1)  # as trainings have it: several only wait for each other at this size
CPU = torch.device("cpu")
STEPS = replace(RECIPE, steps=2, batch=2, max_length=48, query=16, learning_rate=1e-3, evaluation_examples=2)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> families.Family:
    return FAMILIES[request.param]


@pytest.fixture(scope="module")
def pretrained(family: families.Family, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the stage `pretrained` makes of a folder of this family."""
    folder = tmp_path_factory.mktemp(family.kind)
    upstream = families.write(folder / "upstream", family)
    needs = Needs(mlm=family.reading != "last", layer=2, lengths={"recipes.target.x.max_length": 48})
    pretraining.download(str(upstream), None, folder / "pretrained", lambda made: probe.examine(made, needs, CPU))
    return folder / "pretrained"


def rows(pretrained: Path) -> Encoded:
    tokens = Tokens.open(pretrained / "encoder")
    texts = ["the cat", "Wo ist der Bahnhof , bitte ?", "", "sat " * 40]
    return Encoded.build([tokens.single(pieces) for pieces in tokens.pieces(texts).values()])


def alone(model: object, encoded: Encoded, layer: int) -> list[torch.Tensor]:
    """The hidden states of each sequence by itself, by transformers alone."""
    found = []
    with torch.no_grad():
        for begin, end in zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True):
            ids = torch.from_numpy(encoded.ids[begin:end].astype(np.int64))[None]
            mask = torch.ones_like(ids)
            found.append(model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states[layer][0])
    return found


def test_what_is_noted_of_a_family_is_what_it_is(family: families.Family, pretrained: Path) -> None:
    body = encoder.open_encoder(pretrained / "encoder")
    assert architecture.reading(body) == Tokens.open(pretrained / "encoder").reading == family.reading
    assert (body.config._attn_implementation == PACKED) == family.rows
    assert (pretrained / "heads" / "mlm.safetensors").exists() == family.kept


def test_what_is_learned_in_bf16_is_tried_in_bf16(
    family: families.Family, pretrained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if family.kind == "xmod":  # transformers' adapters write bf16 into fp32
        with pytest.raises(ValueError, match="xmod cannot run in bf16; set"):
            probe.examine(pretrained, Needs(), CPU, "bf16-mixed")
        return
    probe.examine(pretrained, Needs(), CPU, "bf16-mixed")
    monkeypatch.setattr(probe, "_ROUGHLY", 1e-6)
    with pytest.raises(ValueError, match="has other states in bf16 than in fp32"):
        probe.examine(pretrained, Needs(), CPU, "bf16-mixed")


@pytest.mark.parametrize("layer", [0, 2, 3])
def test_the_states_of_a_batch_are_those_that_transformers_gives_each_sequence(pretrained: Path, layer: int) -> None:
    encoded = rows(pretrained)
    expected = alone(families.plain(pretrained / "encoder"), encoded, layer)
    body = retrieval.stop_at(encoder.open_encoder(pretrained / "encoder").eval(), layer)
    batch = collate(encoded, np.arange(len(encoded)), architecture.first_position(body))
    with torch.no_grad():
        states = hidden_states(body, batch)
        read = batch.starts + batch.sizes - 1 if layer == 3 else None
        some = hidden_states(body, batch, read=read)
    for number, one in enumerate(expected):
        begin = int(batch.starts[number])
        torch.testing.assert_close(states[begin : begin + len(one)], one, atol=3e-5, rtol=1e-4)
    places = slice(None) if read is None else read
    torch.testing.assert_close(some[places], states[places], atol=3e-5, rtol=1e-4)


def refused(tmp_path: Path, family: families.Family, reason: str, **needs: Any) -> None:
    upstream = families.write(tmp_path / "upstream", family)
    with pytest.raises(ValueError, match=reason):
        pretraining.download(
            str(upstream), None, tmp_path / "pretrained", lambda made: probe.examine(made, Needs(**needs), CPU)
        )
    assert not (tmp_path / "pretrained").exists()


def test_what_cannot_be_served_is_refused_with_the_reason_and_leaves_nothing(tmp_path: Path) -> None:
    small = families.SIZES | families.POSITIONS
    bert = FAMILIES["bert"]
    refused(tmp_path / "a", families.Family("fnet", small, head=False), "change with the pads behind it")
    refused(tmp_path / "b", families.Family("mbart", {"d_model": 32}, head=False), "transformers opens by itself")
    refused(tmp_path / "c", bert, r"retrieval.layer is 4, but the encoder has 3", layer=4)
    refused(tmp_path / "d", bert, r"x.max_length is 300, but .* at most 260", lengths={"x.max_length": 300})
    refused(tmp_path / "e", FAMILIES["qwen3"], "pooling is cls, but the first token", layer=2, pooling="cls")


def test_a_cap_on_attention_that_rows_do_not_know_is_padded(tmp_path: Path) -> None:
    family = families.Family("gemma2", families.LLM, "llama", head=False)
    pretraining.download(str(families.write(tmp_path / "upstream", family)), None, tmp_path / "pretrained")
    assert encoder.open_encoder(tmp_path / "pretrained" / "encoder").config._attn_implementation != PACKED


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_shape_is_learned_and_predicted(pretrained: Path, tmp_path: Path, name: str) -> None:
    made, labels = EXAMPLES[name]
    folder = task(tmp_path / "toy", name, made, labels)
    tests = [replace(one, id=f"test {one.id}") for one in made]
    card = Card(name="toy", shape=name, scorer="accuracy", metrics=("accuracy",), labels=labels)
    prepared.write(tmp_path / "tests", card, {"train": made, "test/deu": tests, "test/eng": made})
    job = Job("target", "toy", 1, pretrained, Material((folder,)), STEPS, pretrained.parent / name, pretrained)
    assert run(job, tmp_path / "resume")["final"]["steps"] == 2
    before, after = (encoder.open_encoder(one / "encoder") for one in (pretrained, job.output))
    table = [body.get_input_embeddings().weight for body in (before, after)]
    assert not torch.equal(*table)
    found = predict.predict(job.output, "toy", tmp_path / "tests", RUNTIME)
    assert [row["id"] for row in found["deu"]] == [one.id for one in tests]
    same = [row["prediction"] for row in found["deu"]] == [row["prediction"] for row in found["eng"]]
    assert same and len(found["eng"]) == len(made)


def test_mlm_is_learned_wherever_tokens_see_what_follows(
    family: families.Family, pretrained: Path, tmp_path: Path
) -> None:
    if family.reading == "last":
        with pytest.raises(ValueError, match="is causal: no token sees what follows"):
            probe.examine(pretrained, Needs(mlm=True), CPU)
        return
    text = tmp_path / "text"
    (text / "heldout").mkdir(parents=True)
    for place in (text, text / "heldout"):
        (place / "eng.txt").write_text("\n".join(families.TEXT) + "\n", encoding="utf-8")
    recipe = replace(STEPS, steps=30, batch=8, learning_rate=3e-3)
    job = Job("intermediate", "mlm", 1, pretrained, Material(text=text), recipe, tmp_path, pretrained)
    losses = [
        run(replace(job, recipe=replace(recipe, steps=steps), output=tmp_path / f"{steps}"), tmp_path / "resume")
        for steps in (1, 30)
    ]
    first, last = (card["final"]["validation/mlm/eng"] for card in losses)
    assert last < first


def test_retrieval_finds_each_sentence_s_own_copy(pretrained: Path, tmp_path: Path) -> None:
    sentences = ["the cat sat", "Wo ist der Bahnhof ?", "number 7 on the mat", "bitte , bitte"]
    pairs = [ParallelSentences(f"{n}", text, f"{n}", text) for n, text in enumerate(sentences)]
    card = Card(name="tatoeba", shape="retrieval", scorer="nearest", metrics=("accuracy",), labels=())
    prepared.write(tmp_path / "tatoeba", card, {"test/deu": pairs})
    found = predict.retrieve(pretrained, tmp_path / "tatoeba", Retrieval(layer=2, max_length=48), RUNTIME)
    order = sorted(range(4), key=lambda number: sentences[number])
    assert [row["prediction"] for row in found["deu"]] == order
