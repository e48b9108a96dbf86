"""More seeds of the baseline, and targets on which nothing is learned."""

import math
from pathlib import Path

import numpy as np
import pytest
import yaml

import tiny
from xstilts.analysis import cells, gains, pipeline
from xstilts.analysis.cells import ALL
from xstilts.analysis.settings import Analysis
from xstilts.analysis.verdicts import NOT_LEARNED
from xstilts.formats.runs import Score, counted, training_seed

CODES = ("eng", "deu", "fra", "spa", "rus", "hin", "tur", "fin", "swh", "cmn", "jpn", "vie", "ind", "heb", "tha")


def score(intermediate: str, target: str, language: str, seed: int, value: float) -> Score:
    return Score("s", intermediate, target, target, language, "accuracy", seed, value, 400)


def test_spare_seeds_are_seeds_of_the_baseline_that_no_gain_is_taken_from() -> None:
    scores = [
        score("none", "xnli", "deu", 1, 60.0),
        score("mnli", "xnli", "deu", 1, 65.0),
        score("spare", "xnli", "deu", 1, 58.0),
        score("spare", "xnli", "deu", 2, 56.0),
    ]
    (found,) = gains.pair(scores)
    assert (found.intermediate, found.gain, found.spare_before) == ("mnli", 5.0, 57.0)
    assert {(row.intermediate, row.seed) for row in counted(scores)} == {
        ("none", 1),
        ("mnli", 1),
        ("none", 101),
        ("none", 102),
    }


def test_a_grid_of_the_baseline_and_its_spare_seeds_has_no_gain() -> None:
    with pytest.raises(ValueError, match="no intermediate but `none`"):
        gains.pair([score("none", "xnli", "deu", 1, 60.0), score("spare", "xnli", "deu", 1, 61.0)])


def test_only_the_target_training_of_spare_has_another_seed() -> None:
    assert training_seed("none", 2) == 2
    assert training_seed("spare", 2) == 102


def test_a_spare_that_learns_is_refused_by_the_script(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    tiny.copy(folder)
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    params["mixtures"]["spare"] = {"tasks": ["mnli"]}
    params["recipes"]["intermediate"]["spare"] = params["recipes"]["intermediate"]["none"]
    params["intermediates"].append("spare")
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    (folder / "mixtures/spare/mnli").mkdir(parents=True)
    said = tiny.run(folder, "python", "pipelines/train.py", "intermediate", "spare", "1", ok=False)
    assert "mixtures.spare has tasks or MLM" in said
    assert "Give the intermediate another name" in said


def made(level: dict[str, float], *, english: float | None = None) -> list[gains.Gain]:
    """Gains of two intermediates and two seeds; each target has its level in every language, and noise."""
    rng = np.random.default_rng(1)
    rows = []
    for target, value in level.items():
        for code in CODES:
            for arm in ("none", "mnli", "qqp"):
                for seed in (1, 2):
                    height = english if english is not None and code == "eng" and target == "xnli" else value
                    rows.append(score(arm, target, code, seed, height + float(rng.normal(0, 0.5))))
    chances = {(target, "accuracy", code): 100 / 3 for target in level for code in CODES}
    return gains.pair(rows, chances)


def test_a_target_whose_english_stays_at_chance_in_every_arm_is_not_learned() -> None:
    level = {"udpos": 70.0, "panx": 60.0, "xnli": 33.5}
    assert cells.unlearned(made(level), "s") == {"xnli"}
    assert cells.unlearned(made(level, english=45.0), "s") == frozenset()  # English is above: learned, not transferred
    assert cells.unlearned(made({"xnli": 33.5}), "s") == frozenset()  # all there is
    without = [gain for gain in made(level) if gain.language != "eng"]
    assert cells.unlearned(without, "s") == {"xnli"}
    unknown = gains.pair([score(arm, "udpos", code, 1, 10.0) for arm in ("none", "mnli") for code in CODES])
    assert all(math.isnan(gain.chance) for gain in unknown)
    assert cells.unlearned(unknown, "s") == frozenset()


def test_what_is_not_learned_is_shown_and_judged_nowhere() -> None:
    from test_correlation import distances

    level = {"udpos": 70.0, "panx": 60.0, "xnli": 33.5}
    sides = distances(CODES[1:])
    found = pipeline.analyse(made(level), sides, settings=Analysis(draws=99, bootstrap=50))
    alone = pipeline.analyse(
        made({name: level[name] for name in ("udpos", "panx")}), sides, settings=Analysis(draws=99, bootstrap=50)
    )
    cell = [row for row in found.verdicts if row.target == "xnli"]
    assert {row.verdict for row in cell} == {"inconclusive"}
    assert all(NOT_LEARNED[1:] in row.reason for row in cell)
    whole = [row for row in found.verdicts if (row.intermediate, row.target) == (ALL, ALL)]
    assert all(row.rows == 2 * row.n for row in whole)  # two targets in each language
    assert all("chance in any arm" in row.caveats[-1] and row.caveats[-1].endswith(": xnli.") for row in whole)
    assert [row.slope for row in found.tables["pooled"]] == [row.slope for row in alone.tables["pooled"]]
    assert {row.target for row in found.tables["points"]} == set(level)
