"""An encoder's weights as their difference from those of the encoder that it started from, in bf16.

bf16 keeps 8 significant bits. Of a weight that is more than what fine-tuning adds to it, so that an encoder stored in
bf16 loses a good part of its training; of the difference it is a rounding error of 0.2 %. What did not change is not
stored: equal tensors, and of a matrix the equal rows, which in an embedding table are those of tokens that no
training saw. `trimming` shrinks these rows by one common factor where there is weight decay, and then the factor is
stored.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

FILE = "difference.safetensors"
_BASE = "base"
_ROWS = "#rows"  # of a matrix: the numbers of the rows that are stored; no weight has such a name
_FACTOR = "#factor"  # what all its other rows are multiplied by
_ROUNDING = 2.0**-9  # of bf16, relative: half a unit in the eighth bit


def between(trained: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What has to be added to `base` for `trained`, by the weight's name: bf16, computed in fp32.

    Raises:
        ValueError: the two have not the same weights.
    """
    odd = trained.keys() ^ base.keys() | {
        name for name in trained.keys() & base.keys() if trained[name].shape != base[name].shape
    }
    if odd:
        raise ValueError(f"not the weights of one architecture, there is no difference of: {', '.join(sorted(odd))}")
    found: dict[str, Tensor] = {}
    for name in trained:
        value, start = trained[name].float(), base[name].float()
        if not torch.equal(value, start):
            found |= _changed(name, value, start)
    return found


def _changed(name: str, value: Tensor, start: Tensor) -> dict[str, Tensor]:
    delta = value - start
    if value.ndim != 2:
        return {name: delta.bfloat16()}
    largest = delta.abs().amax(dim=1)  # shape (rows,)
    stored = largest > 0
    factor = _common(value[stored], start[stored])
    apart = (value - start * factor).abs().amax(dim=1) > _ROUNDING * largest  # a row of zeros stays one
    parts: dict[str, Tensor] = {}
    if apart.sum() < stored.sum():
        stored = apart
        parts[name + _FACTOR] = factor
    if stored.all():
        return {name: delta.bfloat16()}
    rows = stored.nonzero()[:, 0]
    return parts | {name: delta[rows].bfloat16(), name + _ROWS: rows.int()}


def _common(value: Tensor, start: Tensor) -> Tensor:
    """The factor between the rows of two matrices, shape (1,): a median, so that a majority of the rows decides it."""
    largest = start.abs().argmax(dim=1, keepdim=True)
    ratios = value.gather(1, largest).double() / start.gather(1, largest).double()
    return ratios.nan_to_num(1.0, 1.0, 1.0).median().float()[None]


def add(parts: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> None:
    """Add a difference to the weights that it was taken from, in place and in fp32.

    Raises:
        ValueError: they are of another architecture.
    """
    with torch.no_grad():
        for name in (name for name in parts if not name.endswith((_ROWS, _FACTOR))):
            delta, weight = parts[name].float(), weights.get(name)
            rows = parts.get(name + _ROWS)
            if weight is None or weight.shape[1:] != delta.shape[1:] or (rows is None and weight.shape != delta.shape):
                raise ValueError(f"the base has no weights of the shape of {name}")
            if rows is None:
                weight.add_(delta)
                continue
            changed = weight[rows.long()] + delta
            if name + _FACTOR in parts:
                weight.mul_(parts[name + _FACTOR])
            weight[rows.long()] = changed


def write(parts: Mapping[str, Tensor], path: Path, base: str) -> None:
    """Write a difference; `base` is the fingerprint of the weights that it is added to."""
    save_file({name: part.contiguous() for name, part in parts.items()}, path, metadata={_BASE: base})


def read(path: Path) -> tuple[dict[str, Tensor], str]:
    """A difference and the fingerprint of the weights that it is added to.

    Raises:
        ValueError: the file is damaged or holds something else.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()[_BASE]  # noqa: SIM118
    except Exception as error:
        raise ValueError(
            f"{path} does not open as a difference between encoders ({type(error).__name__}: {error}); if the file is "
            "damaged, delete the folder and run `dvc checkout` or `dvc repro`"
        ) from error
