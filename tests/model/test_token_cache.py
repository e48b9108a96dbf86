from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from xstilts.formats.examples import Question
from xstilts.model import token_cache
from xstilts.model.batching import Encoded
from xstilts.model.shapes import Lengths, span, tagging
from xstilts.model.tokens import Tokens


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_text("one\n")
    return path


def made(calls: list[int], number: int = 3000) -> tuple[Encoded, dict[str, Any]]:
    calls.append(number)
    encoded = Encoded.build([[1, 2, 3]] * number, item_targets={"label": np.arange(number)})
    return encoded, {"ids": ["a"], "bounds": np.array([0, 4])}


def test_a_file_is_encoded_once_and_mapped_from_then_on(file: Path, tmp_path: Path) -> None:
    calls: list[int] = []
    entries = tmp_path / "entries"
    first, context = token_cache.cached([file], [span], {}, lambda: made(calls), entries)
    again, _ = token_cache.cached([file], [span], {}, lambda: made(calls), entries)
    assert calls == [3000]
    assert isinstance(again.ids, np.memmap)
    assert context["ids"] == ["a"] and context["bounds"].tolist() == [0, 4]
    for name in ("ids", "offsets", "items"):
        assert np.array_equal(getattr(first, name), getattr(made([])[0], name))
    assert np.array_equal(again.item_targets["label"], np.arange(3000))
    assert again.types is None


@pytest.mark.parametrize("change", ["content", "code", "settings"])
def test_what_the_arrays_depend_on_makes_another_entry(file: Path, tmp_path: Path, change: str) -> None:
    calls: list[int] = []
    entries = tmp_path / "entries"
    token_cache.cached([file], [span], {"max_length": 8}, lambda: made(calls, 3), entries)
    if change == "content":
        file.write_text("two\n")
    module = tagging if change == "code" else span
    settings = {"max_length": 9 if change == "settings" else 8}
    token_cache.cached([file], [module], settings, lambda: made(calls, 4), entries)
    assert calls == [3, 4]
    assert len(list(entries.iterdir())) == 2


def test_a_comment_in_the_code_that_encodes_makes_no_other_entry(file: Path, tmp_path: Path) -> None:
    calls: list[int] = []
    source = tmp_path / "encode.py"
    module = SimpleNamespace(__file__=str(source))
    for text in ("LENGTH = 8\n", "LENGTH = 8  # tokens\n", "LENGTH = 9\n"):
        source.write_text(text)
        token_cache.cached([file], [module], {}, lambda: made(calls, 3), tmp_path / "entries")
    assert calls == [3, 3]


def test_two_processes_that_encode_the_same_leave_one_entry(file: Path, tmp_path: Path) -> None:
    entries = tmp_path / "entries"

    def slow() -> tuple[Encoded, dict[str, Any]]:
        token_cache.cached([file], [span], {}, lambda: made([]), entries)  # the other one, meanwhile
        return made([])

    token_cache.cached([file], [span], {}, slow, entries)
    assert len(list(entries.iterdir())) == 1


def test_a_damaged_entry_is_named(file: Path, tmp_path: Path) -> None:
    entries = tmp_path / "entries"
    token_cache.cached([file], [span], {}, lambda: made([]), entries)
    (entry,) = entries.iterdir()
    ids = entry / "ids.npy"
    ids.write_bytes(ids.read_bytes()[:-100])
    with pytest.raises(ValueError, match=f"{entry.name} is damaged.*delete the folder"):
        token_cache.cached([file], [span], {}, lambda: made([]), entries)


def test_answers_decode_the_same_from_a_stored_encoding(start: Path, file: Path, tmp_path: Path) -> None:
    tokens = Tokens.open(start / "encoder")
    questions = [Question(str(n), "the cat sat on the mat " * 6, "who sat ?", ()) for n in range(3)]
    fresh, context = span.encode(questions, tokens, Lengths(24, stride=8), ())
    kept, again = token_cache.cached([file], [span], {}, lambda: (fresh, context), tmp_path / "entries")
    rng = np.random.default_rng(0)
    logits = [rng.normal(size=(size, 2)) for size in np.diff(fresh.offsets)]
    decoded = span.decode({"logits": logits}, context)
    assert decoded == span.decode({"logits": logits}, again)
    assert all(row["prediction"] for row in decoded)
    assert len(kept) == len(fresh) > 3
