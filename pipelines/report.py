"""The report: one HTML page, one Markdown summary, figures; logged to MLflow as artifacts of a run of its own."""

import argparse
from pathlib import Path

import yaml

from xstilts import report
from xstilts.tracking import provenance, scores


def main() -> None:
    """Write reports/ from results/ and data/published/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, help="the study that the report's MLflow run belongs to")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--published", type=Path, default=Path("data/published"))
    parser.add_argument("--out", type=Path, default=Path("reports"))
    parser.add_argument("--fact", action="append", default=[], metavar="NAME=VALUE", help="a line of the methods table")
    parser.add_argument("--logged", type=Path, default=Path("mlruns/report.txt"))
    arguments = parser.parse_args()
    facts = []
    for fact in arguments.fact:
        name, equals, value = fact.partition("=")
        if not equals:
            parser.error(f"--fact {fact!r}: write NAME=VALUE")
        facts.append((name, value))
    settings = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    origin = report.origin.measured(settings["model"], settings["data"], provenance.commit())
    context = report.Context(versions=provenance.versions(), facts=facts, origin=origin)
    written = report.write(arguments.results, arguments.out, published=arguments.published, context=context)
    scores.log_report(arguments.out, report.verdicts(arguments.results), study=arguments.study, note=origin.note)
    # DVC runs this stage where the file is missing: a clone whose store is still empty.
    arguments.logged.write_text("The report is in the store.\n", encoding="utf-8")
    print(f"{len(written)} files; open {arguments.out / 'index.html'}")


if __name__ == "__main__":
    main()
