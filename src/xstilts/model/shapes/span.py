"""A question on a context, answered by a stretch of the context: start and end logits over windows.

The windows are those of XTREME's run_squad (google-research/xtreme @ 838c13b): the question is cut to `query`
tokens, a window starts every `stride` tokens (a step, where fast tokenizers mean the overlap), and a start
counts only in the window where it has the most context. Answers are cut out of the context by character offsets,
in every script; XTREME goes through whitespace words, which returns whole sentences in Chinese.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xstilts.formats.examples import Question
from xstilts.model.architecture import Reading
from xstilts.model.batching import Batch, Encoded
from xstilts.model.shapes import Lengths
from xstilts.model.tokens import Tokens

BEST = 20  # starts and ends that are combined
LONGEST = 30  # tokens of an answer


@dataclass(frozen=True)
class Window:
    """Tokens `begin` to `end` of an example's context, the first at position `shift` of its sequence."""

    example: int
    begin: int
    end: int
    shift: int


def encode(
    examples: Sequence[Question], tokens: Tokens, lengths: Lengths, labels: Sequence[str]
) -> tuple[Encoded, dict[str, Any]]:
    """One item a window; `labels` is unused.

    A window without the answer, and a question without one, point at the first token, as does the reference.

    Raises:
        ValueError: `max_length` leaves no room for a context, or an answer is not where it should be.
    """
    encodings = tokens.encodings(text for example in examples for text in (example.question, example.context))
    template = tokens.template
    sequences: list[list[int]] = []
    segments: list[int] = []
    windows: list[Window] = []
    starts, ends, offsets = [], [], []
    for number, example in enumerate(examples):
        question = encodings[example.question].ids[: lengths.query]
        context = encodings[example.context]
        offsets.append(np.array(context.offsets, dtype=np.int64).reshape(-1, 2))
        room = lengths.max_length - len(question) - template.pair_specials
        if room < 1:
            raise ValueError(
                f"max_length {lengths.max_length} leaves no room for a context beside a question of "
                f"{len(question)} tokens"
            )
        shift = len(template.prefix) + len(question) + len(template.middle)
        answer = _answer(example, offsets[-1])
        for begin in _steps(len(context.ids), room, lengths.stride):
            end = min(begin + room, len(context.ids))
            sequences.append(tokens.pair(question, context.ids[begin:end]))
            segments.extend(tokens.segments(len(question), end - begin) if template.segments else ())
            windows.append(Window(number, begin, end, shift))
            inside = answer is not None and begin <= answer[0] and answer[1] < end
            starts.append(answer[0] - begin + shift if inside and answer else 0)
            ends.append(answer[1] - begin + shift if inside and answer else 0)
    encoded = Encoded.build(
        sequences,
        types=np.array(segments, dtype=np.int32) if template.segments else None,
        sequence_targets={"start": np.array(starts, dtype=np.int64), "end": np.array(ends, dtype=np.int64)},
    )
    context_of = {
        "ids": [example.id for example in examples],
        "contexts": [example.context for example in examples],
        "offsets": np.concatenate([*offsets, np.empty((0, 2), dtype=np.int64)]),
        "bounds": np.cumsum([0, *map(len, offsets)]),
        "windows": np.array([astuple(window) for window in windows], dtype=np.int64).reshape(-1, 4),
        "null": any(not example.answers for example in examples),
    }
    return encoded, context_of


def _steps(total: int, room: int, stride: int) -> list[int]:
    begins = [0]
    while begins[-1] + room < total:
        begins.append(begins[-1] + min(room, stride))
    return begins


def _answer(example: Question, offsets: np.ndarray) -> tuple[int, int] | None:
    """First and last token of the first gold answer."""
    if not example.answers or not len(offsets):
        return None
    answer = example.answers[0]
    if example.context[answer.start : answer.start + len(answer.text)] != answer.text:
        raise ValueError(f"question {example.id}: the answer {answer.text!r} is not at character {answer.start}")
    touching = np.flatnonzero((offsets[:, 1] > answer.start) & (offsets[:, 0] < answer.start + len(answer.text)))
    return (int(touching[0]), int(touching[-1])) if len(touching) else None


class Head(nn.Module):
    """Dropout-free start and end logits, softmax over the tokens of the own sequence (transformers' QA head)."""

    fixed = True

    def __init__(self, hidden: int, dropout: float, labels: Sequence[str], reading: Reading = "first") -> None:
        super().__init__()
        self.out = nn.Linear(hidden, 2)

    def logits(self, states: Tensor, batch: Batch) -> Tensor:
        """Shape (sequences, longest, 2), -inf after a sequence's end."""
        flat = self.out(states).float()
        steps = torch.arange(batch.lengths[0], device=flat.device)[None]
        mask = steps < batch.sizes[:, None]
        rows: Tensor = flat[(batch.starts[:, None] + steps).clamp_max(len(flat) - 1)]
        return rows.masked_fill(~mask[..., None], float("-inf"))

    def loss(self, states: Tensor, batch: Batch) -> Tensor:
        """Mean of start's and end's cross-entropy, summed over the windows."""
        logits = self.logits(states, batch)
        start = nn.functional.cross_entropy(logits[..., 0], batch.targets["start"], reduction="sum")
        end = nn.functional.cross_entropy(logits[..., 1], batch.targets["end"], reduction="sum")
        return (start + end) / 2

    def terms(self, batch: Batch) -> int:
        """One term a window."""
        return batch.weight

    def reads(self, batch: Batch) -> Tensor | None:
        """None: `predict` reads every token's state."""
        return None

    def predict(self, states: Tensor, batch: Batch) -> dict[str, np.ndarray]:
        """Logits, shape (windows, longest, 2)."""
        return {"logits": self.logits(states, batch).cpu().numpy()}


def decode(predictions: dict[str, Any], context: dict[str, Any]) -> list[dict[str, Any]]:
    """The best-scored stretch of each context over its windows; "" where no answer scores higher (SQuAD v2).

    Args:
        predictions: `logits`, one array (tokens, 2) a window.
        context: from `encode`.
    """
    best: dict[int, tuple[float, int, int]] = {}
    null: dict[int, float] = {}
    windows = [Window(*row) for row in context["windows"].tolist()]
    for window, logits, allowed in zip(windows, predictions["logits"], _most_context(windows), strict=True):
        score, start, end = _best_span(logits, window, allowed)
        if window.example not in best or score > best[window.example][0]:
            best[window.example] = (score, start, end)
        nothing = float(logits[0, 0] + logits[0, 1])
        null[window.example] = min(null.get(window.example, nothing), nothing)
    rows = []
    for number, key in enumerate(context["ids"]):
        score, start, end = best[number]
        text = ""
        if score > float("-inf") and not (context["null"] and null[number] > score):
            offsets = context["offsets"][context["bounds"][number] :]
            text = context["contexts"][number][offsets[start, 0] : offsets[end, 1]].strip()
        rows.append({"id": key, "prediction": text})
    return rows


def _best_span(logits: np.ndarray, window: Window, allowed: np.ndarray) -> tuple[float, int, int]:
    """Score, first and last token (numbered in the whole context) of a window's best answer."""
    span = slice(window.shift, window.shift + window.end - window.begin)
    start_logits = np.where(allowed, logits[span, 0], -np.inf)
    end_logits = logits[span, 1]
    if not len(end_logits):
        return float("-inf"), 0, 0
    starts = np.argsort(-start_logits, kind="stable")[:BEST]
    ends = np.argsort(-end_logits, kind="stable")[:BEST]
    sums = start_logits[starts][:, None] + end_logits[ends][None]
    width = ends[None] - starts[:, None] + 1
    sums = np.where((width >= 1) & (width <= LONGEST), sums, -np.inf)
    place = int(sums.argmax())
    i, j = divmod(place, len(ends))
    return float(sums[i, j]), window.begin + int(starts[i]), window.begin + int(ends[j])


def _most_context(windows: Sequence[Window]) -> list[np.ndarray]:
    """For each window, which of its tokens have nowhere more context than here (earlier windows win ties)."""
    by_example: dict[int, list[int]] = {}
    for place, window in enumerate(windows):
        by_example.setdefault(window.example, []).append(place)
    allowed: list[np.ndarray] = [np.empty(0, dtype=bool)] * len(windows)
    for places in by_example.values():
        total = max(windows[place].end for place in places)
        scores = np.full((len(places), total), -1.0)
        for row, place in enumerate(places):
            window = windows[place]
            inside = np.arange(window.begin, window.end)
            scores[row, inside] = np.minimum(inside - window.begin, window.end - 1 - inside) + 0.01 * len(inside)
        winner = scores.argmax(axis=0)
        for row, place in enumerate(places):
            window = windows[place]
            allowed[place] = winner[window.begin : window.end] == row
    return allowed
