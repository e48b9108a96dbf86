"""Plain text for MLM below data/text/: one file a language, and a part held out for perplexity."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xstilts import preparation
from xstilts.formats import atomic

HELDOUT_SHARE = 50  # one line in so many is held out,
HELDOUT_MOST = 500  # or fewer, so that about so many are


def write(folder: Path, settings: Mapping[str, Any]) -> dict[str, int]:
    """Write `<code>.txt` and `heldout/<code>.txt` for every language of the settings; lines by language.

    Args:
        folder: data/text.
        settings: `data` of params.yaml; `languages` limits the languages and `limits.text` the lines of each, where
            they are given.
    """
    lines = preparation.text(tuple(settings.get("languages", ())), settings)
    most = int((settings.get("limits") or {}).get("text", 0))
    with atomic.whole(folder) as aside:
        (aside / "heldout").mkdir()
        for code, found in sorted(lines.items()):
            chosen = random.Random(0).sample(range(len(found)), min(most or len(found), len(found)))
            rows = lines[code] = [found[place] for place in sorted(chosen)]
            step = max(HELDOUT_SHARE, len(rows) // HELDOUT_MOST)
            heldout = rows[::step]
            kept = [row for place, row in enumerate(rows) if place % step]
            seen = set(heldout)
            _write(aside / "heldout" / f"{code}.txt", heldout)
            _write(aside / f"{code}.txt", [row for row in kept if row not in seen])
    return {code: len(rows) for code, rows in lines.items()}


def _write(path: Path, rows: list[str]) -> None:
    path.write_text("".join(row.replace("\n", " ") + "\n" for row in rows), encoding="utf-8", newline="\n")
