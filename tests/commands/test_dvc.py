"""`xstilts dvc` must write the dvc.lock that `dvc` writes, whatever stands in it."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dvc.stage import serialize
from dvc.utils.serialize import dumps_yaml, load_yaml

import tiny
import toy_grid
from xstilts.commands import dvc


def entry(number: int, **more: Any) -> dict[str, Any]:
    """What DVC locks of a stage."""
    return {
        "cmd": f"python pipelines/train.py target mnli xnli {number} " + "--long " * 20,
        "deps": [{"path": f"data/{number}", "hash": "md5", "md5": f"{number:032x}.dir", "size": number, "nfiles": 3}],
        "params": {"params.yaml": {"recipe": {"rate": 1e-05, "none": None, "text": "a: 'b' # c", "seed": "007"}}},
        "outs": [{"path": f"out/{number}", "hash": "md5", "md5": f"{number:032x}", "size": 2**40}],
        **more,
    }


class Repository:
    """A lock file, and what DVC's `Lockfile` has around it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = folder / "dvc.lock"
        self.locked: dict[str, Any] = {}
        self.tracked: list[str] = []
        self.whole = 0
        monkeypatch.setattr(serialize, "to_lockfile", lambda stage, **_: {stage.name: self.locked[stage.name]})
        original = dvc._whole

        def counted(*words: Any, **options: Any) -> None:
            self.whole += 1
            original(*words, **options)

        self.original = original
        monkeypatch.setattr(dvc, "_whole", counted)

    def lockfile(self) -> Any:
        context = SimpleNamespace(track_file=self.tracked.append)
        return SimpleNamespace(
            path=str(self.path), relpath="dvc.lock", repo=SimpleNamespace(scm_context=context, fs=None)
        )

    def put(self, **stages: dict[str, Any]) -> None:
        """Lock these stages by the function under test."""
        named = {name.replace("_at_", "@"): value for name, value in stages.items()}
        self.locked |= named
        dvc.dump_stages(self.lockfile(), [SimpleNamespace(name=name) for name in named])

    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    return Repository(tmp_path, monkeypatch)


def test_stages_come_in_and_change_in_place_byte_for_byte_as_dvc_writes_them(repository: Repository) -> None:
    expected: dict[str, Any] = {}
    steps = [("a_at_1", entry(1)), ("b", entry(2)), ("c_at_x-y-1", entry(3)), ("b", entry(4)), ("a_at_1", entry(5))]
    for name, value in [*steps, ("c_at_x-y-1", entry(6, outs=[])), ("b", entry(4))]:
        repository.put(**{name: value})
        expected[name.replace("_at_", "@")] = value
        assert repository.text() == dumps_yaml({"schema": "2.0", "stages": expected})
    assert not repository.whole
    assert repository.tracked  # what changes is staged for git where DVC is told to


def test_what_a_stage_s_parameters_share_is_numbered_through_the_file(repository: Repository) -> None:
    def shared(number: int, times: int) -> dict[str, Any]:
        lists = [[number], {"of": number}, []]
        return entry(number, params={"params.yaml": {f"{k}{n}": lists[k] for n in range(times) for k in range(3)}})

    expected: dict[str, Any] = {}
    for name, value in [
        ("a", shared(1, 2)),
        ("b", shared(2, 3)),
        ("c", shared(3, 1)),
        ("a", shared(4, 1)),
        ("b", shared(5, 4)),
        ("a", shared(6, 2)),
    ]:
        repository.put(**{name: value})
        expected[name] = value
        assert repository.text() == dumps_yaml({"schema": "2.0", "stages": expected})
    assert "*id006" in repository.text()
    assert not repository.whole


def test_an_entry_that_did_not_change_is_not_written(repository: Repository) -> None:
    repository.put(a=entry(1), b=entry(2))
    before, tracked = repository.path.stat().st_mtime_ns, len(repository.tracked)
    repository.put(b=entry(2))
    assert repository.path.stat().st_mtime_ns == before
    assert len(repository.tracked) == tracked


@pytest.mark.parametrize(
    "text",
    [
        "schema: '2.0'\nstages: {}\n",
        "schema: '2.0'\nstages:\n  # by hand\n  a:\n    cmd: x\n",
        "schema: '2.0'\nstages:\n  'a b':\n    cmd: x\n",
        "schema: '2.0'\nstages:\n  a:\n    cmd: x\ndatasets: []\n",
        "datasets: []\nschema: '2.0'\nstages:\n  a:\n    cmd: x\n",
        "schema: '2.0'\nstages:\n  ? a\n  : cmd: x\n",
    ],
)
def test_a_file_that_is_not_as_dvc_writes_it_goes_dvc_s_way(repository: Repository, text: str) -> None:
    repository.path.write_text(text, encoding="utf-8")
    before = load_yaml(str(repository.path))["stages"]
    repository.put(z=entry(1))
    assert repository.whole == 1
    assert load_yaml(str(repository.path))["stages"] == {**before, "z": entry(1)}


def test_a_name_that_yaml_quotes_goes_dvc_s_way(repository: Repository) -> None:
    repository.put(a=entry(1))
    repository.put(**{"123": entry(2)})
    assert repository.whole == 1
    assert list(load_yaml(str(repository.path))["stages"]) == ["a", "123"]


def test_a_write_that_fails_leaves_the_file_as_it_was(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.put(a=entry(1))
    before = repository.text()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)  # after all was written, the worst moment
    with pytest.raises(OSError, match="No space left"):
        repository.put(b=entry(2))
    assert repository.text() == before


def test_the_command_is_dvc_with_the_same_lock_and_status(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("PYTHONPATH", str(tiny.ROOT / "src"))
    locks = []
    for name, words in {"plain": ("dvc",), "in-place": ("python", "-m", "xstilts.commands.dvc")}.items():
        folder = toy_grid.make(tmp_path / name)
        tiny.run(folder, *words, "repro", "b")
        (folder / "seed.txt").write_text("t", encoding="utf-8")
        printed = tiny.run(folder, *words, "repro")
        assert "Updating lock file 'dvc.lock'" in printed
        locks.append((folder / "dvc.lock").read_bytes())
        assert tiny.run(folder, *words, "status", "-q") == ""
    assert locks[0] == locks[1]
    (folder / "params.yaml").write_text("seconds: {a: 0, b: 0, c: 0, d: 0}\nfail: true\n", encoding="utf-8")
    assert "b2 always fails" in tiny.run(folder, *words, "repro", "-f", ok=False)
