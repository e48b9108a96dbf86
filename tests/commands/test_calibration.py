"""The calibration: what is planted, what a verdict on it is worth, and runs that go on where they were stopped.

Most tests put a made-up pipeline in the place of DVC: it writes the verdict that its params.yaml asks for.
"""

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import tiny
from xstilts.commands import calibration, main
from xstilts.commands.calibration import accidents, drive, findings, table, truths, workspace
from xstilts.commands.calibration.drive import Kept, SimulationDrive, SimulationPlan
from xstilts.commands.calibration.findings import SimulationFinding
from xstilts.commands.calibration.truths import File, Truth
from xstilts.preparation.world.settings import WorldSettings

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / calibration.TRUTHS
FINDING = SimulationFinding(
    verdict="supported", direction="smaller with distance", q=0.01, slope=-0.7, low=-0.9, high=-0.4,
    slope_reduction=-0.6, languages=12, cells=12, before=50.0, gain=5.0, gain_sd=2.0,
    english_before=60.0, english_gain=9.0, near_chance=0, near_ceiling=0,
)  # fmt: skip

# A pipeline in the place of `dvc repro`: its seed names the verdict, and it notes that it ran.
FAKE = """\
import json, os, sys, time, yaml
from pathlib import Path
params = yaml.safe_load(Path("params.yaml").read_text())
notes = Path(sys.argv[1])
name = f"{params['study']}-{params['data']['world']['seed']}"
with (notes / "started").open("a") as lines:
    lines.write(name + "\\n")
made = Path("made.txt")
if made.exists():
    (notes / f"{name}-continued").touch()
made.touch()
while (notes / "wait").exists():
    time.sleep(0.05)
if (notes / f"{name}-fails").exists():
    sys.exit("no such language")
together = notes / "together"
if together.exists():
    (together / name).touch()
    end = time.time() + 60
    while len(list(together.iterdir())) < 2:
        if time.time() > end:
            sys.exit("alone")
        time.sleep(0.05)
Path("results/analysis").mkdir(parents=True, exist_ok=True)
whole = {"study": params["study"], "intermediate": "all", "target": "all", "verdict": params["analysis"]["verdict"],
         "direction": params["analysis"]["direction"], "q": 0.01, "slope": -0.7, "slope_low": -0.9,
         "slope_high": None, "n": 3}
rows = [{**whole, "outcome": outcome} for outcome in ("points", "error_reduction")]
Path("results/analysis/verdicts.json").write_text(json.dumps(rows))
Path("results/analysis/points.csv").write_text(
    "study,intermediate,target,language,headline,english,before,gain,marks\\n"
    + "".join(f"{params['study']},{i},udpos,{c},{h},{e},{b},{g},{m}\\n" for i, c, h, e, b, g, m in (
        ("ccg", "eng", 1, 1, 70, 9, ""), ("ccg", "deu", 1, 0, 40, 4, "near_chance"),
        ("ccg", "yor", 1, 0, 50, 6, "near_chance unseen"), ("ccg", "jpn", 1, 0, 99.5, 0.2, "near_ceiling"),
        ("ccg", "deu", 0, 0, 0, 0, ""), ("all", "deu", 1, 0, 0, 0, "")))
)
"""


@pytest.fixture
def root(tmp_path):
    """As much of a repository as a workspace copies, with a made-up base and three truths."""
    folder = tmp_path / "calibration"  # a name that stands in the package too
    for name in workspace.COPIED:
        place = folder / name
        if place.suffix or place.name.startswith("."):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("", encoding="utf-8")
        else:
            place.mkdir(parents=True, exist_ok=True)
            (place / "some.txt").write_text("text", encoding="utf-8")
    base = {
        "data": {"world": {"languages": ["eng", "deu"]}},
        "analysis": {"verdict": "inconclusive", "direction": None},
    }
    (folder / "base.yaml").write_text(yaml.safe_dump(base), encoding="utf-8")
    return folder


SLOPE = Truth("slope", "a slope", "supported", direction="smaller with distance",
              set={"analysis.verdict": "supported", "analysis.direction": "smaller with distance"})  # fmt: skip
NULL = Truth("null", "nothing", "not supported")
FILE = File("base.yaml", (SLOPE, NULL))


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture
def plan(root, notes, tmp_path):
    script = tmp_path / "fake.py"
    script.write_text(FAKE, encoding="utf-8")
    return SimulationPlan(
        root, tmp_path / "out", (sys.executable, str(script), str(notes)), workspace.sources(root), "unknown"
    )


def started(notes):
    path = notes / "started"
    return sorted(path.read_text().split()) if path.exists() else []


def silent(line):
    pass


def test_at_least_five_truths_are_planted_and_each_is_a_complete_params_yaml(tmp_path):
    file = truths.load(SHIPPED)
    assert len(file.truths) >= 5
    assert {truth.expected for truth in file.truths} == set(truths.EXPECTED)
    assert {truth.control for truth in file.truths} == set(truths.CONTROLS)
    runs = truths.runs(file, file.truths, [3], [2], ROOT)
    for run in runs:
        truths.check(run.text, tmp_path / "params.yaml")
        read = yaml.safe_load(run.text)
        assert (read["study"], read["seeds"], read["data"]["world"]["seed"]) == (run.truth.name, [2], 3)
    assert len({run.digest for run in runs}) == len(runs)


def test_worlds_and_training_seeds_are_separate_and_every_truth_comes_before_the_next_world(root):
    runs = truths.runs(FILE, FILE.truths, [1, 2], [5, 6], root)
    assert [run.name for run in runs[:3]] == ["slope/world1-seed5", "null/world1-seed5", "slope/world2-seed5"]
    assert len(runs) == len({run.digest for run in runs}) == 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expected": "surely"}, r"expected 'surely'; allowed: 'supported', 'not supported', 'open'"),
        ({"direction": ""}, r"a direction belongs to an expected claim"),
        ({"name": "a b"}, r"name is 'a b'; allowed"),
        ({"plantde": "x"}, r"unknown parameter .*plantde.*did you mean 'planted'"),
    ],
)
def test_a_faulty_truth_is_one_clear_error(tmp_path, change, message):
    good = {"name": "slope", "planted": "x", "expected": "supported", "direction": "smaller with distance"}
    path = tmp_path / "truths.yaml"
    path.write_text(yaml.safe_dump({"base": "base.yaml", "truths": [{**good, **change}]}), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        truths.load(path)


def test_a_truth_that_sets_what_is_not_there_is_an_error(root):
    def planted(**changes):
        return truths.runs(FILE, [replace(NULL, **changes)], [1], [1], root)

    with pytest.raises(
        ValueError, match=r"sets 'dat.world.order', but the base has no mapping 'dat'; known here: analysis, data"
    ):
        planted(set={"dat.world.order": "english"})
    with pytest.raises(ValueError, match=r"truth 'null'.*no key 'ordre'.*Did you mean 'order'"):
        planted(set={"data.world.ordre": "english"})
    with pytest.raises(ValueError, match=r"nowhere.yaml is not there"):
        planted(base="nowhere.yaml")
    with pytest.raises(ValueError, match=r"no truth 'nul'; known: slope, null. Did you mean 'null'"):
        truths.chosen(FILE, ["nul"])


@pytest.mark.parametrize(
    ("truth", "verdict", "direction", "judged"),
    [
        (SLOPE, "supported", "smaller with distance", table.FOUND),
        (SLOPE, "supported", "larger with distance", table.FALSE_ALARM),
        (SLOPE, "inconclusive", "", table.MISS),
        (NULL, "supported", "smaller with distance", table.FALSE_ALARM),
        (NULL, "practically absent", "", table.RIGHT),
        (replace(NULL, expected="open"), "supported", "larger with distance", table.DESCRIBED),
    ],
)
def test_a_verdict_is_judged_by_what_was_planted(truth, verdict, direction, judged):
    assert table.judge(truth, verdict, direction) == judged


def test_a_run_leaves_its_numbers_its_parameters_and_no_workspace(plan, root):
    run = truths.runs(FILE, [SLOPE], [1], [1], root)[0]
    assert SimulationDrive(plan, silent).run([run]) == {}
    found = SimulationDrive(plan, silent).kept(run).finding
    assert (found.verdict, found.slope, found.cells, found.near_chance, found.near_ceiling) == (
        "supported",
        -0.7,
        3,
        2,
        1,
    )
    assert (found.english_before, found.english_gain) == (70, 9)
    assert found.gain == pytest.approx((4 + 6 + 0.2) / 3)
    assert found.high != found.high  # null in JSON is not a number
    folder = plan.out / "runs/slope/world1-seed1"
    assert (folder / "params.yaml").read_text(encoding="utf-8") == run.text
    assert not (folder / "workspace").exists()


def test_what_is_done_is_not_run_again_until_its_parameters_or_the_sources_change(plan, root, notes):
    runs = truths.runs(FILE, FILE.truths, [1], [1], root)
    SimulationDrive(plan, silent).run(runs)
    SimulationDrive(plan, silent).run(runs)
    assert started(notes) == ["null-1", "slope-1"]
    changed = truths.runs(FILE, [replace(NULL, set={"analysis.draws": 5}), SLOPE], [1], [1], root)
    SimulationDrive(plan, silent).run(changed)
    assert started(notes) == ["null-1", "null-1", "slope-1"]
    (root / "src/xstilts/commands/calibration").mkdir(parents=True)
    (root / "src/xstilts/commands/calibration/table.py").write_text("no stage imports it", encoding="utf-8")
    assert workspace.sources(root) == plan.sources
    (root / "src/some.txt").write_text("other", encoding="utf-8")
    SimulationDrive(replace(plan, sources=workspace.sources(root)), silent).run(changed)
    assert started(notes) == ["null-1", "null-1", "null-1", "slope-1", "slope-1"]


def test_a_run_that_fails_stops_no_other_and_the_status_says_so(plan, root, notes, capsys):
    (notes / "slope-1-fails").touch()
    runs = truths.runs(FILE, FILE.truths, [1], [1], root)
    assert calibration.calibrate(plan, runs, FILE.truths) == 1
    assert re.search(
        r"slope/world1-seed1 failed: the pipeline exited with 1.*no such language", capsys.readouterr().out, re.S
    )
    (notes / "slope-1-fails").unlink()
    assert calibration.calibrate(plan, runs, FILE.truths) == 0
    assert started(notes) == ["null-1", "slope-1", "slope-1"]
    assert (notes / "slope-1-continued").exists()
    text = (plan.out / "calibration.md").read_text(encoding="utf-8")
    assert re.search(r"\| slope \| stilts \| supported \| 1 \| 1 \([23]–100 %\) \| 0 \| 0 \|", text)
    assert "floor 2/3, ceiling 1/3" in text
    assert runs[0].digest in text
    assert (plan.out / "calibration.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_jobs_run_side_by_side(plan, root, notes):
    (notes / "together").mkdir()
    runs = truths.runs(FILE, FILE.truths, [1], [1], root)
    assert SimulationDrive(replace(plan, jobs=2), silent).run(runs) == {}


def _driver(plan, truth):
    script = (
        "from pathlib import Path\n"
        "from xstilts.commands import calibration\nfrom xstilts.commands.calibration import truths\n"
        "from xstilts.commands.calibration.drive import SimulationPlan\n"
        "from xstilts.commands.calibration.truths import File, Truth\n"
        f"truth = {truth!r}\n"
        f"root, out = Path({str(plan.root)!r}), Path({str(plan.out)!r})\n"
        f"plan = SimulationPlan(root, out, {plan.command!r}, {plan.sources!r}, 'unknown')\n"
        "runs = truths.runs(File('base.yaml', (truth,)), [truth], [1], [1], plan.root)\n"
        "raise SystemExit(calibration.calibrate(plan, runs, [truth]))\n"
    )
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def _wait(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_interrupted_calibration_ends_its_pipelines_and_goes_on_when_started_again(plan, notes):
    (notes / "wait").touch()
    driver = _driver(plan, SLOPE)
    _wait(lambda: started(notes))
    driver.send_signal(signal.SIGTERM)
    assert "the same command goes on from here" in driver.communicate(timeout=60)[0]
    assert driver.returncode == 130
    (notes / "wait").unlink()
    assert _driver(plan, SLOPE).wait(60) == 0
    assert (notes / "slope-1-continued").exists()


def test_a_pipeline_that_outlives_its_killed_driver_keeps_its_folder_to_itself(plan, root, notes):
    (notes / "wait").touch()
    driver = _driver(plan, SLOPE)
    _wait(lambda: started(notes))
    driver.send_signal(signal.SIGKILL)
    driver.wait(60)
    again = _driver(plan, SLOPE)
    assert "another process works in" in again.communicate(timeout=60)[0]
    assert again.returncode == 1
    (notes / "wait").unlink()
    lock = plan.out / "runs/slope/world1-seed1/lock"
    _wait(lambda: _free(lock))
    assert _driver(plan, SLOPE).wait(60) == 0
    assert len(started(notes)) == 2


def _free(lock):
    with workspace.alone(lock) as held:
        return held is not None


def test_a_result_of_another_version_is_no_result(plan, root):
    run = truths.runs(FILE, [NULL], [1], [1], root)[0]
    path = plan.out / "runs" / run.name / drive.RESULT
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"params": run.digest, "finding": {}}), encoding="utf-8")
    assert SimulationDrive(plan, silent).kept(run) is None


def test_a_study_without_a_verdict_is_an_error(tmp_path):
    (tmp_path / "verdicts.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match="no verdict on the study 'slope'"):
        findings.read(tmp_path, "slope")


def test_a_language_that_is_apart_in_every_run_stands_out_in_its_truths_table():
    found = [{"deu": (40.0 + i, 5.0 + i), "jpn": (41.0 + i, 5.1 + i), "tur": (40.5 + i, 9.0 + i)} for i in range(4)]
    rows = {row.language: row for row in table.languages(NULL, found)}
    assert (rows["deu"].before, rows["tur"].gain, rows["jpn"].runs) == (41.5, 10.5, 4)
    assert rows["tur"].gain_effect > 2 > abs(rows["deu"].gain_effect)
    assert rows["tur"].gain_p < 0.1
    assert table.languages(NULL, found[:1]) == []


def test_totals_count_misses_false_alarms_and_floors(root):
    def rows(truth, *found):
        runs = truths.runs(FILE, [truth], range(1, len(found) + 1), [1], root)
        return [table.row(run, Kept(run.digest, "s", "c", 1.0, one)) for run, one in zip(runs, found, strict=True)]

    absent = replace(FINDING, verdict="practically absent", direction="", near_chance=6)
    listed = rows(SLOPE, FINDING, absent, FINDING) + rows(NULL, absent, FINDING)
    slope, null = table.totals(listed, FILE.truths)
    assert (slope.runs, slope.supported, slope.absent, slope.misses, slope.false_alarms, slope.floor) == (
        3,
        2,
        1,
        1,
        0,
        1,
    )
    assert (null.supported, null.misses, null.false_alarms) == (1, 0, 1)
    assert slope.share == pytest.approx(2 / 3)
    assert slope.low < slope.share < slope.high


@pytest.mark.parametrize("numbers", ["", "a", "3-1", "1,1-2", "-2"])
def test_world_seeds_that_are_no_numbers_are_an_error(numbers, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main.main(["calibrate", "--out", str(tmp_path), f"--worlds={numbers}", "--dry"]) == 1
    assert "--worlds is" in capsys.readouterr().err


def test_no_language_is_an_outlier_beyond_chance_where_all_have_the_same_share_of_words():
    codes = ("eng", "deu", "spa", "rus", "hin", "pes", "fin", "heb", "ind", "vie", "cmn", "tur", "jpn", "swh")
    alike = WorldSettings(languages=codes, cognates="constant", cognate_base=0.4, order="english")
    values = accidents.transfer(alike, range(1, 13), 60)
    usual, p = accidents.chance(values, seed=1, draws=400)
    assert abs(accidents.language_effects(values)).max() < usual
    assert p > 0.05
    assert accidents.shared_functions(alike, range(1, 13)) == []


def test_a_language_that_is_favoured_in_every_world_is_found_to_be_an_outlier():
    alike = WorldSettings(cognates="constant", cognate_base=0.4, order="english")
    values = accidents.transfer(alike, range(1, 9), 40)
    values[:, 3] += 1.5
    assert accidents.language_effects(values).argmax() == 3
    assert accidents.chance(values, seed=1, draws=400)[1] < 0.01


@pytest.mark.heavy
def test_the_real_pipeline_runs_in_a_workspace_and_a_second_training_seed_takes_the_world_from_the_cache(tmp_path):
    base = tmp_path / "base.yaml"
    base.write_text(tiny.PARAMS, encoding="utf-8")
    small = {"tasks": ["mnli", "xnli"], "trainings": ["xnli"], "targets": ["xnli"]}
    start = {"itself": ["xnli"], "squad_v1": [], "siqa": [], "intermediate": []}
    changed = {**small, "starts_from": start, "data.world.order": "english"}
    truth = Truth("tiny", "nothing", "not supported", base=str(base), set=changed)
    runs = truths.runs(File(str(base), (truth,)), [truth], [1], [1, 2], ROOT)
    command = (sys.executable, "-m", "xstilts.commands.main", "repro", "correlate")
    plan = SimulationPlan(ROOT, tmp_path / "out", command, workspace.sources(ROOT), workspace.commit(ROOT))
    assert calibration.calibrate(plan, runs, [truth]) == 0
    first, second = ((plan.out / "runs" / run.name / drive.LOG).read_text(encoding="utf-8") for run in runs)
    assert "Running stage 'pretrained'" in first
    assert "Stage 'pretrained' is cached" in second
    assert "Running stage 'intermediate@mnli-2'" in second
    assert all(SimulationDrive(plan, silent).kept(run).finding.cells == 11 for run in runs)
