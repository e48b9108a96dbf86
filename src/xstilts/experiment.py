"""params.yaml → frozen, typed `Params`; an unknown or a missing key is an error with its line and a suggestion.

What bears on a result is a parameter of some stage in `dvc.yaml`. What cannot change a result stands under
`runtime:`, which no stage lists, so that changing it re-runs nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from xstilts.formats import typed_yaml
from xstilts.formats.runs import BASELINE, SPARE
from xstilts.formats.typed_yaml import Between, Like

# What a number of params.yaml may be; the ranges are checked where the file is read.
Count = Annotated[int, Between(0)]
Natural = Annotated[int, Between(1)]
Amount = Annotated[float, Between(0)]
Share = Annotated[float, Between(0, 1)]

OFFSET = 2  # XLM-R counts its positions from padding_idx + 1

KINDS = ("text", "train", "validation", "test", "dev", "translated")  # of material, which `data.limits` may cut


@dataclass(frozen=True)
class Data:
    """What `data` may hold; `docs/add-a-task.md` says which origin reads what. The origins check the values."""

    origin: str
    origins: Mapping[str, str] | None = None
    root: str | None = None
    layout: str | None = None
    saved: str | None = None
    revisions: Mapping[str, str] | None = None
    variants: Mapping[str, tuple[str, ...]] | None = None
    translated: bool | tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    text: tuple[str, ...] | None = None
    text_sentences: Natural | None = None
    limits: Mapping[str, Natural | Mapping[str, Natural]] | None = None
    allow_count_mismatch: bool | tuple[str, ...] | None = None
    world: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Model:
    """The encoder that `none` starts from: a name on the Hub (or a folder), or an architecture to pretrain.

    Sizes are those of transformers' XLMRobertaConfig; `vocabulary` is the size of the tokenizer that is trained
    when there is no name, `seed` that of its weights and of pretraining. `storage` is how trained encoders are kept:
    `difference` from this one in bf16, or `full` in fp32; the next phase starts from what is kept.
    """

    name: str | None = None
    revision: str | None = None
    vocabulary: Natural = 2000
    layers: Natural = 3
    hidden: Natural = 128
    heads: Natural = 4
    feed_forward: Natural = 512
    positions: Natural = 514
    dropout: Share = 0.1
    seed: Count = 1
    storage: str = "difference"


@dataclass(frozen=True)
class Recipe:
    """How one training learns.

    Attributes:
        epochs: passes over the data; for a mixture, over min(examples, cap) of each task. Ignored if `steps` is set.
        steps: optimiser steps, 0 to let `epochs` decide.
        batch: examples an optimiser step (windows for span, pieces of sentences for tagging).
        batches: other batch sizes for single tasks of a mixture, by task.
        learning_rate: the peak, reached after `warmup` (a share of all steps), then linear to 0.
        weight_decay: AdamW's, on everything but biases and layer norms.
        clip: the largest norm of the gradient.
        max_length: sub-words a sequence; `query` and `stride` are those of the QA windows (stride is the step).
        max_lengths: other lengths for single tasks of a mixture, by task.
        evaluate_every: steps between evaluations on the first `evaluation_examples` English validation examples.
        patience: evaluations without a better loss before training stops; 0 trains to the end and keeps the last.
        mask: share of sub-words that MLM hides.
        alpha: exponent of the sampling of MLM languages (Conneau & Lample 2019).
        cap: K of the mixture's p ∝ min(examples, K) (Raffel et al. 2020).
    """

    learning_rate: Amount
    batch: Natural
    max_length: Natural
    epochs: Amount = 1.0
    steps: Count = 0
    batches: Mapping[str, Natural] = field(default_factory=dict)
    max_lengths: Mapping[str, Natural] = field(default_factory=dict)
    warmup: Share = 0.1
    weight_decay: Amount = 0.0
    clip: Amount = 1.0
    query: Natural = 64
    stride: Natural = 128
    evaluate_every: Count = 0
    evaluation_examples: Natural = 500
    patience: Count = 0
    mask: Share = 0.15
    alpha: Amount = 0.3
    cap: Natural = 131072


@dataclass(frozen=True)
class Mixture:
    """What an intermediate learns from: tasks, MLM or not, and the languages of the tasks' training data.

    `languages` other than English take the machine-translated training data of the tasks (`translated/<code>`).
    """

    tasks: tuple[str, ...] = ()
    mlm: bool = False
    languages: tuple[str, ...] = ("eng",)


@dataclass(frozen=True)
class Recipes:
    """One recipe a training: `pretraining`, one an intermediate, one a target training."""

    pretraining: Recipe | None
    intermediate: Mapping[str, Recipe]
    target: Mapping[str, Recipe]


@dataclass(frozen=True)
class Retrieval:
    """How BUCC2018 and Tatoeba read the encoder.

    `layer` indexes transformers' `hidden_states` (0 is the embeddings); the default of XTREME's XLM-R Large is 14.
    `centre` subtracts each language's mean vector first, which XTREME does not do. `duplicates` is BUCC2018's policy
    for equal lines: `xtreme` drops them, `jiant` names all. `neighbours` is the k of its margin score.
    """

    layer: Count = 14
    pooling: str = "mean"
    centre: bool = False
    max_length: Natural = 512
    neighbours: Natural = 4
    duplicates: str = "xtreme"


@dataclass(frozen=True)
class Prediction:
    """How the targets with a training are predicted.

    `bf16` lists those whose matrix products are in bf16. It moves single predictions: list a target only if its
    metrics move by less than 0.1 point with your encoder, which `benchmarks/precision.py` measures.
    """

    bf16: tuple[str, ...] = ()


@dataclass(frozen=True)
class StartsFrom:
    """Which encoder each target is predicted with: its own training, another task's, or the intermediate itself.

    All four are needed, empty or not, because stages of dvc.yaml are made from them.
    """

    itself: tuple[str, ...]
    squad_v1: tuple[str, ...]
    siqa: tuple[str, ...]
    intermediate: tuple[str, ...]


@dataclass(frozen=True)
class Analysis:
    """What the statistics may vary: the seed, and how many draws a p, resamples an interval and imputations take."""

    seed: Count
    draws: Natural
    bootstrap: Natural
    imputations: Count


@dataclass(frozen=True)
class Runtime:
    """What cannot change a result: where and how fast it is computed.

    `accelerator` to `accumulate` and `profiler` are Lightning's, `threads` torch's (0 leaves them alone). `trim`
    trains only those rows of the embedding table that the training data use. `tokens` is about how many a batch of
    prediction holds (0: as many as suit the device), `mining_memory` the MiB of a block of BUCC2018's search,
    `checkpoint_seconds` the time between two checkpoints to resume from. `keep_targets` keeps the weights of target
    trainings after their predictions are made (see `dropping`). `graphs` records a training's steps as CUDA graphs
    where the device and `precision: bf16-mixed` allow it (see `graphs`). `resources` is what a stage asks of the
    cluster, by stage (`xstilts grid`).
    """

    accelerator: str = "auto"
    devices: int | str = 1
    nodes: Natural = 1
    strategy: str = "auto"
    precision: str = "32-true"
    accumulate: Natural = 1
    gradient_checkpointing: bool = False
    compile: bool = False
    graphs: bool = True
    trim: bool = True
    profiler: str | None = None
    threads: Count = 0
    tokens: Count = 0
    checkpoint_seconds: Count = 60
    keep_targets: bool = False
    progress: bool = True
    mining_memory: Natural = 1024
    resources: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Params:
    """The whole of params.yaml."""

    profile: str
    study: str
    data: Annotated[Mapping[str, Any], Like(Data, others=r"\w+_from_hub")]
    tasks: tuple[str, ...]
    model: Model
    mixtures: Mapping[str, Mixture]
    intermediates: tuple[str, ...]
    trainings: tuple[str, ...]
    targets: tuple[str, ...]
    starts_from: StartsFrom
    seeds: tuple[Count, ...]
    recipes: Recipes
    retrieval: Retrieval
    analysis: Analysis
    prediction: Prediction = Prediction()
    runtime: Runtime = Runtime()


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check a parameter file.

    Raises:
        ValueError: an unknown key, a missing key, a value of the wrong type or out of range, or parts that contradict
            each other; the message names file, line, what is allowed and the nearest known key.
    """
    params = typed_yaml.load(path, Params)
    _check(params, str(path))
    return params


def _check(params: Params, path: str) -> None:
    """What the types cannot say: every name that one list uses is defined in another."""
    _inside(path, params.intermediates, params.mixtures, "the intermediate", "mixtures")
    _inside(path, params.intermediates, params.recipes.intermediate, "the intermediate", "recipes.intermediate")
    _inside(path, params.trainings, params.recipes.target, "the training", "recipes.target")
    _inside(path, params.trainings, params.tasks, "the training", "tasks")
    _inside(path, params.targets, params.tasks, "the target", "tasks")
    for name in params.intermediates:
        mixture = params.mixtures[name]
        _inside(path, mixture.tasks, params.tasks, f"mixtures.{name}: the task", "tasks")
        if name not in (BASELINE, SPARE) and not (mixture.tasks or mixture.mlm):
            raise ValueError(f"{path}: mixtures.{name} has nothing to learn from; give it tasks or mlm: true")
    if BASELINE not in params.intermediates:
        raise ValueError(f"{path}: intermediates lacks {BASELINE!r}, the baseline of every gain; add it")
    if params.mixtures[BASELINE] != Mixture():
        raise ValueError(
            f"{path}: mixtures.{BASELINE} must be empty ({{tasks: []}}): it is the pretrained encoder itself"
        )
    for name, recipe in _used(params).items():
        if not (recipe.epochs or recipe.steps):
            raise ValueError(f"{path}: {name}: a training of 0 epochs and 0 steps; give it one of them")
    _check_data(params.data, path)
    if params.data["origin"] == "files" and params.data.get("text") is not None and not params.data["text"]:
        _check_no_text(params, path)
    _check_starts(params, path)
    trained = set(params.targets) - set(params.starts_from.intermediate)
    _inside(path, params.prediction.bf16, sorted(trained), "prediction.bf16: the target", "the targets with a training")
    if params.model.name is None:
        _check_own(params, path)
    for what, values in (("seeds", params.seeds), ("targets", params.targets), ("intermediates", params.intermediates)):
        if len(set(values)) != len(values) or not values:
            raise ValueError(f"{path}: {what} is {list(values)}; it must be a list without repeats, and not empty")
    if params.model.storage not in ("difference", "full"):
        raise ValueError(f"{path}: model.storage is {params.model.storage!r}; allowed: difference, full")
    if params.retrieval.pooling not in ("mean", "cls"):
        raise ValueError(f"{path}: retrieval.pooling is {params.retrieval.pooling!r}; allowed: mean, cls")
    if params.retrieval.duplicates not in ("xtreme", "jiant"):
        raise ValueError(f"{path}: retrieval.duplicates is {params.retrieval.duplicates!r}; allowed: xtreme, jiant")


def _check_data(data: Mapping[str, Any], path: str) -> None:
    if "files" in (data["origin"], *(data.get("origins") or {}).values()) and not data.get("root"):
        raise ValueError(f"{path}: data.root is missing; the origin `files` needs the folder of the upstream files")
    for name, most in (data.get("limits") or {}).items():
        kinds, where = (most, f"data.limits.{name}") if isinstance(most, Mapping) else ([name], "data.limits")
        _inside(path, kinds, KINDS, f"{where}: the kind", "what can be limited")


def _check_no_text(params: Params, path: str) -> None:
    """Without text nothing learns by MLM."""
    learners = [f"mixtures.{name}.mlm" for name in params.intermediates if params.mixtures[name].mlm]
    learners += ["recipes.pretraining"] if params.model.name is None else []
    if learners:
        raise ValueError(f"{path}: data.text is empty, but {learners[0]} needs text; give it globs of files")


def _check_own(params: Params, path: str) -> None:
    """An encoder of one's own: its sizes are known before it is pretrained, and so is what does not fit them."""
    model, recipes = params.model, params.recipes
    if recipes.pretraining is None:
        raise ValueError(f"{path}: model.name is empty, so recipes.pretraining must say how to pretrain the encoder")
    if model.hidden % model.heads:
        raise ValueError(
            f"{path}: model.hidden is {model.hidden} and model.heads {model.heads}; hidden must be a multiple of heads"
        )
    longest = model.positions - OFFSET
    for name, length in _lengths(params):
        if length > longest:
            raise ValueError(
                f"{path}: {name} is {length}, but model.positions {model.positions} leaves room for {longest} "
                f"sub-words; shorten it, or write model.positions: {length + OFFSET}"
            )
    if params.starts_from.intermediate and params.retrieval.layer > model.layers:
        raise ValueError(
            f"{path}: retrieval.layer is {params.retrieval.layer}, but model.layers is {model.layers}; allowed: 0 "
            f"(embeddings) to {model.layers}"
        )


def _lengths(params: Params) -> Iterator[tuple[str, int]]:
    """Every length of a sequence that will be met, with its name in the file."""
    for name, recipe in _used(params).items():
        yield f"{name}.max_length", recipe.max_length
        yield from ((f"{name}.max_lengths.{task}", length) for task, length in recipe.max_lengths.items())
    if params.starts_from.intermediate:
        yield "retrieval.max_length", params.retrieval.max_length


def _used(params: Params) -> dict[str, Recipe]:
    """The recipes of the trainings that will be done, by name in the file."""
    recipes = params.recipes
    used = {f"recipes.intermediate.{name}": recipes.intermediate[name] for name in params.intermediates}
    used |= {f"recipes.target.{name}": recipes.target[name] for name in params.trainings}
    return used | ({"recipes.pretraining": recipes.pretraining} if recipes.pretraining else {})


def _check_starts(params: Params, path: str) -> None:
    start = params.starts_from
    grouped = start.itself + start.squad_v1 + start.siqa + start.intermediate
    if sorted(grouped) != sorted(params.targets):
        raise ValueError(
            f"{path}: starts_from lists {', '.join(sorted(grouped))}, but targets are "
            f"{', '.join(sorted(params.targets))}; each target stands in exactly one list of starts_from"
        )
    _inside(path, start.itself, params.trainings, "starts_from.itself: the target", "trainings")
    for training in ("squad_v1", "siqa"):
        if getattr(start, training):
            _inside(path, [training], params.trainings, f"starts_from.{training} needs the training;", "trainings")


def _inside(path: str, names: Iterable[str], known: Iterable[str], what: str, of: str) -> None:
    for name in names:
        if name not in known:
            close = get_close_matches(name, list(known), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"{path}: {what} {name!r} is not in {of} ({', '.join(known)}).{hint}")
