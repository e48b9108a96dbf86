"""XTREME's folder: scored as the official evaluation does, checked for every fault, written from predictions."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import golden
import made_submission
import oracle
from xstilts import tasks
from xstilts.commands.main import main
from xstilts.commands.submission import check, evaluation, layout
from xstilts.formats import examples
from xstilts.formats.examples import Answer, ParallelSentences, Question, SentencePair, TaggedSentence
from xstilts.languages import table as languages


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Our own golden folder: `predictions/`, `labels/`, and the oracle's scores."""
    folder = tmp_path_factory.mktemp("made")
    return folder, made_submission.make(folder, seed=1)


@pytest.fixture
def folder(made, tmp_path):
    """A copy of it that a test may break."""
    return Path(shutil.copytree(made[0], tmp_path / "copy"))


def score(folder: Path, output: Path) -> int:
    return main(
        [
            "submission",
            "score",
            "--predictions",
            str(folder / "predictions"),
            "--labels",
            str(folder / "labels"),
            "--output",
            str(output),
        ]
    )


def test_the_scores_are_those_of_the_official_evaluation(tmp_path, capsys):
    folder = golden.unpack(tmp_path)
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert score(folder, tmp_path / "out" / "scores.json") == 0
    written = (tmp_path / "out" / "scores.json").read_text(encoding="utf-8")
    assert golden.differences(json.loads(written), expected) == set()
    assert capsys.readouterr().out == written


def test_the_official_folder_has_no_faults_but_its_missing_and_extra_answers(tmp_path):
    folder = golden.unpack(tmp_path)
    found, notes = check.faults(folder / "predictions", labels=folder / "labels")
    assert notes == []
    assert all("has no answer" in fault or "'extra-id'" in fault for fault in found)


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_random_submissions_score_as_the_rules_written_out(seed, tmp_path):
    expected = made_submission.make(tmp_path, seed)
    scores, _ = evaluation.evaluate(tmp_path / "predictions", tmp_path / "labels")
    assert golden.differences(scores, expected) == set()
    assert len(golden.flat(scores)) > 300


def test_the_nine_tasks_have_162_files_in_the_benchmarks_languages():
    assert len(layout.everything()) == len(set(layout.everything())) == 162
    assert {name: list(layout.codes(name)) for name in layout.TASKS} == {
        name: sorted(codes.split()) for name, codes in made_submission.LANGUAGES.items()
    }


def test_the_overall_score_is_the_mean_over_tasks_and_reproduces_the_published_averages():
    published = {
        "xnli": 79.2,
        "pawsx": 86.4,
        "udpos": 72.6,
        "panx": 65.4,
        "xquad": (76.6 + 60.8) / 2,
        "mlqa": (71.6 + 53.2) / 2,
        "tydiqa": (65.1 + 45.0) / 2,
        "bucc2018": 66.0,
        "tatoeba": 57.3,
    }
    assert round(evaluation.overall(published)["all_task"], 1) == 68.1
    phang = {
        "xnli": 79.5,
        "pawsx": 86.2,
        "udpos": 74.0,
        "panx": 62.6,
        "xquad": (76.1 + 60.0) / 2,
        "mlqa": (70.2 + 51.2) / 2,
        "tydiqa": (75.5 + 61.0) / 2,
        "bucc2018": 64.5,
        "tatoeba": 31.0,
    }
    assert round(evaluation.overall(phang)["all_task"], 1) == 66.1


def test_a_task_that_is_missing_takes_its_group_and_the_overall_score_with_it(folder, tmp_path, capsys):
    shutil.rmtree(folder / "predictions" / "udpos")
    assert score(folder, tmp_path / "scores.json") == 0
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert not {"all_task", "tagging", "udpos"} & scores.keys()
    assert {"classification", "qa", "retrieval", "panx"} <= scores.keys()
    assert "udpos: not in both folders" in capsys.readouterr().err


def test_a_missing_language_fails_and_writes_nothing(folder, tmp_path, capsys):
    (folder / "predictions" / "panx" / "test-yo.tsv").unlink()
    assert score(folder, tmp_path / "scores.json") == 1
    assert not (tmp_path / "scores.json").exists()
    assert "test-yo.tsv is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("xnli/test-de.tsv", "neutral\n", "1 predictions for 12"),
        ("udpos/test-de.tsv", "NOUN\n", "1 tagged sentences for 12"),
        ("panx/test-de.tsv", "X\n\n" * 12, "wrong number of tags"),
        ("xquad/test-de.json", "[]", "expected one object"),
        ("xquad/test-de.json", '{"de-0": ["x"]}', "expected a string"),
        ("mlqa/test-de.json", "{", "line 1: text that is not JSON"),
        ("tatoeba/test-de.tsv", "", "0 predictions for 24"),
    ],
)
def test_a_file_that_does_not_fit_its_labels_fails_with_its_name(folder, tmp_path, capsys, file, content, message):
    (folder / "predictions" / file).write_text(content, encoding="utf-8")
    assert score(folder, tmp_path / "scores.json") == 1
    assert not (tmp_path / "scores.json").exists()
    error = capsys.readouterr().err
    assert file in error
    assert message in error


def test_a_file_that_is_not_utf8_fails_with_its_name(folder, tmp_path, capsys):
    (folder / "predictions" / "xnli" / "test-de.tsv").write_bytes(b"\xff\n")
    assert score(folder, tmp_path / "scores.json") == 1
    assert "test-de.tsv, line 1: byte 0x" in capsys.readouterr().err


def test_nothing_in_common_and_a_folder_that_is_not_there_fail(tmp_path, capsys):
    (tmp_path / "predictions").mkdir()
    assert score(tmp_path, tmp_path / "scores.json") == 1
    (tmp_path / "labels").mkdir()
    assert score(tmp_path, tmp_path / "scores.json") == 1
    error = capsys.readouterr().err
    assert "is not a folder" in error
    assert "no task in common" in error


def test_line_ends_and_a_trailing_blank_line_change_nothing(made, folder):
    for path in (folder / "predictions").rglob("*.tsv"):
        text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
        if path.parent.name in ("udpos", "panx") and not text.endswith("\r\n\r\n"):
            text += "\r\n"
        path.write_bytes(text.encode())
    scores, _ = evaluation.evaluate(folder / "predictions", folder / "labels")
    assert golden.differences(scores, made[1]) == set()


def test_a_bracketed_line_number_scores_nothing_and_is_a_fault(folder):
    path = folder / "predictions" / "tatoeba" / "test-de.tsv"
    path.write_text("".join(f"[{line}]\n" for line in path.read_text().split()), encoding="utf-8")
    scores, _ = evaluation.evaluate(folder / "predictions", folder / "labels")
    assert scores["tatoeba"]["accuracy"]["de"] == 0.0
    found, _ = check.faults(folder / "predictions", labels=folder / "labels")
    assert len([fault for fault in found if fault.startswith("tatoeba/test-de.tsv: line")]) == 24


# --- check ---------------------------------------------------------------------------------------------------------


def without_extras(folder: Path) -> Path:
    """Drop the answers that nobody asked for, which the golden folder has on purpose, and answer what is asked."""
    for path in (folder / "predictions").rglob("*.json"):
        rows = json.loads(path.read_text(encoding="utf-8"))
        labels = json.loads((folder / "labels" / path.parent.name / path.name).read_text(encoding="utf-8"))
        articles = labels if isinstance(labels, list) else labels["data"]
        ids = [qa["id"] for qa in articles[0]["paragraphs"][0]["qas"]]
        path.write_text(json.dumps({key: rows.get(key, "x") for key in ids}), encoding="utf-8")
    return folder


def run_check(folder: Path, *more: str) -> int:
    return main(["submission", "check", "--submission", str(folder / "predictions"), *more])


def test_a_sound_submission_has_no_faults(folder, capsys):
    without_extras(folder)
    assert run_check(folder, "--labels", str(folder / "labels")) == 0
    assert capsys.readouterr().out.strip().endswith("0 faults")


def replace_line(path: Path, number: int, text: str) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[number - 1] = text
    path.write_text("\n".join(lines), encoding="utf-8")


def test_every_fault_is_listed(folder, capsys):
    root = without_extras(folder) / "predictions"
    (root / "xnli" / "test-sw.tsv").unlink()
    shutil.rmtree(root / "mlqa")
    (root / "extra").mkdir()
    (root / "pawsx" / "test-sw.tsv").write_text("0\n", encoding="utf-8")
    replace_line(root / "xnli" / "test-de.tsv", 3, "Neutral")
    with (root / "pawsx" / "test-de.tsv").open("a", encoding="utf-8") as stream:
        stream.write("2\n")
    tagged = (root / "udpos" / "test-de.tsv").read_text(encoding="utf-8").split("\n\n")
    (root / "udpos" / "test-de.tsv").write_text("\n\n".join(["NOUN\n" + tagged[0], *tagged[1:]]), encoding="utf-8")
    (root / "panx" / "test-de.tsv").write_text("\n" + (root / "panx" / "test-de.tsv").read_text(), encoding="utf-8")
    replace_line(root / "panx" / "test-fr.tsv", 1, "B-MISC")
    answers = json.loads((root / "xquad" / "test-de.json").read_text(encoding="utf-8"))
    answers["nobody"] = answers.pop("de-0")
    (root / "xquad" / "test-de.json").write_text(json.dumps(answers), encoding="utf-8")
    replace_line(root / "bucc2018" / "test-de.tsv", 2, "en-000000001\tde-000000001")
    replace_line(root / "tatoeba" / "test-de.tsv", 4, "24")
    replace_line(root / "tatoeba" / "test-fr.tsv", 5, "-1")
    assert run_check(folder, "--labels", str(folder / "labels")) == 1
    out = capsys.readouterr().out
    for fault in (
        "xnli/test-sw.tsv: the file is missing",
        "mlqa: the folder is missing, with 7 files",
        "extra: not a folder of XTREME",
        "pawsx/test-sw.tsv: not a file of XTREME",
        "xnli/test-de.tsv: line 3: 'Neutral' is not one of",
        "pawsx/test-de.tsv: 13 lines, expected 12",
        "pawsx/test-de.tsv: line 13: '2' is not one of 0, 1",
        "udpos/test-de.tsv: sentence 1:",
        "panx/test-de.tsv: 13 sentences",
        "panx/test-fr.tsv: line 1: 'B-MISC' is not one of",
        "xquad/test-de.json: question 'de-0' has no answer",
        "xquad/test-de.json: answer to 'nobody'",
        "bucc2018/test-de.tsv: line 2:",
        "tatoeba/test-de.tsv: line 4: 24 is outside 0 to 23",
        "tatoeba/test-fr.tsv: line 5: '-1' is not a bare line number",
    ):
        assert fault in out, fault
    assert not (folder / "predictions" / "manifest.json").exists()


def test_without_labels_the_published_sizes_count(made, capsys):
    assert run_check(made[0]) == 1
    out = capsys.readouterr().out
    assert "xnli/test-de.tsv: 12 lines, expected 5010" in out
    assert "tatoeba/test-jv.tsv: 24 lines, expected 205" in out
    assert "panx/test-yo.tsv: 12 sentences (a blank line ends one), expected 100" in out
    assert " answers, expected 5137" in out


def test_many_wrong_lines_of_one_value_are_one_fault_that_names_them_all(folder):
    path = folder / "predictions" / "xnli" / "test-de.tsv"
    for number in (1, 2, 3, 7, 9, 10):
        replace_line(path, number, "?")
    found, _ = check.faults(folder / "predictions", labels=folder / "labels")
    assert any("lines 1-3, 7, 9-10: '?'" in fault for fault in found)


# --- export --------------------------------------------------------------------------------------------------------


def read_rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_rows(path: Path, rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def gold_and_rows(name: str, code: str, rng: np.random.Generator):
    """Three random examples of a task and predictions for them, half of them right."""
    task = tasks.get(name)
    wrong = rng.random(3) < 0.5
    if task.shape == "classification":
        gold = [SentencePair(str(row), "a", "b", str(rng.choice(task.labels))) for row in range(3)]
        found = [str(rng.choice(task.labels)) if wrong[row] else gold[row].label for row in range(3)]
    elif task.shape == "tagging":
        tags = [tuple(rng.choice(task.labels, row + 1).tolist()) for row in range(3)]
        gold = [TaggedSentence(str(row), ("w",) * (row + 1), tags[row]) for row in range(3)]
        found = [rng.choice(task.labels, row + 1).tolist() if wrong[row] else list(tags[row]) for row in range(3)]
    else:
        gold = [Question(f"{code}-{row}", "Ein Haus", "?", (Answer("Haus", 4),)) for row in range(3)]
        found = ["Ein" if wrong[row] else "das Haus" for row in range(3)]
    return gold, [{"id": row.id, "prediction": value} for row, value in zip(gold, found, strict=True)]


def bucc(code: str, shift: int):
    """A corpus of 6 + 6 sentences with 3 pairs, and candidates: the pairs, and one wrong one between them by score."""
    two = languages.get(code).alpha2

    def source(row):
        return f"{two}-{row + shift:09}"

    def target(row):
        return f"en-{row + shift:09}"

    gold = [ParallelSentences(source(row), "x", target(row), "y") for row in range(3)]
    gold += [ParallelSentences(source(row), "x", None, None) for row in range(3, 6)]
    gold += [ParallelSentences(None, None, target(row), "y") for row in range(3, 6)]
    scored = [(0, 0, 1.3), (1, 1, 1.2), (4, 5, 1.1), (2, 2, 1.15), (5, 4, 1.0)]
    rows = [{"source_id": source(left), "target_id": target(right), "score": value} for left, right, value in scored]
    return gold, rows


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Prepared data and predictions of one arm, for every task and language."""
    root = tmp_path_factory.mktemp("project")
    rng = np.random.default_rng(5)
    for name in layout.TASKS:
        for code in layout.codes(name).values():
            run = root / "predictions" / "mnli" / name / "seed1"
            if name == "bucc2018":
                for split, suffix, shift in (("test", "", 100), ("dev", ".dev", 0)):
                    gold, rows = bucc(code, shift)
                    examples.write(root / "data" / name / split / f"{code}.jsonl", gold)
                    write_rows(run / f"{code}{suffix}.jsonl", rows)
                continue
            if name == "tatoeba":
                english = ["b", "a", "B", "a", "é"]
                gold = [ParallelSentences(str(row), f"f{row}", str(row), text) for row, text in enumerate(english)]
                rows = [{"id": row, "prediction": int(rng.integers(5))} for row in range(5)]
            else:
                gold, rows = gold_and_rows(name, code, rng)
            examples.write(root / "data" / name / "test" / f"{code}.jsonl", gold)
            write_rows(run / f"{code}.jsonl", rows)
    (root / "scores" / "mnli" / "xnli").mkdir(parents=True)
    record = {"fingerprint": "f" * 8, "parameters": {"seed": 1}, "values": {}}
    (root / "scores" / "mnli" / "xnli" / "seed1.json").write_text(json.dumps(record), encoding="utf-8")
    return root


def export(project: Path, output: Path, *more: str, predictions: Path | None = None) -> int:
    return main(
        [
            "submission",
            "export",
            "--predictions",
            str(predictions or project / "predictions" / "mnli"),
            "--data",
            str(project / "data"),
            "--seed",
            "1",
            "--output",
            str(output),
            *more,
        ]
    )


def export_labels(project: Path, output: Path) -> int:
    return main(["submission", "export-labels", "--data", str(project / "data"), "--output", str(output)])


def test_export_writes_162_files_that_pass_the_check_and_score_as_the_oracle(project, tmp_path, capsys):
    assert export(project, tmp_path / "sub") == 0
    assert export_labels(project, tmp_path / "labels") == 0
    assert len(list((tmp_path / "sub").glob("*/*"))) == len(list((tmp_path / "labels").glob("*/*"))) == 162
    assert check.faults(tmp_path / "sub", labels=tmp_path / "labels") == ([], [])
    assert check.faults(tmp_path / "sub", data=project / "data") == ([], [])
    scores, notes = evaluation.evaluate(tmp_path / "sub", tmp_path / "labels")
    assert notes == []
    assert scores["bucc2018"]["f1"] == dict.fromkeys(("de", "fr", "ru", "zh"), 100.0)
    assert "all_task" in scores
    rows = read_rows(project / "predictions/mnli/xnli/seed1/deu.jsonl")
    gold = examples.read(project / "data/xnli/test/deu.jsonl", "classification")
    expected = oracle.equal_lines([row.label for row in gold], [row["prediction"] for row in rows])
    assert scores["xnli"]["accuracy"]["de"] == pytest.approx(expected["accuracy"])


def test_tatoebas_labels_are_the_lines_of_the_sorted_english(project, tmp_path):
    assert export_labels(project, tmp_path / "labels") == 0
    assert (tmp_path / "labels/tatoeba/test-de.tsv").read_text().split() == ["2", "1", "3", "0", "4"]


def test_the_manifest_lies_beside_the_nine_folders_and_names_what_made_them(project, tmp_path):
    assert export(project, tmp_path / "sub", "--scores", str(project / "scores" / "mnli")) == 0
    assert sorted(path.name for path in (tmp_path / "sub").iterdir() if path.is_file()) == ["manifest.json"]
    manifest = json.loads((tmp_path / "sub" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["intermediate"], manifest["seed"], manifest["missing"]) == ("mnli", 1, [])
    assert len(manifest["files"]) == 162
    assert manifest["bucc2018_thresholds"]["de"] == pytest.approx(1.125)
    assert manifest["runs"]["xnli"]["fingerprint"] == "f" * 8
    assert "xnli/seed1/deu.jsonl" in manifest["predictions"]


def test_bucc_is_cut_at_the_threshold_of_its_development_corpus(project, tmp_path):
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    path = copy / "predictions/mnli/bucc2018/seed1/deu.dev.jsonl"
    rows = read_rows(path)
    write_rows(path, [row | {"score": row["score"] + 0.05} for row in rows])
    assert export(copy, tmp_path / "sub") == 0
    kept = (tmp_path / "sub/bucc2018/test-de.tsv").read_text().splitlines()
    assert kept == ["de-000000100\ten-000000100", "de-000000101\ten-000000101"]


def test_an_incomplete_export_says_what_is_missing_and_fails_unless_that_is_wanted(project, tmp_path, capsys):
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    (copy / "predictions/mnli/xnli/seed1/swh.jsonl").unlink()
    shutil.rmtree(copy / "predictions/mnli/mlqa")
    assert export(copy, tmp_path / "one") == 1
    captured = capsys.readouterr()
    assert "154 of 162 files" in captured.out
    assert "xnli/test-sw.tsv" in captured.err
    assert export(copy, tmp_path / "two", "--partial") == 0
    assert not (tmp_path / "one/mlqa").exists()


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("xnli/seed1/deu.jsonl", lambda rows: rows[1:], "2 predictions for 3 examples"),
        ("xnli/seed1/deu.jsonl", lambda rows: rows[::-1], "prediction 1 in deu is for id '2'"),
        (
            "udpos/seed1/deu.jsonl",
            lambda rows: [rows[0], rows[1] | {"prediction": ["X"]}, rows[2]],
            "sentence 2: 1 tags",
        ),
        ("xquad/seed1/deu.jsonl", lambda rows: [row | {"prediction": None} for row in rows], "is 'None', expected str"),
        ("tatoeba/seed1/deu.jsonl", lambda rows: [row | {"prediction": 5} for row in rows], "line 5 is outside 0 to 4"),
        ("bucc2018/seed1/deu.jsonl", lambda rows: [{"source_id": "x"}], "candidate 1 is not"),
    ],
)
def test_predictions_that_do_not_fit_their_data_fail_and_leave_nothing(
    project, tmp_path, capsys, file, change, message
):
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    path = copy / "predictions/mnli" / file
    write_rows(path, change(read_rows(path)))
    assert export(copy, tmp_path / "sub") == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "sub").exists()


def test_export_refuses_a_folder_with_files_and_a_seed_without_predictions(project, tmp_path, capsys):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "old.txt").touch()
    assert export(project, tmp_path / "sub") == 1
    assert "not empty" in capsys.readouterr().err
    assert export(project, tmp_path / "new", predictions=project / "predictions" / "qqp") == 1
    assert "no predictions of seed 1" in capsys.readouterr().err
