"""What a grid will take: stages, optimiser steps, device hours and memory, estimated before anything runs.

Counts of examples are those of the task files, of prepared data, or of the world's settings. Lengths are means in
tokens. Time is a model, not a measurement: see `Machine`.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xstilts import tasks
from xstilts.commands.dry_run.architectures import Architecture
from xstilts.experiment import Params
from xstilts.preparation import assembly, files
from xstilts.training.settings import Recipe

MLM = "mlm"
# Sequences an item, and tokens a sequence. Measured with a tokenizer of 32,000 tokens: xnli, mnli, squad, udpos,
# tatoeba, cosmosqa; the others are guesses from their texts. XLM-R's own tokenizer should give about a tenth less.
LENGTHS = {
    "anli": (1, 50), "mnli": (1, 43), "xnli": (1, 51), "qqp": (1, 31), "pawsx": (1, 55),
    "squad_v1": (1, 218), "squad_v2": (1, 218), "xquad": (1, 274), "mlqa": (1, 274), "tydiqa": (1, 200),
    "hellaswag": (4, 90), "cosmosqa": (4, 126), "csqa": (5, 20), "siqa": (3, 40), "xcopa": (2, 25),
    "ccg": (1, 28), "udpos": (1, 20), "panx": (1, 12), "tatoeba": (2, 12), "bucc2018": (1, 30), MLM: (1, 30),
    "sib200": (1, 51), "masakhapos": (1, 52), "masakhaner": (1, 55), "ntrex128": (2, 43),  # XLM-R's tokens
}  # fmt: skip
SHAPES = {"classification": (1, 45), "span": (1, 218), "choice": (3, 40), "tagging": (1, 20), "retrieval": (2, 15)}
USED = 30_000  # rows of the embedding table that an English training set uses, about
# Where a task file has no count: CCG's from Phang et al. 2020; BUCC's are sentences of both sides, roughly.
TRAINING = {"ccg": 38_015}
TEST = {"bucc2018": 2_900_000}
TESTED = ("test/", "dev/")


@dataclass(frozen=True)
class Machine:
    """One device. A step has a time of its own, then its products, then AdamW moves its bytes.

    The defaults fit XLM-R Large with recorded and compiled steps on an H100: 15.1 ms for 1,426 tokens and 12.7 ms
    for 815, measured (docs/benchmarks.md). A device that waits for its host takes longer.

    Attributes:
        tflops: peak of its matrix units at the precision in force, in 10^12 operations a second.
        mfu: the share of it that matrix products reach.
        launch: seconds that a step of 24 layers takes however few tokens it has: some 1,500 small kernels.
        bandwidth: bytes a second of its memory.
    """

    tflops: float = 989.0
    mfu: float = 0.47
    launch: float = 0.006
    bandwidth: float = 0.8 * 3.35e12

    def compute(self, operations: float) -> float:
        """Seconds of matrix products."""
        return operations / (self.tflops * 1e12 * self.mfu)


@dataclass(frozen=True)
class TrainingCost:
    """One training of the grid. `items` is None where the data are not counted yet.

    `tokens` is the mean of one optimiser step, `longest` the most that its largest batch can have.
    """

    kind: str
    name: str
    copies: int
    items: int | None
    steps: int
    tokens: float
    longest: int
    hidden: float  # tokens that MLM reads in a mean step

    def operations(self, architecture: Architecture, checkpointing: bool) -> float:
        """Of one step: 2 a parameter and token forward, 4 backward, 2 again where activations are not kept."""
        factor = 8 if checkpointing else 6
        table = architecture.vocabulary * architecture.row
        return factor * architecture.body * self.tokens + 6 * table * self.hidden

    def seconds(
        self, architecture: Architecture, machine: Machine, *, checkpointing: bool, parts: int, trim: bool = False
    ) -> float:
        """Of all steps of one copy.

        Args:
            architecture: of the encoder.
            machine: the device.
            checkpointing: whether activations are computed again.
            parts: micro-batches of a step.
            trim: whether only the rows of the embedding table that are used are trained.
        """
        compute = machine.compute(self.operations(architecture, checkpointing))
        launch = machine.launch * architecture.layers / 24 * parts
        trained = architecture.parameters
        if trim and not self.hidden:
            trained -= architecture.row * max(0, architecture.vocabulary - USED)
        moved = 28 * trained / machine.bandwidth  # weights, gradient and two moments, read and written
        return self.steps * (launch + compute + moved)


def steps(sizes: Sequence[tuple[int, int]], recipe: Recipe) -> int:
    """Optimiser steps of a mixture of (items, batch), as `schedule.total_steps` gives them."""
    if recipe.steps:
        return recipe.steps
    if len(sizes) == 1:
        return max(1, round(recipe.epochs * math.ceil(sizes[0][0] / sizes[0][1])))
    capped = [min(items, recipe.cap) for items, _ in sizes]
    per_step = sum(size / sum(capped) * batch for size, (_, batch) in zip(capped, sizes, strict=True))
    return max(1, round(recipe.epochs * sum(capped) / per_step))


def trainings(params: Params, data: Path) -> list[TrainingCost]:
    """Every training of the grid; copies of one differ in seed and encoder alone."""
    found = []
    if params.model.name is None and params.recipes.pretraining:
        found.append(_training("pretrained", "scratch", 1, {MLM: text_lines(params)}, params.recipes.pretraining))
    seeds = len(params.seeds)
    for name in params.intermediates:
        mixture = params.mixtures[name]
        sizes: dict[str, int | None] = {
            task: _sum(training_items(params, task, code, data) for code in mixture.languages) for task in mixture.tasks
        }
        if mixture.mlm:
            sizes[MLM] = text_lines(params)
        if sizes:
            found.append(_training("intermediate", name, seeds, sizes, params.recipes.intermediate[name]))
    for name in params.trainings:
        size = {name: training_items(params, name, "eng", data)}
        found.append(_training("target", name, seeds * len(params.intermediates), size, params.recipes.target[name]))
    return found


def _training(kind: str, name: str, copies: int, sizes: Mapping[str, int | None], recipe: Recipe) -> TrainingCost:
    batches = {task: recipe.batches.get(task, recipe.batch) for task in sizes}
    known = [(items, batches[task]) for task, items in sizes.items() if items is not None]
    whole = len(known) == len(sizes)
    capped = {task: min(items or 0, recipe.cap) for task, items in sizes.items()}
    shares = {task: size / max(1, sum(capped.values())) for task, size in capped.items()}
    if not whole:
        shares = dict.fromkeys(sizes, 1 / len(sizes))
    tokens = {task: batches[task] * _tokens(task, recipe, whole=False) for task in sizes}
    longest = max(batches[task] * _tokens(task, recipe, whole=True) for task in sizes)
    return TrainingCost(
        kind,
        name,
        copies,
        sum(items for items, _ in known) if whole else None,
        steps(known, recipe) if whole or recipe.steps else 0,
        sum(shares[task] * tokens[task] for task in sizes),
        int(longest),
        recipe.mask * shares.get(MLM, 0.0) * tokens.get(MLM, 0.0),
    )


def _tokens(task: str, recipe: Recipe, *, whole: bool) -> float:
    """Tokens of one item: the mean, or as many as can be."""
    sequences, mean = length(task)
    most = recipe.max_lengths.get(task, recipe.max_length)
    return sequences * (most if whole else min(mean, most))


def length(task: str) -> tuple[int, int]:
    """Sequences an item of a task and mean tokens a sequence."""
    return LENGTHS.get(task) or SHAPES[tasks.get(task).shape]


def training_items(params: Params, task: str, code: str, data: Path) -> int | None:
    """Training examples of a task in one language; None where nobody has counted them."""
    split = "train" if code == "eng" else f"translated/{code}"
    found = _counted(params, task, data).get(split)
    if found is None and _origin(params, task) == "world":
        world = params.data.get("world") or {}
        found = (world.get("sizes") or {}).get(task, world.get("train", 2000))
    if found is None:
        found = _declared(params, task).get(split, TRAINING.get(task) if split == "train" else None)
    most = assembly.limit(params.data, task, split)
    return found if found is None or most is None else min(found, most)


def test_items(params: Params, task: str, data: Path) -> int:
    """Test examples of a task over all its languages, as far as they are counted."""
    found = _counted(params, task, data)
    if not found and _origin(params, task) == "world":
        world = params.data.get("world") or {}
        return int(world.get("test", 150)) * len(world.get("languages", ()))
    counts = {name: count for name, count in (found or _declared(params, task)).items() if name.startswith(TESTED)}
    limits = {name: assembly.limit(params.data, task, name) for name in counts}
    return TEST.get(task, 0) or sum(min(count, limits[name] or count) for name, count in counts.items())


def text_lines(params: Params) -> int | None:
    """Lines of text for MLM; None where only the files would say."""
    if params.data["origin"] == "world":
        world = params.data.get("world") or {}
        languages = params.data.get("languages") or world.get("languages", ())
        return int(world.get("documents", 4000)) * len(languages)
    if params.data["origin"] == "hub":
        return int(params.data.get("text_sentences") or 50_000) * len(params.data.get("languages") or range(40))
    return None


def _counted(params: Params, task: str, data: Path) -> Mapping[str, int]:
    """Counts of prepared data, where they are of the origin in force; the world's settings say it themselves."""
    path = data / task / "task.json"
    if _origin(params, task) == "world" or not path.exists():
        return {}
    card = json.loads(path.read_text(encoding="utf-8"))
    return dict(card["counts"]) if card.get("source", {}).get("origin") == _origin(params, task) else {}


def _declared(params: Params, task: str) -> Mapping[str, int]:
    """What a task file counts, of the layout of files that is in force."""
    layout = params.data.get("layout") or "upstream"
    if _origin(params, task) == "files" and layout != "upstream":
        return files.declared_by(tasks.get(task), layout)[1]
    return tasks.get(task).counts


def _origin(params: Params, task: str) -> str:
    return str((params.data.get("origins") or {}).get(task, params.data["origin"]))


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def memory(params: Params, architecture: Architecture, training: TrainingCost) -> int:
    """Bytes on the device: weights, gradient and moments in fp32, and the activations of the longest batch.

    34 · hidden values a token and layer in half precision (Korthikanti et al. 2022, attention scores not kept), twice
    in fp32, or one hidden state a layer where they are computed again; MLM's logits thrice in fp32.
    """
    runtime = params.runtime
    width = 1 if "16" in runtime.precision else 2
    tokens = training.longest / runtime.accumulate
    kept = 2 if runtime.gradient_checkpointing else 34
    activations = tokens * architecture.layers * architecture.hidden * kept * width
    share = training.hidden / training.tokens if training.tokens else 0
    logits = 3 * 4 * architecture.vocabulary * tokens * share
    return int(16 * architecture.parameters + activations + logits)


def prediction_seconds(params: Params, architecture: Architecture, machine: Machine, data: Path) -> float:
    """Of all predictions of the grid, one pass each; retrieval stops at its layer."""
    operations = 0.0
    for target in params.targets:
        sequences, mean = length(target)
        share = params.retrieval.layer / architecture.layers if target in params.starts_from.intermediate else 1.0
        operations += 2 * architecture.body * share * sequences * mean * test_items(params, target, data)
    return machine.compute(operations) * len(params.intermediates) * len(params.seeds)


def stages(params: Params) -> dict[str, int]:
    """How many stages of each kind `dvc repro` has."""
    starts, seeds = len(params.intermediates), len(params.seeds)
    each = starts * len(params.targets) * seeds
    return {
        "prepare": len(params.tasks),
        "pretrained": 1,
        "mixture": starts,
        "intermediate": starts * seeds,
        "target": starts * len(params.trainings) * seeds,
        "predict": each,
        "score": each,
    }
