"""Intermediate or target training: the same act on another encoder and other data."""

import argparse
from dataclasses import asdict
from pathlib import Path

from xstilts.formats import checkpoints, learned, typed_yaml
from xstilts.formats.runs import check_spare, training_seed
from xstilts.model.settings import Model, Runtime
from xstilts.tracking import recorded_training
from xstilts.tracking.training_run import TrainingRun
from xstilts.training.job import Job, Material
from xstilts.training.settings import Recipe


def main() -> None:
    """Write a checkpoint below checkpoints/ and its record below trainings/."""
    parser = argparse.ArgumentParser(description=__doc__)
    phases = parser.add_subparsers(dest="phase", required=True)
    intermediate = phases.add_parser("intermediate", help="from the pretrained encoder, on a mixture of English tasks")
    target = phases.add_parser("target", help="from an intermediate encoder, on a target's English training set")
    for phase in (intermediate, target):
        phase.add_argument("intermediate")
    target.add_argument("training")
    for phase in (intermediate, target):
        phase.add_argument("seed", type=int)
    arguments = parser.parse_args()
    seed = f"seed{arguments.seed}"
    if arguments.phase == "intermediate":
        name, start = arguments.intermediate, Path("pretrained")
        place = Path("intermediate", name, seed)
        material = _mixture(Path("mixtures", name))
        check_spare(name, learns=not material.empty)
        recipe = typed_yaml.section(
            "params.yaml", f"recipes.intermediate.{name}", Recipe, filled="recipes.intermediate.default"
        )
    else:
        name, start = arguments.training, Path("intermediate", arguments.intermediate, seed)
        place = Path("target", arguments.intermediate, name, seed)
        material = Material((Path("data", name),))
        recipe = typed_yaml.section("params.yaml", f"recipes.target.{name}", Recipe, filled="recipes.target.default")
    folder = Path("checkpoints")
    model = typed_yaml.section("params.yaml", "model", Model)
    base = folder / "pretrained" if model.storage == "difference" else None
    number = training_seed(arguments.intermediate, arguments.seed)
    job = Job(arguments.phase, name, number, folder / start, material, recipe, folder / place, base)
    subject = TrainingRun(
        typed_yaml.section("params.yaml", "study", str),
        typed_yaml.section("params.yaml", "profile", str),
        arguments.phase,
        arguments.seed,
        arguments.intermediate,
        getattr(arguments, "training", ""),
        checkpoints.parent(job.start),
        job.datasets,
    )
    card = _copied(job, subject, place) if material.empty else _learned(job, subject, place)
    print(f"{place}: {card['final']}{learned.remark(card['final'])}")


def _mixture(folder: Path) -> Material:
    tasks = tuple(sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "text"))
    return Material(tasks, folder / "text" if (folder / "text").exists() else None)


def _copied(job: Job, subject: TrainingRun, place: Path) -> recorded_training.Card:
    """The training of an empty mixture: the baseline is the encoder that it starts from."""

    def copy() -> recorded_training.Card:
        return checkpoints.inherit(job.start, job.output, name=job.name, seed=job.seed, recipe=asdict(job.recipe))

    return recorded_training.untrained(copy, subject, Path("trainings") / place)


def _learned(job: Job, subject: TrainingRun, place: Path) -> recorded_training.Card:
    from xstilts.training import loop  # here: torch takes seconds to import, and the baseline does not need it

    runtime = typed_yaml.section("params.yaml", "runtime", Runtime, default=Runtime())

    def train(logger: recorded_training.Begin) -> recorded_training.Card:
        return loop.train(job, runtime, logger, recorded_training.RESUME)

    return recorded_training.learn(train, subject, Path("trainings") / place)


if __name__ == "__main__":
    main()
