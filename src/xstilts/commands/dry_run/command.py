"""`xstilts dry-run`: what the grid in params.yaml will take, before it runs; `--step` also builds and trains it once.

The plan imports no torch and starts in a fraction of a second, so that `make run` can print it every time. `--step`
builds the real module from its configuration with random weights, nothing downloaded, and takes one optimiser step
for each shape on random tokens.
"""

import argparse
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from xstilts import experiment
from xstilts.commands.dry_run import architectures, cost, disk
from xstilts.commands.dry_run.architectures import Architecture
from xstilts.commands.dry_run.cost import TrainingCost
from xstilts.experiment import Params

GIB, HOUR = 2**30, 3600
COLUMNS = ("kind", "name", "copies", "examples", "steps", "tokens a step", "hours", "GiB")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    machine = cost.Machine()
    parser.add_argument("--params", type=Path, default=Path("params.yaml"), help="the parameters (default params.yaml)")
    parser.add_argument("--data", type=Path, default=Path("data"), help="prepared data, for its counts (default data)")
    parser.add_argument("--brief", action="store_true", help="stages, hours and disk alone, as `make run` prints them")
    parser.add_argument(
        "--tflops", type=float, default=machine.tflops, help="peak of a device (default 989: H100, bf16)"
    )
    parser.add_argument(
        "--mfu", type=float, default=machine.mfu, help="share of the peak that is reached (default 0.47)"
    )
    parser.add_argument(
        "--launch", type=float, default=machine.launch * 1000, help="ms of 24 layers without tokens (default 6)"
    )
    parser.add_argument(
        "--bandwidth", type=float, default=machine.bandwidth / 1e12, help="of its memory, TB/s (default 2.68)"
    )
    parser.add_argument("--step", action="store_true", help="build the module and take one optimiser step a shape")
    parser.add_argument("--items", type=int, help="with --step: examples a batch (default: the recipe's)")
    parser.add_argument("--accelerator", help="with --step: instead of runtime.accelerator")
    parser.add_argument("--precision", help="with --step: instead of runtime.precision")


def run(arguments: argparse.Namespace) -> int:
    """Print the plan and, if asked, take the steps.

    Raises:
        ValueError: the parameters are faulty, or an assumption is not a positive number.
    """
    assumed = (arguments.tflops, arguments.mfu, arguments.launch, arguments.bandwidth)
    if min(assumed) <= 0:
        raise ValueError("--tflops, --mfu, --launch and --bandwidth must be greater than 0")
    machine = cost.Machine(arguments.tflops, arguments.mfu, arguments.launch / 1000, arguments.bandwidth * 1e12)
    settings = experiment.load(arguments.params)
    architecture = architectures.of(settings.model)
    for line in lines(settings, architecture, machine, arguments.data, brief=arguments.brief):
        print(line)  # noqa: T201
    if arguments.step:
        from xstilts.commands.dry_run import (
            trial_step,  # here: torch takes seconds to import, and the plan does not need it
        )

        taken = trial_step.take(
            settings,
            architecture,
            items=arguments.items,
            accelerator=arguments.accelerator or settings.runtime.accelerator,
            precision=arguments.precision or settings.runtime.precision,
        )
        _table(
            print,
            "One optimiser step a shape, random weights and tokens",
            trial_step.HEADER,
            (row.cells() for row in taken),
        )
    return 0


def lines(settings: Params, architecture: Architecture, machine: cost.Machine, data: Path, *, brief: bool) -> list[str]:
    """The plan, line by line; `brief` leaves the table of trainings and the assumptions out."""
    trainings = cost.trainings(settings, data)
    hours = {one.name + one.kind: _hours(one, settings, architecture, machine) for one in trainings}
    by_kind: dict[str, float] = {}
    for one in trainings:
        by_kind[one.kind] = by_kind.get(one.kind, 0.0) + hours[one.name + one.kind]
    by_kind["predict"] = cost.prediction_seconds(settings, architecture, machine, data) / HOUR
    uncounted = [one.name for one in trainings if not one.steps]
    without = f"; without {', '.join(uncounted)}: not counted before `prepare`" if uncounted else ""
    found = [
        f"{settings.profile}: {architecture.kind} ({settings.model.name or 'pretrained here'}), "
        f"{architecture.parameters:,} parameters, {architecture.body:,} of them outside the embeddings",
        "stages: " + ", ".join(f"{kind} {count}" for kind, count in cost.stages(settings).items()),
    ]
    if not brief:
        rows = [_row(one, settings, architecture, hours[one.name + one.kind]) for one in trainings]
        _table(found.append, "Trainings", COLUMNS, rows)
    listed = ", ".join(f"{kind} {value:,.1f}" for kind, value in by_kind.items())
    found.append(f"device hours, estimated: {sum(by_kind.values()):,.1f} ({listed}){without}")
    if not brief:
        found += _assumptions(settings, architecture, machine, trainings)
    return found + _disk(settings, architecture)


def _hours(one: TrainingCost, settings: Params, architecture: Architecture, machine: cost.Machine) -> float:
    runtime = settings.runtime
    seconds = one.seconds(
        architecture,
        machine,
        checkpointing=runtime.gradient_checkpointing,
        parts=runtime.accumulate,
        trim=runtime.trim,
    )
    return one.copies * seconds / HOUR


def _row(one: TrainingCost, settings: Params, architecture: Architecture, hours: float) -> tuple[str, ...]:
    items = "not counted" if one.items is None else f"{one.items:,}"
    steps = f"{one.steps:,}" if one.steps else "not counted"
    memory = f"{cost.memory(settings, architecture, one) / GIB:.1f}"
    return (one.kind, one.name, str(one.copies), items, steps, f"{one.tokens:,.0f}", f"{hours:,.2f}", memory)


def _assumptions(
    settings: Params, architecture: Architecture, machine: cost.Machine, trainings: Sequence[TrainingCost]
) -> list[str]:
    operations = (
        one.copies * one.steps * one.operations(architecture, settings.runtime.gradient_checkpointing)
        for one in trainings
    )
    most = max((cost.memory(settings, architecture, one) for one in trainings), default=0)
    return [
        f"  assuming a device of {machine.tflops:g} TFLOP/s at {machine.mfu:.0%}, {1000 * machine.launch:g} ms for "
        f"a step of 24 layers however small, {machine.bandwidth / 1e12:g} TB/s for AdamW;",
        "  no early stopping, no time to read data or to evaluate. Matrix products of the trainings alone: "
        f"{machine.compute(sum(operations)) / HOUR:,.1f} hours",
        f"memory of the device, estimated: at most {most / GIB:.1f} GiB (all sequences of a batch at full length)",
    ]


def _disk(settings: Params, architecture: Architecture) -> list[str]:
    need = disk.need(settings, architecture)
    kept, free = need.total - need.resume, shutil.disk_usage(".").free
    stay = "" if settings.runtime.keep_targets else ", dropped in the end"
    found = [
        f"disk: {need.total / GIB:,.1f} GiB of checkpoints (pretrained {need.pretrained / GIB:,.1f}, intermediate "
        f"{need.intermediate / GIB:,.1f}, target {need.target / GIB:,.1f}{stay}, a running one "
        f"{need.resume / GIB:,.1f}), trained ones kept as: {settings.model.storage};",
        f"  up to {kept / GIB:,.1f} GiB more in DVC's cache where it cannot link; free here: {free / GIB:,.1f} GiB",
    ]
    if need.total > free:
        found.append(
            "WARNING: that does not fit. Take fewer seeds or intermediates, or see docs/training.md, disk: how DVC's "
            "cache is linked and how target checkpoints are dropped"
        )
    return found


def _table(write: Callable[[str], object], title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = [tuple(header), *map(tuple, rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    write(f"{title}:")
    for row in table:
        write("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
