"""Files and folders that appear whole or not at all."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from xstilts.formats import atomic

ROOT = Path(__file__).parents[2]


def test_text_is_written_with_unix_line_ends_into_folders_that_are_made(tmp_path: Path) -> None:
    for synced in (False, True):
        path = tmp_path / "a" / "b" / f"{synced}.txt"
        atomic.write(path, "é\n\n", synced=synced)
        assert path.read_bytes() == "é\n\n".encode()
        assert list(path.parent.glob("*.partial")) == []


def test_a_failure_leaves_a_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), atomic.file(path) as aside:
        aside.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_a_folder_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with atomic.whole(folder) as aside:
        (aside / "a").write_text("before")
    with pytest.raises(ValueError, match="half"), atomic.whole(folder) as aside:
        (aside / "b").touch()
        raise ValueError("half")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "a"]


def test_a_kill_leaves_a_file_as_it_was_and_the_next_writer_succeeds(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    body = """
        import os, sys
        from pathlib import Path
        from xstilts.formats import atomic
        with atomic.file(Path(sys.argv[1])) as aside:
            aside.write_text("half")
            os.kill(os.getpid(), 9)
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    code = "\n".join(line[8:] for line in body.splitlines())
    done = subprocess.run([sys.executable, "-c", code, str(path)], env=environment, check=False)
    assert done.returncode == -9
    assert (path.read_text(), atomic.beside(path).read_text()) == ("before", "half")
    atomic.write(path, "after")
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_that_write_the_same_the_first_one_s_stays(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with atomic.shared(folder) as aside:
        (aside / "a").write_text("second")
        folder.mkdir()
        (folder / "a").write_text("first")
    assert (folder / "a").read_text() == "first"
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_that_cannot_be_moved_into_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic.shared(tmp_path / "folder") as aside:
        aside.rmdir()


def test_nothing_else_in_the_sources_writes_aside() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "src").rglob("*.py")
        if re.search(r"\.part(ial)?[\"']|os\.replace", path.read_text(encoding="utf-8"))
    ]
    assert found == ["src/xstilts/formats/atomic.py"]
