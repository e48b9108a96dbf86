"""The Trainer of transformers, one language at a time, as `run_xnli` does by default: rows of 128, batches of 8."""

import tempfile
from collections.abc import Sequence

import datasets
import numpy as np
import torch
from transformers import (
    AutoModelForSequenceClassification,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
    default_data_collator,
)

from peers.material import Material
from peers.trainer import columns, config, padded
from xstilts.model.batching import Encoded
from xstilts.model.shapes import classification


def model(material: Material, body: torch.nn.Module, head: classification.Head) -> torch.nn.Module:
    """The classifier of transformers with the weights of our encoder and head."""
    whole = AutoModelForSequenceClassification.from_config(config(material))
    whole.roberta.load_state_dict(body.state_dict(), strict=False)
    whole.classifier.dense.load_state_dict(head.dense.state_dict())
    whole.classifier.out_proj.load_state_dict(head.out.state_dict())
    return whole.eval()


class Rival:
    """A call predicts every language and returns the logits, shape (items of all languages, labels)."""

    def __init__(
        self, material: Material, languages: Sequence[Encoded], classifier: torch.nn.Module, batch: int, device: str
    ) -> None:
        pad = config(material).pad_token_id
        length = material.kind.lengths.max_length
        self.languages = [
            datasets.Dataset.from_dict(padded(columns(encoded, "classification"), length, pad)) for encoded in languages
        ]
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(material.start / "encoder" / "tokenizer.json"), pad_token="<pad>"
        )
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=folder,
                per_device_eval_batch_size=batch,
                report_to="none",
                disable_tqdm=True,
                use_cpu=device == "cpu",
            )
            self.trainer = Trainer(
                model=classifier, args=arguments, data_collator=default_data_collator, processing_class=tokenizer
            )

    def __call__(self) -> np.ndarray:
        """Predict."""
        return np.concatenate([np.asarray(self.trainer.predict(rows).predictions) for rows in self.languages])
