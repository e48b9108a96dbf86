"""The training loops of jiant and of google-research/xtreme, re-stated in today's torch.

jiant 2 (nyu-mll/jiant @ daa5a258) with the settings of the paper's guide: micro-batches of 4, eight of them a step,
rows padded to the longest of the whole set, the loss fetched from the device at every micro-batch. XTREME
(google-research/xtreme @ 838c13b): micro-batches of 2, sixteen a step, rows padded to the maximum. Both clip the
gradient and step torch's AdamW, not fused, as code of their time does. What is theirs and not here: tokenisation,
evaluation on the way, checkpoints.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from peers.material import Material
from peers.timing import Spent, Stopwatch
from peers.trainer import HEADS, columns, config, padded


class Rival:
    """A loop over micro-batches of padded rows; a call trains a fresh model for so many steps.

    Args:
        material: what is trained.
        micro: rows a micro-batch.
        length: to which every row is padded.
        fetch: whether the loss of every micro-batch is fetched.
        steps: optimiser steps a call.
        warm: of them, how many are not timed.
        device: `cpu` or `cuda`.
    """

    def __init__(
        self, material: Material, *, micro: int, length: int, fetch: bool, steps: int, warm: int, device: str
    ) -> None:
        self.material, self.micro, self.fetch = material, micro, fetch
        self.steps, self.warm, self.device = steps, warm, device
        self.parts = material.kind.batch // micro
        rows = padded(columns(material.encoded, material.kind.shape), length, config(material).pad_token_id)
        self.names = list(rows)
        self.rows = TensorDataset(*(torch.tensor(values) for values in rows.values()))

    def __call__(self) -> Spent:
        """Train; seconds and real tokens of the steps after the warm-up."""
        torch.manual_seed(1)
        with torch.device(self.device):
            model = HEADS[self.material.kind.shape].from_config(config(self.material)).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, eps=1e-8, weight_decay=0.0, fused=False)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / self.steps))
        watch, tokens, batches = Stopwatch(self.device, self.warm, self.steps), [], self._batches()
        for _ in range(self.steps):
            tokens.append(0)
            for _ in range(self.parts):
                batch = next(batches)
                tokens[-1] += int(batch["attention_mask"].sum())
                loss = model(**{name: value.to(self.device) for name, value in batch.items()}).loss / self.parts
                loss.backward()
                if self.fetch:
                    loss.item()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            watch.step()
        return watch.spent(tokens)

    def _batches(self) -> Iterator[dict[str, Tensor]]:
        loader = DataLoader(self.rows, sampler=RandomSampler(self.rows), batch_size=self.micro, drop_last=True)
        while True:
            for batch in loader:
                yield dict(zip(self.names, batch, strict=True))


def jiant(material: Material, *, steps: int, warm: int, device: str) -> Rival:
    """Micro-batches of 4, rows as long as the longest of the set."""
    longest = int(material.encoded.tokens().max())
    return Rival(material, micro=4, length=longest, fetch=True, steps=steps, warm=warm, device=device)


def xtreme(material: Material, *, steps: int, warm: int, device: str) -> Rival:
    """Micro-batches of 2, rows at the maximum length."""
    length = material.kind.lengths.max_length
    return Rival(material, micro=2, length=length, fetch=False, steps=steps, warm=warm, device=device)
