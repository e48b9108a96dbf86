from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from xstilts.formats.examples import Answer, Choice, Question, SentencePair, TaggedSentence
from xstilts.model import shapes
from xstilts.model.batching import IGNORED, Batch, by_length, collate
from xstilts.model.shapes import Lengths, choice, classification, span, tagging
from xstilts.model.tokens import Tokens, longest_first
from xstilts.prediction.predict import gather

LENGTHS = Lengths(max_length=32, query=8, stride=8)
TEXTS = {
    "Latin": ("the cat sat on the mat .", "the cat", "who sat on the mat ?"),
    "Arabic": ("جلس القط رقم واحد على السجادة .", "القط", "من جلس ?"),
    "Thai": ("แมวนั่งบนเสื่อ", "แมว", "ใครนั่ง"),
}


@pytest.fixture(scope="module")
def tokens(start: Path) -> Tokens:
    return Tokens.open(start / "encoder")


def gold_logits(encoded, places: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Logits that point exactly at the encoded answer positions of every window."""
    rows = []
    for window in range(len(encoded)):
        size = int(encoded.offsets[window + 1] - encoded.offsets[window])
        row = np.zeros((size, 2), dtype=np.float32)
        row[places["start"][window], 0] = 9.0
        row[places["end"][window], 1] = 9.0
        rows.append(row)
    return rows


def test_the_template_is_read_off_the_tokenizer(tokens: Tokens) -> None:
    start, end = tokens.id("<s>"), tokens.id("</s>")
    template = tokens.template
    assert (template.prefix, template.middle, template.suffix) == ((start,), (end, end), (end,))
    pair = tokens.tokenizer.encode("the cat", "the mat")
    pieces = tokens.pieces(["the cat", "the mat"])
    assert tokens.pair(pieces["the cat"], pieces["the mat"]) == pair.ids
    assert tokens.single(pieces["the cat"]) == tokens.tokenizer.encode("the cat").ids


@pytest.mark.parametrize(("first", "second", "room"), [(9, 3, 8), (3, 9, 8), (7, 7, 9), (2, 2, 8), (12, 1, 2)])
def test_longest_first_cuts_as_the_tokenizers_library_does(tokens: Tokens, first: int, second: int, room: int) -> None:
    tokenizer = type(tokens.tokenizer).from_str(tokens.tokenizer.to_str())
    tokenizer.enable_truncation(room + tokens.template.pair_specials, strategy="longest_first")
    a, b = " ".join(["cat"] * first), " ".join(["mat"] * second)
    pieces = tokens.pieces([a, b])
    cut = longest_first(pieces[a], pieces[b], room)
    ours = len(cut[0]) + len(cut[1])
    assert ours == min(room, len(pieces[a]) + len(pieces[b]))
    theirs = tokenizer.encode(a, b)
    # Where both are equally long the library may cut the other one: lengths differ by at most one token.
    kept = sum(
        1
        for kind, special in zip(theirs.sequence_ids, theirs.special_tokens_mask, strict=True)
        if kind == 0 and not special
    )
    assert abs(len(cut[0]) - kept) <= 1


@pytest.mark.parametrize("script", TEXTS)
def test_an_answer_survives_windows_and_comes_back_in_every_script(tokens: Tokens, script: str) -> None:
    context, answer, question = TEXTS[script]
    context = " ".join([context] * 6)
    begin = context.index(answer, len(context) // 2)
    example = Question("q", context, question, (Answer(answer, begin),))
    encoded, state = span.encode([example], tokens, LENGTHS, ())
    assert len(encoded) > 1
    rows = span.decode({"logits": gold_logits(encoded, encoded.sequence_targets)}, state | {"null": False})
    assert rows == [{"id": "q", "prediction": answer}]


def test_windows_start_every_stride_sub_words_and_cover_the_context(tokens: Tokens) -> None:
    context = " ".join(["the cat sat on the mat ."] * 10)
    _, state = span.encode([Question("q", context, "who sat ?", ())], tokens, LENGTHS, ())
    windows = [span.Window(*row) for row in state["windows"]]
    assert [window.begin for window in windows] == [8 * i for i in range(len(windows))]
    assert windows[-1].end == len(tokens.encodings([context])[context].ids)
    assert windows[-2].end < windows[-1].end


def test_each_sub_word_may_start_an_answer_in_exactly_one_window(tokens: Tokens) -> None:
    context = " ".join(["the cat sat on the mat ."] * 10)
    _, state = span.encode([Question("q", context, "who sat ?", ())], tokens, LENGTHS, ())
    windows = [span.Window(*row) for row in state["windows"]]
    counts = np.zeros(windows[-1].end, dtype=int)
    for window, allowed in zip(windows, span._most_context(windows), strict=True):
        counts[window.begin : window.end] += allowed
    assert (counts == 1).all()


def test_a_window_without_the_answer_points_at_the_first_token(tokens: Tokens) -> None:
    context = "the cat sat . " + " ".join(["the mat"] * 40)
    example = Question("q", context, "who ?", (Answer("the cat", 0),))
    encoded, state = span.encode([example], tokens, LENGTHS, ())
    starts = encoded.sequence_targets["start"]
    assert starts[0] == span.Window(*state["windows"][0]).shift
    assert (starts[2:] == 0).all()


def test_no_answer_wins_only_where_the_data_allow_it(tokens: Tokens) -> None:
    example = Question("q", "the cat sat", "who ?", ())
    encoded, state = span.encode([example], tokens, LENGTHS, ())
    size = int(encoded.offsets[1])
    logits = np.zeros((size, 2), dtype=np.float32)
    logits[0] = 5.0
    assert span.decode({"logits": [logits]}, state)[0]["prediction"] == ""
    assert span.decode({"logits": [logits]}, state | {"null": False})[0]["prediction"] != ""


def test_an_answer_that_is_not_at_its_offset_is_an_error(tokens: Tokens) -> None:
    with pytest.raises(ValueError, match="not at character 3"):
        span.encode([Question("q", "the cat sat", "who ?", (Answer("the cat", 3),))], tokens, LENGTHS, ())


@pytest.mark.parametrize("script", TEXTS)
def test_a_sentence_too_long_for_one_sequence_keeps_every_word_and_its_tag(tokens: Tokens, script: str) -> None:
    words = tuple(TEXTS[script][0].split() * 20)
    tags = tuple("ABC"[i % 3] for i in range(len(words)))
    encoded, state = tagging.encode([TaggedSentence("s", words, tags)] * 2, tokens, LENGTHS, ("A", "B", "C"))
    assert len(encoded) > 2
    assert np.diff(encoded.offsets).max() <= LENGTHS.max_length
    marked = encoded.token_targets["tag"] != IGNORED
    found = {"tag": encoded.token_targets["tag"][marked], "place": encoded.token_targets["place"][marked]}
    shuffled = np.random.default_rng(0).permutation(len(found["tag"]))
    rows = tagging.decode({name: column[shuffled] for name, column in found.items()}, state)
    assert [row["prediction"] for row in rows] == [list(tags)] * 2


def test_the_pieces_of_a_sentence_are_filled_as_xtreme_fills_them(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    # parity.md, tag splitting: eighty words of two pieces, one too long, one of one piece, at max_length 128.
    sizes = {"two": 2, "long": 200, "one": 1}
    monkeypatch.setattr(tokens, "pieces", lambda words: {word: [9] * sizes[word] for word in words})
    words = ("two",) * 80 + ("long", "one")
    encoded, _ = tagging.encode([TaggedSentence("s", words, None)], tokens, Lengths(128), ("A",))
    per_sequence = [
        int((encoded.token_targets["tag"][begin:end] != IGNORED).sum())
        for begin, end in zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True)
    ]
    assert per_sequence == [62, 20]


def test_a_tag_or_label_that_the_task_does_not_know_is_named(tokens: Tokens) -> None:
    with pytest.raises(ValueError, match="'VERB'"):
        tagging.encode([TaggedSentence("s", ("the",), ("VERB",))], tokens, LENGTHS, ("NOUN",))
    with pytest.raises(ValueError, match="'maybe'"):
        classification.encode([SentencePair("p", "a", "b", "maybe")], tokens, LENGTHS, ("yes", "no"))


def test_a_prompt_is_cut_from_its_start_and_a_continuation_from_its_end(tokens: Tokens) -> None:
    prompt, answer = " ".join(["the mat"] * 30) + " cat", "the cat"
    encoded, _ = choice.encode([Choice("c", prompt, (answer, answer * 40), 0)], tokens, LENGTHS, ())
    first = encoded.ids[: encoded.offsets[1]].tolist()
    pieces = tokens.pieces([prompt, answer])
    assert first[-1 - len(pieces[answer]) : -1] == pieces[answer]
    assert first[1 : 1 + 5] == pieces[prompt][-(LENGTHS.max_length - 4 - len(pieces[answer])) :][:5]
    assert np.diff(encoded.offsets).max() <= LENGTHS.max_length


def mixed_states(table: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Stand-in for an encoder: each token's vector, the first one of a sequence the mean of all."""
    states = table[batch.ids].clone()
    for start, size in zip(batch.starts.tolist(), batch.sizes.tolist(), strict=True):
        states[start] = table[batch.ids[start : start + size]].double().mean(0).float()
    return states


EXAMPLES: dict[str, tuple[list[Any], tuple[str, ...]]] = {
    "classification": (
        [SentencePair(str(i), "the cat " * (i + 1), "a mat", "ab"[i % 2]) for i in range(7)],
        ("a", "b"),
    ),
    "tagging": ([TaggedSentence(str(i), ("the", "cat") * (i + 1), ("a", "b") * (i + 1)) for i in range(7)], ("a", "b")),
    "choice": ([Choice(str(i), "the cat", ("sat", "on the mat", "x")[: 2 + i % 2], i % 2) for i in range(7)], ()),
    "span": ([Question(str(i), "the cat sat " * (i + 1), "who ?", (Answer("cat", 4),)) for i in range(7)], ()),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_loss_of_a_batch_is_the_sum_of_the_losses_of_its_items(tokens: Tokens, name: str) -> None:
    examples, labels = EXAMPLES[name]
    shape = shapes.get(name)
    encoded, _ = shape.encode(examples, tokens, LENGTHS, labels)
    torch.manual_seed(0)
    head = shape.Head(16, 0.0, labels).eval()
    table = torch.randn(400, 16)

    def loss(items: np.ndarray) -> float:
        batch = collate(encoded, items, 2)
        return float(head.loss(mixed_states(table, batch), batch).detach())

    together = loss(np.arange(len(encoded)))
    alone = sum(loss(np.array([item])) for item in range(len(encoded)))
    assert together == pytest.approx(alone, rel=1e-5)


@pytest.mark.parametrize("name", EXAMPLES)
def test_predictions_come_back_in_the_order_of_the_examples_whatever_the_batches(tokens: Tokens, name: str) -> None:
    examples, labels = EXAMPLES[name]
    shape = shapes.get(name)
    encoded, context = shape.encode(examples, tokens, LENGTHS, labels)
    torch.manual_seed(1)
    head = shape.Head(16, 0.0, labels).eval()
    table = torch.randn(400, 16)

    def rows(budget: int) -> list[dict]:
        def predict(batch: Batch) -> dict:
            return head.predict(mixed_states(table, batch), batch)

        return shape.decode(gather(predict, encoded, by_length(encoded, budget), 2), context)

    with torch.no_grad():
        small, large = rows(1), rows(10_000)
    assert small == large
    assert [row["id"] for row in small] == [example.id for example in examples]


def test_an_unknown_shape_is_named() -> None:
    with pytest.raises(ValueError, match="no shape 'pairs'"):
        shapes.get("pairs")
