"""Tokens: a tokenizer with the special tokens of its encoder, each distinct text tokenised once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Encoding, Tokenizer

NOTE = "xstilts"  # in an encoder's configuration: what trying it has shown
# What special tokens are called that no tokenizer_config.json names.
ROLES: Mapping[str, tuple[str, ...]] = {"unk_token": ("<unk>", "[UNK]"), "mask_token": ("<mask>", "[MASK]")}


@dataclass(frozen=True)
class Template:
    """The special tokens around one text (`<s> a </s>`) or two (`<s> a </s></s> b </s>`), by their ids."""

    prefix: tuple[int, ...]
    middle: tuple[int, ...]
    suffix: tuple[int, ...]
    single_suffix: tuple[int, ...]
    segments: bool  # whether the second text has segment id 1 (BERT)

    @property
    def pair_specials(self) -> int:
        """How many special tokens a pair has."""
        return len(self.prefix) + len(self.middle) + len(self.suffix)


class Tokens:
    """A tokenizer and what the shapes ask of it.

    Args:
        tokenizer: with the special tokens of its encoder.
        path: the file that it was read from.
        reading: which tokens of a sequence stand for it (`architecture.reading`).
        roles: special tokens with names of their own, by what they are for: `unk_token`, `mask_token`.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        path: Path = Path("tokenizer.json"),
        reading: str = "first",
        roles: Mapping[str, str] | None = None,
    ) -> None:
        self.tokenizer, self.path, self.reading, self.roles = tokenizer, path, reading, roles or {}
        tokenizer.no_padding()
        tokenizer.no_truncation()

    @classmethod
    def open(cls, folder: Path) -> "Tokens":
        """The tokenizer that lies beside an encoder.

        Raises:
            ValueError: there is no `tokenizer.json`; the message says how to make one.
        """
        path = Path(folder) / "tokenizer.json"
        if not path.exists():
            raise ValueError(
                f"{path} does not exist; the stage `pretrained` writes it. For an encoder of your own, save a fast "
                "tokenizer: AutoTokenizer.from_pretrained(NAME).backend_tokenizer.save('tokenizer.json')"
            )
        reading = _json(path.with_name("config.json")).get(NOTE, {}).get("reading", "first")
        return cls(Tokenizer.from_file(str(path)), path, reading, roles_in(path.parent))

    def __len__(self) -> int:
        return int(self.tokenizer.get_vocab_size())

    def id(self, *names: str) -> int:
        """The id of the first of these special tokens that the vocabulary has."""
        number = self._found(names)
        if number is None:
            raise ValueError(f"the tokenizer {self.path} has none of the tokens {', '.join(names)}")
        return number

    def _found(self, names: Iterable[str]) -> int | None:
        found = (self.tokenizer.token_to_id(name) for name in names)
        return next((int(number) for number in found if number is not None), None)

    @cached_property
    def unknown(self) -> int:
        """The id of the unknown token; of a vocabulary of bytes, which has none, that of a closing special token."""
        number = self._found(self.names("unk_token"))
        return (self.template.single_suffix or self.template.prefix)[-1] if number is None else number

    @property
    def mask(self) -> int:
        """The id of the token that hides another."""
        return self.id(*self.names("mask_token"))

    def names(self, role: str) -> tuple[str, ...]:
        """What the special token for this may be called."""
        return (self.roles[role],) if role in self.roles else ROLES[role]

    @cached_property
    def template(self) -> Template:
        """The special tokens, read off the tokenizer's own pair encoding."""
        single, pair = self.tokenizer.encode("a"), self.tokenizer.encode("a", "a")
        around, between = _special_runs(single), _special_runs(pair)
        if not any(around) or len(around) != 2 or len(between) != 3:
            raise ValueError(
                f"the tokenizer {self.path} puts no special tokens around its texts; it needs a post-processor"
            )
        return Template(between[0], between[1], between[2], around[1], 1 in pair.type_ids)

    def encodings(self, texts: Iterable[str]) -> dict[str, Encoding]:
        """Each distinct text, without special tokens; the encodings carry character offsets."""
        distinct = list(dict.fromkeys(texts))
        return dict(zip(distinct, self.tokenizer.encode_batch(distinct, add_special_tokens=False), strict=True))

    def pieces(self, texts: Iterable[str]) -> dict[str, list[int]]:
        """The token ids of each distinct text, without special tokens."""
        distinct = list(dict.fromkeys(texts))
        encoded = self.tokenizer.encode_batch_fast(distinct, add_special_tokens=False)
        return {text: encoding.ids for text, encoding in zip(distinct, encoded, strict=True)}

    def single(self, pieces: Sequence[int]) -> list[int]:
        """One text with its special tokens."""
        return [*self.template.prefix, *pieces, *self.template.single_suffix]

    def pair(self, first: Sequence[int], second: Sequence[int]) -> list[int]:
        """Two texts with their special tokens."""
        return [*self.template.prefix, *first, *self.template.middle, *second, *self.template.suffix]

    def segments(self, first: int, second: int) -> list[int]:
        """Segment ids of a pair with so many tokens on each side."""
        template = self.template
        return [0] * (len(template.prefix) + first + len(template.middle)) + [1] * (second + len(template.suffix))


def _special_runs(encoding: Encoding) -> list[tuple[int, ...]]:
    """The special tokens before, between and behind the texts, each maybe none."""
    runs: list[list[int]] = [[]]
    text: int | None = None
    for number, special, sequence in zip(
        encoding.ids, encoding.special_tokens_mask, encoding.sequence_ids, strict=True
    ):
        if special:
            runs[-1].append(number)
        elif sequence != text:
            text = sequence
            runs.append([])
    return [tuple(run) for run in runs]


def roles_in(folder: Path) -> dict[str, str]:
    """The special tokens with names of their own that a folder's tokenizer_config.json gives, see `Tokens`."""
    named = _json(folder / "tokenizer_config.json")
    return {role: str(named[role]) for role in ROLES if role in named}


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def longest_first(first: Sequence[int], second: Sequence[int], room: int) -> tuple[Sequence[int], Sequence[int]]:
    """Cut the longer of two texts from its end, one token at a time, until both fit into `room`."""
    a, b = len(first), len(second)
    if a + b > room:
        surplus = a + b - room
        level = min(surplus, abs(a - b))
        a, b = (a - level, b) if a > b else (a, b - level)
        rest = surplus - level
        a, b = a - (rest + 1) // 2, b - rest // 2
    return first[:a], second[:b]
