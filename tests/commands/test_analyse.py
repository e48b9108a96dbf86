import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from xstilts.analysis import pipeline
from xstilts.commands import main
from xstilts.formats import tables
from xstilts.languages import table as languages

CODES = (
    "afr",
    "arb",
    "bul",
    "deu",
    "ell",
    "est",
    "eus",
    "fin",
    "fra",
    "heb",
    "hin",
    "hun",
    "ind",
    "jpn",
    "kor",
    "tam",
    "tha",
    "tur",
)
HEADER = ["study", "intermediate", "target", "metric", "language", "seed", "value"]
Row = list[str]


def rows(
    seeds: int = 2, *, intermediates: tuple[str, ...] = ("mnli",), targets: tuple[str, ...] = ("panx",)
) -> list[Row]:
    rng = np.random.default_rng(3)
    made = []
    for target in targets:
        for code in ("eng", *CODES):
            for seed in range(1, seeds + 1):
                for name in ("none", *intermediates):
                    value = 60 + 5 * rng.standard_normal() + (2 if name != "none" else 0)
                    made.append(["mine", name, target, "f1", code, str(seed), f"{value:.3f}"])
    return made


@pytest.fixture
def analyse(tmp_path: Path) -> Callable[..., tuple[int, Path]]:
    def run(content: list[Row], *options: str, header: list[str] = HEADER, name: str = "out") -> tuple[int, Path]:
        path = tmp_path / "scores.csv"
        with path.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows([header, *content])
        out = tmp_path / name
        words = [
            "analyse",
            str(path),
            "--out",
            str(out),
            "--draws",
            "100",
            "--imputations",
            "3",
            "--no-report",
            *options,
        ]
        return main.main(words), out

    return run


Analyse = Callable[..., tuple[int, Path]]


def verdicts(out: Path) -> list[dict[str, object]]:
    return list(json.loads((out / "verdicts.json").read_text(encoding="utf-8")))


def test_every_file_of_the_documented_schema_is_written_with_its_columns(analyse: Analyse) -> None:
    status, out = analyse(rows())
    assert status == 0
    documented = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
    for name, kind in pipeline.FILES.items():
        assert f"`{name}.csv`" in documented
        found = (out / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        assert found == list(kind.__dataclass_fields__)
    for name in ("verdicts.json", "answers.json", "method.json", "gains.csv", "distances.csv", "imputed_distances.csv"):
        assert (out / name).is_file()


def test_verdicts_keep_their_contract(analyse: Analyse) -> None:
    _, out = analyse(rows(intermediates=("mnli", "qqp"), targets=("panx", "udpos")))
    found = verdicts(out)
    contract = {
        "study", "intermediate", "target", "outcome", "distance", "n", "r", "r_low", "r_high", "p_naive", "p_family",
        "q", "verdict", "reason",
    }  # fmt: skip
    assert all(contract <= set(row) for row in found)
    keys = {(row["intermediate"], row["target"], row["outcome"]) for row in found}
    names, targets = ("all", "mnli", "qqp"), ("all", "panx", "udpos")
    assert keys == {(i, t, o) for i in names for t in targets for o in ("points", "error_reduction", "log_odds")}
    assert {row["verdict"] for row in found} <= {"supported", "practically absent", "inconclusive"}
    assert all(row["reason"] for row in found)


def test_the_scales_share_verdict_reason_and_q(analyse: Analyse) -> None:
    _, out = analyse(rows(intermediates=("mnli", "qqp"), targets=("panx", "udpos")))
    shared: dict[tuple[object, object], set[tuple[object, ...]]] = {}
    for row in verdicts(out):
        shared.setdefault((row["intermediate"], row["target"]), set()).add((row["verdict"], row["reason"], row["q"]))
    assert all(len(values) == 1 for values in shared.values())


def test_r_of_the_verdict_is_pearsons_over_the_languages_with_a_usable_distance(analyse: Analyse) -> None:
    _, out = analyse(rows())
    points = [row for row in tables.read_csv(out / "points.csv", ()) if row["used"] == "1"]
    x, y = (np.array([float(row[name]) for row in points]) for name in ("distance", "gain"))
    row = next(row for row in verdicts(out) if (row["target"], row["outcome"]) == ("panx", "points"))
    assert row["r"] == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert row["n"] == len(points) == len(CODES)


def test_english_is_shown_and_never_correlated(analyse: Analyse) -> None:
    _, out = analyse(rows())
    english = [row for row in tables.read_csv(out / "points.csv", ()) if row["language"] == "eng"]
    assert [(row["english"], row["used"]) for row in english] == [("1", "0")]


def test_two_letter_codes_give_the_same_files_as_iso_codes(analyse: Analyse) -> None:
    content = rows()
    short = [[*row[:4], languages.get(row[4]).alpha2, *row[5:]] for row in content]
    _, first = analyse(content, name="first")
    _, second = analyse(short, name="second")
    for path in sorted(first.iterdir()):
        assert path.read_bytes() == (second / path.name).read_bytes()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_p_values(analyse: Analyse) -> None:
    _, first = analyse(rows(), name="first")
    _, second = analyse(rows(), name="second")
    _, third = analyse(rows(), "--seed", "2", name="third")
    assert (first / "correlations.csv").read_bytes() == (second / "correlations.csv").read_bytes()
    assert (first / "correlations.csv").read_bytes() != (third / "correlations.csv").read_bytes()


def test_one_study_does_not_change_another(analyse: Analyse) -> None:
    content = rows()
    other = [["other", *row[1:6], str(100 - float(row[6]))] for row in content]
    _, alone = analyse(content, name="alone")
    _, together = analyse(content + other, name="together")
    mine = [row for row in verdicts(together) if row["study"] == "mine"]
    assert mine == verdicts(alone)


def test_one_run_per_cell_works_and_says_what_is_unknown(analyse: Analyse) -> None:
    status, out = analyse(rows(seeds=1))
    assert status == 0
    assert all(row["gain_se"] == "" for row in tables.read_csv(out / "points.csv", ()))
    assert "One run per cell" in " ".join(verdicts(out)[0]["caveats"])  # type: ignore[call-overload]
    assert "noise ceiling" in tables.read_csv(out / "studies.csv", ())[0]["note"]


def test_four_languages_have_points_and_no_test(analyse: Analyse) -> None:
    content = [row for row in rows() if row[4] in ("deu", "fra", "tha", "jpn")]
    status, out = analyse(content)
    assert status == 0
    assert all((row["verdict"], row["p_family"]) == ("inconclusive", None) for row in verdicts(out))
    assert "4 languages, fewer than 10" in str(verdicts(out)[0]["reason"])


def test_one_language_is_no_reason_to_fail(analyse: Analyse) -> None:
    status, out = analyse([row for row in rows() if row[4] == "deu"])
    assert status == 0
    assert all(row["r"] is None for row in verdicts(out))


def test_a_constant_gain_is_inconclusive(analyse: Analyse) -> None:
    content = [[*row[:6], "60" if row[1] == "none" else "62"] for row in rows()]
    status, out = analyse(content)
    assert status == 0
    assert {row["verdict"] for row in verdicts(out)} == {"inconclusive"}


def test_a_strong_relation_is_supported(analyse: Analyse, tmp_path: Path) -> None:
    _, first = analyse(rows(), name="first")
    far = {
        row["language"]: float(row["value"])
        for row in tables.read_csv(first / "distances.csv", ())
        if row["distance"] == "syntactic" and row["value"]
    }
    noise = np.random.default_rng(2).standard_normal(1000)
    content = [
        [*row[:6], "60" if row[1] == "none" else f"{62 + 20 * (far.get(row[4], 0.5) - 0.5) + 0.2 * noise[i]:.3f}"]
        for i, row in enumerate(rows())
    ]
    _, out = analyse(content)
    assert {row["verdict"] for row in verdicts(out)} == {"supported"}
    assert {row["direction"] for row in verdicts(out)} == {"larger with distance"}


BAD = {
    "unknown language": (["mine", "mnli", "panx", "f1", "xyz", "1", "50"], "unknown language"),
    "macrolanguage": (["mine", "mnli", "panx", "f1", "zho", "1", "50"], "unknown language"),
    "above": (["mine", "mnli", "panx", "f1", "deu", "9", "100.5"], "outside 0–100"),
    "below": (["mine", "mnli", "panx", "f1", "deu", "9", "-1"], "outside 0–100"),
    "word": (["mine", "mnli", "panx", "f1", "deu", "9", "high"], "is not a number"),
    "nan": (["mine", "mnli", "panx", "f1", "deu", "9", "nan"], "is not a number"),
    "seed": (["mine", "mnli", "panx", "f1", "deu", "one", "50"], "not a whole number"),
    "empty": (["mine", "mnli", "", "f1", "deu", "9", "50"], "target is empty"),
    "baseline": (["mine", "mnli", "panx", "f1", "deu", "9", "50"], "missing baseline"),
    "twice": (["mine", "mnli", "panx", "f1", "de", "1", "50"], "given twice"),
    "short": (["mine", "mnli", "panx"], "3 field(s), but the header has 7 columns"),
    "long": (["mine", "mnli", "panx", "f1", "deu", "9", "50", "more"], "8 field(s), but the header has 7 columns"),
    "superscript": (["mine", "mnli", "panx", "f1", "deu", "²", "50"], "seed '²' is not a whole number"),
    "float seed": (["mine", "mnli", "panx", "f1", "deu", "1.0", "50"], "is not a whole number; allowed: digits"),
    "double minus": (["mine", "mnli", "panx", "f1", "deu", "--5", "50"], "seed '--5' is not a whole number"),
    "long seed": (["mine", "mnli", "panx", "f1", "deu", "9" * 4301, "50"], "is not a whole number"),
    "all": (["mine", "all", "panx", "f1", "deu", "1", "50"], "intermediate 'all' is a reserved name"),
    "mean": (["mine", "Mean", "panx", "f1", "deu", "1", "50"], "intermediate 'Mean' is a reserved name"),
    "all as target": (["mine", "mnli", "all", "f1", "deu", "1", "50"], "target 'all' is a reserved name"),
    "none as target": (
        ["mine", "mnli", "none", "f1", "deu", "1", "50"],
        "target 'none' is how a missing value is written",
    ),
    "missing study": (
        ["None", "mnli", "panx", "f1", "deu", "1", "50"],
        "study 'None' is how a missing value is written",
    ),
    "missing metric": (["mine", "mnli", "panx", "nan", "deu", "1", "50"], "metric 'nan' is how a missing value is"),
    "None": (["mine", "None", "panx", "f1", "deu", "1", "50"], "the baseline is written 'none'"),
    "invisible": (
        ["mine", "mnli\u202e", "panx", "f1", "deu", "1", "50"],
        "intermediate 'mnli\\u202e' has a line break or",
    ),
    "two lines": (
        ["mi\nne", "mnli", "panx", "f1", "deu", "1", "50"],
        "study 'mi\\nne' has a line break or an invisible",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_reported_with_its_line_and_nothing_is_written(
    analyse: Analyse, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    row, message = BAD[name]
    content = rows()
    status, out = analyse([*content, row])
    problems = capsys.readouterr().err
    assert status != 0
    assert not out.exists()
    assert f"line {len(content) + 2}: " in problems
    assert message in problems


def test_all_bad_rows_are_reported_together(analyse: Analyse, capsys: pytest.CaptureFixture[str]) -> None:
    content = rows()
    status, out = analyse([*content, *(row for row, _ in BAD.values())])
    problems = capsys.readouterr().err
    assert status != 0
    assert not out.exists()
    told = [int(number) for found in re.findall(r"lines? ([\d, -]+):", problems) for number in _numbers(found)]
    two = next(place for place, name in enumerate(BAD) if name == "two lines")  # itself two lines of the file
    assert sorted(set(told)) == [len(content) + 2 + place + (place > two) for place in range(len(BAD))]


def _numbers(text: str) -> list[int]:
    ends = [[int(end) for end in part.split("-")] for part in text.split(", ")]
    return [number for part in ends for number in range(part[0], part[-1] + 1)]


def test_a_missing_column_is_named(analyse: Analyse, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = analyse([row[1:] for row in rows()], header=HEADER[1:])
    assert status != 0
    assert not out.exists()
    assert "no column study" in capsys.readouterr().err


@pytest.mark.parametrize("content", [[], [["mine", "none", "panx", "f1", "deu", "1", "50"]]])
def test_a_file_without_gains_is_an_error(analyse: Analyse, content: list[Row]) -> None:
    status, out = analyse(content)
    assert status != 0
    assert not out.exists()


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    assert main.main(["analyse", str(tmp_path / "none.csv"), "--out", str(tmp_path / "out")]) != 0


def test_the_report_is_written_beside_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([HEADER, *rows()])
    words = ["analyse", str(path), "--out", str(tmp_path / "out"), "--draws", "100", "--imputations", "2"]
    assert main.main(words) == 0
    page = (tmp_path / "out" / "report" / "index.html").read_text(encoding="utf-8")
    assert "cannot be told" in page


def test_the_number_of_processes_changes_nothing(analyse: Analyse) -> None:
    content = rows(intermediates=("mnli", "qqp"), targets=("panx", "udpos", "tatoeba"))
    _, first = analyse(content, "--workers", "1", name="first")
    _, second = analyse(content, "--workers", "2", name="second")
    for path in sorted(first.iterdir()):
        assert path.read_bytes() == (second / path.name).read_bytes()
