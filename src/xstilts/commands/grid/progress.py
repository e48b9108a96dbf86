"""How far the grid is: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Collection, Mapping

from tqdm import tqdm

from xstilts.commands.grid.dag import Node
from xstilts.commands.grid.durations import Durations
from xstilts.commands.grid.resources import Resources
from xstilts.commands.grid.workers import GOOD, Result


class Progress:
    """Counts what is done, running and failed, and says how much time is left, as far as the past tells."""

    def __init__(self, steps: Collection[Node], say: Callable[[str], None], *, terminal: bool | None = None) -> None:
        """Show nothing yet. `say` prints a line; `terminal`: draw a bar? By default, if standard error is one."""
        self.total = len(steps)
        self.said = say
        self.terminal = sys.stderr.isatty() if terminal is None else terminal
        self.bar = tqdm(total=self.total, unit="stage", disable=not self.terminal, dynamic_ncols=True)
        self.began = time.monotonic()
        self.done = self.failed = 0

    def say(self, line: str) -> None:
        """A line above the bar."""
        if self.terminal:
            self.bar.clear()
        self.said(line)
        if self.terminal:
            self.bar.refresh()

    def ended(self, result: Result, running: int, left: float | None) -> None:
        """A stage has ended."""
        failed = result.status not in GOOD
        self.failed += failed
        self.done += not failed
        self.bar.update()
        if failed or not self.terminal:
            counts = f"[{self.done + self.failed}/{self.total}] {running} running, {self.failed} failed"
            self.say(f"{counts}, {_left(left)}: {result.status} {result.stage} ({result.seconds:.1f} s)")
        self.now(running, left)

    def now(self, running: int, left: float | None) -> None:
        """Nothing has ended, but time has passed."""
        self.bar.set_postfix_str(f"{running} running, {self.failed} failed, {_left(left)}", refresh=self.terminal)

    def close(self) -> None:
        """No more is shown."""
        self.bar.close()


def left(
    waiting: Collection[Node],
    durations: Durations,
    resources: Mapping[str, Resources],
    pool: Mapping[str, float],
    chains: Mapping[str, float],
    running: Mapping[str, float],
) -> float | None:
    """Seconds until the end, at best: the work that is left over the machines, and no less than the longest chain.

    Args:
        waiting: the stages that have not ended, running ones included.
        durations: what is known of the past.
        resources: what each stage of dvc.yaml takes.
        pool: cores and GPUs of all machines, as `CPU` and `GPU`.
        chains: seconds from the start of each stage to the end of the longest chain after it.
        running: the seconds that each running stage has run for.

    Returns:
        None if a duration is unknown.
    """
    cores = gpus = chain = 0.0
    for node in waiting:
        seconds = durations.of(node.name)
        if seconds is None:
            return None
        gone = min(seconds, running.get(node.name, 0.0))
        asked = resources[node.group]
        cores += (seconds - gone) * asked.cpus
        gpus += (seconds - gone) * asked.gpus
        chain = max(chain, chains[node.name] - gone)
    return max(chain, cores / max(pool.get("CPU", 1.0), 1.0), gpus / pool["GPU"] if pool.get("GPU") else 0.0)


def _left(seconds: float | None) -> str:
    if seconds is None:
        return "time left unknown"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02.0f} left"
