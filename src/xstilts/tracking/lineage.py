"""The trainings that a score rests on: found by their place, since a record holds only its parent's fingerprint.

`target/<intermediate>/<training>/seed<k>` starts from `intermediate/<intermediate>/seed<k>`, which starts from
`pretrained`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xstilts.tracking import records
from xstilts.tracking.records import TrainingRecord
from xstilts.tracking.run_content import RunContent


class Trainings:
    """The trainings' records below a folder, each read once; none where the folder is None."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._read: dict[Path, TrainingRecord | None] = {}

    def at(self, place: Path) -> TrainingRecord | None:
        """The training recorded at a place; None where no record lies there.

        Raises:
            ValueError: the record is damaged.
        """
        if place not in self._read:
            there = self._folder is not None and (self._folder / place / records.TRAINING).exists()
            self._read[place] = records.read_training(self._folder / place) if there and self._folder else None
        return self._read[place]

    def behind(self, record: Mapping[str, Any]) -> list[TrainingRecord]:
        """The trainings that a score record rests on, eldest first, under its study, as far as they are known.

        Score records of before December 2026 hold their trainings themselves, without the curves.
        """
        told = record["training_run"]
        known = {row["fingerprint"]: TrainingRecord(RunContent.from_json(row)) for row in told.get("runs", ())}
        found: list[TrainingRecord] = []
        wanted = told["fingerprint"]
        for place in _places(record):
            if place.parts[0] == "intermediate":
                wanted = told["parent"]
            own = self.at(place)
            run = own if own is not None and own.entry.fingerprint == wanted else known.get(wanted)
            wanted = run.entry.parent if run else ""
            if run:
                found.insert(0, run.under(record["study"], record["profile"]))
        return found


def names(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Fingerprint and name of the trainings that a score record rests on, as far as it tells."""
    told = record["training_run"]
    last, *above = (place.as_posix() for place in _places(record)[:-1])
    return [(told["fingerprint"], last), *((told["parent"], name) for name in above)]


def _places(record: Mapping[str, Any]) -> list[Path]:
    """Where the records of the trainings lie, youngest first."""
    intermediate, seed = record["intermediate"], f"seed{record['seed']}"
    places = [Path("intermediate", intermediate, seed), Path("pretrained")]
    return [Path("target", intermediate, record["training"], seed), *places] if record["training"] else places
