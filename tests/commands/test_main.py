import subprocess
import sys
from pathlib import Path

import pytest

from xstilts.commands import main

XSTILTS = [sys.executable, "-m", "xstilts"]


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*XSTILTS, *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_shows_an_example_that_its_parser_takes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    example = main.EXAMPLES[name].partition("#")[0].replace('eval "$(', "").replace(')"', "").split()
    assert example[:2] == ["xstilts", name]
    whole = main.parser([] if name in main.PASSED_ON else [name])
    assert whole.parse_args(example[1:2] if name in main.PASSED_ON else example[1:]).command == name
    with pytest.raises(SystemExit):
        whole.parse_args([name, "--help"])
    assert main.EXAMPLES[name] in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_every_command_and_its_options(shell: str, tmp_path: Path) -> None:
    script = typed("completion", shell).stdout
    assert all(name in script for name in main.COMMANDS)
    assert "--imputations" in script
    if shell == "bash":
        (tmp_path / "script").write_text(script)
        asked = "source ./script; COMP_WORDS=(xstilts ana); COMP_CWORD=1; _shtab_xstilts; echo ${COMPREPLY[@]}"
        done = subprocess.run(["bash", "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["analyse"]


def test_verbose_shows_where_an_error_arose_and_quiet_prints_errors_alone(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.csv")
    words = ("analyse", missing, "--out", str(tmp_path / "out"))
    plain, verbose, quiet = typed(*words), typed("-v", *words), typed("-q", *words)
    assert plain.returncode == verbose.returncode == quiet.returncode == 1
    assert "Traceback" not in plain.stderr
    assert "Traceback" in verbose.stderr
    assert missing in quiet.stderr
    assert quiet.stdout == ""
    assert typed("-q", "completion", "bash").stdout == ""
