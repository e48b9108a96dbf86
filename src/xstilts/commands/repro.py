"""`xstilts repro …`: `dvc repro …` at the price of the work alone.

The stages run as forks of one process that has imported torch and MLflow (`xstilts.commands.fork_server`), and DVC
changes dvc.lock in place (`xstilts.commands.dvc`). Stages, outputs and dvc.lock are those of `dvc repro`. A stage's
`python` is the one that runs this. At the end a table says where the time went. Whatever ends this process ends DVC and
the stage with it (`xstilts.commands.supervised`).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from xstilts.commands import check, fork_server, supervised
from xstilts.formats import learned


def configure(parser: argparse.ArgumentParser) -> None:
    """Its arguments are those of `dvc repro`."""
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="…", help="as for dvc repro: --dry, -f, stages")


def run(asked: argparse.Namespace) -> int:
    """`xstilts repro …`; DVC's exit status.

    Raises:
        ValueError: params.yaml does not hold together.
    """
    check.first(Path())
    command = [sys.executable, "-m", "xstilts.commands.dvc", "repro", *asked.words]
    ours = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    environment = {**os.environ, "PATH": ours}
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="xstilts-times-", ignore_cleanup_errors=True) as folder,
        fork_server.started(Path.cwd(), environment) as address,
    ):
        times = Path(folder, "times.jsonl")
        status = supervised.call(command, {**environment, **address, fork_server.TIMES: str(times)})
        if times.exists():
            print(table(times, time.monotonic() - began), flush=True)  # noqa: T201
            for line in unlearned(Path("checkpoints")):
                print(line, flush=True)  # noqa: T201
    return status


def unlearned(checkpoints: Path) -> list[str]:
    """A line for each training below a folder that did not learn, or not all of its mixture."""
    cards = sorted(checkpoints.rglob("card.json"))
    finals = {path.parent.relative_to(checkpoints): json.loads(path.read_text("utf-8"))["final"] for path in cards}
    return [f"{place} {text}" for place, final in finals.items() if (text := learned.told(final))]


def table(times: Path, whole: float) -> str:
    """Where the time of a `dvc repro` went, by stage.

    Args:
        times: a line for every stage that ran: its name, the seconds that its command took, and those that its script
            ran as a fork, or null where it was none and nobody took them.
        whole: seconds from beginning to end.
    """
    count: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    early: Counter[str] = Counter()
    for line in times.read_text(encoding="utf-8").splitlines():
        name, seconds, work = json.loads(line)
        stage = name.partition("@")[0]
        count[stage] += 1
        spent[stage] += seconds
        if work is not None:
            early[stage] += seconds - work
    rows = [
        (name, number, spent[name], f"{early[name]:.1f}" if name in early else "–") for name, number in count.items()
    ]
    rows.append(("stages", count.total(), spent.total(), f"{early.total():.1f}"))
    lines = [f"{'stage':22}{'runs':>6}{'seconds':>10}{'of it start-up':>16}"]
    lines += [f"{name:22}{number:6}{seconds:10.1f}{start:>16}" for name, number, seconds, start in rows]
    around = whole - spent.total() + early.total()
    lines.append(f"{'all, with DVC':22}{'':6}{whole:10.1f}{around:16.1f}  ({100 * around / whole:.0f} %)")
    return "\n".join(lines)
