"""A section of params.yaml: `recipes.<training>`, how one training learns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xstilts.formats.typed_yaml import Amount, Count, Natural, Share


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
        max_length: tokens a sequence; `query` and `stride` are those of the QA windows (stride is the step).
        max_lengths: other lengths for single tasks of a mixture, by task.
        evaluate_every: steps between evaluations on the first `evaluation_examples` English validation examples.
        patience: evaluations without a better loss before training stops; 0 trains to the end and keeps the last.
        mask: share of tokens that MLM masks.
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
