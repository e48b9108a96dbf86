from pathlib import Path

import pytest

from xstilts.formats import prepared
from xstilts.formats.examples import ParallelSentences, SentencePair, TaggedSentence
from xstilts.formats.prepared import Card
from xstilts.model import overlap
from xstilts.model.tokens import Tokens


@pytest.fixture(scope="module")
def tokens(start: Path) -> Tokens:
    return Tokens.open(start / "encoder")


def rows(folder: Path, shape: str, splits: dict, tokens: Tokens) -> dict[str, overlap.Predictors]:
    languages = tuple(sorted(split.partition("/")[2] for split in splits))
    card = Card("toy", shape, "accuracy", ("accuracy",), labels=("a",), languages=languages)
    prepared.write(folder, card, splits)
    return {row.language: row for row in overlap.of_target(folder, tokens)}


def test_a_language_written_as_english_overlaps_wholly_and_is_as_fertile(tokens: Tokens, tmp_path: Path) -> None:
    english = [SentencePair("1", "the cat sat", "on the mat", "a")]
    arabic = [SentencePair("1", "جلس القط", "على السجادة", "a")]
    found = rows(
        tmp_path / "d", "classification", {"test/eng": english, "test/deu": english, "test/arb": arabic}, tokens
    )
    assert set(found) == {"deu", "arb"}
    assert (found["deu"].overlap, found["deu"].fertility) == (100.0, 1.0)
    assert found["arb"].overlap < 30


def test_retrieval_compares_with_the_english_side_of_its_own_pairs(tokens: Tokens, tmp_path: Path) -> None:
    twice = [ParallelSentences("0", "the cat the cat", "0", "the cat")]
    found = rows(tmp_path / "d", "retrieval", {"test/deu": twice}, tokens)
    assert (found["deu"].overlap, found["deu"].fertility) == (100.0, 2.0)


def test_tagging_counts_sub_words_per_word(tokens: Tokens, tmp_path: Path) -> None:
    sentence = TaggedSentence("1", ("the", "cat", "mat"), ("a", "a", "a"))
    other = [sentence, TaggedSentence("2", ("the",), ("a",))]
    found = rows(tmp_path / "d", "tagging", {"test/eng": [sentence], "test/deu": other}, tokens)
    pieces = tokens.pieces(["the", "cat", "mat"])
    expected = (2 * len(pieces["the"]) + len(pieces["cat"]) + len(pieces["mat"])) / 4
    assert found["deu"].fertility == pytest.approx(expected)
