"""`xstilts calibrate`: the pipeline on worlds whose truth was planted, and what it found there.

Each run is `dvc repro` in a copy of the repository, with the stages of dvc.yaml and no others. docs/calibration.md says
what is planted and what came out.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from xstilts.commands.calibration import figure, findings, table, truths, workspace
from xstilts.commands.calibration.drive import SimulationDrive, SimulationPlan
from xstilts.commands.calibration.truths import Truth, TruthRun
from xstilts.formats import tables

TRUTHS = Path("profiles/calibration/truths.yaml")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--out", type=Path, required=True, help="folder for workspaces, cache and the table")
    parser.add_argument("--truths", type=Path, default=TRUTHS, help=f"what is planted (default {TRUTHS})")
    parser.add_argument("--only", nargs="+", default=[], metavar="TRUTH", help="these truths (default: all)")
    parser.add_argument("--worlds", default="1-5", help="world seeds, such as 1-5 or 1,3 (default 1-5)")
    parser.add_argument("--seeds", default="1", help="training seeds, likewise (default 1)")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side, about one core each (default 1)")
    parser.add_argument(
        "--until", default="correlate", help="last stage; the verdict needs none after correlate (default correlate)"
    )
    parser.add_argument("--keep", action="store_true", help="leave the workspaces of finished runs in place")
    parser.add_argument(
        "--dry", action="store_true", help="only say what is done and what is left, and write the table"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run what is left, write the table; the status is 1 if a run failed, 130 if stopped."""
    if arguments.jobs < 1:
        raise ValueError(f"--jobs is {arguments.jobs}; allowed: 1 or more")
    root = Path.cwd()
    file = truths.load(arguments.truths)
    picked = truths.chosen(file, arguments.only)
    runs = truths.runs(file, picked, _numbers("--worlds", arguments.worlds), _numbers("--seeds", arguments.seeds), root)
    _check(runs)
    plan = SimulationPlan(
        root=root,
        out=arguments.out,
        command=(sys.executable, "-m", "xstilts.commands.main", "repro", arguments.until),
        sources=workspace.sources(root),
        commit=workspace.commit(root),
        jobs=arguments.jobs,
        keep=arguments.keep,
    )
    return calibrate(plan, runs, picked, dry=arguments.dry)


def calibrate(plan: SimulationPlan, runs: Sequence[TruthRun], picked: Sequence[Truth], *, dry: bool = False) -> int:
    """Bring the runs up to date and write the table of all that are done; the exit status."""
    drive = SimulationDrive(plan, _say)
    kept = [drive.kept(run) for run in runs]
    spent = [each.seconds for each in kept if each]
    left = kept.count(None)
    around = f", about {left * sum(spent) / len(spent) / plan.jobs / 60:.0f} minutes" if spent and left else ""
    _say(f"{len(runs)} runs: {len(runs) - left} done, {left} left{around}")
    if dry:
        return _table(plan.out, drive, runs, picked)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        failed = drive.run(runs)
    except KeyboardInterrupt:
        _table(plan.out, drive, runs, picked)
        _say("stopped; the same command goes on from here")
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    return _table(plan.out, drive, runs, picked) or int(bool(failed))


def _table(out: Path, drive: SimulationDrive, runs: Sequence[TruthRun], picked: Sequence[Truth]) -> int:
    order = {truth.name: place for place, truth in enumerate(picked)}
    done = [(run, kept) for run in runs if (kept := drive.kept(run))]
    rows = [table.row(run, kept) for run, kept in done]
    rows.sort(key=lambda row: (order[row.truth], row.world, row.seed))
    by_truth = [
        row
        for truth in picked
        for row in table.languages(
            truth, [findings.by_language(drive.folder(run), truth.name) for run, _ in done if run.truth == truth]
        )
    ]
    tables.write_csv(out / "languages.csv", table.LanguageRow, by_truth)
    for total in table.write(out, rows, picked):
        wrong = f", {total.misses} misses" if total.misses else ""
        wrong += f", {total.false_alarms} false alarms" if total.false_alarms else ""
        _say(f"{total.truth}: expected {total.expected}; {total.supported} of {total.runs} supported{wrong}")
    if rows:
        figure.draw(out / "calibration.svg", rows)
    _say(f"table: {out / 'calibration.md'}")
    return 0


def _check(runs: Sequence[TruthRun]) -> None:
    """Read one params.yaml of every truth as the stages will, before anything is run."""
    with tempfile.TemporaryDirectory() as scratch:
        for run in {run.truth.name: run for run in runs}.values():
            truths.check(run.text, Path(scratch, run.truth.name, "params.yaml"))


def _numbers(option: str, text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise ValueError(f"{option} is {text!r}; allowed: numbers and ranges such as 1-5 or 1,3,7-9")
        found += range(int(first), int(last or first) + 1)
    if not found or len(set(found)) < len(found):
        raise ValueError(f"{option} is {text!r}, which names {'a number twice' if found else 'no number'}")
    return found


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201
