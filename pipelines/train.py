"""Intermediate or target training: the same act on another encoder and other data."""

import argparse
from pathlib import Path

from xstilts import experiment as params
from xstilts.formats import baseline, learned
from xstilts.tracking import recorded_training as tracked
from xstilts.tracking import training_run as trainings
from xstilts.tracking.training_run import Subject
from xstilts.training.job import Job, Material


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
    settings = params.load()
    seed = f"seed{arguments.seed}"
    if arguments.phase == "intermediate":
        name, start = arguments.intermediate, Path("pretrained")
        place = Path("intermediate", name, seed)
        folder = Path("mixtures", name)
        folders = tuple(sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "text"))
        material = Material(folders, folder / "text" if (folder / "text").exists() else None)
        baseline.check(name, learns=bool(folders) or material.text is not None)
        recipe = settings.recipes.intermediate[name]
    else:
        name, start = arguments.training, Path("intermediate", arguments.intermediate, seed)
        place = Path("target", arguments.intermediate, name, seed)
        material = Material((Path("data", name),))
        recipe = settings.recipes.target[name]
    checkpoints, records = Path("checkpoints"), tracked.TRAININGS
    base = checkpoints / "pretrained" if settings.model.storage == "difference" else None
    number = baseline.training_seed(arguments.intermediate, arguments.seed)
    job = Job(arguments.phase, name, number, checkpoints / start, material, recipe, checkpoints / place, base)
    subject = Subject(
        settings.study,
        settings.profile,
        arguments.phase,
        arguments.seed,
        arguments.intermediate,
        getattr(arguments, "training", ""),
        trainings.ancestors(records / start),
        tracked.datasets(job),
    )
    card = tracked.learn(job, subject, settings.runtime, records / place)
    print(f"{place}: {card['final']}{learned.remark(card['final'])}")


if __name__ == "__main__":
    main()
