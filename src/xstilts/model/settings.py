"""Sections of params.yaml: `model`, the encoder that everything starts from, and `runtime`, where it is computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xstilts.formats.typed_yaml import Count, Natural, Share

OFFSET = 2  # XLM-R counts its positions from padding_idx + 1


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
