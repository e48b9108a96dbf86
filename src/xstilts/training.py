"""Learn a mixture: pretraining, intermediate and target training are this one act.

Start from an encoder, put a fresh head on it for every label space, learn, and keep encoder and heads in two places.
The baseline's mixture is empty, so that its encoder is the pretrained one, byte for byte.
"""

import logging
import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn

from xstilts import checkpoints, folders, prepared, shapes
from xstilts import encoder as encoders
from xstilts.batching import Encoded, Encoder, by_length, collate, first_position, hidden_states
from xstilts.callbacks import LAST, Curves, Resume, Selection
from xstilts.jobs import MLM, Job
from xstilts.learner import Learner
from xstilts.params import Runtime
from xstilts.prepared import Card
from xstilts.schedule import Masking, Schedule, Subject, total_steps
from xstilts.shapes import mlm
from xstilts.shapes.tokens import Tokens

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
    tokens = Tokens.open(job.start / "encoder")
    torch.manual_seed(job.seed)
    body = encoders.open_encoder(job.start / "encoder")
    subjects, heads, masking, cards = _subjects(job, tokens, body)
    steps = total_steps(subjects, epochs=job.recipe.epochs, steps=job.recipe.steps, cap=job.recipe.cap)
    learner = Learner(body, heads, job.recipe, steps, job.seed).train()  # from_pretrained gives an encoder in eval mode
    evaluate = _evaluation(job, tokens, cards, masking)
    if runtime.gradient_checkpointing:
        body.activation_checkpointing_enable()
    if runtime.compile:
        body.compile()
    fingerprint, parameters = job.fingerprint(), _parameters(job, steps, body)
    folder = resume / fingerprint
    selection = Selection(evaluate, job.recipe.evaluate_every, job.recipe.patience, folder)
    folder.mkdir(parents=True, exist_ok=True)
    precision: Any = runtime.precision  # Lightning's own check names what it takes
    trainer = pl.Trainer(
        max_steps=steps,
        max_epochs=-1,
        accelerator=runtime.accelerator,
        devices=runtime.devices,
        num_nodes=runtime.nodes,
        strategy=_strategy(runtime, len(subjects)),
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
            subjects,
            seed=job.seed,
            steps=steps,
            cap=job.recipe.cap,
            first_position=first_position(body.config),
            masking=masking,
            parts=runtime.accumulate,
            rank=trainer.global_rank,
            world=trainer.world_size,
            start=trainer.global_step,
        )

    learner.schedule = schedule
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
    if not trainer.is_global_zero:
        return {"final": {}}
    best_step = selection.restore_best(learner)
    learner.to("cpu")
    final = {f"validation/{name}": loss for name, loss in evaluate(learner).items()}
    final |= {"steps": float(trainer.global_step), "best_step": float(best_step or trainer.global_step)}
    if trainer.logger:
        trainer.logger.log_metrics({f"final/{name}": value for name, value in final.items()}, step=trainer.global_step)
    card = _write(job, learner, cards, fingerprint, parameters, final)
    shutil.rmtree(folder, ignore_errors=True)
    return card


def _strategy(runtime: Runtime, subjects: int) -> str:
    """Lightning's name of the strategy; several processes that learn a mixture leave some heads out of every step.

    Raises:
        ValueError: a strategy that shards weights, which neither selection nor the written encoder knows.
    """
    if runtime.strategy.startswith(("fsdp", "deepspeed", "model_parallel")):
        raise ValueError(
            f"params.yaml: runtime.strategy is {runtime.strategy!r}, which shards the weights; allowed: auto, ddp and "
            "its variants. If a step does not fit on one device: runtime.accumulate, runtime.gradient_checkpointing"
        )
    several = runtime.devices != 1 or runtime.nodes > 1
    if several and subjects > 1 and runtime.strategy in ("auto", "ddp"):
        return "ddp_find_unused_parameters_true"
    return runtime.strategy


def _parameters(job: Job, steps: int, body: Encoder) -> dict[str, Any]:
    recipe = {f"recipe.{name}": value for name, value in asdict(job.recipe).items()}
    return recipe | {
        "seed": job.seed,
        "steps": steps,
        "encoder.type": body.config.model_type,
        "encoder.layers": body.config.num_hidden_layers,
        "encoder.hidden": body.config.hidden_size,
        "encoder.parameters": sum(parameter.numel() for parameter in body.parameters()),
    }


def _subjects(
    job: Job, tokens: Tokens, body: Encoder
) -> tuple[dict[str, Subject], dict[str, nn.Module], Masking | None, dict[str, Card]]:
    """Encode the training data and make the heads; a head is fresh in every phase."""
    recipe, dropout = job.recipe, float(getattr(body.config, "hidden_dropout_prob", 0.1))
    subjects: dict[str, Subject] = {}
    heads: dict[str, nn.Module] = {}
    cards: dict[str, Card] = {}
    for folder in job.material.tasks:
        card = prepared.read_head(folder)
        shape = shapes.get(card.shape)
        encoded, _ = shape.encode(
            prepared.read(folder, "train"), tokens, shapes.Lengths.of(recipe, card.name), card.labels
        )
        if not len(encoded):
            raise ValueError(f"{folder}/train.jsonl has no examples; {card.name} cannot be trained on")
        subjects[card.name] = Subject(card.name, encoded, recipe.batches.get(card.name, recipe.batch))
        heads[card.name] = shape.Head(body.config.hidden_size, dropout, card.labels)
        cards[card.name] = card
    masking = None
    if job.material.text:
        texts = {code: list(prepared.lines(path)) for code, path in prepared.text_files(job.material.text).items()}
        encoded, languages = mlm.encode(texts, tokens, shapes.Lengths.of(recipe, MLM))
        batch = recipe.batches.get(MLM, recipe.batch)
        subjects[MLM] = Subject(MLM, encoded, batch, mlm.sampling(languages, recipe.alpha))
        heads[MLM] = mlm.Head(body.config.hidden_size, body.get_input_embeddings().weight)
        if (job.start / "heads" / f"{MLM}.safetensors").exists():  # MLM goes on where pretraining left it
            encoders.open_head(heads[MLM], job.start, MLM)
        masking = _masking(tokens, recipe.mask)
    if not subjects:
        raise ValueError(
            f"{job.kind} {job.name} has neither tasks nor text to learn from; see mixtures: in params.yaml"
        )
    return subjects, heads, masking, cards


def _masking(tokens: Tokens, share: float) -> Masking:
    template = tokens.template
    specials = {*template.prefix, *template.middle, *template.suffix, *template.single_suffix, tokens.mask}
    return Masking(share, tokens.mask, len(tokens), np.array(sorted(specials)))


def _evaluation(
    job: Job, tokens: Tokens, cards: Mapping[str, Card], masking: Masking | None
) -> Callable[[Learner], dict[str, float]]:
    """A function that gives the mean validation loss of every subject, MLM's language by language.

    A task without validation data (TyDiQA-GoldP's English development set is its test set) has none.
    """
    sets: dict[str, tuple[str, Encoded]] = {}
    count = job.recipe.evaluation_examples
    for folder in job.material.tasks:
        card = cards[folder.name]
        examples = prepared.read_if_any(folder, "validation")[:count]
        if examples:
            encode = shapes.get(card.shape).encode
            sets[card.name] = (
                card.name,
                encode(examples, tokens, shapes.Lengths.of(job.recipe, card.name), card.labels)[0],
            )
    if job.material.text and masking:
        for code, path in prepared.text_files(job.material.text / "heldout").items():
            encoded, _ = mlm.encode(
                {code: list(prepared.lines(path))[:count]}, tokens, shapes.Lengths.of(job.recipe, MLM)
            )
            if len(encoded):
                rng = np.random.default_rng(0)  # the same sub-words hidden at every evaluation
                everything = np.arange(len(encoded))
                hidden = mlm.hide(
                    encoded,
                    everything,
                    masking.share,
                    mask=masking.mask,
                    vocabulary=masking.vocabulary,
                    specials=masking.specials,
                    rng=rng,
                )
                sets[f"{MLM}/{code}"] = (MLM, hidden)

    def evaluate(learner: Learner) -> dict[str, float]:
        was_training = learner.training
        learner.eval()
        losses = {}
        with torch.no_grad():
            for name, (subject, encoded) in sets.items():
                total, terms = 0.0, 0
                head: Any = learner.heads[subject]
                for chosen in by_length(encoded, 8192):
                    batch = collate(encoded, chosen, first_position(learner.encoder.config)).to(learner.device)
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
    folder = folders.aside(job.output)
    encoders.save_encoder(learner.encoder, folder / "encoder", job.start / "encoder" / "tokenizer.json")
    for name, head in learner.heads.items():
        encoders.save_head(head, folder, name)
    card = {
        "kind": job.kind,
        "name": job.name,
        "seed": job.seed,
        "fingerprint": fingerprint,
        "parent": checkpoints.parent(job.start),
        "recipe": asdict(job.recipe),
        "parameters": dict(parameters),
        "heads": {name: {"shape": card.shape, "labels": list(card.labels)} for name, card in cards.items()},
        "final": dict(final),
    }
    return checkpoints.finish(folder, job.output, card)
