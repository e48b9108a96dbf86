"""The encoder called `none` starts from: from the Hub by name, or pretrained here on data/text."""

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

from xstilts.formats import learned, typed_yaml
from xstilts.model import device
from xstilts.model.settings import Model, Runtime
from xstilts.tracking import recorded_training
from xstilts.tracking.training_run import TrainingRun
from xstilts.training import loop, pretraining, probe
from xstilts.training.job import Job, Material
from xstilts.training.settings import Recipe


def main() -> None:
    """Write checkpoints/pretrained/ and its training's record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, default=Path("data/text"))
    parser.add_argument("--out", type=Path, default=Path("checkpoints/pretrained"))
    parser.add_argument("--record", type=Path, default=Path("trainings/pretrained"))
    arguments = parser.parse_args()
    model = typed_yaml.section("params.yaml", "model", Model)
    study = typed_yaml.section("params.yaml", "study", str)
    profile = typed_yaml.section("params.yaml", "profile", str)
    subject = TrainingRun(study, profile, "pretrained", model.seed)
    runtime = typed_yaml.section("params.yaml", "runtime", Runtime, default=Runtime())

    def examine(folder: Path) -> None:
        probe.examine(folder, probe.needs_in(Path("params.yaml")), device.of(runtime), runtime.precision)

    if model.name is not None:
        card = recorded_training.untrained(
            lambda: pretraining.download(model.name, model.revision, arguments.out, examine), subject, arguments.record
        )
    else:
        recipe = typed_yaml.section("params.yaml", "recipes.pretraining", Recipe)
        start = arguments.out.with_name(f"{arguments.out.name}.fresh")
        pretraining.fresh(model, arguments.text, start, alpha=recipe.alpha, seed=model.seed)
        examine(start)
        job = Job("pretrained", "scratch", model.seed, start, Material(text=arguments.text), recipe, arguments.out)
        card = recorded_training.learn(
            lambda logger: loop.train(job, runtime, logger, recorded_training.RESUME),
            replace(subject, datasets=job.datasets),
            arguments.record,
        )
        shutil.rmtree(start)
    print(f"pretrained: {card['name']}, {card['final']}{learned.remark(card['final'])}")


if __name__ == "__main__":
    main()
