"""URIEL's arrays: missing stays missing, sources are united, relatives are recognised."""

import subprocess
import sys

import numpy as np
import pytest

from xstilts.languages import uriel


def test_groups_have_their_known_sizes():
    sizes = {group: len(uriel.arrays(group).names) for group in ("syntactic", "phonological", "inventory", "featural")}
    assert sizes == {"syntactic": 103, "phonological": 28, "inventory": 158, "featural": 289}


def test_what_no_source_knows_is_missing_and_never_minus_one():
    kazakh = uriel.features("kaz")
    assert sum(value is not None for value in kazakh.values()) == 12
    assert set(kazakh.values()) <= {None, 0.0, 1.0}
    assert not (uriel.arrays("syntactic").values < 0).any()


def test_a_feature_that_one_source_affirms_is_affirmed():
    german = uriel.features("deu")
    assert german["S_SVO"] == german["S_SOV"] == 1.0


def test_predictions_have_no_gaps():
    assert not np.isnan(uriel.arrays("syntactic_knn").row("jav")).any()


def test_genetic_similarity_is_symmetric_one_with_itself_and_zero_across_families():
    assert uriel.genetic_similarity("deu", "deu") == pytest.approx(1)
    assert uriel.genetic_similarity("eng", "deu") == uriel.genetic_similarity("deu", "eng") > 0.5
    assert uriel.genetic_similarity("eng", "rus") > uriel.genetic_similarity("eng", "tur") == 0


def test_a_code_that_uriel_lacks_is_an_error_that_names_it():
    with pytest.raises(ValueError, match=r"'qqq'.*individual ISO 639-3"):
        uriel.features("qqq")
    with pytest.raises(ValueError, match="no URIEL group 'sintactic'"):
        uriel.arrays("sintactic")


def test_the_arrays_are_found_where_a_script_called_lang2vec_comes_first(tmp_path):
    """As for every console script: the wheel of lang2vec installs `bin/lang2vec.py` beside it."""
    (tmp_path / "lang2vec.py").write_text("raise ImportError('the script was imported')\n")
    code = "from xstilts.languages import uriel; print(len(uriel.arrays('syntactic').names))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("103\n", "")


def test_without_lang2vec_or_without_its_data_the_message_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(FileNotFoundError, match=r"lang2vec.* is not installed.*pip install .*lang2vec==1"):
        uriel._place("features.npz")
    folder = tmp_path / "lang2vec-1.1.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: lang2vec\nVersion: 1.1.2\n")
    with pytest.raises(FileNotFoundError, match=r"features\.npz: .*without its data.*pip install"):
        uriel._place("features.npz")
