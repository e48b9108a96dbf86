"""Time and memory of the analysis of a full grid: 12 intermediates × 9 targets × 40 languages × 3 seeds.

    python benchmarks/analysis.py [--draws 2000] [--xtreme]

Every target is scored in all forty languages, which is more than XTREME has; `--xtreme` keeps each target's own.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from xstilts import tasks
from xstilts.analysis import gains, pipeline, simulation
from xstilts.analysis.settings import Analysis
from xstilts.distances import from_english as distances
from xstilts.distances import grambank, imputation
from xstilts.languages import table as languages

TARGETS = ("xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "tydiqa", "bucc2018", "tatoeba")


def main() -> None:
    """Simulate, analyse, write, and print seconds and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--intermediates", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--xtreme", action="store_true", help="each target in its own languages only")
    arguments = parser.parse_args()
    codes = [language.code for language in languages.xtreme()]
    far = distances.table(codes, 1)
    far += [row for row in grambank.read() if row.language in codes]
    imputed = imputation.impute(codes, 1)
    known = {row.language: row.value for row in far if row.distance == "syntactic" and row.value is not None}
    foreign = [code for code in codes if code != languages.ENGLISH]
    scored = {name: [code for code in tasks.get(name).languages if code in foreign] for name in TARGETS}
    grid = scored if arguments.xtreme else dict.fromkeys(TARGETS, foreign)
    names = [f"intermediate{number}" for number in range(arguments.intermediates)]
    scores = simulation.scores(simulation.SimulatedScores(), grid, known, np.random.default_rng(1), intermediates=names)
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    shared = pages * resource.getpagesize() / 1024
    start = time.perf_counter()
    paired = gains.pair(scores)
    settings = Analysis(draws=arguments.draws, bootstrap=arguments.draws)
    results = pipeline.analyse(paired, far, imputed, settings=settings, workers=arguments.workers)
    with tempfile.TemporaryDirectory() as folder:
        gains.write(Path(folder) / "gains.csv", paired)
        pipeline.write(Path(folder), results)
    seconds = time.perf_counter() - start
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    # What a process had when it was forked is shared; every other page counts once per process.
    peak = (own + arguments.workers * max(0, child - shared)) / 2**20
    print(f"{len(scores)} scores, {len(results.tables['correlations'])} correlations, {arguments.draws} draws")
    print(f"{seconds:.1f} s, peak memory {peak:.2f} GiB")
    facts = {"scores": len(scores), "correlations": len(results.tables["correlations"]), "draws": arguments.draws}
    print(json.dumps({"benchmark": "analysis", **facts, "wall_seconds": seconds, "peak_gib": peak}))


if __name__ == "__main__":
    main()
