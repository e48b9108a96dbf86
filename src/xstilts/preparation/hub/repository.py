"""Tables of the Hugging Face Hub at a known commit, through `datasets`.

`datasets` decides what is downloaded, cached and read again (`HF_ENDPOINT`, `HF_HOME`, `HF_HUB_OFFLINE` and a login
work as everywhere); this module decides which commit is read, and finds out which one was. That cannot be left to
`datasets`: with the Hub out of reach it takes the newest copy in its cache, whatever revision was asked for.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
from huggingface_hub.errors import OfflineModeIsEnabled

from xstilts.tasks.task import HubSource

COMMIT = re.compile(r"[0-9a-f]{40}")
CONVERTED = "refs/convert/parquet"  # the Hub's own conversion of data sets that are still loading scripts
BATCH = 1000
# By name: huggingface_hub has changed its HTTP library twice, and its errors of transport are no classes of its own.
UNREACHABLE = ("ConnectError", "ConnectTimeout", "ReadTimeout", "ReadError", "ProxyError", "ConnectionError")


@dataclass(frozen=True)
class HubTable:
    """One split of a data set. `revision` is the commit that it was read at, or `saved` for a folder."""

    name: str
    revision: str
    data: datasets.Dataset

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows, numbered from 0."""
        number = 0
        for batch in self.data.iter(batch_size=BATCH):
            names = list(batch)
            for values in zip(*(batch[name] for name in names), strict=True):
                yield number, dict(zip(names, values, strict=True))
                number += 1

    def classes(self, column: str) -> tuple[str, ...] | None:
        """The names of a column's classes (or of the elements of its lists), None if it holds no classes."""
        feature = self.data.features[column]
        feature = getattr(feature, "feature", feature)
        return tuple(feature.names) if isinstance(feature, datasets.ClassLabel) else None

    def sha256(self) -> str:
        """A hash of the contents: of every row as JSON, in order."""
        digest = hashlib.sha256()
        for _, row in self.rows():
            digest.update(json.dumps(row, ensure_ascii=False, sort_keys=True, default=str).encode() + b"\n")
        return digest.hexdigest()


class Repositories:
    """The data sets that one task is made of; each commit is looked up once and each table opened once."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.heads: dict[tuple[str, str | None], tuple[str | None, bool]] = {}
        self.tables: dict[str, HubTable] = {}

    def table(self, source: HubSource) -> HubTable:
        """One split: from a saved folder, the Hub, or the Hub's conversion of a loading script, in this order.

        A folder is looked for below `data.saved` as `<id>/<config>` (`default` where there is none), as
        `DatasetDict.save_to_disk` writes it.

        Raises:
            ValueError: it is nowhere, or not at the commit asked for; the message says what was tried and what to do.
        """
        name = f"{source.path}/{source.config or 'default'}/{source.split}"
        if name not in self.tables:
            self.tables[name] = self._saved(name, source) or self._read(name, source)
        return self.tables[name]

    def _saved(self, name: str, source: HubSource) -> HubTable | None:
        folder = Path(self.settings.get("saved") or "", source.path, source.config or "default")
        if not self.settings.get("saved") or not folder.is_dir():
            return None
        return HubTable(name, "saved", datasets.load_from_disk(str(folder))[source.split])

    def _read(self, name: str, source: HubSource) -> HubTable:
        asked = (self.settings.get("revisions") or {}).get(source.path) or source.revision
        if asked is not None and not COMMIT.fullmatch(asked):
            raise ValueError(f"params.yaml: data.revisions: {source.path} is {asked!r}; expected 40 hex digits")
        try:
            data, wanted = self._load(source, asked)
        except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
            raise ValueError(f"{name}: {type(error).__name__}: {error}. {_next_step(source)}") from error
        found = _commit(data)
        if wanted is not None and found != wanted:
            raise ValueError(
                f"{name}: the cache holds commit {found}, expected {wanted}, and the Hub cannot be reached. "
                f"Go online once, or set data.revisions: {{{source.path}: {found}}}"
            )
        return HubTable(name, found, data)

    def _load(self, source: HubSource, asked: str | None) -> tuple[datasets.Dataset, str | None]:
        """The split as `datasets` loads it, and the commit that it must be of (None: whatever the cache holds)."""
        head, scripted = self._head(source.path, asked)
        if not scripted:
            data = datasets.load_dataset(source.path, source.config, split=source.split, revision=asked or head)
            return data, asked or head
        converted, _ = self._head(source.path, CONVERTED)
        files = {source.split: f"{source.config or 'default'}/{source.split}/*.parquet"}
        data = datasets.load_dataset(source.path, data_files=files, split=source.split, revision=converted)
        return data, converted

    def _head(self, path: str, revision: str | None) -> tuple[str | None, bool]:
        """The commit that a revision is, and whether it is a loading script, which `datasets` no longer runs.

        (None, False) where the Hub is out of reach: `datasets` then takes its cache.
        """
        key = (path, revision)
        if key not in self.heads:
            try:
                info = huggingface_hub.HfApi().dataset_info(path, revision=revision)
                script = f"{path.rpartition('/')[2]}.py"
                self.heads[key] = info.sha, any(file.rfilename == script for file in info.siblings or ())
            except OfflineModeIsEnabled:
                self.heads[key] = None, False
            except Exception as error:
                if type(error).__name__ not in UNREACHABLE:
                    raise
                self.heads[key] = None, False
        return self.heads[key]


def _commit(data: datasets.Dataset) -> str:
    """The commit of a loaded split: `datasets` names the folder of its cache after it."""
    for file in data.cache_files:
        for part in reversed(Path(file["filename"]).parts):
            if COMMIT.fullmatch(part):
                return part
    raise ValueError(
        f"datasets {datasets.__version__} does not say which commit it read; expected one in its cache paths"
    )


def _next_step(source: HubSource) -> str:
    if huggingface_hub.constants.HF_HUB_OFFLINE:
        return f"HF_HUB_OFFLINE is set and {source.path} is not in the cache: unset it once, or set HF_HOME to a cache"
    return (
        f"Look at https://huggingface.co/datasets/{source.path}; or save it with `datasets` to "
        f"<folder>/{source.path}/{source.config or 'default'} and set data.saved: <folder>; or take the upstream files "
        "(data.origin: files)"
    )
