"""Send what DVC's own push leaves behind: outputs that git keeps (`cache: false`), such as metrics.

    python -m xstilts.commands.grid.exchange STAGE

The run-cache names such outputs and the local cache holds them, but `dvc push --run-cache` (3.67) does not send them,
so that another clone would run the stage again for want of them.
"""

import sys
from pathlib import Path

from dvc.repo import Repo


def send(root: Path, stage: str) -> int:
    """Push a stage's uncached outputs to the default remote; how many files were new there."""
    sent = 0
    with Repo(str(root), _wait_for_lock=True) as repo, repo.lock:
        for found in repo.stage.collect(stage):
            for out in found.outs:
                if out.use_cache:
                    continue
                out.use_cache = True  # of this object in memory: its files are asked for below as if DVC kept them
                for objects in out.get_used_objs().values():
                    sent += len(repo.cloud.push(objects).transferred)
    return sent


if __name__ == "__main__":
    print(f"{send(Path.cwd(), sys.argv[1])} uncached files pushed")  # noqa: T201
