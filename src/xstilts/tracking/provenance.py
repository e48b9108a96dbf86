"""Where a number comes from: commit, versions, hardware, time and, where the machine tells, energy.

Nothing here may change a fingerprint: the same content on another machine is the same run.
"""

import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PACKAGES = (
    "datasets", "dvc", "mlflow", "numpy", "pytorch-lightning", "scipy", "tokenizers", "torch", "transformers",
)  # fmt: skip
# What decides a result: outputs and the lock change while a pipeline runs and do not make its commit dirty.
SOURCES = ("src", "pipelines", "params.yaml", "dvc.yaml", "data/published", "constraints.txt")
_ENERGY = Path("/sys/class/powercap")


class Meter:
    """Wall time since it was made, and the energy of the CPUs where the kernel lets us read it (Intel RAPL)."""

    def __init__(self) -> None:
        self._seconds = time.monotonic()
        self._energy = _microjoules()

    def read(self) -> dict[str, float]:
        """`seconds`, and `joules` where known; a counter that wrapped round gives no `joules`."""
        measured = {"seconds": round(time.monotonic() - self._seconds, 3)}
        now = _microjoules()
        if self._energy is not None and now is not None and now >= self._energy:
            measured["joules"] = round((now - self._energy) / 1e6, 1)
        return measured


def collect(meter: Meter | None = None, **more: Any) -> dict[str, Any]:
    """The provenance of what this process makes; `more` is added as it is (digests of data, licences, …)."""
    return {
        **git(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "hardware": hardware(),
        "versions": versions(),
        **(meter.read() if meter else {}),
        **more,
    }


def git() -> dict[str, Any]:
    """`git_commit` (40 hex digits, or `unknown` outside a repository) and `git_dirty`: do sources differ from it?"""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return {"git_commit": "unknown", "git_dirty": True}
    there = [path for path in SOURCES if Path(path).exists()]
    status = _git("status", "--porcelain", "--", *there) if there else ""
    return {"git_commit": commit, "git_dirty": bool(status) or status is None}


def commit() -> str:
    """The commit in seven digits with its date, and whether sources differ from it; where there is none it says so."""
    found = git()
    if found["git_commit"] == "unknown":
        return "commit unknown"
    date = _git("show", "-s", "--format=%cs", "HEAD")
    return f"commit {found['git_commit'][:7]} of {date}{', sources changed since' if found['git_dirty'] else ''}"


def versions() -> dict[str, str]:
    """The versions of the packages that a result depends on, as far as they are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def hardware() -> dict[str, str]:
    """Processor, usable cores, memory in GiB, and the accelerators if torch is loaded (it is not loaded for this)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = {"processor": _processor(), "cores": str(cores)}
    if "SC_PHYS_PAGES" in os.sysconf_names:
        found["memory_gib"] = f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f}"
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        found["accelerators"] = ", ".join(
            torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())
        )
    return found


def _processor() -> str:
    table = Path("/proc/cpuinfo")
    if table.exists():
        for line in table.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _microjoules() -> int | None:
    """The sum of the packages' counters; None where there are none or they are for root alone."""
    try:
        return sum(int(path.read_text()) for path in _ENERGY.glob("intel-rapl:?/energy_uj")) or None
    except OSError:
        return None
