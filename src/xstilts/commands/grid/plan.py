"""What is out of date, what it will probably cost, and in which order it is best begun."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xstilts.commands.grid.dag import Node
from xstilts.commands.grid.durations import Durations
from xstilts.commands.grid.resources import Resources


@dataclass(frozen=True)
class GridPlan:
    """The stages to go through.

    Attributes:
        nodes: all wanted stages, each after what it needs.
        todo: names of those that changed or that depend on one that changed. The others are up to date, and no
            process is started for them. Whether one of the second kind really runs is known only when the stages
            before it are done: DVC decides then.
    """

    nodes: tuple[Node, ...]
    todo: frozenset[str]

    @property
    def steps(self) -> list[Node]:
        """The stages to do, in order."""
        return [node for node in self.nodes if node.name in self.todo]


@dataclass(frozen=True)
class StageRow:
    """One stage of dvc.yaml in the plan: how many instances, and what is known of their cost."""

    group: str
    wanted: int
    changed: int
    follow: int
    seconds: float | None
    gpu_hours: float | None
    bytes: int | None


def make(nodes: Sequence[Node]) -> GridPlan:
    """What has to be gone through."""
    todo: set[str] = set()
    for node in nodes:
        if node.changed or todo.intersection(node.needs):
            todo.add(node.name)
    return GridPlan(tuple(nodes), frozenset(todo))


def dependents(nodes: Sequence[Node]) -> dict[str, list[str]]:
    """The stages that depend directly on each one."""
    after: dict[str, list[str]] = {node.name: [] for node in nodes}
    for node in nodes:
        for need in node.needs:
            after[need].append(node.name)
    return after


def urgency(nodes: Sequence[Node], durations: Durations) -> dict[str, float]:
    """The seconds from the start of each stage to the end of the longest chain after it: what is begun first.

    A stage of unknown duration counts one second, so that without any past the length of the chain decides.
    """
    after = dependents(nodes)
    longest: dict[str, float] = {}
    for node in reversed(nodes):
        own = durations.of(node.name)
        longest[node.name] = (1.0 if own is None else own) + max(
            (longest[name] for name in after[node.name]), default=0.0
        )
    return longest


def rows(plan: GridPlan, durations: Durations, resources: Mapping[str, Resources]) -> list[StageRow]:
    """The plan by stage of dvc.yaml; a cost is None as soon as one instance's is unknown."""
    found = []
    for group in dict.fromkeys(node.group for node in plan.nodes):
        mine = [node for node in plan.nodes if node.group == group]
        steps = [node for node in mine if node.name in plan.todo]
        changed = sum(node.changed for node in steps)
        seconds = _sum([durations.of(node.name) for node in steps])
        sizes = [node.bytes for node in mine if node.bytes is not None]
        typical = round(sum(sizes) / len(sizes)) if sizes else None
        size = _sum([typical if node.bytes is None else node.bytes for node in steps])
        hours = None if seconds is None else seconds * resources[group].gpus / 3600
        found.append(
            StageRow(
                group, len(mine), changed, len(steps) - changed, seconds, hours, None if size is None else int(size)
            )
        )
    return found


def text(plan: GridPlan, table: Sequence[StageRow]) -> str:
    """The plan as `--dry` prints it."""
    lines = [f"{'stage':<24}{'wanted':>7}{'changed':>9}{'may run':>9}{'hours':>9}{'GPU hours':>11}{'disk':>10}"]
    lines += [
        f"{row.group:<24}{row.wanted:>7}{row.changed:>9}{row.follow:>9}{_hours(row.seconds):>9}"
        f"{'?' if row.gpu_hours is None else f'{row.gpu_hours:.2f}':>11}{_disk(row.bytes):>10}"
        for row in table
        if row.changed or row.follow
    ]
    seconds, hours = _sum([row.seconds for row in table]), _sum([row.gpu_hours for row in table])
    size = _sum([row.bytes for row in table])
    lines.append(
        f"{'all':<24}{len(plan.nodes):>7}{sum(row.changed for row in table):>9}{sum(row.follow for row in table):>9}"
        f"{_hours(seconds):>9}{'?' if hours is None else f'{hours:.2f}':>11}{_disk(size):>10}"
    )
    lines.append(
        "changed: out of date now. may run: depends on one of these; DVC decides when that is done. "
        "? : an instance of this stage never ran here."
    )
    return "\n".join(lines)


def _sum(values: Sequence[float | None]) -> float | None:
    return None if None in values else float(sum(value for value in values if value is not None))


def _hours(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds / 3600:.2f}"


def _disk(size: float | None) -> str:
    if size is None:
        return "?"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.1f} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1024
    return f"{size:.1f} TiB"
