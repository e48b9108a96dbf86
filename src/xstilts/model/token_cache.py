"""Each file is tokenised once: flat id arrays on disk, found by content, mapped into memory, shared by a whole grid.

The name of an entry is the digest of everything that its arrays depend on: the examples' files, the tokenizer, the
lengths, the labels, and what the code that encodes does. Whoever comes first writes it aside and renames it, so that
processes may meet here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xstilts.formats import atomic, fingerprints
from xstilts.model.batching import Encoded

FOLDER = Path(".xstilts/encoded")
_CARD = "card.json"
_SMALL = 1 << 12  # bytes: nothing is won by mapping these, and an empty array cannot be mapped
_COLUMNS = ("token_targets", "sequence_targets", "item_targets")


def cached(
    files: Sequence[Path],
    modules: Sequence[Any],
    settings: Mapping[str, Any],
    make: Callable[[], tuple[Encoded, Mapping[str, Any]]],
    folder: Path = FOLDER,
) -> tuple[Encoded, dict[str, Any]]:
    """What `make` gives, from disk if it was made before.

    Args:
        files: what it reads: examples and the tokenizer.
        modules: whose code decides what it gives.
        settings: what else does; JSON.
        make: gives sequences and what `decode` needs beside them: arrays, and values that JSON holds.
        folder: of all entries.

    Raises:
        ValueError: an entry is damaged; the message names it.
    """
    sources = [Path(module.__file__) for module in modules]
    content = [fingerprints.of_file(path) for path in files]
    behaviour = [fingerprints.of_source(path) for path in sources]
    place = Path(folder) / fingerprints.of([content, behaviour, dict(settings)])
    if not place.exists():
        _write(place, *make())
    try:
        return _read(place)
    except Exception as error:
        raise ValueError(
            f"{place} is damaged ({type(error).__name__}: {error}); delete the folder, the next run makes it again"
        ) from error


def _write(place: Path, encoded: Encoded, context: Mapping[str, Any]) -> None:
    arrays = {"ids": encoded.ids, "offsets": encoded.offsets, "items": encoded.items}
    arrays |= {} if encoded.types is None else {"types": encoded.types}
    arrays |= {f"{kind}.{name}": array for kind in _COLUMNS for name, array in getattr(encoded, kind).items()}
    arrays |= {f"context.{name}": value for name, value in context.items() if isinstance(value, np.ndarray)}
    values = {name: value for name, value in context.items() if not isinstance(value, np.ndarray)}
    card = json.dumps({"arrays": sorted(arrays), "context": values}, ensure_ascii=False)
    with atomic.shared(place) as aside:
        for name, array in arrays.items():
            np.save(aside / f"{name}.npy", array)
        (aside / _CARD).write_text(card, "utf-8")


def _read(place: Path) -> tuple[Encoded, dict[str, Any]]:
    card = json.loads((place / _CARD).read_text("utf-8"))
    arrays = {name: _load(place / f"{name}.npy") for name in card["arrays"]}
    columns = {
        kind: {name.removeprefix(f"{kind}."): array for name, array in arrays.items() if name.startswith(f"{kind}.")}
        for kind in (*_COLUMNS, "context")
    }
    encoded = Encoded(
        ids=arrays["ids"],
        offsets=arrays["offsets"],
        items=arrays["items"],
        types=arrays.get("types"),
        token_targets=columns["token_targets"],
        sequence_targets=columns["sequence_targets"],
        item_targets=columns["item_targets"],
    )
    return encoded, {**card["context"], **columns["context"]}


def _load(path: Path) -> np.ndarray:
    array: np.ndarray = np.load(path, mmap_mode="r" if path.stat().st_size > _SMALL else None)
    return array
