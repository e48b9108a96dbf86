"""`xstilts trace RUN`: from a number in the report back to its record, MLflow run, files, trainings and commit.

Every link is checked as it is printed; a broken one is named, and then the command fails.
"""

import argparse
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.formats import checkpoints, fingerprints, tables
from xstilts.formats.runs import BASELINE, RunKey
from xstilts.tracking import records, scores, store, sync
from xstilts.tracking.lineage import Trainings
from xstilts.tracking.run_content import RunContent

_ASKED = "<intermediate>/<target>/seed<k>[/<metric>/<code>], such as mnli/xnli/seed1/accuracy/swh"


@dataclass(frozen=True)
class Link:
    """One link of the chain; `broken` says what is wrong with it, empty where nothing is."""

    name: str
    text: str
    broken: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("run", help=_ASKED)
    parser.add_argument("--repository", type=Path, default=Path(), help="the repository's root (default: here)")


def run(arguments: argparse.Namespace) -> int:
    """Print the chain; 1 if a link of it is broken."""
    key, metric = parse(arguments.run)
    broken = 0
    for link in chain(arguments.repository, key, metric):
        print(f"{link.name:<13} {link.text}")  # noqa: T201
        if link.broken:
            print(f"{'':<13} BROKEN: {link.broken}")  # noqa: T201
            broken += 1
    print("every link holds" if not broken else f"{broken} of the links above are broken")  # noqa: T201
    return 1 if broken else 0


def parse(text: str) -> tuple[RunKey, str]:
    """What is asked for: a run, and a metric name such as `accuracy/swh` or nothing.

    Raises:
        ValueError: it is not of that form.
    """
    parts = text.strip("/").split("/")
    if len(parts) in (3, 5) and parts[2].startswith("seed") and parts[2][4:].isdigit():
        return RunKey(parts[0], parts[1], int(parts[2][4:])), "/".join(parts[3:])
    raise ValueError(f"{text!r} names no run; write {_ASKED}")


def chain(root: Path, key: RunKey, metric: str = "") -> Iterator[Link]:
    """The links from a number back to files and commit.

    Args:
        root: the repository.
        key: the run.
        metric: `<metric>/<code>`, or empty for the run as a whole.

    Raises:
        ValueError: no run has been scored there.
    """
    if not (root / "scores").is_dir():
        raise ValueError(
            f"{root.absolute()} has no scores/: start this in the root of the repository, after `dvc repro` or "
            "`dvc pull`, or name it by --repository"
        )
    path = root / "scores" / f"{key.path}.json"
    if not path.exists():
        yield Link("record", str(path), f"there is no such record; known runs: {_known(root / 'scores')}")
        return
    try:
        made = records.read(path)
    except ValueError as error:
        yield Link("record", str(path), str(error))
        return
    if metric:
        if metric not in made["values"]:
            allowed = ", ".join(made["values"])
            yield Link("value", metric, f"the record of {key} has no {metric!r}; it has {allowed}")
            return
        yield Link("value", f"{metric} = {made['values'][metric]} points, on {_examples(made, metric)} examples")
        yield from _gain(root, key, metric, made)
    yield Link("record", f"{path} (digest {made['digest'][:12]}, fingerprint {made['fingerprint'][:12]})")
    runs = [run.entry for run in Trainings(root / "trainings").behind(made)]
    yield from _in_store(made, metric, _restoring(root), runs)
    for name, row in made["inputs"].items():
        yield _file(root, name, row["path"], row["sha256"])
    if made["training_run"]["fingerprint"] not in {entry.fingerprint for entry in runs}:
        yield Link("training", f"{made['training_run']['fingerprint'][:12]}: no record here; `dvc pull` brings it")
    for entry in reversed(runs):
        yield _training(entry)
        yield from _checkpoint(root, entry)
        for row in entry.datasets:
            yield _file(root, f"  {row.get('context') or 'data'}", row["source"], row["digest"], _about(row))
    yield from _commits(root, made, runs)


def _gain(root: Path, key: RunKey, metric: str, made: Mapping[str, Any]) -> Iterator[Link]:
    """The row of the report's table that this number is one side of."""
    table = root / "results" / "gains.csv"
    if key.intermediate == BASELINE or not table.exists():
        return
    name, _, code = metric.rpartition("/")
    wanted = {
        "study": made["study"],
        "intermediate": key.intermediate,
        "target": key.target,
        "metric": name,
        "language": code,
        "seed": str(key.seed),
    }
    rows = tables.read_csv(table, (*wanted, "before", "after", "gain"))
    row = next((row for row in rows if all(row[word] == wanted[word] for word in wanted)), None)
    if row is None:
        yield Link("gain", f"{table}: no row for it", "the table is older than the record; run `dvc repro gains`")
        return
    text = f"{table}: {row['after']} - {row['before']} ({key.baseline}) = {row['gain']}"
    same = float(row["after"]) == made["values"][metric]
    yield Link(
        "gain", text, "" if same else f"`after` is not the record's {made['values'][metric]}; run `dvc repro gains`"
    )


def _restoring(root: Path) -> str:
    """The command that gives the store what it lacks; an archived study (docs/studies/) is no pipeline."""
    kept = (root / "params.yaml").exists() and not (root / "dvc.yaml").exists()
    return f"xstilts regenerate {root} --out DIR" if kept else "dvc repro -f -s gains"


def _in_store(made: Mapping[str, Any], metric: str, restoring: str, runs: Sequence[RunContent]) -> Iterator[Link]:
    entry = scores.entry(made)
    there = store.connect()
    run = sync.find(there, entry.study, entry.fingerprint)
    if run is None:
        yield Link("MLflow run", f"{there}, study {entry.study}", f"it is not there; `{restoring}` restores it")
        return
    yield Link(
        "MLflow run",
        f"{run.info.run_id} in {there}, study {entry.study}, {run.info.status}, "
        f"{'superseded' if run.data.tags.get('superseded') == 'true' else 'current'}",
        _disagreement(run, entry) or _edited(there, run, metric, made),
    )
    for one in runs:
        parent = sync.find(there, one.study, one.fingerprint)
        lost = "" if parent else f"MLflow has no run of {one.name}; `{restoring}` restores it"
        yield Link("  parent" if one.fingerprint == entry.parent else "  training", _run_id(parent, one.name), lost)


def _disagreement(run: Any, entry: RunContent) -> str:
    try:
        sync.agree(run, entry)
    except store.StoreError as error:
        return str(error)
    return ""


def _edited(there: store.Store, run: Any, metric: str, made: Mapping[str, Any]) -> str:
    """Whether the run's history of a metric holds anything but the one value that was measured."""
    points = there.history(run.info.run_id, metric) if metric else []
    values = [point[1] for point in points]
    if metric and values != [made["values"][metric]]:
        return f"the history of {metric} in MLflow is {values}; the record has {made['values'][metric]} alone"
    return ""


def _file(root: Path, name: str, path: str, digest: str, about: str = "") -> Link:
    text = f"{path} (sha256 {digest[:12]}){about}"
    if not (root / path).exists():
        return Link(name, f"{text}: not here; `dvc pull` brings it")
    found = fingerprints.of_path(root / path)
    return Link(name, text, "" if found.startswith(digest) else f"{path} has changed: its sha256 is now {found}")


def _training(entry: RunContent) -> Link:
    ends = ", ".join(f"{name} {value:.4g}" for name, value in sorted(entry.metrics.items()) if "/" in name)
    return Link("training", f"{entry.name} (fingerprint {entry.fingerprint[:12]}){': ' + ends if ends else ''}")


def _checkpoint(root: Path, entry: RunContent) -> Iterator[Link]:
    """The checkpoint that a training left, against the digests in its card."""
    folder = Path("checkpoints", entry.name if entry.tags.get("phase") != "pretrained" else "pretrained")
    if not (root / folder).exists():
        yield Link("  checkpoint", f"{folder}: not here; `dvc pull` brings it")
        return
    try:
        card = checkpoints.read_card(root / folder)
        dropped = checkpoints.dropped(root / folder, card)
        if not dropped:
            checkpoints.check(root / folder)
    except ValueError as error:
        yield Link("  checkpoint", str(folder), str(error))
        return
    other = f"it comes from another training ({card['fingerprint']}); run `dvc repro`"
    held = "weights dropped after prediction" if dropped else "card holds"
    yield Link("  checkpoint", f"{folder} ({held})", "" if card["fingerprint"] == entry.fingerprint else other)


def _commits(root: Path, made: Mapping[str, Any], runs: list[RunContent]) -> Iterator[Link]:
    commits = {"scored": made["provenance"]} | {entry.name: entry.tags for entry in reversed(runs)}
    for what, told in commits.items():
        commit = str(told.get("git_commit", "unknown"))
        dirty = str(told.get("git_dirty", "")).lower() == "true"
        text = f"{what} at {commit}{', sources differed from it' if dirty else ''}"
        yield Link("commit", text, _unknown_commit(root, commit))


def _unknown_commit(root: Path, commit: str) -> str:
    if commit == "unknown":
        return ""
    asked = ["git", "-C", str(root), "cat-file", "-e", f"{commit}^{{commit}}"]
    try:
        there = subprocess.run(asked, capture_output=True, check=False).returncode == 0
    except OSError as error:
        return f"git does not run: {error}"
    return "" if there else "this repository does not have that commit; `git fetch` may bring it"


def _run_id(run: Any, name: str) -> str:
    return f"{run.info.run_id if run else 'missing'}: {name}"


def _about(row: Mapping[str, str]) -> str:
    return f", {row['licence']}" if row.get("licence") else ""


def _examples(made: Mapping[str, Any], metric: str) -> int:
    return int(made["examples"][metric.rpartition("/")[2]])


def _known(folder: Path) -> str:
    known = [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.glob("*/*/seed*.json"))]
    return ", ".join(known[:8]) + (" …" if len(known) > 8 else "") if known else "none"
