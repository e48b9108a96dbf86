from pathlib import Path

import pytest

from xstilts import preparation, tasks

WORLD = {"seed": 1, "languages": ["eng", "deu"], "train": 20, "validation": 4, "test": 4}


def test_a_single_task_may_come_from_another_origin() -> None:
    settings = {"origin": "files", "root": "nowhere", "origins": {"mnli": "world"}, "world": WORLD}
    prepared = preparation.load(tasks.get("mnli"), settings)
    assert prepared.source["origin"] == "world"
    assert len(prepared.splits["train"]) == 20
    with pytest.raises(ValueError, match=r"data.root is 'nowhere', which is no folder"):
        preparation.load(tasks.get("qqp"), settings)


def test_an_origin_for_a_task_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no task 'mnil'; .* Did you mean 'mnli'\?"):
        preparation.load(tasks.get("mnli"), {"origin": "world", "origins": {"mnil": "files"}, "world": WORLD})


def test_an_origin_that_does_not_exist_is_an_error_that_lists_the_three() -> None:
    with pytest.raises(ValueError, match=r"data.origin is 'hup'; allowed: world, files, hub"):
        preparation.load(tasks.get("mnli"), {"origin": "world", "origins": {"mnli": "hup"}, "world": WORLD})


def test_a_tag_that_only_the_validation_data_have_is_a_label(tmp_path: Path) -> None:
    (tmp_path / "ccg").mkdir()
    (tmp_path / "ccg" / "train.tsv").write_text("the dog runs\tNP/N N S\n", encoding="utf-8")
    (tmp_path / "ccg" / "validation.tsv").write_text("a cat sleeps\tNP/N N S/S\n", encoding="utf-8")
    prepared = preparation.load(tasks.get("ccg"), {"origin": "files", "root": str(tmp_path)})
    assert prepared.source["labels"] == ["N", "NP/N", "S", "S/S"]


def test_the_world_knows_every_tag_of_its_validation_data() -> None:
    prepared = preparation.load(tasks.get("ccg"), {"origin": "world", "world": WORLD | {"validation": 40}})
    assert {tag for row in prepared.splits["validation"] for tag in row.tags} <= set(prepared.source["labels"])
