"""A training before it runs: what it is called, where it starts, what it learns. No torch here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from xstilts.formats import fingerprints, prepared
from xstilts.training.settings import Recipe

MLM = "mlm"


@dataclass(frozen=True)
class Material:
    """What a training learns from: folders of prepared tasks, and a folder of text if MLM is mixed in."""

    tasks: tuple[Path, ...] = ()
    text: Path | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to learn."""
        return not self.tasks and self.text is None

    def fingerprint(self) -> str:
        """Of what training reads of it, and of nothing else: no test data."""
        files = [
            folder / name
            for folder in self.tasks
            for name in (prepared.HEAD, "train.jsonl", "validation.jsonl")
            if (folder / name).exists()
        ]
        content = [[path.parent.name, path.name, fingerprints.of_file(path)] for path in files]
        return fingerprints.of([content, fingerprints.of_folder(self.text) if self.text else ""])


@dataclass(frozen=True)
class Job:
    """One training: what it is called, where it starts, what it learns and where it leaves it.

    `base` is the checkpoint that the encoder is stored as a difference from; None stores it whole.
    """

    kind: str  # pretrained, intermediate or target
    name: str
    seed: int
    start: Path
    material: Material
    recipe: Recipe
    output: Path
    base: Path | None = None

    @property
    def datasets(self) -> tuple[Mapping[str, str], ...]:
        """What it learns from, for its record: name, digest, context and source of each."""
        rows = [(folder.name, folder / "train.jsonl") for folder in self.material.tasks]
        rows += [("text", self.material.text)] if self.material.text else []
        return tuple(
            {"name": name, "digest": fingerprints.of_path(path)[:36], "context": "training", "source": path.as_posix()}
            for name, path in rows
        )

    def fingerprint(self) -> str:
        """Of everything that can change the result: recipe, seed, data, the encoder it starts from, the code."""
        return fingerprints.of(
            {
                "kind": self.kind,
                "name": self.name,
                "seed": self.seed,
                "recipe": asdict(self.recipe),
                "material": self.material.fingerprint(),
                "start": fingerprints.of_folder(self.start / "encoder"),
                "storage": "difference" if self.base else "full",
                "code": fingerprints.code(),
            }
        )
