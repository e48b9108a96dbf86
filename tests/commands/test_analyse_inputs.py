"""Scores and tables that somebody hands over and that are wrong: each kind is refused with its line, or said."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from xstilts.analysis import regression
from xstilts.commands import main
from xstilts.commands.analyse import scores
from xstilts.distances import from_english, grambank, imputation

HEADER = ["study", "intermediate", "target", "metric", "language", "seed", "value"]
CODES = ("arb", "bul", "deu", "ell", "est", "eus", "fin", "fra", "heb", "hin", "hun", "ind", "jpn", "kor", "tam", "tur")
Row = Sequence[object]


def rows(
    study: str = "mine",
    *,
    arms: Sequence[str] = ("none", "mnli"),
    target: str = "panx",
    codes: Iterable[str] = ("eng", *CODES),
    unit: float = 1.0,
) -> list[Row]:
    """Scores between 40 and 80 points, different in every cell."""
    return [
        [study, arm, target, "f1", code, 1, round((40 + (place * 7 + len(arm) * 3) % 41) * unit, 6)]
        for place, code in enumerate(codes)
        for arm in arms
    ]


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: Iterable[Row], header: Sequence[str] = HEADER, name: str = "scores.csv") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows([header, *content])
        return path

    return write


def analyse(path: Path, *options: str) -> tuple[int, Path]:
    out = path.parent / "out"
    fast = ["--draws", "100", "--imputations", "0", "--workers", "1"]
    return main.main(["analyse", str(path), "--out", str(out), *fast, *options]), out


def test_row_03_fractions_are_refused_and_scale_100_makes_points_of_them(write: Write) -> None:
    path = write(rows(unit=0.01))
    with pytest.raises(ValueError, match=r"(?s)line 2: fractions: all 34 values of mine panx f1 .*--scale 100"):
        scores.read(path)
    points, _ = scores.read(write(rows(), name="points.csv"))
    assert scores.read(path, 100)[0] == points


def test_row_03_tiny_scores_are_points_if_the_user_says_so(write: Write) -> None:
    given, _ = scores.read(write(rows(unit=0.01)), 1)
    assert max(score.value for score in given) <= 0.8


def test_row_03_scores_near_zero_beside_others_are_no_fractions(write: Write) -> None:
    content = [[*row[:6], 0.0 if row[4] in ("jpn", "kor") else row[6]] for row in rows()]
    content = [[*row[:6], 0.2 if row[4] == "tam" and row[1] == "none" else row[6]] for row in content]
    assert len(scores.read(write(content))[0]) == len(content)


@pytest.mark.parametrize("part", ["arm", "language", "value", "study"])
def test_row_04_mixed_units_are_refused_with_their_lines(write: Write, part: str) -> None:
    def small(row: Row) -> bool:
        return {
            "arm": row[1] == "mnli",
            "language": row[4] == "deu",
            "value": row[4] == "deu" and row[1] == "mnli",
            "study": row[0] == "other",
        }[part]

    content = [*rows(), *rows("other")]
    path = write([[*row[:6], float(str(row[6])) / 100 if small(row) else row[6]] for row in content])
    line = 2 + next(place for place, row in enumerate(content) if small(row))
    with pytest.raises(ValueError, match=rf"lines? {line}(-\d+)?: (mixed units: .*|fractions: all )") as error:
        scores.read(path)
    assert "--scale" in str(error.value)


def test_scale_100_refuses_points(write: Write) -> None:
    with pytest.raises(ValueError, match=r"value 40 is outside 0–1: `--scale 100` takes fractions"):
        scores.read(write([[*row[:6], 40] for row in rows()]), 100)


def test_row_05_a_column_that_is_there_twice_is_refused(write: Write) -> None:
    path = write([[*row, 1] for row in rows()], [*HEADER, "value"])
    with pytest.raises(ValueError, match=r"line 1: the column 'value' is there twice"):
        scores.read(path)


def test_a_column_that_nothing_reads_is_said_and_a_misspelt_one_refused(write: Write) -> None:
    _, remarks = scores.read(write([[*row, "x"] for row in rows()], [*HEADER, "comment"]))
    assert len(remarks) == 1
    assert "not used: the columns 'comment'" in remarks[0]
    with pytest.raises(ValueError, match=r"line 1: unknown column 'exmaples'; did you mean 'examples'\?"):
        scores.read(write([[*row, 100] for row in rows()], [*HEADER, "exmaples"]))


def test_row_12_equal_faults_are_told_once_with_all_their_lines(write: Write) -> None:
    content = [[*row[:4], "DE" if row[4] == "deu" else row[4], *row[5:]] for row in rows()]
    with pytest.raises(
        ValueError, match=r"lines 8-9: unknown language: 'DE'. Did you mean 'deu'\? That is German"
    ) as e:
        scores.read(write(content))
    assert len(str(e.value).splitlines()) == 2


def test_row_12_the_list_of_languages_is_told_once(write: Write) -> None:
    content = [[*row[:4], "qq" if row[4] == "deu" else "xx" if row[4] == "fra" else row[4], *row[5:]] for row in rows()]
    with pytest.raises(ValueError, match="no code or name of ISO 639") as error:
        scores.read(write(content))
    assert str(error.value).count("Known: afr, arb") == 1


@pytest.mark.parametrize("name", ["all", "All", "mean", "best", "any", "alone"])
@pytest.mark.parametrize("place", [1, 2])
def test_row_13_reserved_names_are_refused_with_their_lines(write: Write, name: str, place: int) -> None:
    content = [*rows(), *([*row[:place], name, *row[place + 1 :]] for row in rows() if row[1] != "none")]
    with pytest.raises(ValueError, match=rf"lines 36-52: {HEADER[place]} '{name}' is a reserved name"):
        scores.read(write(content))


@pytest.mark.parametrize("name", ["None", "NONE", "Spare"])
def test_row_13_the_baseline_in_other_letters_gets_its_name(write: Write, name: str) -> None:
    content = [[row[0], name if row[1] == "none" else row[1], *row[2:]] for row in rows()]
    with pytest.raises(ValueError, match=rf"intermediate '{name}': the baseline is written 'none'"):
        scores.read(write(content))


def test_row_13_spare_is_the_name_of_more_baseline_seeds(write: Write) -> None:
    given, _ = scores.read(write(rows(arms=("none", "mnli", "spare"))))
    assert sum(score.intermediate == "spare" for score in given) == len(CODES) + 1


def test_row_14_a_stray_quotation_mark_is_told_with_its_own_line(write: Write) -> None:
    path = write(rows())
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:5], '"' + lines[5], *lines[6:]]), encoding="utf-8")
    with pytest.raises(ValueError, match=r"scores\.csv, line 6: a quotation mark that opens a value"):
        scores.read(path)


def test_row_16_languages_without_a_treated_score_are_said_on_the_console_in_the_tables_and_in_the_report(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = ("jpn", "kor", "tam")
    path = write([row for row in rows() if row[1] == "none" or row[4] not in lost])
    status, out = analyse(path)
    assert status == 0
    told = "panx f1: left out, without a score after any intermediate: jpn kor tam"
    assert f"remark: mine: {told}" in capsys.readouterr().err
    with (out / "studies.csv").open(encoding="utf-8", newline="") as file:
        assert told in next(csv.DictReader(file))["note"]
    assert "left out, without a score after any intermediate: jpn kor tam" in (out / "report" / "index.html").read_text(
        encoding="utf-8"
    )


def test_row_16_languages_that_one_arm_lacks_are_said(write: Write) -> None:
    content = [row for row in rows(arms=("none", "mnli", "qqp")) if (row[1], row[4]) != ("qqp", "deu")]
    assert scores.left_out(scores.read(write(content))[0]) == {"mine": ["panx f1: no score after qqp in deu"]}


def test_row_17_english_alone_is_said_to_be_no_basis(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = analyse(write([*rows(), *rows("small", codes=["eng"])]), "--no-report")
    assert status != 0
    assert "study 'small': English is the only language with a gain; it is never correlated" in capsys.readouterr().err
    assert not out.exists()


def test_fault_9_a_target_with_a_space_is_analysed_and_reported(write: Write) -> None:
    status, out = analyse(write(rows(target="my target 1:7 x")))
    assert status == 0
    assert (out / "report" / "index.html").is_file()


def test_fault_10_studies_whose_names_make_one_file_name_have_figures_of_their_own(write: Write) -> None:
    names = ("my study", "my-study", "my_study", "my.study")
    status, out = analyse(write([row for name in names for row in rows(name)]))
    assert status == 0
    assert len(list((out / "report" / "figures").glob("scatter_*.svg"))) == len(names)
    page = (out / "report" / "index.html").read_text(encoding="utf-8")
    assert len(set(page.split('id="study-')[1:])) == len(names)


@pytest.mark.parametrize("given", ["-5", "12.5", "many", "1e16"])
def test_fault_13_examples_are_a_count(write: Write, given: str) -> None:
    with pytest.raises(ValueError, match=r"lines 2-35: examples .*allowed"):
        scores.read(write([[*row, given] for row in rows()], [*HEADER, "examples"]))


DISTANCES = "language,distance,value,shared,known,coverage_ok,raw,se\n"
GOOD = "".join(
    f"{code},syntactic,{0.2 + 0.03 * place:.2f},60,60,1,0.5,\n" for place, code in enumerate(CODES) if code != "deu"
)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("arb,syntactic,0.4,60,60,1,0.4,", r"line 18: given twice: \('arb', 'syntactic'\), first in line 2"),
        ("ar,syntactic,0.4,60,60,1,0.4,", r"line 18: given twice: \('arb', 'syntactic'\), first in line 2"),
        ("ara,syntactic,0.4,60,60,1,0.4,", r"line 18: language: no language with .* 'ara'. Did you mean 'arb'"),
        ("deu,syntatic,0.4,60,60,1,0.4,", r"line 18: distance: unknown distance 'syntatic'; did you mean 'syntactic'"),
        ("deu,syntactic,42,60,60,1,0.4,", r"line 18: value: 42.0 is outside 0 to 1"),
        ("deu,syntactic,nan,60,60,1,0.4,", r"line 18: value: 'nan' is not a number"),
        ("deu,syntactic,x0.4,60,60,1,0.4,", r"line 18: value: 'x0.4' is not a number"),
        ("deu,syntactic,0.4,-1,60,1,0.4,", r"line 18: shared: '-1' is negative"),
        ("deu,syntactic,0.4,60,60,yes,0.4,", r"line 18: coverage_ok: 'yes' is neither 1 nor 0"),
        ("deu,syntactic,0.4", r"line 18: 3 field\(s\), but the header has 8 columns"),
    ],
)
def test_row_18_and_20_a_wrong_row_of_distances_is_refused_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "far.csv"
    path.write_text(f"{DISTANCES}{GOOD}deu,genetic,1,0,1,1,1,\n{row}\n", encoding="utf-8-sig")
    with pytest.raises(ValueError, match=rf"(?s)far\.csv.*{said}"):
        from_english.read(path)


def test_row_19_two_letter_codes_are_the_same_distances(tmp_path: Path) -> None:
    path = tmp_path / "far.csv"
    path.write_text(DISTANCES + "de,syntactic,0.42,60,60,1,0.42,\n", encoding="utf-8-sig")
    assert [(row.language, row.value) for row in from_english.read(path)] == [("deu", 0.42)]


def test_row_19_languages_and_distances_that_are_lost_are_said(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    far = write([], name="far.csv")
    far.write_text(f"{DISTANCES}{GOOD}deu,emotional,0.3,1,1,1,0.3,\n", encoding="utf-8")
    predictors = write([["panx", "deu", 40, 1.5]], ["target", "language", "overlap", "fertility"], "predictors.csv")
    status, out = analyse(write(rows()), "--distances", str(far), "--predictors", str(predictors), "--no-report")
    told = capsys.readouterr().err
    assert status == 0
    assert "remark: mine: shown, not correlated, without a usable syntactic distance: deu" in told
    assert "not analysed: the distances emotional" in told
    assert "panx has no row for arb bul ell" in told
    with (out / "studies.csv").open(encoding="utf-8", newline="") as file:
        assert "without a usable syntactic distance: deu" in next(csv.DictReader(file))["note"]
    points = [row for row in csv.DictReader((out / "points.csv").open(encoding="utf-8")) if row["language"] == "deu"]
    assert {row["used"] for row in points} == {"0"}
    assert json.loads((out / "verdicts.json").read_text(encoding="utf-8"))[0]["n"] == len(CODES) - 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("panx,de,40,1.5", r"line 3: given twice: \('panx', 'deu'\), first in line 2"),
        ("panx,fra,n/a,1", "line 3: overlap: 'n/a' is not a number"),
        ("panx,fra,40,inf", "line 3: fertility: 'inf' is not a number"),
        ("panx,fra,140,1", "line 3: overlap: '140' is outside 0 to 100"),
        (",fra,40,1", "line 3: target is empty"),
        ("panx,fas,40,1", "line 3: no language .*Did you mean 'pes'"),
    ],
)
def test_row_21_a_wrong_row_of_predictors_is_refused_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "predictors.csv"
    path.write_text(f"target,language,overlap,fertility\npanx,deu,40,1.5\n{row}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"predictors\.csv: 1 problem\(s\)\n  {said}"):
        regression.read(path)


def test_the_tables_that_the_pipeline_writes_are_checked_alike(tmp_path: Path) -> None:
    path = tmp_path / "imputed.csv"
    path.write_text("language,imputation,value\ndeu,0,0.4\ndeu,0,0.5\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 3: given twice: \('deu', 0\), first in line 2"):
        imputation.read(path)
    path.write_text("language,glottocode,hamming,shared\nfra,stan1290,0.4,100\nfr,stan1290,0.5,100\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 3: given twice: 'fra', first in line 2"):
        grambank.read(path)
    path.write_text("language,glottocode,hamming,shared\nfra,stan1290,40,100\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2: hamming: '40' is outside 0 to 1"):
        grambank.read(path)
