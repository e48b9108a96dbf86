import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xstilts import experiment
from xstilts.commands import main
from xstilts.commands.dry_run import architectures, cost, disk
from xstilts.commands.dry_run.architectures import KNOWN, Architecture
from xstilts.model.batching import Encoded
from xstilts.model.settings import Model
from xstilts.training.schedule import EncodedTask, total_steps
from xstilts.training.settings import Recipe

ROOT = Path(__file__).parents[2]
SMALL = Model(vocabulary=300, layers=2, hidden=32, heads=2, feed_forward=64, positions=130)


def profile(name: str) -> experiment.Params:
    return experiment.load(ROOT / "profiles" / f"{name}.yaml")


def test_the_sizes_of_xlmr_large_are_those_of_its_weights() -> None:
    large = KNOWN["xlm-roberta-large"]
    # 559,890,432 with the pooler, which has 1024 * 1025 of them.
    assert large.parameters == 559_890_432 - 1024 * 1025
    assert large.body == 24 * 12_596_224


@pytest.mark.parametrize("kind", ["xlm-roberta", "bert"])
def test_parameters_are_counted_as_transformers_makes_them(kind: str) -> None:
    from xstilts.commands.dry_run import trial_step

    architecture = replace(architectures.of(SMALL), kind=kind, types=2 if kind == "bert" else 1)
    body = trial_step.build(architecture)
    assert sum(one.numel() for one in body.parameters()) == architecture.parameters
    outside = sum(one.numel() for name, one in body.named_parameters() if not name.startswith("embeddings"))
    assert outside == architecture.body


# The papers' own numbers of parameters, in millions; XLM-R Large's 559,890,432 have a pooler of 1024 * 1025.
PUBLISHED = {
    "ModernBERT-base": 149,
    "mmBERT-base": 307,
    "mmBERT-small": 140,
    "EuroBERT-210m": 212,
    "xlm-roberta-xl": 3476,
    "distilbert-base-multilingual-cased": 135,
}


def test_real_sizes_are_counted_on_the_meta_device() -> None:
    assert architectures.of(Model(name="intfloat/multilingual-e5-large")).parameters == 559_890_432 - 1024 * 1025
    for name, millions in PUBLISHED.items():
        assert round(architectures.of(Model(name=f"anybody/{name}")).parameters / 1e6) == millions, name
    # mT5 base by hand: the table, twelve layers of four projections, a gated feed-forward and two norms, a last norm,
    # and 32 buckets of relative positions for 12 heads. The table is there under two names and counts once.
    layer = 4 * 768 * 768 + 3 * 768 * 2048 + 2 * 768
    mt5 = architectures.of(Model(name="google/mt5-base"))
    assert mt5.parameters == 250_112 * 768 + 12 * layer + 768 + 32 * 12
    assert mt5.body == 12 * layer + 768


@pytest.mark.parametrize("name", ["modernbert", "mt5", "rembert", "qwen3"])
def test_a_folder_of_any_family_is_counted_and_takes_a_step(name: str, tmp_path: Path) -> None:
    import families
    from xstilts.commands.dry_run import trial_step

    folder = families.write(tmp_path, families.FAMILIES[name])
    size = architectures.of(Model(name=str(folder)))
    # A language-model head and a decoder stay behind.
    whole = families.plain(folder).base_model
    expected = sum(one.numel() for one in (whole.get_encoder() if name == "mt5" else whole).parameters())
    assert size.parameters == expected
    assert size.parameters - size.body >= size.vocabulary * size.row
    taken = list(trial_step.take(profile("world-full"), size, items=2, accelerator="cpu", precision="32-true"))
    assert [row.shape for row in taken] == ["classification", "tagging", "span", "choice", "mlm"]
    assert all(np.isfinite(row.loss) for row in taken)


def test_a_folder_without_an_encoder_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "mbart", "d_model": 32}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"config.json: no encoder of type 'mbart' .* transformers opens by itself"):
        architectures.of(Model(name=str(tmp_path)))


def test_an_encoder_in_a_folder_is_measured_by_its_configuration(start: Path) -> None:
    found = architectures.of(Model(name=str(start / "encoder")))
    assert (found.kind, found.layers, found.hidden, found.positions) == ("xlm-roberta", 2, 32, 130)


def test_a_name_that_is_neither_known_nor_to_be_had_is_an_error_that_says_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # it would try for half a minute
    with pytest.raises(ValueError, match=r"the sizes of 'nobody/nothing' are not known here .*xlm-roberta-large"):
        architectures.of(Model(name="nobody/nothing"))


@pytest.mark.parametrize(
    "sizes", [[(10, 4)], [(400, 4), (100, 4)], [(100, 8), (30, 2), (5000, 4)]], ids=lambda sizes: str(len(sizes))
)
def test_steps_are_planned_as_the_schedule_takes_them(sizes: list[tuple[int, int]]) -> None:
    recipe = Recipe(learning_rate=1.0, batch=4, max_length=8, epochs=2.5, cap=1000)
    subjects = {
        str(number): EncodedTask(str(number), Encoded(np.empty(0), np.empty(0), np.zeros(items + 1)), batch)
        for number, (items, batch) in enumerate(sizes)
    }
    assert cost.steps(sizes, recipe) == total_steps(subjects, epochs=2.5, steps=0, cap=1000)
    assert cost.steps(sizes, replace(recipe, steps=7)) == 7


def test_the_paper_s_trainings_have_the_paper_s_steps(tmp_path: Path) -> None:
    found = {(one.kind, one.name): one for one in cost.trainings(profile("xlmr-large"), tmp_path)}
    assert found["target", "xnli"].steps == round(2 * np.ceil(392_702 / 4))
    assert found["target", "xnli"].copies == 17 * 3
    assert found["intermediate", "anli"].steps == 2 * np.ceil(1_104_934 / 24)
    assert found["intermediate", "mnli_mlm"].items == 392_702 + 40 * 50_000
    assert ("intermediate", "none") not in found


def test_prepared_data_are_counted_before_the_task_file_says(tmp_path: Path) -> None:
    large = profile("xlmr-large")
    assert cost.training_items(large, "ccg", "eng", tmp_path) == 38_015
    (tmp_path / "ccg").mkdir()
    (tmp_path / "ccg" / "task.json").write_text('{"counts": {"train": 77}, "source": {"origin": "files"}}')
    assert cost.training_items(large, "ccg", "eng", tmp_path) == 77
    (tmp_path / "ccg" / "task.json").write_text('{"counts": {"train": 77}, "source": {"origin": "world"}}')
    assert cost.training_items(large, "ccg", "eng", tmp_path) == 38_015


def test_disk_of_whole_encoders_is_four_bytes_a_parameter_and_checkpoint() -> None:
    large, size = profile("xlmr-large"), KNOWN["xlm-roberta-large"]
    need = disk.need(replace(large, model=replace(large.model, storage="full")), size)
    assert need.intermediate == 17 * 3 * 4 * size.parameters
    assert need.target == 17 * 6 * 3 * 4 * size.parameters


def test_disk_of_differences_is_two_bytes_a_parameter_without_the_rows_that_english_leaves_alone() -> None:
    large, size = profile("xlmr-large"), KNOWN["xlm-roberta-large"]
    need = disk.need(large, size)
    rest, row = 2 * (size.body + size.hidden * (514 + 1 + 2)), 2 * size.hidden + 4
    english, every = rest + disk.USED * row, rest + size.vocabulary * row
    # mlm, its three mixtures and two translated ones change every row.
    assert need.target == 3 * 6 * (11 * english + 6 * every)
    assert need.intermediate == 3 * (10 * english + 6 * every + 4 * size.parameters)
    untrimmed = disk.need(replace(large, runtime=replace(large.runtime, trim=False)), size)
    assert untrimmed.target == 3 * 6 * 17 * every


def test_the_planned_size_of_a_difference_is_that_of_its_file(tmp_path: Path) -> None:
    from xstilts.commands.dry_run import trial_step
    from xstilts.model import weight_delta

    model = replace(profile("world").model, vocabulary=SMALL.vocabulary, layers=2, hidden=32, heads=2, feed_forward=64)
    size = architectures.of(model)
    base = trial_step.build(size).state_dict()
    changed = {name: value + 0.01 for name, value in base.items()}
    weight_delta.write(weight_delta.between(changed, base), tmp_path / "file", "base")
    need = disk.need(replace(profile("world"), model=model), size)
    planned = need.target / (len(profile("world").intermediates) * len(profile("world").trainings))
    assert (tmp_path / "file").stat().st_size == pytest.approx(planned, rel=0.1)


def test_twice_the_speed_takes_half_the_time_and_small_steps_take_their_own() -> None:
    size = KNOWN["xlm-roberta-large"]
    long = cost.TrainingCost("target", "t", 1, 10, 10, 1e6, 1, 0.0)
    free = cost.Machine(tflops=100, mfu=0.5, launch=1e-9, bandwidth=1e30)
    once = long.seconds(size, free, checkpointing=False, parts=1)
    assert once == pytest.approx(10 * 6 * size.body * 1e6 / 50e12)
    assert long.seconds(size, replace(free, mfu=1.0), checkpointing=False, parts=1) == pytest.approx(once / 2)
    short = replace(long, tokens=1.0)
    slow = replace(free, launch=0.5)
    assert short.seconds(size, slow, checkpointing=False, parts=1) == pytest.approx(5.0, rel=1e-3)
    assert short.seconds(size, slow, checkpointing=False, parts=4) == pytest.approx(20.0, rel=1e-3)
    assert long.seconds(size, slow, checkpointing=False, parts=1) == pytest.approx(once + 5.0)


def test_the_plan_gives_the_steps_that_were_measured_on_an_h100() -> None:
    size, machine = KNOWN["xlm-roberta-large"], cost.Machine()
    for tokens, milliseconds in ((1426, 15.1), (815, 12.7)):
        one = cost.TrainingCost("target", "t", 1, 10, 1, tokens, 1, 0.0)
        found = one.seconds(size, machine, checkpointing=False, parts=1, trim=True)
        assert found * 1000 == pytest.approx(milliseconds, rel=0.02)
        whole = one.seconds(size, machine, checkpointing=False, parts=1)
        assert whole - found == pytest.approx(28 * 1024 * 220_002 / machine.bandwidth)
        masked = replace(one, hidden=10.0)
        assert masked.seconds(size, machine, checkpointing=False, parts=1, trim=True) > whole


def test_the_plan_imports_no_torch() -> None:
    code = (
        "import sys; from xstilts.commands import main as cli; "
        "assert cli.main(['dry-run', '--params', 'profiles/xlmr-large.yaml', '--brief']) == 0; "
        "assert not {'torch', 'transformers', 'mlflow', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "disk: 297.9 GiB of checkpoints (pretrained 2.1, intermediate 43.6, target 235.6, dropped" in done.stdout


def test_the_plan_of_every_profile_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for path in sorted((ROOT / "profiles").glob("*.yaml")):
        assert main.main(["dry-run", "--params", str(path)]) == 0
        printed = capsys.readouterr().out
        assert printed.startswith(f"{path.stem}: ")
        for training in experiment.load(path).trainings:
            assert f"target        {training}" in printed


def test_an_assumption_that_is_no_positive_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["dry-run", "--params", str(ROOT / "params.yaml"), "--mfu", "0"]) == 1
    assert "must be greater than 0" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["xlm-roberta", "bert"])
def test_a_step_of_every_shape_is_taken_with_the_real_module(kind: str) -> None:
    from xstilts.commands.dry_run import trial_step

    size = Architecture(kind, 300, 2, 32, 2, 64, 130, types=2 if kind == "bert" else 1)
    taken = list(trial_step.take(profile("world-full"), size, items=3, accelerator="cpu", precision="32-true"))
    assert [row.shape for row in taken] == ["classification", "tagging", "span", "choice", "mlm"]
    expected = {"classification": np.log(3), "tagging": np.log(17), "mlm": np.log(300)}
    for row in taken:
        assert row.parameters > size.parameters
        # Random weights know nothing: the loss of an even guess.
        if row.shape in expected:
            assert row.loss == pytest.approx(expected[row.shape], rel=0.25), row.shape


def test_examples_are_counted_of_the_layout_of_files_in_force_and_as_they_are_limited(tmp_path: Path) -> None:
    mini = profile("e5-mini")
    assert cost.training_items(mini, "xnli", "eng", tmp_path) == 2_000  # of 33,136
    assert cost.test_items(mini, "xnli", tmp_path) == 15 * 60
    assert cost.test_items(mini, "tydiqa", tmp_path) == 9 * 60
    small = profile("e5-small")
    assert cost.training_items(small, "hellaswag", "eng", tmp_path) == 9_041
    assert cost.test_items(small, "mlqa", tmp_path) == 1_000 + 517 + 504 + 512 + 507 + 500 + 511
