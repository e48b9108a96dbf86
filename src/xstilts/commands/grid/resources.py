"""What a stage takes of a machine: `runtime.resources` of params.yaml, and defaults from the rest of `runtime`.

    runtime:
      accelerator: gpu
      resources: # by stage of dvc.yaml; `default` is for all others
        target: {cpus: 4, gpus: 1, memory_gib: 24}
        predict: {gpus: 0.25}

These are what the engine reserves, not limits that it enforces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

DEFAULT = "default"
KEYS = ("cpus", "gpus", "memory_gib")
# What computes on a GPU if `runtime.accelerator` says so: whole GPUs for training, four predictions to one.
GPUS = {"pretrained": 1.0, "intermediate": 1.0, "target": 1.0}
GPUS_OF_PREDICTION = 0.25


@dataclass(frozen=True)
class Resources:
    """Cores, GPUs (a fraction lets stages share one) and memory in GiB (0: not counted) of one stage."""

    cpus: float = 1.0
    gpus: float = 0.0
    memory_gib: float = 0.0


def runtime(root: Path) -> Mapping[str, Any]:
    """`runtime:` of params.yaml, empty without one.

    Raises:
        ValueError: it is not a mapping.
    """
    path = root / "params.yaml"
    found = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("runtime") if path.exists() else None
    if found is not None and not isinstance(found, Mapping):
        raise ValueError(f"{path}: runtime is {found!r}; it must be a mapping")
    return found or {}


def of(groups: Sequence[str], settings: Mapping[str, Any], *, known: Sequence[str], gpus: bool) -> dict[str, Resources]:
    """The resources of each stage.

    Args:
        groups: the stages that are wanted.
        settings: `runtime:` of params.yaml.
        known: every stage of dvc.yaml.
        gpus: are there any? Decides what `accelerator: auto` means.

    Raises:
        ValueError: an unknown stage or resource, or an amount that is no number or out of range; a stage that needs
            several machines.
    """
    if settings.get("nodes", 1) != 1:
        raise ValueError(
            f"runtime.nodes is {settings['nodes']}: a stage over several machines is not started by `xstilts grid`, "
            "which gives each stage one; see docs/cluster.md, 'One training on several machines', or set it to 1"
        )
    declared = settings.get("resources") or {}
    for name in declared:
        if name not in known and name != DEFAULT:
            close = get_close_matches(str(name), [*known, DEFAULT], n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"runtime.resources.{name}: no such stage; known: {', '.join(known)}, {DEFAULT}.{hint}")
    common = _merge(Resources(cpus=float(max(1, settings.get("threads", 1)))), DEFAULT, declared)
    accelerator = settings.get("accelerator", "auto")
    computes = accelerator in ("gpu", "cuda") or (accelerator == "auto" and gpus)
    found = {}
    for group in groups:
        base = common
        if computes and common.gpus == 0:
            base = replace(common, gpus=_gpus(group, settings.get("devices", 1)))
        found[group] = _merge(base, group, declared)
    return found


def _gpus(group: str, devices: Any) -> float:
    if group.startswith("predict"):
        return GPUS_OF_PREDICTION
    return GPUS.get(group, 0.0) * (devices if isinstance(devices, int) and devices > 0 else 1)


def _merge(base: Resources, name: str, declared: Mapping[str, Any]) -> Resources:
    asked = declared.get(name) or {}
    where = f"runtime.resources.{name}"
    if not isinstance(asked, Mapping):
        raise ValueError(f"{where} is {asked!r}; write a mapping such as {{cpus: 4, gpus: 1, memory_gib: 24}}")
    for key, value in asked.items():
        if key not in KEYS:
            raise ValueError(f"{where}.{key}: no such resource; allowed: {', '.join(KEYS)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValueError(f"{where}.{key} is {value!r}; a number of 0 or more is needed")
    merged = replace(base, **{key: float(value) for key, value in asked.items()})
    if merged.gpus > 1 and merged.gpus != int(merged.gpus):
        raise ValueError(f"{where}.gpus is {merged.gpus}; above one GPU only whole numbers are allowed")
    return merged
