"""Runs of the pipeline side by side: each in its workspace, each result kept, so that a killed calibration goes on.

A result is kept with the digests of its parameters and of the sources; while both are the same, its run is done.
"""

import json
import math
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from xstilts.commands.calibration import findings, workspace
from xstilts.commands.calibration.findings import SimulationFinding
from xstilts.commands.calibration.truths import TruthRun
from xstilts.formats import tables

CACHE, RUNS, RESULT, LOG = "cache", "runs", "result.json", "log.txt"
_PATIENCE = 0.5  # seconds between two looks at a pipeline


@dataclass(frozen=True)
class Kept:
    """What a run left: the digests that it stands on, the commit of the sources, its times, and what it found.

    `seconds` is wall time, `cpu` the CPU time of the pipeline and its stages since its last start; NaN is unknown.
    """

    params: str
    sources: str
    commit: str
    seconds: float
    finding: SimulationFinding
    cpu: float = math.nan


@dataclass(frozen=True)
class SimulationPlan:
    """How to run.

    Attributes:
        root: the repository.
        out: the calibration's folder.
        command: the pipeline; it is run in a workspace and leaves `results/`.
        sources: the digest of the sources, and `commit` their commit.
        jobs: runs side by side.
        keep: leave the workspaces of finished runs in place.
    """

    root: Path
    out: Path
    command: tuple[str, ...]
    sources: str
    commit: str
    jobs: int = 1
    keep: bool = False


class SimulationStopped(Exception):
    """The calibration was asked to stop."""


class SimulationDrive:
    """Brings runs up to date; `stop` ends the pipelines that run."""

    def __init__(self, plan: SimulationPlan, say: Callable[[str], None]) -> None:
        self.plan = plan
        self.say = say
        self.stopping = threading.Event()

    def stop(self) -> None:
        """Ask every pipeline to end; what is made stays in the cache."""
        self.stopping.set()

    def run(self, runs: Sequence[TruthRun]) -> dict[str, str]:
        """Bring every run up to date.

        Returns:
            Run → what failed, empty where all ended well or were done before.
        """
        todo = [run for run in runs if self.kept(run) is None]
        failed: dict[str, str] = {}
        with ThreadPoolExecutor(self.plan.jobs) as pool:
            waiting = {pool.submit(self.one, run): run for run in todo}
            try:
                for number, future in enumerate(as_completed(waiting), 1):
                    run = waiting[future]
                    try:
                        kept = future.result()
                    except (ValueError, OSError) as error:
                        failed[run.name] = str(error)
                        self.say(f"[{number}/{len(todo)}] {run.name} failed: {error}")
                    else:
                        self.say(f"[{number}/{len(todo)}] {run.name}: {kept.finding.verdict}, {kept.seconds:.0f} s")
            except BaseException:
                self.stop()
                for future in waiting:
                    future.cancel()
                raise
        return failed

    def folder(self, run: TruthRun) -> Path:
        """Where a run's parameters, log and result lie."""
        return self.plan.out / RUNS / run.name

    def kept(self, run: TruthRun) -> Kept | None:
        """What the run left, if its parameters and the sources are still the same."""
        kept = read(self.folder(run) / RESULT)
        return kept if kept and (kept.params, kept.sources) == (run.digest, self.plan.sources) else None

    def one(self, run: TruthRun) -> Kept:
        """One run, from wherever it was stopped.

        Raises:
            ValueError: the pipeline failed; with the end of its log.
            Stopped: it was asked to stop.
        """
        folder = self.folder(run)
        place = folder / "workspace"
        with workspace.alone(folder / "lock") as lock:
            if lock is None:
                raise ValueError(f"another process works in {place}; wait for it, or end it")
            if self.stopping.is_set():
                raise SimulationStopped
            began = time.monotonic()
            workspace.fill(self.plan.root, place, run.text, self.plan.out / CACHE)
            (folder / "params.yaml").write_text(run.text, encoding="utf-8")
            cpu = self._pipeline(place, folder / LOG, lock)
            found = findings.read(place / "results", run.truth.name)
            seconds = time.monotonic() - began
            for name in findings.FILES:
                shutil.copyfile(tables.of_analysis(place / "results") / name, folder / name)
            kept = Kept(run.digest, self.plan.sources, self.plan.commit, seconds, found, cpu)
            tables.write_json(folder / RESULT, asdict(kept))
            if not self.plan.keep:
                shutil.rmtree(place)
        return kept

    def _pipeline(self, place: Path, log: Path, lock: int) -> float:
        """Run the command; its CPU seconds."""
        cpu = math.nan
        with log.open("w", encoding="utf-8") as lines:
            process = subprocess.Popen(
                self.plan.command,
                cwd=place,
                env=workspace.environment(place),
                stdout=lines,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock,),
            )
            try:
                while process.returncode is None and not self.stopping.wait(_PATIENCE):
                    pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                    if pid:
                        process.returncode = os.waitstatus_to_exitcode(status)
                        cpu = usage.ru_utime + usage.ru_stime
            finally:
                _end(process)
        if math.isnan(cpu):
            raise SimulationStopped
        if process.returncode:
            tail = log.read_text(encoding="utf-8", errors="replace")[-1500:].strip()
            raise ValueError(f"the pipeline exited with {process.returncode}; the end of {log}:\n{tail}")
        return cpu


def read(path: Path) -> Kept | None:
    """A kept result; None where there is none, or one of another version of this file."""
    if not path.exists():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    try:
        cpu = found.pop("cpu", None)
        finding = findings.of(found.pop("finding"))
        return Kept(**found, finding=finding, cpu=math.nan if cpu is None else cpu)
    except (KeyError, TypeError):
        return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a pipeline and the stages below it."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
