"""What a grid asks of its encoder is read with the defaults of recipes."""

from pathlib import Path

import pytest

from xstilts.training import probe

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "path", [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*.yaml"))], ids=lambda p: p.stem
)
def test_every_profile_says_how_long_its_sequences_are(path: Path) -> None:
    needs = probe.needs_in(path)
    assert any(name.startswith("recipes.intermediate.") for name in needs.lengths)
    assert any(name.startswith("recipes.target.") for name in needs.lengths)
    assert min(needs.lengths.values()) > 0


def test_a_recipe_has_the_length_of_the_default_unless_it_names_its_own(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = (
        (ROOT / "params.yaml").read_text(encoding="utf-8").replace("    mnli: {}\n", "    mnli: {max_length: 77}\n", 1)
    )
    path.write_text(text, encoding="utf-8")
    lengths = probe.needs_in(path).lengths
    assert (lengths["recipes.intermediate.mnli.max_length"], lengths["recipes.intermediate.none.max_length"]) == (
        77,
        128,
    )
