import json
from pathlib import Path

import pytest

from xstilts.analysis import gains
from xstilts.commands import repro
from xstilts.formats import learned
from xstilts.formats.runs import RunKey, Score

LN4 = 1.3862943611


def test_a_training_that_ends_where_a_guess_is_did_not_learn_and_the_line_says_so() -> None:
    card = learned.final({"hellaswag": 1.3865}, {"hellaswag": 1.41}, {"hellaswag": LN4})
    assert card == {
        "validation/hellaswag": 1.3865, "first/hellaswag": 1.41, "guess/hellaswag": LN4, "learned": 0.0,
    }  # fmt: skip
    assert learned.verdict(card) is False
    assert learned.remark(card) == "; did not learn (hellaswag: validation loss 1.387, a guess has 1.386)"
    assert learned.tags({f"final/{name}": value for name, value in card.items()}) == {"learned": "false"}


def test_a_mixture_learned_if_one_of_its_tasks_did_and_the_others_are_named() -> None:
    card = learned.final({"csqa": 1.6094, "mnli": 0.8}, {}, {"csqa": 1.6094, "mnli": 1.0986})
    assert learned.verdict(card) is True
    assert learned.told(card) == "did not learn all (csqa: validation loss 1.609, a guess has 1.609)"


def test_a_training_that_learned_is_not_remarked_upon_and_without_validation_data_nothing_is_known() -> None:
    assert learned.remark(learned.final({"mnli": 0.8}, {"mnli": 1.1}, {"mnli": 1.0986})) == ""
    assert learned.verdict({"steps": 3.0}) is None
    assert learned.verdict(learned.final({}, {}, {})) is None
    assert learned.told({"validation/mnli": 3.0}) == ""
    assert learned.tags({"final/steps": 3.0}) == {}


@pytest.mark.parametrize(("loss", "verdict"), [(LN4 * 0.994, True), (LN4 * 0.996, False)])
def test_the_margin_is_half_a_per_cent(loss: float, verdict: bool) -> None:
    assert learned.verdict(learned.final({"hellaswag": loss}, {}, {"hellaswag": LN4})) is verdict


def run(name: str, phase: str, told: str | None) -> dict[str, object]:
    return {"name": name, "tags": {"phase": phase, **({"learned": told} if told else {})}}


def test_a_score_is_lost_by_its_intermediate_or_its_target_and_not_by_the_pretraining_that_all_share() -> None:
    runs = [
        run("pretrained/seed1", "pretrained", "false"),
        run("intermediate/hellaswag/seed1", "intermediate", "false"),
        run("target/hellaswag/xnli/seed1", "target", "true"),
        run("target/hellaswag/panx/seed1", "target", None),
    ]
    assert learned.lost({"runs": runs}) == ["intermediate/hellaswag/seed1"]
    assert learned.lost({"runs": runs[2:]}) == []


def record(intermediate: str, seed: int, told: str) -> dict[str, object]:
    return {
        "study": "s", "intermediate": intermediate, "target": "xnli", "seed": seed,
        "training_run": {"runs": [run("target", "target", told)]},
    }  # fmt: skip


def scores(*keys: tuple[str, int]) -> list[Score]:
    return [Score("s", name, "xnli", "xnli", "deu", "accuracy", seed, 50.0) for name, seed in keys]


def test_a_gain_is_judged_only_if_both_its_trainings_learned() -> None:
    failed = gains.failures([record("none", 1, "true"), record("none", 2, "false"), record("mnli", 3, "false")])
    assert failed == {("s", RunKey("none", "xnli", 2)), ("s", RunKey("mnli", "xnli", 3))}
    paired = gains.pair(scores(*((name, seed) for name in ("none", "mnli", "qqp") for seed in (1, 2, 3))), {}, failed)
    assert {(row.intermediate, row.seed): row.learned for row in paired} == {
        ("mnli", 1): True, ("mnli", 2): False, ("mnli", 3): False,
        ("qqp", 1): True, ("qqp", 2): False, ("qqp", 3): True,
    }  # fmt: skip
    assert [(row.intermediate, row.seed) for row in gains.judged(paired)] == [("mnli", 1), ("qqp", 1), ("qqp", 3)]


def test_where_no_training_of_a_study_learned_all_are_judged(tmp_path: Path) -> None:
    paired = gains.pair(scores(("none", 1), ("mnli", 1)), {}, {("s", RunKey("mnli", "xnli", 1))})
    assert gains.judged(paired) == paired
    gains.write(tmp_path / "gains.csv", paired)
    (again,) = gains.read(tmp_path / "gains.csv")
    assert (again.learned, again.gain) == (False, 0.0)


def test_xstilts_repro_lists_the_trainings_that_did_not_learn(tmp_path: Path) -> None:
    for name, loss in (("hellaswag", LN4), ("mnli", 0.9)):
        folder = tmp_path / "intermediate" / name / "seed1"
        folder.mkdir(parents=True)
        (folder / "card.json").write_text(json.dumps({"final": learned.final({name: loss}, {}, {name: LN4})}))
    assert repro.unlearned(tmp_path) == [
        "intermediate/hellaswag/seed1 did not learn (hellaswag: validation loss 1.386, a guess has 1.386)"
    ]
