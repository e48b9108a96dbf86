"""params.yaml → frozen, typed `Params`; an unknown or a missing key is an error with its line and a suggestion.

What bears on a result is a parameter of some stage in `dvc.yaml`. What cannot change a result stands under
`runtime:`, which no stage lists, so that changing it re-runs nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from xstilts import tasks
from xstilts.analysis.settings import Analysis
from xstilts.formats import typed_yaml
from xstilts.formats.names import Intermediate, Label, Target
from xstilts.formats.runs import BASELINE, SPARE, check_spare
from xstilts.formats.typed_yaml import Count, Filled
from xstilts.model.settings import OFFSET, Model, Runtime
from xstilts.prediction.settings import Prediction, Retrieval
from xstilts.preparation.settings import KINDS, Checked, Mixture
from xstilts.training.settings import Recipe


@dataclass(frozen=True)
class Recipes:
    """One recipe a training: `pretraining`, one an intermediate, one a target training.

    Of the last two, the entry `default` fills what the others leave out.
    """

    pretraining: Recipe | None
    intermediate: Annotated[Mapping[Intermediate, Recipe], Filled()]
    target: Annotated[Mapping[Target, Recipe], Filled()]


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
class Params:
    """The whole of params.yaml."""

    profile: Label
    study: Label
    data: Checked
    tasks: tuple[Target, ...]
    model: Model
    mixtures: Mapping[Intermediate, Mixture]
    intermediates: tuple[Intermediate, ...]
    trainings: tuple[Target, ...]
    targets: tuple[Target, ...]
    starts_from: StartsFrom
    seeds: tuple[Count, ...]
    recipes: Recipes
    retrieval: Retrieval
    analysis: Analysis
    prediction: Prediction = field(default_factory=Prediction)
    runtime: Runtime = field(default_factory=Runtime)


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
    if SPARE in params.intermediates:
        check_spare(SPARE, learns=params.mixtures[SPARE] != Mixture())
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
                f"tokens; shorten it, or write model.positions: {length + OFFSET}"
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
    for target in params.targets:
        training = tasks.get(target).training
        group = "intermediate" if training is None else "itself" if training == target else training
        if target not in getattr(start, group, ()):
            raise ValueError(
                f"{path}: starts_from must list the target {target!r} under {group}, since it starts from "
                f"{f'the training of {training}' if training else 'the intermediate encoder itself'}"
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
