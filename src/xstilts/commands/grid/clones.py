"""A clone of the repository for each machine, where the machines share no folder.

What git knows travels as a bundle, made once and handed to every worker by the engine, so that no git server is
needed; what stages make travels through the DVC remote and the run-cache. The clones are kept: a later run fetches
only what is new.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xstilts.formats import atomic

FOLDER = Path(".xstilts/clones")
_REF = "refs/xstilts/grid"
_MADE = ".xstilts/grid/snapshot"
_PERSON = {f"GIT_{who}_{what}": "xstilts grid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass(frozen=True)
class Source:
    """What a clone is made of.

    Attributes:
        folder: below which the clones lie, on every machine.
        names: the clone of each node that was there at the start, by the engine's id of the node.
        head: the commit that is checked out in the main workspace; stages note it as their provenance.
        snapshot: a commit with the main workspace's files as they are, also those that are not committed.
        settings: DVC's local settings for a clone, with the remote's full address.
    """

    folder: str
    names: Mapping[str, str]
    head: str
    snapshot: str
    settings: Mapping[str, Any]

    def place(self, node: str) -> Path:
        """The clone of a node."""
        return Path(self.folder) / self.names.get(node, node[:12])


def names(nodes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A name for each node's clone that is the same the next time: its host, numbered where it has several."""
    found: dict[str, str] = {}
    for node in sorted(nodes, key=lambda node: (node["NodeManagerHostname"], node["NodeManagerPort"])):
        host = node["NodeManagerHostname"]
        number = sum(name.partition("--")[0] == host for name in found.values())
        found[node["NodeID"]] = f"{host}--{number + 1}" if number else host
    return found


def source(root: Path, folder: Path, named: Mapping[str, str]) -> tuple[Source, bytes]:
    """What clones of this workspace are made of, and the git bundle.

    Raises:
        ValueError: no DVC remote is set, or git cannot say what the workspace holds.
    """
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        remote = repo.config["core"].get("remote")
        if not remote:
            raise ValueError(
                "`--clones` exchanges outputs through a DVC remote, and none is the default here; set one that every "
                "machine reaches: dvc remote add --default NAME URL"
            )
        settings: dict[str, Any] = dict(repo.config.load_one("local"))
        remotes = dict(settings.get("remote", {}))
        remotes[remote] = {**remotes.get(remote, {}), "url": str(repo.config["remote"][remote]["url"])}
        settings["remote"] = remotes
    head = git(root, "rev-parse", "HEAD")
    snapshot = _snapshot(root, head)
    git(root, "update-ref", _REF, snapshot)
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch, "bundle")
        git(root, "bundle", "create", "--quiet", str(bundle), _REF, "HEAD")
        content = bundle.read_bytes()
    return Source(str(folder), dict(named), head, snapshot, settings), content


def prepare(made: Source, bundle: bytes, place: Path) -> None:
    """Make a clone hold the snapshot, once a snapshot; its ignored files (outputs, cache) stay.

    Raises:
        ValueError: git failed.
    """
    from dvc.config import Config  # here, because every worker imports this module and few need DVC itself

    with _alone(place):
        mark = place / _MADE
        if mark.exists() and mark.read_text(encoding="utf-8") == made.snapshot:
            return
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch, "bundle")
            file.write_bytes(bundle)
            if not (place / ".git").exists():
                git(place.parent, "clone", "--quiet", "--no-checkout", str(file), str(place))
            git(place, "fetch", "--quiet", str(file), f"+{_REF}:{_REF}")
        git(place, "checkout", "--quiet", "--force", "--detach", made.head)
        git(place, "clean", "--quiet", "--force", "-d")
        git(place, "restore", f"--source={made.snapshot}", "--worktree", "--", ".")
        with Config(dvc_dir=str(place / ".dvc")).edit("local") as config:
            config.clear()
            config.update(made.settings)
        atomic.write(mark, made.snapshot)


def share(root: Path, stages: Sequence[str]) -> None:
    """Send what is up to date in the main workspace to the remote, so that no clone makes it again."""
    if stages:
        dvc(root, "push", "--quiet", "--run-cache", *stages)


def collect(root: Path, stages: Sequence[str]) -> list[str]:
    """Bring what the clones made into the main workspace and its dvc.lock, through the run-cache.

    Args:
        root: the main workspace.
        stages: those that are done, each after what it needs.

    Returns:
        The stages that DVC ran again here, which are none unless the remote lost something.
    """
    if not stages:
        return []
    log = dvc(root, "repro", "--single-item", "--pull", *stages)
    return [line.split("'")[1] for line in log.splitlines() if line.startswith("Running stage '")]


def restore(root: Path) -> None:
    """Log what the clones measured to this workspace's MLflow store, if the workspace is of this package."""
    if not (root / "scores").is_dir():
        return
    from xstilts.formats import typed_yaml
    from xstilts.tracking import scores

    with contextlib.chdir(root):
        trainings = Path("trainings")
        scores.restore(
            Path("scores"),
            trainings=trainings if trainings.is_dir() else None,
            study=typed_yaml.section("params.yaml", "study", str),
            profile=typed_yaml.section("params.yaml", "profile", str),
        )


def git(folder: Path, *words: str, environment: Mapping[str, str] | None = None) -> str:
    """What git prints.

    Raises:
        ValueError: it failed; with what it said.
    """
    return _run(folder, "git", *words, environment=environment)


def dvc(folder: Path, *words: str) -> str:
    """What DVC prints, run by this Python.

    Raises:
        ValueError: it failed; with what it said.
    """
    return _run(folder, sys.executable, "-m", "dvc", "--wait-for-lock", *words)


def _snapshot(root: Path, head: str) -> str:
    """A commit of the workspace's files; git's own index and branches are not touched."""
    with tempfile.TemporaryDirectory() as scratch:
        aside = {"GIT_INDEX_FILE": str(Path(scratch, "index"))}
        git(root, "read-tree", "HEAD", environment=aside)
        git(root, "add", "--all", environment=aside)
        tree = git(root, "write-tree", environment=aside)
    if tree == git(root, "rev-parse", "HEAD^{tree}"):
        return head
    return git(root, "commit-tree", "-p", head, "-m", "workspace of xstilts grid", tree, environment=_PERSON)


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_name(f"{place.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(folder: Path, *words: str, environment: Mapping[str, str] | None = None) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ValueError(f"{' '.join(words[:6])} … in {folder} failed:\n{(done.stdout + done.stderr)[-4000:].strip()}")
    return done.stdout.strip()
