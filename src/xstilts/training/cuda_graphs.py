"""An optimiser step as one CUDA graph.

A step of XLM-R Large is some two thousand small kernels; for a short task, launching them takes longer than running
them. A step whose shapes are fixed is recorded once and then launched as a whole: forward, backward, clipping and the
optimiser. Shapes are fixed by filling a row up to a multiple of `BUCKET` tokens with one sequence more, which no loss
reads: it adds zeros to the gradients. The first step of every shape runs as it is, so that whatever is set up on first
use is set up, and the second is recorded.

What has no fixed shape stays outside, which a head says (`fixed`): MLM hides another number of tokens at every
step, and the continuations of a choice are counted on the device.
"""

import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import fields, replace

import torch
from torch import Tensor

from xstilts.model.batching import IGNORED, Batch

BUCKET = 64  # tokens; more would compute more of what nothing reads, fewer would need more graphs

Compute = Callable[[str, Batch, Tensor], Tensor]


def lacking() -> str:
    """What this machine lacks to compile the optimiser's pass for a device, or nothing."""
    if importlib.util.find_spec("triton") is None:
        return "the package triton"
    if not (os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang")):
        return "a C compiler (gcc, clang, or what CC names)"
    return ""


def filled(batch: Batch, longest: int) -> Batch:
    """The batch with its row filled up to a multiple of `BUCKET` by one sequence of 1 to `BUCKET` tokens.

    Args:
        batch: on the CPU.
        longest: tokens of the longest sequence of any batch; the new batch says that all of its are as long.
    """
    tokens = len(batch.ids)
    more = BUCKET - tokens % BUCKET

    def per_token(column: Tensor, value: int) -> Tensor:
        return torch.cat([column, column.new_full((more,), value)])

    targets = {
        name: per_token(column, IGNORED) if len(column) == tokens else column for name, column in batch.targets.items()
    }
    return replace(
        batch,
        ids=per_token(batch.ids, int(batch.ids[0])),
        positions=per_token(batch.positions, int(batch.positions[0])),
        types=None if batch.types is None else per_token(batch.types, 0),
        lengths=(max(longest, BUCKET),) * (len(batch.lengths) + 1),
        bounds=torch.cat([batch.bounds, batch.bounds.new_tensor([tokens + more])]),
        targets=targets,
    )


class Graphs:
    """The recorded steps of one training.

    Args:
        compute: does a whole optimiser step: from subject, batch and the number that the sum of losses is divided by
            (on the device, shape ()) to the loss, detached. It must leave no gradient behind.
        longest: tokens of the longest sequence that can come.
        device: a CUDA device.
    """

    def __init__(self, compute: Compute, longest: int, device: torch.device) -> None:
        self.compute, self.longest, self.device = compute, longest, device
        self.recorded: dict[tuple[object, ...], _Recorded | None] = {}
        # What is set up on first use belongs to a stream: recording must find it on its own.
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.pool = torch.cuda.graph_pool_handle()

    def step(self, subject: str, batch: Batch, terms: float, *, fixed: bool) -> Tensor:
        """An optimiser step.

        Args:
            subject: whose head learns.
            batch: on the CPU.
            terms: what the sum of losses is divided by.
            fixed: whether the step's shapes follow from the batch's; others run as they are.

        Returns:
            The mean loss, shape ().
        """
        whole = filled(batch, self.longest)
        key = (subject, *((name, tuple(column.shape)) for name, column in _columns(whole).items()))
        recorded = self.recorded.get(key)
        if recorded is None:
            moved, divisor = whole.to(self.device), torch.tensor(terms, device=self.device)
            self.stream.wait_stream(torch.cuda.current_stream(self.device))
            if not fixed or key not in self.recorded:
                if fixed:
                    self.recorded[key] = None
                with torch.cuda.stream(self.stream):
                    loss = self.compute(subject, moved, divisor)
                torch.cuda.current_stream(self.device).wait_stream(self.stream)
                return loss
            recorded = self.recorded[key] = _Recorded(self, subject, moved, divisor)
        return recorded.replay(whole, terms)


class _Recorded:
    """One graph with the memory that it reads its batch from and leaves its loss in."""

    def __init__(self, graphs: Graphs, subject: str, batch: Batch, terms: Tensor) -> None:
        self.batch, self.terms = batch, terms
        self.graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(self.graph, pool=graphs.pool, stream=graphs.stream):
                self.loss = graphs.compute(subject, batch, terms)
        except RuntimeError as error:
            raise RuntimeError(
                f"a step of {subject} with {len(batch.ids)} tokens cannot be recorded as a CUDA graph ({error}); "
                "set runtime.graphs: false in params.yaml and run the same command again"
            ) from error

    def replay(self, batch: Batch, terms: float) -> Tensor:
        """Do the step on another batch of the same shapes."""
        read = _columns(self.batch)
        for name, column in _columns(batch).items():
            read[name].copy_(column.pin_memory(), non_blocking=True)
        self.terms.fill_(terms)
        self.graph.replay()
        return self.loss.clone()


def _columns(batch: Batch) -> dict[str, Tensor]:
    """Every tensor of a batch by its name."""
    found = {field.name: getattr(batch, field.name) for field in fields(batch)}
    return {name: value for name, value in (found | batch.targets).items() if isinstance(value, Tensor)}
