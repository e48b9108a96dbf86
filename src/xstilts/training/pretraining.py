"""The encoder called `none` starts from: XLM-R and its like from the Hub or a folder, or a small one pretrained here.

A tokenizer is trained once and kept with the encoder: BPE training is not reproducible across processes, so that the
file, not the recipe, is what later stages depend on.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from xstilts.formats import atomic, checkpoints, fingerprints, prepared
from xstilts.model import encoder
from xstilts.model.settings import Model
from xstilts.training import adoption

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")  # XLM-R's own names; the ids are ours


def train_tokenizer(
    text: Path, vocabulary: int, alpha: float, seed: int, path: Path, *, lines: int = 1_000_000
) -> None:
    """Train a BPE tokenizer of XLM-R's kind on text sampled over languages with p ∝ lines^alpha.

    Args:
        text: folder of `<code>.txt`.
        vocabulary: size, special tokens included.
        alpha: exponent of the sampling, 1 takes the text as it is.
        seed: of the sampling.
        path: where to write `tokenizer.json`.
        lines: about how many lines are read in all.
    """
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()])
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=list(SPECIALS), show_progress=False)
    tokenizer.train_from_iterator(_sampled(text, alpha, seed, lines), trainer)
    start, _, end, _, _ = SPECIALS
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, tokenizer.token_to_id(start)), (end, tokenizer.token_to_id(end))],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))


def _sampled(text: Path, alpha: float, seed: int, lines: int) -> Iterator[str]:
    files = prepared.text_files(text)
    counts = np.array([sum(1 for _ in prepared.lines(path)) for path in files.values()], dtype=np.float64)
    share = counts**alpha / (counts**alpha).sum()
    wanted = share * min(lines, counts.sum())
    rng = np.random.default_rng(seed)
    for path, count, number in zip(files.values(), counts, wanted, strict=True):
        rows = list(prepared.lines(path))
        chosen = rng.choice(len(rows), size=int(number), replace=number > count) if number < count else range(len(rows))
        yield from (rows[i] for i in chosen)


def fresh(model: Model, text: Path, output: Path, *, alpha: float, seed: int) -> dict[str, Any]:
    """A checkpoint folder with a new tokenizer and an encoder of random weights: where pretraining starts."""
    folder = atomic.aside(output)
    tokenizer = folder / "encoder" / "tokenizer.json"
    train_tokenizer(text, model.vocabulary, alpha, seed, tokenizer)
    vocabulary = Tokenizer.from_file(str(tokenizer)).get_vocab_size()
    torch.manual_seed(seed)
    body = encoder.fresh(model, vocabulary, pad=SPECIALS.index("<pad>"))
    encoder.save_encoder(body, folder / "encoder", tokenizer)
    return checkpoints.finish(folder, output, _card("fresh", asdict(model), seed, folder))


def download(
    name: str, revision: str | None, output: Path, examine: Callable[[Path], None] = lambda _: None
) -> dict[str, Any]:
    """A checkpoint folder with a pretrained encoder, its tokenizer and, if it has one, its language-model head.

    Args:
        name: a name on the Hub, or a folder.
        revision: a commit; of a folder, what `content_of` gives (the content is checked then).
        output: the folder to write.
        examine: looks at the folder before it is in its place, and raises if it will not do.

    Raises:
        ValueError: the model cannot be served (see `adoption`), or a folder has other content than `revision` says.
        OSError: the Hub cannot be reached and the model is not in its cache; transformers says what to set.
    """
    content = content_of(Path(name)) if Path(name).is_dir() else None
    if content is not None and revision not in (None, content):
        raise ValueError(
            f"{name} has the content {content}, but model.revision is {revision}: the folder was written anew or is "
            "another. Make it as it was, or put its content into params.yaml: model.revision"
        )
    folder = atomic.aside(output)
    adopted = adoption.adopt(name, revision)
    adopted.save(folder)
    examine(folder)
    resolved = content or getattr(adopted.body.config, "_commit_hash", None) or revision or ""
    return checkpoints.finish(folder, output, _card("pretrained", {"name": name, "revision": resolved}, 0, folder))


def content_of(folder: Path) -> str:
    """The digest of a transformers folder's weights and tokenizer: what stands in for the commit of a name on the Hub.

    Without it in params.yaml, DVC does not see that a folder of the same name holds another encoder.
    """
    weights = [path for kind in ("*.safetensors", "*.bin") for path in sorted(folder.glob(kind))]
    return fingerprints.of_files([*weights, *folder.glob("tokenizer.json")])


def _card(kind: str, parameters: dict[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": str(parameters.get("name") or "scratch"),
        "seed": seed,
        "fingerprint": fingerprints.of([kind, parameters, seed, fingerprints.of_folder(folder)]),
        "parent": "",
        "recipe": {},
        "parameters": {f"model.{name}": value for name, value in parameters.items()},
        "heads": {},
        "final": {},
    }
