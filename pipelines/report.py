"""The report: one HTML page, one Markdown summary, figures; logged to MLflow as artifacts of a run of its own."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xstilts import report
from xstilts.formats import typed_yaml
from xstilts.tracking import provenance, scores


def main() -> None:
    """Write reports/ from results/ and data/published/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--published", type=Path, default=Path("data/published"))
    parser.add_argument("--out", type=Path, default=Path("reports"))
    parser.add_argument("--logged", type=Path, default=Path("mlruns/report.txt"))
    arguments = parser.parse_args()
    study = typed_yaml.section("params.yaml", "study", str)
    profile = typed_yaml.section("params.yaml", "profile", str)
    model = typed_yaml.section("params.yaml", "model", Mapping[str, Any])
    data = typed_yaml.section("params.yaml", "data", Mapping[str, Any])
    origin = report.origin.measured(model, data, provenance.commit())
    context = report.Context(versions=provenance.versions(), facts=[("profile", profile)], origin=origin)
    written = report.write(arguments.results, arguments.out, published=arguments.published, context=context)
    scores.log_report(arguments.out, report.verdicts(arguments.results), study=study, note=origin.note)
    # DVC runs this stage where the file is missing: a clone whose store is still empty.
    arguments.logged.write_text("The report is in the store.\n", encoding="utf-8")
    print(f"{len(written)} files; open {arguments.out / 'index.html'}")


if __name__ == "__main__":
    main()
