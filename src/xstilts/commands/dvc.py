"""DVC's command line, with a stage's entry in dvc.lock changed in place, and scripts of stages as forks.

    xstilts dvc repro …          or: python -m xstilts.commands.dvc repro …

After every stage DVC 3.67 parses dvc.lock and writes it again whole, in pure Python: 1.1 ms for each dependency of each
stage in the grid, so that its cost grows with the square of the grid (docs/cluster.md). Here the text of the other
stages stays as it is, and only the entry that changed is written, by DVC's own functions. The file is the same, byte
for byte, and it is replaced in one move, so that no kill cuts it off. A file that is not as DVC writes it goes DVC's
way.

Where a fork server listens (`xstilts.commands.fork_server`), a stage's script is a fork of it. SIGTERM is an interrupt
by the user: what runs is ended, and DVC frees its locks. Nothing else of DVC is touched; its Python interface is not
promised to be stable, and constraints.txt pins it.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

from dvc.cli import main as dvc_main
from dvc.dvcfile import Lockfile, logger
from dvc.stage import run as running
from dvc.stage import serialize
from dvc.stage.exceptions import StageCmdFailedError
from dvc.utils.serialize import dumps_yaml

from xstilts.commands import forked, supervised
from xstilts.commands.fork_server import TIMES
from xstilts.formats import atomic

_HEAD = "schema: '2.0'\nstages:\n"
_NAME = re.compile(r"^  ([A-Za-z0-9_.][A-Za-z0-9_.@-]*):\n", re.MULTILINE)  # a stage's name, as YAML writes it unquoted
_TOP = re.compile(r"^(?:  )?[^ \n].*\n?", re.MULTILINE)  # every line at the indentation of a stage's name, or less
# A list or mapping that params.yaml names twice: YAML writes it once (&id001) and refers to it (*id001).
_SHARED = re.compile(r"^( *(?:- )*(?:[^\s:]+: )?)([&*])id(\d{3,})( \[\]| \{\})?$", re.MULTILINE)

_whole = Lockfile.dump_stages
_stage = running.cmd_run
_command = running._run
_worked: list[float | None] = []  # seconds of each command of the stage that runs, None where nobody took them


def configure(parser: argparse.ArgumentParser) -> None:
    """Its arguments are DVC's."""
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="…", help="such as: repro, status")


def run(asked: argparse.Namespace) -> int:
    """`xstilts dvc …`; DVC's exit status."""
    return main(asked.words)


def main(words: list[str]) -> int:
    """Run DVC's command line; its exit status."""
    supervised.heed()
    Lockfile.dump_stages = dump_stages
    running.cmd_run = run_stage
    running._run = run_command
    return int(dvc_main(words) or 0)


def run_stage(stage: Any, **options: Any) -> None:
    """What `dvc.stage.run.cmd_run` does: a stage's commands; and note what they took."""
    began = time.monotonic()
    _worked.clear()
    try:
        _stage(stage, **options)
    finally:
        path = os.environ.get(TIMES)
        if path and not options.get("dry"):
            worked = None if None in _worked else sum(seconds or 0.0 for seconds in _worked)
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps([stage.addressing, time.monotonic() - began, worked]) + "\n")


def run_command(executable: str | None, cmd: str, **options: Any) -> None:
    """What `dvc.stage.run._run` does: one command, as a fork where there is one for it."""
    fork = forked.ask(cmd, options["cwd"], options["env"])
    if fork is None:
        _worked.append(None)
        try:
            _command(executable, cmd, **options)
        except KeyboardInterrupt:
            supervised.end()
            raise
        return
    status, seconds = fork.wait()
    _worked.append(seconds)
    if status:
        raise StageCmdFailedError(cmd, status)


def dump_stages(self: Any, stages: list[Any], **options: Any) -> None:
    """What `dvc.dvcfile.Lockfile.dump_stages` does: the entries of these stages replace theirs, or stand at the end."""
    path = Path(self.path)
    text = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    changed = text
    for stage in stages:
        entry = dumps_yaml({"stages": serialize.to_lockfile(stage, **options)}).removeprefix("stages:\n")
        found = _put(changed, stage.name, entry)
        if found is None:
            _whole(self, stages, **options)
            return
        changed = found
    if changed == text:
        return
    logger.info("%s lock file '%s'", "Updating" if path.exists() else "Generating", self.relpath)
    atomic.write(path, changed)
    self.repo.scm_context.track_file(self.relpath)


def _put(text: str, name: str, entry: str) -> str | None:
    """The text of dvc.lock with one stage's entry put in; None if the text is not as DVC writes it."""
    names = list(_NAME.finditer(text))
    plain = len(_TOP.findall(text)) == 2 + len(names) and text.startswith(_HEAD) and text.endswith("\n")
    if not plain or not _NAME.match(entry):
        return None
    places = [place for place, match in enumerate(names) if match.group(1) == name]
    if len(places) > 1:
        return None
    begin, end = len(text), len(text)
    if places:
        begin = names[places[0]].start()
        end = names[places[0] + 1].start() if places[0] + 1 < len(names) else len(text)
    return _numbered(text[:begin] + entry + text[end:])


def _numbered(text: str) -> str | None:
    """The text with what is shared within stages numbered through the file, as YAML does; None if it is amiss."""
    numbers: dict[str, int] = {}
    made = 0

    def number(found: re.Match[str]) -> str:
        nonlocal made
        before, sign, old, after = found.groups(default="")
        if sign == "&":
            made += 1
            numbers[old] = made
        return f"{before}{sign}id{numbers[old]:03d}{after}"

    try:
        return _SHARED.sub(number, text)
    except KeyError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
