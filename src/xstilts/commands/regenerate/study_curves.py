"""The learning curves of an archived study: one table and one figure, from its training records."""

import csv
from collections.abc import Iterator
from pathlib import Path

from xstilts.tracking import records

COLUMNS = ("training", "metric", "step", "value")


def rows(trainings: Path) -> Iterator[tuple[str, str, int, float]]:
    """Loss by step, and the validation losses at the end, of every training that a folder has a record of."""
    for path in sorted(trainings.rglob(records.TRAINING)):
        run = records.read_training(path.parent)
        for name, value, _, step in run.curve or ():
            if name == "train/loss" or name.startswith("validation/"):
                yield run.entry.name, name, step, value
        for name, value in sorted(run.entry.metrics.items()):
            if name.startswith("final/validation/"):
                yield run.entry.name, name, run.entry.step, value


def write(trainings: Path, folder: Path) -> None:
    """Write curves.csv and curves.svg."""
    found = list(rows(trainings))
    with (folder / "curves.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(found)
    _draw([row for row in found if row[1] == "train/loss"], folder / "curves.svg")


def _draw(losses: list[tuple[str, str, int, float]], path: Path) -> None:
    import matplotlib as mpl  # here: it takes half a second

    mpl.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for name in dict.fromkeys(row[0] for row in losses):
        steps, values = zip(*[(step, value) for training, _, step, value in losses if training == name], strict=True)
        early = name.startswith("pretrained")
        axes[0 if early else 1].plot(steps, values, color="#2a6f97", linewidth=1, alpha=1 if early else 0.35)
    axes[0].set_title("pretraining: MLM, 40 languages", fontsize=9)
    axes[1].set_title("intermediate trainings: one line each", fontsize=9)
    for part in axes:
        part.set_xlabel("step", fontsize=8)
        part.set_ylabel("training loss, nats", fontsize=8)
        part.tick_params(labelsize=8)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
