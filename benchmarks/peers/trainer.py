"""transformers' Trainer as its own example scripts set it up, on the sequences that we train on.

`run_xnli` and `run_qa` pad every row to the maximum when they tokenise (`pad_to_max_length` is on by default),
`run_ner` pads a batch to its longest row; `group_by_length` is the Trainer's own `train_sampling_strategy`. Rows lie in
an Arrow table, the optimiser is the Trainer's default (fused AdamW), nothing is logged, evaluated or saved on the way.
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    PreTrainedTokenizerFast,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    XLMRobertaConfig,
    default_data_collator,
)
from transformers.utils import logging as transformers_logging

from peers.material import Material
from peers.timing import Spent, Stopwatch
from xstilts.model.batching import IGNORED, Encoded

HEADS = {
    "classification": AutoModelForSequenceClassification,
    "tagging": AutoModelForTokenClassification,
    "span": AutoModelForQuestionAnswering,
}
transformers_logging.set_verbosity_error()
datasets.disable_progress_bars()


def config(material: Material) -> XLMRobertaConfig:
    """The encoder's own configuration, with as many labels as the head has, and transformers' default attention."""
    found = XLMRobertaConfig.from_pretrained(material.start / "encoder")
    found.num_labels = max(2, len(material.kind.labels))
    return found


def columns(encoded: Encoded, shape: str) -> dict[str, list[Any]]:
    """The rows of a training set as lists: ids, masks and labels under transformers' names."""
    cuts = encoded.offsets[1:-1]
    ids = [row.tolist() for row in np.split(encoded.ids, cuts)]
    rows: dict[str, list[Any]] = {"input_ids": ids, "attention_mask": [[1] * len(row) for row in ids]}
    if shape == "tagging":
        rows["labels"] = [row.tolist() for row in np.split(encoded.token_targets["tag"], cuts)]
    elif shape == "span":
        rows["start_positions"] = encoded.sequence_targets["start"].tolist()
        rows["end_positions"] = encoded.sequence_targets["end"].tolist()
    else:
        rows["labels"] = encoded.item_targets["label"].tolist()
    return rows


def padded(rows: Mapping[str, list[Any]], length: int, pad: int) -> dict[str, list[Any]]:
    """Every row at the maximum length, as the scripts' tokenisation leaves it."""
    fill = {"input_ids": pad, "attention_mask": 0, "labels": IGNORED}
    return {
        name: [row + [fill[name]] * (length - len(row)) for row in values] if isinstance(values[0], list) else values
        for name, values in rows.items()
    }


class _Watch(TrainerCallback):
    def __init__(self, watch: Stopwatch) -> None:
        self.watch = watch

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.watch.step()


class Rival:
    """A way of using the Trainer; a call trains a fresh model for so many steps.

    Args:
        material: what is trained.
        padding: `maximum` or `longest` (of the batch).
        grouped: whether batches are made of rows of similar length.
        steps: optimiser steps a call.
        warm: of them, how many are not timed.
        device: `cpu` or `cuda`.
        bf16: whether products run in bf16.
    """

    def __init__(
        self, material: Material, *, padding: str, grouped: bool, steps: int, warm: int, device: str, bf16: bool
    ) -> None:
        self.material, self.steps, self.warm, self.device = material, steps, warm, device
        rows = columns(material.encoded, material.kind.shape)
        pad = config(material).pad_token_id
        self.rows = datasets.Dataset.from_dict(
            padded(rows, material.kind.lengths.max_length, pad) if padding == "maximum" else rows
        )
        self.tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(material.start / "encoder" / "tokenizer.json"), pad_token="<pad>", mask_token="<mask>"
        )
        kind = DataCollatorForTokenClassification if material.kind.shape == "tagging" else DataCollatorWithPadding
        self.collator: Callable[[Any], Any] = default_data_collator if padding == "maximum" else kind(self.tokenizer)
        self.settings = {"bf16": bf16, "use_cpu": device == "cpu"}
        if grouped:
            self.settings["train_sampling_strategy"] = "group_by_length"

    def __call__(self) -> Spent:
        """Train; seconds and real tokens of the steps after the warm-up."""
        tokens: list[int] = []

        def collate(features: list[dict[str, Any]]) -> Any:
            batch = self.collator(features)
            tokens.append(int(batch["attention_mask"].sum()))
            return batch

        watch = Stopwatch(self.device, self.warm, self.steps)
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=str(Path(folder)),
                per_device_train_batch_size=self.material.kind.batch,
                max_steps=self.steps,
                learning_rate=2e-5,
                report_to="none",
                save_strategy="no",
                disable_tqdm=True,
                seed=1,
                **self.settings,
            )
            with torch.device(self.device):
                head = HEADS[self.material.kind.shape].from_config(config(self.material))
            trainer = Trainer(
                model=head,
                args=arguments,
                train_dataset=self.rows,
                data_collator=collate,
                processing_class=self.tokenizer,
                callbacks=[_Watch(watch)],
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()
        return watch.spent(tokens)
