"""What a predictor without skill scores: the floor under a run's values."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from xstilts.formats.examples import Choice, Example, Question, SentencePair, TaggedSentence
from xstilts.languages import table as languages
from xstilts.scoring.metrics import spans
from xstilts.scoring.metrics.classification import accuracy
from xstilts.scoring.rows import Inputs, Values, answers, labels, typed
from xstilts.scoring.rules import lookup

Counts = Mapping[str, int]
Floor = Callable[[Sequence[Example], Counts, str], Values]


def majority(scorer: str, metrics: Iterable[str], gold: Sequence[Example], counts: Counts, *, language: str) -> Values:
    """What a predictor without skill scores on one language, in points.

    Labels and choices: the training set's most frequent one, always. Tags: its most frequent tag for every word (so
    entity F1 is 0 where that is O). Answers: the whole context; for SQuAD v2.0 always "no answer". Tatoeba: the
    expected value of drawing a line at random. Not defined, and left out, for BUCC.

    Args:
        scorer: `Task.scorer`.
        metrics: `Task.metrics`.
        gold: the test examples of one language.
        counts: of the labels of the English training set; of no use to answers and retrieval.
        language: ISO 639-3.

    Raises:
        ValueError: no such scorer, no gold, or no labelled training example where one is needed.
    """
    lookup(scorer)
    if not gold:
        raise ValueError(f"no gold examples for {language}; the test file is empty: prepare the task again")
    values = _FLOORS[scorer](gold, counts, language) if scorer in _FLOORS else {}
    return {metric: values[metric] for metric in metrics if metric in values}


def _label_floor(kind: type[SentencePair] | type[Choice]) -> Floor:
    def floor(gold: Sequence[Example], counts: Counts, language: str) -> Values:
        return {"accuracy": accuracy(list(map(str, labels(gold, kind))), [_most_frequent(counts)] * len(gold))}

    return floor


def _tag_floor(scorer: str) -> Floor:
    def floor(gold: Sequence[Example], counts: Counts, language: str) -> Values:
        tag = _most_frequent(counts)
        rows = [{"id": row.id, "prediction": [tag] * len(row.words)} for row in typed(gold, TaggedSentence)]
        return lookup(scorer)(Inputs(gold, rows, language))

    return floor


def _context(gold: Sequence[Example]) -> dict[str, str]:
    return {question.id: question.context for question in typed(gold, Question)}


def _squad_floor(gold: Sequence[Example], counts: Counts, language: str) -> Values:
    return spans.squad(answers(gold), _context(gold))


def _mlqa_floor(gold: Sequence[Example], counts: Counts, language: str) -> Values:
    return spans.mlqa(answers(gold), _context(gold), languages.get(language).alpha2)


def _squad_v2_floor(gold: Sequence[Example], counts: Counts, language: str) -> Values:
    return spans.squad_v2(answers(gold), dict.fromkeys(_context(gold), ""))


def _nearest_floor(gold: Sequence[Example], counts: Counts, language: str) -> Values:
    chance = 100.0 / len(gold)
    return {"accuracy": chance, "accuracy_reverse": chance}


_FLOORS: dict[str, Floor] = {
    "accuracy": _label_floor(SentencePair),
    "choice_accuracy": _label_floor(Choice),
    "accuracy_per_tag": _tag_floor("accuracy_per_tag"),
    "chunks": _tag_floor("chunks"),
    "entities": _tag_floor("entities"),
    "squad": _squad_floor,
    "squad_v2": _squad_v2_floor,
    "mlqa": _mlqa_floor,
    "nearest": _nearest_floor,
}


def _most_frequent(counts: Counts) -> str:
    if not counts:
        raise ValueError("no labelled training example for the majority baseline; prepare the training task again")
    return min(counts, key=lambda label: (-counts[label], label))
