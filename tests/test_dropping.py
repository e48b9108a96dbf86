from pathlib import Path

import pytest

import tiny
from xstilts import cli

# Two trainings and their predictions; `shared` has the same bytes in both.
PIPELINE = """\
stages:
  target:
    matrix: {x: [xnli, squad_v1]}
    cmd: mkdir -p FOLDER && echo weights of ${item.x} > FOLDER/w && cp in FOLDER/shared
    deps: [in]
    outs: ['FOLDER']
  predict:
    cmd: mkdir -p predictions/none/xnli && echo xnli > predictions/none/xnli/seed1
    deps: [checkpoints/target/none/xnli/seed1]
    outs: [predictions/none/xnli/seed1]
  predict_squad_v1:
    cmd: mkdir -p predictions/none/xquad && echo xquad > predictions/none/xquad/seed1
    deps: [checkpoints/target/none/squad_v1/seed1]
    outs: [predictions/none/xquad/seed1]
""".replace("FOLDER", "checkpoints/target/none/${item.x}/seed1")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "params.yaml").write_text(tiny.PARAMS)
    (tmp_path / "in").write_text("the same in all\n")
    tiny.run(tmp_path, "git", "init", "-q")
    tiny.run(tmp_path, "dvc", "init", "-q")
    tiny.run(tmp_path, "dvc", "repro", "-q")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cached(folder: Path) -> set[str]:
    return {path.read_text() for path in (folder / ".dvc/cache/files/md5").rglob("*") if path.is_file()}


def test_predicted_checkpoints_go_from_folder_and_cache_and_nothing_is_trained_again(repository: Path) -> None:
    (repository / "predictions/none/xquad/seed1").unlink()
    assert cli.main(["drop-targets", "--yes"]) == 0
    assert not (repository / "checkpoints/target/none/xnli/seed1").exists()
    assert (repository / "checkpoints/target/none/squad_v1/seed1/w").exists()
    left = cached(repository)
    assert "weights of xnli\n" not in left
    assert {"weights of squad_v1\n", "the same in all\n", "xnli\n", "xquad\n"} <= left
    (repository / "predictions/none/xquad/seed1").write_text("xquad\n")
    assert "Running stage" not in tiny.run(repository, "dvc", "repro", "--allow-missing")
    assert not (repository / "checkpoints/target/none/xnli/seed1").exists()


def test_a_training_whose_second_target_is_not_predicted_yet_stays(repository: Path) -> None:
    params = tiny.PARAMS.replace("targets: [xnli, xquad,", "targets: [xnli, xquad, mlqa,")
    params = params.replace("squad_v1: [xquad]", "squad_v1: [xquad, mlqa]").replace(
        "tasks: [mnli,", "tasks: [mnli, mlqa,"
    )
    (repository / "params.yaml").write_text(params)
    assert cli.main(["drop-targets", "--yes"]) == 0
    assert (repository / "checkpoints/target/none/squad_v1/seed1/w").exists()
    assert not (repository / "checkpoints/target/none/xnli/seed1").exists()


def test_without_yes_nothing_is_deleted(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = cached(repository)
    assert cli.main(["drop-targets"]) == 0
    assert "would delete (with --yes): 2 target checkpoints" in capsys.readouterr().out
    assert (repository / "checkpoints/target/none/xnli/seed1/w").exists()
    assert cached(repository) == before


def test_elsewhere_it_says_where_it_belongs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["drop-targets"]) == 1
    assert "dvc.lock is not here" in capsys.readouterr().err
