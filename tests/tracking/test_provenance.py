"""Where a number comes from."""

import subprocess
from pathlib import Path

import pytest

from xstilts.tracking import provenance


def test_a_commit_is_named_with_its_date_and_what_changed_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.commit() == "commit unknown"
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_DATE", "2026-05-26T12:00:00+0000")
        monkeypatch.setenv(f"GIT_{name}_NAME", "a")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
    Path("params.yaml").write_text("seeds: [1]\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "A"]):
        subprocess.run(["git", *command], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert provenance.commit() == f"commit {head[:7]} of 2026-05-26"
    Path("params.yaml").write_text("seeds: [2]\n")
    assert provenance.commit() == f"commit {head[:7]} of 2026-05-26, sources changed since"
