import shutil
from pathlib import Path

import pytest

import tiny
from xstilts.commands import main

# Two trainings and their predictions; `shared` has the same bytes in both.
PIPELINE = """\
stages:
  target:
    matrix: {x: [xnli, squad_v1]}
    cmd: mkdir -p FOLDER/encoder && echo weights of ${item.x} > FOLDER/encoder/w && cp in FOLDER/shared &&
      echo '{}' > FOLDER/card.json
    deps: [in]
    outs: ['FOLDER']
  predict:
    cmd: mkdir -p predictions/none/xnli &&
      sed s/weights/tags/ checkpoints/target/none/xnli/seed1/encoder/w > predictions/none/xnli/seed1
    deps: [checkpoints/target/none/xnli/seed1]
    outs: [predictions/none/xnli/seed1]
  predict_squad_v1:
    cmd: mkdir -p predictions/none/xquad && echo xquad > predictions/none/xquad/seed1
    deps: [checkpoints/target/none/squad_v1/seed1]
    outs: [predictions/none/xquad/seed1]
  score:
    cmd: cat predictions/none/xnli/seed1 metric > score
    deps: [predictions/none/xnli/seed1, metric, checkpoints/target/none/xnli/seed1/card.json]
    outs: [score]
""".replace("FOLDER", "checkpoints/target/none/${item.x}/seed1")
XNLI, SQUAD = (Path("checkpoints/target/none", name, "seed1") for name in ("xnli", "squad_v1"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything trained, predicted and scored. Read only."""
    folder = tmp_path_factory.mktemp("dropping")
    (folder / "dvc.yaml").write_text(PIPELINE)
    (folder / "params.yaml").write_text(tiny.PARAMS)
    (folder / "in").write_text("the same in all\n")
    (folder / "metric").write_text("accuracy\n")
    tiny.run(folder, "git", "init", "-q")
    tiny.run(folder, "dvc", "init", "-q")
    tiny.run(folder, "dvc", "repro", "-q")
    return folder


@pytest.fixture
def repository(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    shutil.copytree(made, folder, symlinks=True)
    monkeypatch.chdir(folder)
    return folder


def cached(folder: Path) -> set[str]:
    return {path.read_text() for path in (folder / ".dvc/cache/files/md5").rglob("*") if path.is_file()}


def ran(folder: Path) -> list[str]:
    output = tiny.run(folder, "dvc", "repro")
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def test_weights_go_from_folder_and_cache_and_everything_is_up_to_date(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "predictions/none/xquad/seed1").unlink()
    assert main.main(["drop-targets", "--yes"]) == 0
    assert "dropped: the weights of 1 target checkpoints" in capsys.readouterr().out
    assert [path.name for path in XNLI.iterdir()] == ["card.json"]
    assert (SQUAD / "encoder/w").exists()
    left = cached(repository)
    assert "weights of xnli\n" not in left
    assert {"weights of squad_v1\n", "the same in all\n", "tags of xnli\n", "xquad\n", "{}\n"} <= left
    (repository / "predictions/none/xquad/seed1").write_text("xquad\n")
    assert "up to date" in tiny.run(repository, "dvc", "status")
    assert ran(repository) == []


def test_what_needs_no_weights_runs_without_training(repository: Path) -> None:
    assert main.main(["drop-targets", "--yes"]) == 0
    (repository / "metric").write_text("F1\n")
    assert ran(repository) == ["score"]
    assert (repository / "score").read_text() == "tags of xnli\nF1\n"


def test_a_changed_input_trains_again_and_what_was_trained_can_be_dropped_again(repository: Path) -> None:
    assert main.main(["drop-targets", "--yes"]) == 0
    (repository / "in").write_text("another\n")
    assert set(ran(repository)) == {"target@xnli", "target@squad_v1", "predict", "predict_squad_v1"}
    assert main.main(["drop-targets", "--yes"]) == 0
    assert "up to date" in tiny.run(repository, "dvc", "status")
    # A parameter that is changed back finds no weights in the cache.
    (repository / "in").write_text("the same in all\n")
    assert set(ran(repository)) >= {"target@xnli", "target@squad_v1"}


def test_one_training_comes_back_when_its_stage_is_forced(repository: Path) -> None:
    assert main.main(["drop-targets", "--yes"]) == 0
    tiny.run(repository, "dvc", "repro", "--force", "--single-item", "target@xnli")
    assert (XNLI / "encoder/w").read_text() == "weights of xnli\n"
    ran(repository)
    assert "up to date" in tiny.run(repository, "dvc", "status")


def test_dropped_weights_are_neither_pushed_nor_missed_by_a_clone(repository: Path, tmp_path: Path) -> None:
    assert main.main(["drop-targets", "--yes"]) == 0
    remote = tmp_path / "remote"
    tiny.run(repository, "dvc", "remote", "add", "-d", "folder", str(remote))
    tiny.run(repository, "dvc", "push", "--run-cache")
    assert "weights of squad_v1\n" not in {path.read_text() for path in remote.rglob("*") if path.is_file()}
    shutil.rmtree(repository / ".dvc/cache")
    shutil.rmtree(repository / "checkpoints")
    shutil.rmtree(repository / "predictions")
    tiny.run(repository, "dvc", "pull")
    assert [path.name for path in XNLI.iterdir()] == ["card.json"]
    assert ran(repository) == []


def test_killed_after_dvc_lock_was_written_checkout_does_the_rest(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            main.main(["drop-targets", "--yes"])
    tiny.run(repository, "dvc", "checkout", "--force")
    assert [path.name for path in XNLI.iterdir()] == ["card.json"]
    assert "up to date" in tiny.run(repository, "dvc", "status")


def test_a_training_whose_second_target_is_not_predicted_yet_stays(repository: Path) -> None:
    params = tiny.altered(tiny.PARAMS, "targets: [xnli, xquad,", "targets: [xnli, xquad, mlqa,")
    params = tiny.altered(params, "squad_v1: [xquad]", "squad_v1: [xquad, mlqa]")
    params = tiny.altered(params, "tasks: [mnli,", "tasks: [mnli, mlqa,")
    (repository / "params.yaml").write_text(params)
    assert main.main(["drop-targets", "--yes"]) == 0
    assert (SQUAD / "encoder/w").exists()
    assert not (XNLI / "encoder").exists()


def test_predictions_of_an_older_training_do_not_count(repository: Path) -> None:
    (repository / "in").write_text("another\n")
    tiny.run(repository, "dvc", "repro", "target")
    assert main.main(["drop-targets", "--yes"]) == 0
    assert (XNLI / "encoder/w").exists()


def test_without_yes_nothing_is_deleted(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, lock = cached(repository), Path("dvc.lock").read_bytes()
    assert main.main(["drop-targets"]) == 0
    assert "would drop (with --yes): the weights of 2 target checkpoints" in capsys.readouterr().out
    assert (XNLI / "encoder/w").exists()
    assert cached(repository) == before
    assert Path("dvc.lock").read_bytes() == lock


@pytest.mark.parametrize("kept", [True, False])
def test_params_decide_where_the_command_asks_them(repository: Path, kept: bool) -> None:
    text = tiny.altered(tiny.PARAMS, "keep_targets: true", f"keep_targets: {str(kept).lower()}")
    (repository / "params.yaml").write_text(text)
    assert main.main(["drop-targets", "--yes", "--unless-kept"]) == 0
    assert (XNLI / "encoder/w").exists() == kept


def test_a_grid_that_ends_drops_what_params_do_not_keep(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["grid"]) == 0
    assert "dropped" not in capsys.readouterr().out
    (repository / "params.yaml").write_text(tiny.altered(tiny.PARAMS, "keep_targets: true", "keep_targets: false"))
    assert main.main(["grid"]) == 0
    assert "dropped the weights of 2 target checkpoints" in capsys.readouterr().out
    assert [path.name for path in XNLI.iterdir()] == ["card.json"]
    assert main.main(["grid"]) == 0
    assert "dropped" not in capsys.readouterr().out


def test_elsewhere_it_says_where_it_belongs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.main(["drop-targets"]) == 1
    assert "dvc.lock is not here" in capsys.readouterr().err
