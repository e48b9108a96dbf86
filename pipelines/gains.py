"""Scores in MLflow → the gain of every pair of runs, measured and published; what MLflow lacks is restored first."""

import argparse
import itertools
from pathlib import Path

from xstilts.analysis import gains, published
from xstilts.formats import typed_yaml
from xstilts.formats.runs import RunKey
from xstilts.formats.typed_yaml import Count
from xstilts.tracking import records, scores


def main() -> None:
    """Write results/gains.csv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=Path, default=Path("scores"))
    parser.add_argument("--trainings", type=Path, default=Path("trainings"))
    parser.add_argument("--published", type=Path, default=Path("data/published"))
    parser.add_argument("--out", type=Path, default=Path("results/gains.csv"))
    parser.add_argument("--logged", type=Path, default=Path("mlruns/gains.txt"))
    arguments = parser.parse_args()
    names = tuple[str, ...]
    study = typed_yaml.section("params.yaml", "study", str)
    intermediates = typed_yaml.section("params.yaml", "intermediates", names)
    targets = typed_yaml.section("params.yaml", "targets", names)
    seeds = typed_yaml.section("params.yaml", "seeds", tuple[Count, ...])
    keys = [RunKey(*key) for key in itertools.product(intermediates, targets, seeds)]
    profile = typed_yaml.section("params.yaml", "profile", str)
    recorded = scores.restore(arguments.records, trainings=arguments.trainings, study=study, profile=profile, keys=keys)
    found = scores.read(study, among=recorded)
    notes = {printed.name: printed.about() for printed in published.studies(arguments.published)}
    scores.log_published(published.scores(arguments.published), notes)
    found += [score for printed in sorted(notes) for score in scores.read(printed)]
    made = records.read_scores(arguments.records, keys)
    paired = gains.pair(found, gains.chances(made), gains.failures(made))
    gains.write(arguments.out, paired)
    # DVC runs this stage where the file is missing: a clone whose store is still empty.
    arguments.logged.write_text("The scores and printed studies are in the store.\n", encoding="utf-8")
    print(f"{len(paired)} gains of {len({gain.study for gain in paired})} studies")


if __name__ == "__main__":
    main()
