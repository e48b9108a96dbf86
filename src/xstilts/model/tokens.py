"""Sub-words: a tokenizer with the special tokens of its encoder, each distinct text tokenised once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tokenizers import Encoding, Tokenizer


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
    """A tokenizer and what the shapes ask of it; `path` is the file that it was read from."""

    def __init__(self, tokenizer: Tokenizer, path: Path = Path("tokenizer.json")) -> None:
        self.tokenizer, self.path = tokenizer, path
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
        return cls(Tokenizer.from_file(str(path)), path)

    def __len__(self) -> int:
        return int(self.tokenizer.get_vocab_size())

    def id(self, *names: str) -> int:
        """The id of the first of these special tokens that the vocabulary has."""
        for name in names:
            number = self.tokenizer.token_to_id(name)
            if number is not None:
                return int(number)
        raise ValueError(f"the tokenizer has none of the tokens {', '.join(names)}")

    @property
    def unknown(self) -> int:
        """The id of the unknown token."""
        return self.id("<unk>", "[UNK]")

    @property
    def mask(self) -> int:
        """The id of the token that hides another."""
        return self.id("<mask>", "[MASK]")

    @cached_property
    def template(self) -> Template:
        """The special tokens, read off the tokenizer's own pair encoding."""
        single, pair = self.tokenizer.encode("a"), self.tokenizer.encode("a", "a")
        single_runs, runs = _special_runs(single), _special_runs(pair)
        if len(single_runs) != 2 or len(runs) != 3:
            raise ValueError("the tokenizer puts no special tokens around its texts; it needs a post-processor")
        return Template(runs[0], runs[1], runs[2], single_runs[1], 1 in pair.type_ids)

    def encodings(self, texts: Iterable[str]) -> dict[str, Encoding]:
        """Each distinct text, without special tokens; the encodings carry character offsets."""
        distinct = list(dict.fromkeys(texts))
        return dict(zip(distinct, self.tokenizer.encode_batch(distinct, add_special_tokens=False), strict=True))

    def pieces(self, texts: Iterable[str]) -> dict[str, list[int]]:
        """The sub-word ids of each distinct text, without special tokens."""
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
        """Segment ids of a pair with so many sub-words on each side."""
        template = self.template
        return [0] * (len(template.prefix) + first + len(template.middle)) + [1] * (second + len(template.suffix))


def _special_runs(encoding: Encoding) -> list[tuple[int, ...]]:
    runs: list[list[int]] = []
    before = 0
    for number, special in zip(encoding.ids, encoding.special_tokens_mask, strict=True):
        if special:
            runs = [*runs[:-1], [*runs[-1], number]] if before else [*runs, [number]]
        before = special
    return [tuple(run) for run in runs]


def longest_first(first: Sequence[int], second: Sequence[int], room: int) -> tuple[Sequence[int], Sequence[int]]:
    """Cut the longer of two texts from its end, one sub-word at a time, until both fit into `room`."""
    a, b = len(first), len(second)
    if a + b > room:
        surplus = a + b - room
        level = min(surplus, abs(a - b))
        a, b = (a - level, b) if a > b else (a, b - level)
        rest = surplus - level
        a, b = a - (rest + 1) // 2, b - rest // 2
    return first[:a], second[:b]
