"""One run's metrics in every language: a record that git keeps, mirrored in MLflow."""

import argparse
from pathlib import Path

from xstilts.formats import typed_yaml
from xstilts.formats.runs import RunKey
from xstilts.scoring import score_run


def main() -> None:
    """Write scores/<intermediate>/<target>/seed<k>.json and log it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("intermediate")
    parser.add_argument("target")
    parser.add_argument("seed", type=int)
    arguments = parser.parse_args()
    key = RunKey(arguments.intermediate, arguments.target, arguments.seed)
    study = typed_yaml.section("params.yaml", "study", str)
    profile = typed_yaml.section("params.yaml", "profile", str)
    record = score_run.measure(key, Path(), study=study, profile=profile)
    print(f"{key}: {score_run.summary(record)}")


if __name__ == "__main__":
    main()
