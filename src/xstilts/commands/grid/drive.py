"""Stages to workers in the graph's order: what is ready is handed over, a failure stops only what depends on it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xstilts.commands.grid import plan as plans
from xstilts.commands.grid import progress, workers
from xstilts.commands.grid.dag import Node
from xstilts.commands.grid.durations import Durations
from xstilts.commands.grid.plan import GridPlan
from xstilts.commands.grid.resources import Resources
from xstilts.commands.grid.workers import GOOD, KILLED, RAN, STOPPED, UNCHANGED, Pool, Result


@dataclass
class Outcome:
    """How the grid ended: each stage's result, those that a failure kept from starting, and whether it was stopped.

    `seconds` is the time from the first stage's hand-over to the last one's end.
    """

    results: dict[str, Result] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    stopped: bool = False
    seconds: float = 0.0

    @property
    def done(self) -> list[str]:
        """The stages that are up to date now."""
        return [name for name, result in self.results.items() if result.status in GOOD]

    @property
    def failed(self) -> list[str]:
        """The stages that did not end well."""
        return [name for name, result in self.results.items() if result.status not in GOOD]


class GridDrive:
    """One run of the grid."""

    def __init__(
        self,
        root: Path,
        plan: GridPlan,
        pool: Pool,
        *,
        resources: Mapping[str, Resources],
        durations: Durations,
        submit: Callable[[Node], Any],
        say: Callable[[str], None],
    ) -> None:
        """Nothing starts yet.

        Args:
            root: the main workspace.
            plan: what to do.
            pool: where to do it.
            resources: what each stage of dvc.yaml takes.
            durations: the past, to which this run is added.
            submit: hands a stage to the pool and returns Ray's handle of it.
            say: prints a line.
        """
        self.root, self.plan, self.pool = root, plan, pool
        self.resources, self.durations, self.submit = resources, durations, submit
        self.nodes = {node.name: node for node in plan.nodes}
        self.after = plans.dependents(plan.nodes)
        self.chains = plans.urgency(plan.nodes, durations)
        self.missing = {node.name: {need for need in node.needs if need in plan.todo} for node in plan.steps}
        self.running: dict[Any, tuple[Node, float]] = {}
        self.attempts: dict[str, int] = {}
        self.outcome = Outcome()
        self.progress = progress.Progress(plan.steps, say)
        self.totals = {"CPU": pool.total("CPU"), "GPU": pool.total("GPU")}

    def run(self) -> Outcome:
        """Go through the plan; Ctrl-C stops what runs and returns what was reached."""
        began = time.monotonic()
        try:
            self.start([node for node in self.plan.steps if not self.missing[node.name]])
            while self.running:
                for task in self.pool.ended(list(self.running), 1.0):
                    node, _ = self.running.pop(task)
                    self.end(node, self.pool.result(task, node.name))
                self.progress.now(self.busy(), self.left())
        except KeyboardInterrupt:
            self.outcome.stopped = True
            self.progress.say(f"stopping {self.busy()} stages")
        finally:
            self.outcome.seconds = time.monotonic() - began
            self.progress.close()
            self.pool.close(list(self.running))
        return self.outcome

    def start(self, ready: list[Node]) -> None:
        """Hand over what is ready, the longest chains first."""
        for node in sorted(ready, key=lambda node: -self.chains[node.name]):
            self.running[self.submit(node)] = (node, time.monotonic())

    def end(self, node: Node, result: Result) -> None:
        """Note how a stage ended, and start what waited for it alone."""
        if result.log:
            log = workers.logfile(self.root, node.name)
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(result.log, encoding="utf-8")
        if result.status in (KILLED, STOPPED) and self.attempts.get(node.name, 0) < self.pool.retries:
            self.attempts[node.name] = self.attempts.get(node.name, 0) + 1
            self.progress.say(f"{node.name} was killed; it is started again (attempt {self.attempts[node.name] + 1})")
            self.start([node])
            return
        self.outcome.results[node.name] = result
        if result.status == RAN:
            self.durations.put(node.name, result.seconds)
        if result.status in GOOD:
            self.start(self.release(node))
        else:
            self.keep(node.name)
        self.progress.ended(result, self.busy(), self.left())

    def release(self, node: Node) -> list[Node]:
        """What is ready now that a stage is done; what nothing before it has touched is done without a process."""
        ready = []
        for name in self.after[node.name]:
            if name not in self.missing or name in self.outcome.kept:
                continue
            self.missing[name].discard(node.name)
            if self.missing[name]:
                continue
            dependent = self.nodes[name]
            before = [self.outcome.results[need].status for need in dependent.needs if need in self.outcome.results]
            if dependent.changed or set(before) != {UNCHANGED}:
                ready.append(dependent)
                continue
            self.outcome.results[name] = Result(name, UNCHANGED, 0.0, "")
            self.progress.ended(self.outcome.results[name], self.busy(), self.left())
            ready += self.release(dependent)
        return ready

    def keep(self, failed: str) -> None:
        """Keep everything that depends on a failed stage from starting."""
        waiting = list(self.after[failed])
        while waiting:
            name = waiting.pop()
            if name in self.missing and name not in self.outcome.kept:
                self.outcome.kept[name] = failed
                waiting += self.after[name]

    def busy(self) -> int:
        """How many of the stages that were handed over have a machine: as many as fit in it, in their order."""
        free, count = dict(self.totals), 0
        for node, _ in self.running.values():
            asked = self.resources[node.group]
            if asked.cpus <= free["CPU"] and asked.gpus <= free["GPU"]:
                free = {"CPU": free["CPU"] - asked.cpus, "GPU": free["GPU"] - asked.gpus}
                count += 1
        return count

    def left(self) -> float | None:
        """Seconds until the end, as far as known."""
        waiting = [
            node
            for node in self.plan.steps
            if node.name not in self.outcome.results and node.name not in self.outcome.kept
        ]
        now = time.monotonic()
        running = {node.name: now - began for node, began in self.running.values()}
        return progress.left(waiting, self.durations, self.resources, self.totals, self.chains, running)
