"""Loads tasks from the Hub in a process of its own: HF_ENDPOINT and HF_HOME count only before `datasets` is imported.

Reads `{"tasks": [names], "settings": {…}}` from standard input; writes one pickle of
`{name: Prepared or the error's text}`.
"""

import json
import pickle
import sys

from xstilts import tasks
from xstilts.preparation import hub


def main() -> None:
    asked = json.load(sys.stdin)
    found = {}
    for name in asked["tasks"]:
        try:
            found[name] = hub.load(tasks.get(name), asked["settings"])
        except ValueError as error:
            found[name] = str(error)
    if asked.get("text"):
        found["text"] = hub.text(tuple(asked["text"]), asked["settings"])
    sys.stdout.buffer.write(pickle.dumps(found))


if __name__ == "__main__":
    main()
