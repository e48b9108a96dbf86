"""What a fingerprint is of: content and behaviour, never time, place, comments or bookkeeping."""

import importlib
from pathlib import Path

import pytest

from xstilts.formats import fingerprints

SOURCE = '''"""A module."""

RATE = 0.5


class Learner:
    """One."""

    def step(self, x: float) -> float:
        """Learn."""
        return x * RATE + 1
'''


def test_a_fingerprint_is_of_content_and_not_of_order_or_place(tmp_path):
    assert fingerprints.of({"a": 1, "b": (1, 2)}) == fingerprints.of({"b": [1, 2], "a": 1})
    assert fingerprints.of({"a": 1}) != fingerprints.of({"a": 1.5})
    for folder in ("here", "there"):
        (tmp_path / folder / "sub").mkdir(parents=True)
        (tmp_path / folder / "sub" / "x").write_text("x")
        (tmp_path / folder / "run.json").write_text(folder)
    assert fingerprints.of_folder(tmp_path / "here") == fingerprints.of_folder(tmp_path / "there")
    (tmp_path / "there" / "sub" / "x").rename(tmp_path / "there" / "x")
    assert fingerprints.of_folder(tmp_path / "here") != fingerprints.of_folder(tmp_path / "there")


def test_a_fingerprint_of_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="dvc pull"):
        fingerprints.of_folder(tmp_path / "missing")
    with pytest.raises(ValueError, match="JSON"):
        fingerprints.of(float("nan"))


def test_bookkeeping_does_not_change_what_a_training_is(tmp_path, monkeypatch):
    (tmp_path / "toy" / "tracking").mkdir(parents=True)
    for name in ("__init__", "learner", "tracking/__init__", "tracking/store"):
        (tmp_path / "toy" / f"{name}.py").write_text("one = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("toy.learner")
    importlib.import_module("toy.tracking")
    alone = fingerprints.code("toy")
    importlib.import_module("toy.tracking.store")
    assert fingerprints.code("toy") == alone
    (tmp_path / "toy" / "learner.py").write_text("one = 1  # as before\n")
    assert fingerprints.code("toy") == alone
    (tmp_path / "toy" / "learner.py").write_text("one = 2\n")
    assert fingerprints.code("toy") != alone


def digest(folder: Path, text: str) -> str:
    path = folder / "module.py"
    path.write_text(text, encoding="utf-8")
    return fingerprints.of_source(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RATE = 0.5", "RATE = 0.5  # halved"),
        ("RATE = 0.5", "RATE = (\n    0.5\n)"),
        ('"""A module."""', '"""Another text."""'),
        ('    """One."""\n\n', ""),
        ('"""Learn."""', '"""Learn more."""'),
    ],
)
def test_comments_layout_and_docstrings_are_not_what_code_does(tmp_path, old, new):
    assert digest(tmp_path, SOURCE.replace(old, new)) == digest(tmp_path, SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RATE = 0.5", "RATE = 0.25"),
        ("RATE = 0.5", "RATE = '0.5'"),
        ("x * RATE + 1", "x * (RATE + 1)"),
        ("x * RATE + 1", "RATE * x + 1"),
        ("x * RATE + 1", "x * RATE + True"),
        ("def step(self, x", "def step(self, /, x"),
        ('"""A module."""', '"""A module."""\n"""A string that is no docstring."""'),
        ("RATE = 0.5", "from __future__ import annotations\nRATE = 0.5"),
    ],
)
def test_whatever_may_change_a_result_is(tmp_path, old, new):
    assert digest(tmp_path, SOURCE.replace(old, new)) != digest(tmp_path, SOURCE)


def test_a_docstring_alone_is_a_module_that_does_nothing(tmp_path):
    assert digest(tmp_path, '"""Only a docstring."""\n') == digest(tmp_path, "# nothing\n")


def test_a_file_that_is_not_python_is_an_error(tmp_path):
    with pytest.raises(SyntaxError, match="never closed"):
        digest(tmp_path, "f(")
