"""`xstilts repro …`: `dvc repro …` at the price of the work alone.

The stages run as forks of one process that has imported torch and MLflow (`xstilts.commands.fork_server`), and DVC
changes dvc.lock in place (`xstilts.commands.dvc`). Stages, outputs and dvc.lock are those of `dvc repro`. At the end a
table says where the time went.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from xstilts.commands import fork_server as warm
from xstilts.formats import learned


def configure(parser: argparse.ArgumentParser) -> None:
    """Its arguments are those of `dvc repro`."""
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="…", help="as for dvc repro: --dry, -f, stages")


def run(asked: argparse.Namespace) -> int:
    """`xstilts repro …`; DVC's exit status."""
    command = [sys.executable, "-m", "xstilts.commands.dvc", "repro", *asked.words]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="xstilts-times-") as folder:
        times = Path(folder, "times.jsonl")
        os.environ[warm.TIMES] = str(times)
        try:
            status = warm.run(argparse.Namespace(words=command))
        finally:
            del os.environ[warm.TIMES]
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
        times: what `warm.note` wrote: the work of a stage, and then its whole command.
        whole: seconds from beginning to end.
    """
    count: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    work: Counter[str] = Counter()
    latest = 0.0
    for line in times.read_text(encoding="utf-8").splitlines():
        kind, name, seconds = json.loads(line)
        if kind == "work":
            latest = seconds
            continue
        stage = name.partition("@")[0]
        count[stage] += 1
        spent[stage] += seconds
        work[stage] += min(latest, seconds)
        latest = 0.0
    rows = [(name, number, spent[name], spent[name] - work[name]) for name, number in count.items()]
    rows.append(("stages", count.total(), spent.total(), spent.total() - work.total()))
    lines = [f"{'stage':22}{'runs':>6}{'seconds':>10}{'of it start-up':>16}"]
    lines += [f"{name:22}{number:6}{seconds:10.1f}{early:16.1f}" for name, number, seconds, early in rows]
    share = 100 * (whole - work.total()) / whole
    lines.append(f"{'all, with DVC':22}{'':6}{whole:10.1f}{whole - work.total():16.1f}  ({share:.0f} %)")
    return "\n".join(lines)
