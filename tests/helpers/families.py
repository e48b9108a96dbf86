"""Tiny encoders of many families with random weights, in folders as transformers writes them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, PreTrainedTokenizerFast

TEXT = [f"The cat number {number} sat on the mat . Wo ist der Bahnhof , bitte ?" for number in range(30)]
SPECIALS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48}
POSITIONS = {"max_position_embeddings": 260}
T5 = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 3, "num_heads": 4, "feed_forward_proj": "gated-gelu"}
LLM = SIZES | POSITIONS | {"num_key_value_heads": 2, "head_dim": 8, "bos_token_id": None, "eos_token_id": 2}


@dataclass(frozen=True)
class Family:
    """One family: transformers' model type, its sizes, and what should be found out about it.

    `framing` is how its tokenizer frames texts, `rows` whether rows go unpadded, `reading` what stands for a sequence.
    """

    kind: str
    sizes: dict[str, Any]
    framing: str = "bert"
    rows: bool = True
    reading: str = "first"
    head: bool = True  # saved with its language-model head
    kept: bool = False  # whether that head has the form of ours


FAMILIES = {
    "xlm-roberta": Family("xlm-roberta", SIZES | POSITIONS | {"type_vocab_size": 1}, "roberta", kept=True),
    "multilingual-e5": Family("bert", SIZES | POSITIONS, "roberta", head=False),
    "xlm-roberta-xl": Family("xlm-roberta-xl", SIZES | POSITIONS | {"type_vocab_size": 1}, "roberta", kept=True),
    "xmod": Family(
        "xmod",
        SIZES | POSITIONS | {"type_vocab_size": 1, "languages": ["de_DE", "en_XX"]},
        "roberta",
        kept=True,
    ),
    "bert": Family("bert", SIZES | POSITIONS),
    "camembert": Family("camembert", SIZES | POSITIONS | {"type_vocab_size": 1}, "roberta", kept=True),
    "mdeberta": Family(
        "deberta-v2",
        SIZES
        | POSITIONS
        | {
            "relative_attention": True,
            "position_buckets": 16,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
            "type_vocab_size": 0,
        },
        rows=False,
    ),
    "rembert": Family(
        "rembert", SIZES | POSITIONS | {"input_embedding_size": 16, "output_embedding_size": 40}, rows=False
    ),
    "electra": Family("electra", SIZES | POSITIONS | {"embedding_size": 16}, head=False),
    "distilbert": Family("distilbert", {"dim": 32, "n_layers": 3, "n_heads": 4, "hidden_dim": 48} | POSITIONS),
    "modernbert": Family(
        "modernbert", SIZES | POSITIONS | {"local_attention": 32, "global_attn_every_n_layers": 2}, "bert"
    ),
    "eurobert": Family("eurobert", SIZES | POSITIONS | {"num_key_value_heads": 2}),
    "albert": Family("albert", SIZES | POSITIONS | {"embedding_size": 16}),
    "t5": Family("t5", T5, "t5", rows=False, reading="mean", head=False),
    "mt5": Family("mt5", T5, "t5", rows=False, reading="mean", head=False),
    "umt5": Family("umt5", T5, "t5", rows=False, reading="mean", head=False),
    "qwen2": Family("qwen2", LLM, "none", reading="last", head=False),
    "qwen3": Family("qwen3", LLM, "none", reading="last", head=False),
    "llama": Family("llama", LLM, "llama", reading="last", head=False),
}
FRAMES: dict[str, tuple[str, str] | None] = {
    "roberta": ("<s> $A </s>", "<s> $A </s> </s> $B </s>"),
    "bert": ("<s> $A </s>", "<s> $A </s> $B:1 </s>:1"),
    "t5": ("$A </s>", "$A </s> $B </s>"),
    "llama": ("<s> $A", "<s> $A <s> $B"),
    "none": None,
}


def tokenizer(framing: str) -> Tokenizer:
    """A tokenizer of bytes, which no text is unknown to, with special tokens as this framing puts them."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=list(SPECIALS), initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(TEXT, trainer)
    frame = FRAMES[framing]
    if frame is not None:
        used = [(name, made.token_to_id(name)) for name in ("<s>", "</s>") if name in frame[1]]
        made.post_processor = processors.TemplateProcessing(single=frame[0], pair=frame[1], special_tokens=used)
    return made


def write(folder: Path, family: Family, change: Callable[[Any], None] = lambda _: None) -> Path:
    """A folder as it would come from the Hub."""
    words = tokenizer(family.framing)
    torch.manual_seed(7)
    config = AutoConfig.for_model(family.kind, vocab_size=words.get_vocab_size(), pad_token_id=1, **family.sizes)
    change(config)
    kind = AutoModelForMaskedLM if family.head else AutoModel
    model = kind.from_config(config)
    for parameter in model.parameters():  # the usual start is so near 0 that no token would matter to another
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.15)
    model.save_pretrained(folder)
    names = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token", "mask_token"), SPECIALS, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=words, **names).save_pretrained(folder)
    return folder


def plain(folder: Path) -> Any:
    """The encoder of a checkpoint as transformers opens it by itself, with its own attention."""
    config = AutoConfig.from_pretrained(folder)
    kind = getattr(transformers, config.architectures[0])
    extra = {"add_pooling_layer": False} if "add_pooling_layer" in kind.__init__.__code__.co_varnames else {}
    return kind.from_pretrained(folder, **extra).eval()
