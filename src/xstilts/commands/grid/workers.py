"""Stages as Ray tasks: the only importer of Ray.

A task starts DVC in a process of its own, below a guard, and waits for it. Ray is not asked to understand a stage: it
places tasks by the resources they name, and starts one again whose worker or machine died.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from xstilts.commands.grid import clones, forks
from xstilts.commands.grid.clones import Source
from xstilts.commands.grid.resources import Resources

LOGS = Path(".xstilts/grid/logs")
CLAIMS = Path(".xstilts/grid/claims")
HANDED_ON = ("MLFLOW_", "HF_", "XSTILTS_")  # environment variables that the stages of another machine need too
RAN, RESTORED, UNCHANGED, FAILED, KILLED, STOPPED = "ran", "restored", "unchanged", "failed", "killed", "stopped"
GOOD = (RAN, RESTORED, UNCHANGED)
# DVC's sentences: what it did with a stage, and how its command ended.
_KILLED = re.compile(r"exited with (-9|137|-15|143)\b")
_TAIL = 200_000
# Ray puts sockets 66 characters and a process' number below the folder of temporary files; a socket's path has 107.
_LONGEST = 107 - 66 - 7


@dataclass(frozen=True)
class Order:
    """One stage to be brought up to date.

    Attributes:
        stage: its name.
        folder: the workspace that all machines share; empty for the clone of the machine.
        token: which run of the grid this is.
        commands: what to run, one after another.
        environment: added to the worker's own, or in its place.
        whole: whether it stands in the worker's place; the GPUs that the worker was given are added then.
    """

    stage: str
    folder: str
    token: str
    commands: tuple[tuple[str, ...], ...]
    environment: Mapping[str, str]
    whole: bool = False


@dataclass(frozen=True)
class Result:
    """How a stage ended: one of the words above, its seconds, its machine; from a clone, with the log."""

    stage: str
    status: str
    seconds: float
    host: str
    log: str = ""


def logfile(root: Path, stage: str) -> Path:
    """Where the log of a stage lies."""
    return root / LOGS / f"{re.sub(r'[/:]', '_', stage)}.log"


def dvc(*words: str) -> tuple[str, ...]:
    """A DVC command that waits for its turn; `python` stands for the worker's own interpreter."""
    return ("python", "-m", "xstilts.commands.dvc", "--wait-for-lock", *words)


def handed_on() -> dict[str, str]:
    """The driver's environment variables that stages need wherever they run."""
    return {name: value for name, value in os.environ.items() if name.startswith(HANDED_ON)}


def execute(order: Order, source: Source | None = None, bundle: bytes = b"") -> Result:
    """Run an order's commands under a guard and say how it went; this is what Ray's workers call.

    Args:
        order: the stage.
        source: what this machine's clone is made of, if there is no shared workspace.
        bundle: the clone's git history.
    """
    began = time.monotonic()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited of `nohup … &`; Ray cancels a task by SIGINT
        signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(order.folder)
    if source is not None:
        folder = source.place(engine().get_runtime_context().get_node_id())
        clones.prepare(source, bundle, folder)
    log = logfile(folder, order.stage)
    status = _guarded(order, folder, log)
    content = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return Result(
        order.stage,
        outcome(order.stage, status, content),
        time.monotonic() - began,
        socket.gethostname(),
        content[-_TAIL:] if source is not None else "",
    )


def _guarded(order: Order, folder: Path, log: Path) -> int:
    claim = folder / CLAIMS / log.name
    words = [
        sys.executable,
        "-m",
        "xstilts.commands.grid.guard",
        "--claim",
        str(claim),
        "--log",
        str(log),
        "--token",
        order.token,
    ]
    for command in order.commands:
        words += ["--", *(sys.executable if word == "python" else word for word in command)]
    guard = subprocess.Popen(
        words, cwd=folder, env=environment(order, folder), stdin=subprocess.PIPE, start_new_session=True
    )
    engine_process = os.getppid()
    try:
        while guard.poll() is None:  # not wait(): Ray's cancellation interrupts Python code only
            if os.getppid() != engine_process:  # Ray died with its driver; a worker does not notice within a task
                raise SystemExit(1)
            time.sleep(0.1)
    except BaseException:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait()
        raise
    if guard.returncode < 0:
        _end_group(claim)
    return guard.returncode


def environment(order: Order, folder: Path) -> dict[str, str]:
    """A stage's environment: the order's, by itself or on top of the worker's."""
    if not order.whole:
        return forks.environment(folder, {**os.environ, **order.environment})
    given = {name: os.environ[name] for name in forks.ACCELERATORS if os.environ.get(name)}
    return {**order.environment, **given}


def outcome(stage: str, status: int, log: str) -> str:
    """What happened to a stage, from the exit status of its commands and from what DVC said of it."""
    attempt = log.rpartition("\n# grid ")[2]
    if status == 130:
        return STOPPED
    if status:
        return KILLED if status in (-9, 137, 143) or _KILLED.search(attempt) else FAILED
    if f"Running stage '{stage}':" in attempt:
        return RAN
    return RESTORED if f"Stage '{stage}' is cached" in attempt else UNCHANGED


def _end_group(claim: Path) -> None:
    """The guard itself was killed: end what it guarded."""
    with suppress(OSError, ValueError, KeyError):
        os.killpg(json.loads(claim.read_text(encoding="utf-8"))["group"], signal.SIGKILL)


def engine() -> ModuleType:
    """Ray.

    Raises:
        ValueError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # A stage that asks for no GPU sees none, and one that asks sees its own: said here, as Ray is changing its default.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")
    try:
        import ray
    except ImportError as error:
        raise ValueError(f"`xstilts grid` needs Ray ({error}); install it: pip install 'xstilts[grid]'") from error
    module: ModuleType = ray
    return module


class Pool:
    """Ray's workers, on this machine or on a cluster that is there already."""

    def __init__(self, *, jobs: int, address: str | None, retries: int) -> None:
        """Start Ray here with `jobs` cores, or join the cluster at `address`.

        Raises:
            ValueError: no cluster answers there, or Ray is not installed.
        """
        self.ray = engine()
        self.retries = retries
        self.local = address is None
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
        try:
            if self.local:
                here = {"include_dashboard": False, "object_store_memory": 100 * 2**20, "_node_ip_address": "127.0.0.1"}
                if len(tempfile.gettempdir()) > _LONGEST:
                    here["_temp_dir"] = "/tmp/ray"
                self.ray.init(address="local", num_cpus=jobs, **here, **quiet)
            else:
                self.ray.init(address=address, **quiet)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ValueError(f"no Ray cluster at {address or 'this machine'}: {error}") from error
        self.task = self.ray.remote(execute)

    @property
    def nodes(self) -> list[dict[str, Any]]:
        """The machines that are alive, with their resources."""
        return [node for node in self.ray.nodes() if node["Alive"]]

    def total(self, resource: str) -> float:
        """All of a resource: `CPU`, `GPU`."""
        return float(self.ray.cluster_resources().get(resource, 0.0))

    def fits(self, asked: Resources) -> Resources:
        """The resources, with no more cores than a local pool has: one machine always runs every stage."""
        cores = self.total("CPU")
        return Resources(min(asked.cpus, cores), asked.gpus, asked.memory_gib) if self.local else asked

    def misfit(self, asked: Resources) -> str:
        """Why no machine of the pool can ever run this; empty if one can."""

        def enough(node: dict[str, Any]) -> bool:
            there = node["Resources"]
            return bool(
                there.get("CPU", 0) >= asked.cpus
                and there.get("GPU", 0) >= asked.gpus
                and there.get("memory", 0) >= asked.memory_gib * 2**30
            )

        if any(enough(node) for node in self.nodes):
            return ""
        sizes = "; ".join(
            f"{node['Resources'].get('CPU', 0):g} cores, {node['Resources'].get('GPU', 0):g} GPUs, "
            f"{node['Resources'].get('memory', 0) / 2**30:.0f} GiB"
            for node in self.nodes
        )
        return f"{asked.cpus:g} cores, {asked.gpus:g} GPUs, {asked.memory_gib:g} GiB on one machine; there are: {sizes}"

    def put(self, content: bytes) -> Any:
        """Bytes that every machine gets once."""
        return self.ray.put(content)

    def submit(self, order: Order, asked: Resources, source: Source | None = None, bundle: Any = b"") -> Any:
        """Hand a stage to Ray; `source` and `bundle` (from `put`) if it is to run in a clone."""
        options = {"num_cpus": asked.cpus, "num_gpus": asked.gpus, "max_retries": self.retries, "name": order.stage}
        if asked.memory_gib:
            options["memory"] = int(asked.memory_gib * 2**30)
        return self.task.options(**options).remote(order, source, bundle)

    def ended(self, tasks: Sequence[Any], seconds: float) -> list[Any]:
        """Those of the tasks that ended, after at most this time."""
        done, _ = self.ray.wait(list(tasks), num_returns=len(tasks), timeout=0)
        if not done:
            done, _ = self.ray.wait(list(tasks), num_returns=1, timeout=seconds)
        return list(done)

    def result(self, task: Any, stage: str) -> Result:
        """What became of an ended task; one that Ray gave up is a failed one, with Ray's words as its log."""
        try:
            found: Result = self.ray.get(task)
        except self.ray.exceptions.RayError as error:
            return Result(stage, FAILED, 0.0, "", f"the worker could not run it: {error}\n")
        return found

    def close(self, running: Sequence[Any]) -> None:
        """Stop what runs, wait until it has stopped, and leave Ray."""
        for task in running:
            self.ray.cancel(task, force=False)
        if running:
            self.ray.wait(list(running), num_returns=len(running), timeout=45)
        self.ray.shutdown()
