"""Learn a mixture: pretraining, intermediate and target training are this one act.

Start from an encoder, put a fresh head on it for every label space, learn, and keep encoder and heads in two places.
The baseline's mixture is empty, so that its encoder is the pretrained one, byte for byte.
"""

import logging
import shutil
import warnings
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn

from xstilts.formats import atomic, checkpoints, learned
from xstilts.formats.prepared import Card
from xstilts.model import encoder, shapes
from xstilts.model.architecture import Encoder, check_length, first_position, reading, supports_packing
from xstilts.model.batching import Encoded, budget, by_length, collate, hidden_states
from xstilts.model.settings import Runtime
from xstilts.model.shapes import mlm
from xstilts.training import encoded_tasks, guess, sharding, trimmed_embedding
from xstilts.training.callbacks import LAST, Curves, ModelSelection, Resume
from xstilts.training.encoded_tasks import EncodedTasks
from xstilts.training.job import MLM, Job
from xstilts.training.learner import Learner
from xstilts.training.schedule import Schedule, total_steps

# Lightning greets, tips and warns at every start; what matters is in our own messages and in MLflow.
logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
warnings.filterwarnings(
    "ignore", message=r".*(treespec, LeafSpec|does not have many workers|IterableDataset|litlogger).*"
)


def train(job: Job, runtime: Runtime, logger: Callable[[str, Mapping[str, Any]], Any], resume: Path) -> dict[str, Any]:
    """Do a training and write its checkpoint.

    Args:
        job: what to do.
        runtime: where; it cannot change the result.
        logger: makes a Lightning logger from the training's fingerprint and parameters.
        resume: a folder of its own for what a killed training continues from; emptied at the end.

    Returns:
        The checkpoint's card; of several processes, only the first one's is whole.

    Raises:
        FloatingPointError: the loss is not finite.
        MemoryError: the device's memory does not suffice.
        ValueError: there is nothing to learn from, or it is damaged.
    """
    if runtime.threads:
        torch.set_num_threads(runtime.threads)
    mixture = encoded_tasks.read(job)
    steps = total_steps(mixture.training, epochs=job.recipe.epochs, steps=job.recipe.steps, cap=job.recipe.cap)
    learner = _learner(job, mixture, steps, runtime)
    body = learner.encoder
    fingerprint, parameters = job.fingerprint(), _parameters(job, steps, body)
    evaluate = _evaluation(mixture.validation)
    if runtime.gradient_checkpointing:
        body.activation_checkpointing_enable()
    learner.compiled = runtime.compile
    folder = resume / fingerprint
    selection = ModelSelection(evaluate, job.recipe.evaluate_every, job.recipe.patience, folder)
    folder.mkdir(parents=True, exist_ok=True)
    precision: Any = runtime.precision  # Lightning's own check names what it takes
    trainer = pl.Trainer(
        max_steps=steps,
        max_epochs=-1,
        accelerator=runtime.accelerator,
        devices=runtime.devices,
        num_nodes=runtime.nodes,
        strategy=sharding.strategy(runtime, len(mixture.training)),
        precision=precision,
        accumulate_grad_batches=runtime.accumulate,
        profiler=runtime.profiler,
        logger=logger(fingerprint, parameters),
        callbacks=[Curves(max(1, min(50, steps // 10))), selection, Resume(folder, runtime.checkpoint_seconds)],
        enable_checkpointing=False,
        enable_progress_bar=runtime.progress,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )

    def schedule() -> Schedule:
        return Schedule(
            mixture.training,
            seed=job.seed,
            steps=steps,
            cap=job.recipe.cap,
            first_position=first_position(body),
            masking=mixture.masking,
            parts=runtime.accumulate,
            rank=trainer.global_rank,
            world=trainer.world_size,
            start=trainer.global_step,
        )

    learner.schedule = schedule
    if runtime.graphs and not runtime.gradient_checkpointing:
        learner.longest = max((int(np.diff(one.offsets).max()) for one in mixture.sequences() if len(one)), default=0)
    last = folder / LAST
    try:
        trainer.fit(learner, ckpt_path=last if last.exists() else None, weights_only=False)
    except torch.OutOfMemoryError as error:
        raise MemoryError(
            f"{job.kind} {job.name} needs more memory than the device has; split every step into more micro-batches "
            f"with runtime.accumulate (now {runtime.accumulate}) or set runtime.gradient_checkpointing: true. {error}"
        ) from error
    if trainer.interrupted:
        raise KeyboardInterrupt
    state = sharding.whole(learner) if sharding.sharded(learner) else {}
    if not trainer.is_global_zero:
        return {"final": {}}
    if state:
        learner = _learner(job, mixture, steps, runtime)
        learner.load_state_dict(state)
    best = selection.restore_best(learner)
    kept = best or trainer.global_step
    learner.to("cpu")
    losses = selection.losses.get(kept) or evaluate(learner)
    final = learned.final(losses, selection.start, guess.losses(mixture.validation, body.config.vocab_size))
    final |= {"steps": float(trainer.global_step), "best_step": float(selection.best_step or trainer.global_step)}
    if trainer.logger:
        trainer.logger.log_metrics({f"final/{name}": value for name, value in final.items()}, step=trainer.global_step)
    trimmed_embedding.restore(learner.encoder, learner.decay(kept))
    card = _write(job, learner, mixture.cards, fingerprint, parameters, final)
    shutil.rmtree(folder, ignore_errors=True)
    return card


def _learner(job: Job, mixture: EncodedTasks, steps: int, runtime: Runtime) -> Learner:
    """The encoder that the training starts from, with fresh heads."""
    torch.manual_seed(job.seed)
    body = encoder.open_encoder(job.start / "encoder")
    length = max(job.recipe.max_length, *job.recipe.max_lengths.values(), 0)
    check_length(body, length, f"params.yaml: a max_length of {job.kind} {job.name}")
    heads = _heads(job, mixture.cards, mixture.masking is not None, body)
    if runtime.trim and mixture.masking is None and supports_packing(body) and trimmed_embedding.trimmable(body):
        trimmed_embedding.trim(body, trimmed_embedding.used(mixture.sequences()))
    return Learner(body, heads, job.recipe, steps, job.seed).train()  # from_pretrained gives an encoder in eval mode


def _parameters(job: Job, steps: int, body: Encoder) -> dict[str, Any]:
    recipe = {f"recipe.{name}": value for name, value in asdict(job.recipe).items()}
    return recipe | {
        "seed": job.seed,
        "steps": steps,
        "encoder.type": body.config.model_type,
        "encoder.layers": body.config.num_hidden_layers,
        "encoder.hidden": body.config.hidden_size,
        "encoder.parameters": trimmed_embedding.parameters(body),
    }


def _heads(job: Job, cards: Mapping[str, Card], with_mlm: bool, body: Encoder) -> dict[str, nn.Module]:
    """One fresh head a label space; MLM's goes on where pretraining left it."""
    dropout = float(getattr(body.config, "hidden_dropout_prob", 0.1))
    heads: dict[str, nn.Module] = {
        name: shapes.get(card.shape).Head(body.config.hidden_size, dropout, card.labels, reading(body))
        for name, card in cards.items()
    }
    if with_mlm:
        heads[MLM] = mlm.Head(body.config.hidden_size, body.get_input_embeddings())
        if (job.start / "heads" / f"{MLM}.safetensors").exists():
            encoder.open_head(heads[MLM], job.start, MLM)
    return heads


def _evaluation(sets: Mapping[str, tuple[str, Encoded]]) -> Callable[[Learner], dict[str, float]]:
    """A function that gives the mean loss of every validation set."""

    def evaluate(learner: Learner) -> dict[str, float]:
        was_training = learner.training
        learner.eval()
        losses, first = {}, first_position(learner.encoder)
        # Rows of an evaluation have lengths of their own, each of which would be compiled for.
        as_written = torch.compiler.set_stance("force_eager") if learner.compiled else nullcontext()
        with torch.no_grad(), as_written:
            for name, (subject, encoded) in sets.items():
                total, terms = 0.0, 0
                head: Any = learner.heads[subject]
                for chosen in by_length(encoded, budget(learner.device)):
                    batch = collate(encoded, chosen, first).to(learner.device)
                    total += float(head.loss(hidden_states(learner.encoder, batch), batch))
                    terms += head.terms(batch)
                losses[name] = total / max(terms, 1)
        learner.train(was_training)
        return losses

    return evaluate


def _write(
    job: Job,
    learner: Learner,
    cards: Mapping[str, Card],
    fingerprint: str,
    parameters: Mapping[str, Any],
    final: Mapping[str, float],
) -> dict[str, Any]:
    """Write the checkpoint folder: encoder, heads and, last, its card."""
    folder = atomic.aside(job.output)
    encoder.save_encoder(learner.encoder, folder / "encoder", job.start / "encoder" / "tokenizer.json", job.base)
    for name, head in learner.heads.items():
        encoder.save_head(head, folder, name)
    card = {
        "kind": job.kind,
        "name": job.name,
        "seed": job.seed,
        "fingerprint": fingerprint,
        "parent": checkpoints.parent(job.start),
        "base": checkpoints.weights_of(job.base) if job.base else "",
        "recipe": asdict(job.recipe),
        "parameters": dict(parameters),
        "heads": {
            name: {"shape": one.shape, "labels": list(one.labels), "label_counts": dict(one.label_counts)}
            for name, one in cards.items()
        },
        "unlearned": learned.unlearned(checkpoints.read_card(job.start), job.kind, final),
        "final": dict(final),
    }
    return checkpoints.finish(folder, job.output, card)
