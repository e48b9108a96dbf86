"""Published scores: carried over without a slip, and every fault of a file found at once."""

import re
from pathlib import Path

import pytest

from xstilts.analysis import gains, published

FOLDER = Path(__file__).resolve().parents[2] / "data" / "published"

STUDY = """\
toy2020:
  source: "Toy 2020, table 1"
  encoder: toy
  arms: {none: nothing, mnli: English MNLI}
  training: {xnli: xnli}
  examples: {xnli: {fra: 100}}
  transcription: by hand
  unseen: [quz]
  notes: ["A toy."]
  left_out: []
"""
DRAFT = [row for row in published.means(FOLDER) if row.kind == "dev_gain" and row.metric != "exact_match"]
HEADER = "study,intermediate,target,metric,language,seed,value\n"


@pytest.fixture(scope="module")
def scores():
    return published.scores(FOLDER)


@pytest.fixture
def folder(tmp_path):
    def make(rows: str, study: str = STUDY, header: str = HEADER) -> Path:
        (tmp_path / "studies.yaml").write_text(study)
        (tmp_path / "toy2020.csv").write_text(header + rows)
        return tmp_path

    return make


def values(scores, study, intermediate, target, metric):
    wanted = (study, intermediate, target, metric)
    return {
        row.language: row.value for row in scores if (row.study, row.intermediate, row.target, row.metric) == wanted
    }


# Means of the papers' own tables: another table of the same source, so that a slip of transcription shows.
@pytest.mark.parametrize(
    ("study", "intermediate", "target", "metric", "languages", "mean"),
    [
        ("ponti2020-xlmr-base", "none", "xcopa", "accuracy", 11, 55.6),
        ("ponti2020-xlmr-base", "siqa", "xcopa", "accuracy", 11, 59.0),
        ("ponti2020-mbert", "none", "xcopa", "accuracy", 11, 54.1),
        ("ponti2020-mbert", "siqa", "xcopa", "accuracy", 11, 55.8),
        ("ponti2020-muse", "none", "xcopa", "accuracy", 11, 54.7),
        ("ponti2020-muse", "siqa", "xcopa", "accuracy", 11, 54.1),
        ("reimers2020-mbert", "none", "bucc2018", "f1", 4, 41.7),
        ("reimers2020-mbert", "nli_stsb", "bucc2018", "f1", 4, 33.7),
        ("reimers2020-xlmr", "none", "bucc2018", "f1", 4, 11.6),
        ("reimers2020-xlmr", "nli_stsb", "bucc2018", "f1", 4, 47.6),
    ],
)
def test_scores_have_the_mean_that_the_paper_prints(scores, study, intermediate, target, metric, languages, mean):
    found = values(scores, study, intermediate, target, metric)
    found.pop("eng", None)
    assert len(found) == languages
    assert sum(found.values()) / languages == pytest.approx(mean, abs=0.075)


def test_every_accuracy_of_bloom_is_a_whole_number_of_its_examples(scores):
    rows = [row for row in scores if row.study.startswith("muennighoff2022")]
    assert len(rows) == 336
    for row in rows:
        right = round(row.value * row.examples / 100)
        assert 100 * right / row.examples == pytest.approx(row.value, abs=0.0051), row


@pytest.mark.parametrize(
    ("study", "target", "languages"),
    [
        ("ponti2020-xlmr-base", "xcopa", 12),
        ("reimers2020-xlmr", "bucc2018", 4),
        ("muennighoff2022-bloom-7b1", "xnli", 15),
        ("muennighoff2022-bloom-7b1", "xcopa", 11),
        ("muennighoff2022-bloom-176b", "xstorycloze", 10),
        ("muennighoff2022-bloom-176b", "xwinograd", 6),
    ],
)
def test_each_arm_of_a_study_has_every_language(scores, study, target, languages):
    arms = {row.intermediate for row in scores if row.study == study}
    for arm in arms:
        metric = "f1" if target == "bucc2018" else "accuracy"
        assert len(values(scores, study, arm, target, metric)) == languages


def test_single_scores_stand_where_the_tables_have_them(scores):
    assert values(scores, "ponti2020-xlmr-base", "none", "xcopa", "accuracy")["quz"] == 50.7
    assert values(scores, "ponti2020-xlmr-base", "siqa", "xcopa", "accuracy")["cmn"] == 68.8
    assert values(scores, "reimers2020-xlmr", "none", "bucc2018", "f1")["deu"] == 5.2
    assert values(scores, "muennighoff2022-bloom-176b", "p3", "xstorycloze", "accuracy")["spa"] == 92.85
    assert values(scores, "muennighoff2022-bloom-7b1", "p3", "xnli", "accuracy")["arb"] == 47.99
    assert values(scores, "muennighoff2022-bloom-7b1", "none", "xwinograd", "accuracy_best_prompt")["jpn"] == 52.76


def test_published_scores_can_be_paired_into_gains(scores):
    found = gains.pair(scores)
    assert len(found) == len(scores) / 2
    (gain,) = [row for row in found if row.study == "reimers2020-xlmr" and row.language == "fra"]
    assert gain.gain == pytest.approx(44.4)
    headlines = {(row.study, row.metric) for row in found if row.headline}
    assert ("muennighoff2022-bloom-7b1", "accuracy_best_prompt") not in headlines


def test_every_study_says_where_it_is_from_and_what_to_beware_of():
    for study in published.studies(FOLDER):
        assert "20" in study.source and study.notes and study.left_out
        assert all("\n" not in text for text in study.about().values())


def test_the_drafts_average_gain_follows_from_its_gains_by_target():
    rows = [row for row in published.means(FOLDER) if row.kind == "dev_gain"]
    far = []
    for intermediate in {row.intermediate for row in rows}:
        by_target: dict[str, list[float]] = {}
        for row in rows:
            if row.intermediate == intermediate:
                by_target.setdefault(row.target, []).append(row.value)
        (printed,) = by_target.pop("all")
        assert len(by_target) == 9
        mean = sum(sum(both) / len(both) for both in by_target.values()) / 9
        if abs(mean - printed) > 0.11:
            far.append(intermediate)
    assert far == ["qqp_mlm"]  # the printed average is lower than its row


def test_every_claim_names_its_place_in_the_paper_and_has_the_value_of_the_transcribed_table():
    average = {row.intermediate: row.value for row in DRAFT if row.target == "all"}
    claims = published.claims(FOLDER)
    printed = {row.intermediate: row.value for row in claims if row.value is not None and ", row " in row.source}
    assert printed == {name: average[name] for name in ("squad_v1", "anli", "hellaswag", "multitask")}
    assert all(re.search(r"table \d|page \d", row.source) for row in claims)


def test_the_transcribed_table_bears_out_the_claims_without_a_value():
    alone = {(row.intermediate, row.target): row.value for row in DRAFT if not row.intermediate.endswith("_mlm")}
    xnli = [value for (_, target), value in alone.items() if target == "xnli"]
    assert (min(xnli), max(xnli)) == (-2.9, -0.3)
    assert max((value, name) for (name, target), value in alone.items() if target == "tydiqa") == (5.6, "squad_v1")
    mixed = [row for row in DRAFT if row.intermediate.endswith("_mlm") and row.target == "all"]
    better = [alone[row.intermediate.removesuffix("_mlm"), "all"] > row.value for row in mixed]
    assert (sum(better), len(better)) == (6, 8)


def test_a_good_file_gives_scores_with_their_training_and_examples(folder):
    made = folder("toy2020,none,xnli,accuracy,fra,1,50\ntoy2020,mnli,xnli,accuracy,fra,1,60.5\n")
    after, before = published.scores(made)
    assert (after.value, after.training, after.examples) == (60.5, "xnli", 100)
    assert before.intermediate == "none"


def test_all_faults_of_a_file_are_reported_together_with_their_lines(folder):
    made = folder(
        "toy2020,none,xnli,accuracy,fra,1,50\n"  # line 2
        "toy2020,mnli,xnli,accuracy,fra,1,60\n"
        "toy2020,mnli,xnli,accuracy,fra,1,60\n"  # 4: twice
        "toy2020,mnli,xnli,accuracy,deu,1,60\n"  # 5: no baseline
        "toy2020,none,xnli,accuracy,spa,1,60\n"  # 6: nothing to compare
        "toy2020,mnli,xnli,accuracy,fr,1,60\n"  # 7: two letters
        "toy2020,mnli,xnli,accuracy,fra,1,101\n"  # 8
        "toy2020,mnli,xnli,accuracy,fra,1,nan\n"  # 9
        "toy2020,qqp,xnli,accuracy,fra,1,60\n"  # 10
        "toy2020,mnli,xcopa,accuracy,fra,1,60\n"  # 11
        "other,mnli,xnli,accuracy,fra,1,60\n"  # 12
        "toy2020,mnli,xnli,accuracy,fra,-1,60\n"  # 13
        "toy2020,mnli,xnli,,fra,1,60\n"  # 14
    )
    with pytest.raises(ValueError, match="fault") as caught:
        published.scores(made)
    text = str(caught.value)
    for line, words in {
        4: "given twice, first in line 3",
        5: "missing baseline: no none/xnli/seed1 accuracy/deu",
        6: "nothing to compare",
        7: "Did you mean 'fra'?",
        8: "'101'; allowed: points, 0 to 100",
        9: "'nan'",
        10: "intermediate 'qqp' is not among its arms",
        11: "target 'xcopa' is not under `training`",
        12: "study is 'other'",
        13: "seed is '-1'",
        14: "metric is empty",
    }.items():
        (found,) = [part for part in text.splitlines() if f"line {line}:" in part]
        assert words in found
    assert text.startswith("11 fault(s)")


def test_a_file_of_other_columns_is_refused(folder):
    with pytest.raises(ValueError, match="columns are study,value"):
        published.scores(folder("toy2020,5\n", header="study,value\n"))


def test_row_03_fractions_among_printed_points_are_refused(folder):
    rows = "".join(
        f"toy2020,{arm},xnli,accuracy,{code},1,{value}\n"
        for code in ("fra", "deu")
        for arm, value in (("none", 60.5), ("mnli", 0.635))
    )
    with pytest.raises(ValueError, match=r"line 3: mixed units: a value in fra of toy2020 xnli accuracy looks like"):
        published.scores(folder(rows))


@pytest.mark.parametrize(
    ("study", "message"),
    [
        (STUDY + STUDY, "line .*toy2020 is given twice"),
        ("toy2020: [", "is not YAML"),
        ("toy2020: 3\n", "line 1: toy2020 must be a mapping"),
        (STUDY.replace("unseen: [quz]", "unseen: 3"), "a value of another type than in the other studies"),
    ],
)
def test_fault_11_studies_that_are_none_are_refused(folder, study, message):
    with pytest.raises(ValueError, match=f"(?s)studies.yaml.*{message}"):
        published.studies(folder("toy2020,none,xnli,accuracy,fra,1,50\n", study=study))


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_row_01_printed_scores_in_another_encoding_are_named(folder, encoding):
    made = folder("")
    (made / "toy2020.csv").write_bytes((HEADER + "toy2020,né,xnli,accuracy,fra,1,50\n").encode(encoding))
    with pytest.raises(ValueError, match=r"toy2020\.csv, line \d: .*expected UTF-8"):
        published.scores(made)


def test_a_short_row_is_named_by_line(folder):
    with pytest.raises(ValueError, match=r"line 3: expected 7 fields"):
        published.scores(folder("toy2020,none,xnli,accuracy,fra,1,50\ntoy2020,mnli\n"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  encoder: toy\n", "", "key 'encoder' is missing"),
        ("  encoder: toy\n", "  encoder: toy\n  encodr: toy\n", "unknown key 'encodr'; did you mean 'encoder'"),
        ("{none: nothing, mnli", "{qqp: QQP, mnli", "needs `none`"),
        ("unseen: [quz]", "unseen: [qu]", "Did you mean 'quz'"),
        ("toy2020:", "toy2021:", "toy2020.csv has no entry in studies.yaml"),
        ("toy2020:", "toy2021:", "toy2021 has no file toy2021.csv"),
    ],
)
def test_a_study_that_is_described_badly_is_refused(folder, old, new, message):
    made = folder("toy2020,none,xnli,accuracy,fra,1,50\n", study=STUDY.replace(old, new))
    with pytest.raises(ValueError, match="fault") as caught:
        published.studies(made)
    assert message in str(caught.value)


def test_a_claim_without_its_number_is_refused(tmp_path):
    text = "claim,text,intermediate,versus,target,relation,value,source\na,b,mnli,none,all,equals,,c\n"
    (tmp_path / "claims.csv").write_text(text)
    with pytest.raises(ValueError, match=r"line 2: relation 'equals' with value ''"):
        published.claims(tmp_path)
