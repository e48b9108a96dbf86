"""Names of params.yaml, and what its reader makes of files that are none."""

import time
from pathlib import Path

import pytest

from xstilts import experiment
from xstilts.formats import names

WORLD = (Path(__file__).parents[2] / "profiles" / "world.yaml").read_text(encoding="utf-8")
BAD = [
    "mnli; touch pwned",
    "$(touch pwned)",
    "`id`",
    "-h",
    "--out",
    "a/b",
    "../x",
    "..",
    ".",
    "my mnli",
    "it's",
    'say "x"',
    "",
    " mnli",
    "mnli\\n",
    "a|b",
    "a&b",
    "a>b",
    "*",
    "~",
    "a\\tb",
    "#x",
    "a:b",
    "{x}",
    "${study}",
    "x" * 65,
    "a\u202eb",
]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '\\"') + '"'


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("key", ["study", "profile"])
def test_fault_4_and_row_41_studies_and_profiles_match_the_pattern(tmp_path: Path, key: str, name: str) -> None:
    text = WORLD.replace(f"{key}: world", f"{key}: {quoted(name)}", 1)
    with pytest.raises(
        ValueError, match=rf"params\.yaml, line {line_of(text, f'{key}: ')}: {key}: .* is no name; allowed"
    ):
        experiment.load(write(tmp_path, text))


@pytest.mark.parametrize("name", [*BAD, "v1.2"])
def test_fault_3_an_intermediate_that_a_shell_would_execute_is_refused_everywhere(tmp_path: Path, name: str) -> None:
    for old, new in (
        ("intermediates: [none, mnli", f"intermediates: [none, {quoted(name)}"),
        ("  none: {tasks: []}", f"  none: {{tasks: []}}\n  {quoted(name)}: {{tasks: [mnli]}}"),
        ("targets: [udpos", f"targets: [{quoted(name)}"),
        ("tasks: [", f"tasks: [{quoted(name)}, "),
    ):
        assert old in WORLD, old
        with pytest.raises(ValueError, match=r"params\.yaml, line \d+: .* is no name; allowed: 1 to 64 letters"):
            experiment.load(write(tmp_path, WORLD.replace(old, new, 1)))


@pytest.mark.parametrize("name", ["all", "mean", "best", "None", "NONE", "Spare"])
def test_row_13_reserved_names_are_refused_in_params_with_their_line(tmp_path: Path, name: str) -> None:
    text = WORLD.replace("intermediates: [none, mnli", f"intermediates: [none, {name}", 1)
    line = line_of(text, "intermediates: [none")
    with pytest.raises(ValueError, match=rf"line {line}: intermediates\[1\]: intermediate '{name}'"):
        experiment.load(write(tmp_path, text))


@pytest.mark.parametrize("name", ["mnli", "mnli_mlm", "mnli-v2", "a+b", "2020", "日本語", "многоязычный", "ünïcode"])
def test_names_of_letters_and_digits_of_any_script_are_taken(name: str) -> None:
    assert names.reserved("intermediate", name) is None
    (mark,) = names.Intermediate.__metadata__  # type: ignore[attr-defined]
    assert mark.fault(name) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            WORLD.replace("study: world", "study: world\n? [a, b]\n: 1", 1),
            r"line \d+: the file: a key is a list or a mapping",
        ),
        ("a: " + "[" * 3000, r"is nested too deep|is not YAML"),
        ("a: &a [*a]\n" + WORLD, r"unknown parameter 'a'|nested too deep|is not YAML"),
        (WORLD.replace("seeds: [1]", "seeds: [" + "9" * 5000 + "]"), r"line \d+: seeds\[0\] cannot be read"),
        (WORLD.replace("seeds: [1]", "seeds: [²]"), r"line \d+: seeds\[0\] is '²'; a value of type int is needed"),
        (WORLD.replace("seeds: [1]", "seeds: [!!python/name:os.system ]"), r"line \d+: seeds\[0\] cannot be read"),
        (WORLD.replace("study: world", "study: 2020-99-99"), r"line \d+: study cannot be read"),
        (
            WORLD.replace("    warmup: 0.06", "    warmup: 0.06\n    clip: .inf", 1),
            r"line \d+: recipes\..*clip is inf; allowed: 0 or more",
        ),
        (WORLD.replace("  origin: world", "  <<: 3\n  origin: world"), r"line \d+: data: `<<` cannot be merged"),
        ("\0", "is not YAML"),
        ("", "is not a mapping"),
    ],
)
def test_fault_11_and_12_a_file_that_is_none_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"params\.yaml.*({said})"):
        experiment.load(write(tmp_path, text))


def test_row_41_params_in_utf16_are_named_with_the_way_out_and_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(WORLD, encoding="utf-16")
    with pytest.raises(ValueError, match=r"params\.yaml, line 1: the file is in UTF-16.*iconv"):
        experiment.load(path)
    path.write_text(WORLD, encoding="utf-8-sig")
    assert experiment.load(path).study == "world"


def test_aliases_that_multiply_are_refused_at_once(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    began = time.monotonic()
    with pytest.raises(ValueError, match="unknown parameter 'a0'"):
        experiment.load(write(tmp_path, bomb + WORLD))
    assert time.monotonic() - began < 10
