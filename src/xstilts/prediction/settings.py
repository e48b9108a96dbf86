"""Sections of params.yaml: `prediction` of targets with a training, and `retrieval` of those without."""

from dataclasses import dataclass

from xstilts.formats.typed_yaml import Count, Natural


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
