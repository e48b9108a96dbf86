"""Items: examples before any language has words for them. One item becomes one example in every language."""

from dataclasses import dataclass

from xstilts.formats.examples import Answer, Choice, ParallelSentences, Question, SentencePair, TaggedSentence
from xstilts.preparation.world.events import Phrase, Saying
from xstilts.preparation.world.rendering import Renderer, Tokens, text, words


@dataclass(frozen=True)
class Pair:
    """Two sentences and a label."""

    first: Saying
    second: Saying
    label: str

    def example(self, renderer: Renderer, identity: str) -> SentencePair:
        """The item in one language."""
        first, second = text(renderer.say(self.first)), text(renderer.say(self.second))
        return SentencePair(id=identity, first=first, second=second, label=self.label)


@dataclass(frozen=True)
class Sentence:
    """A sentence whose words are tagged with `layer`: `pos`, `category` or `entity`."""

    saying: Saying
    layer: str

    def example(self, renderer: Renderer, identity: str) -> TaggedSentence:
        """The item in one language."""
        tokens = renderer.say(self.saying)
        return TaggedSentence(
            id=identity, words=words(tokens), tags=tuple(getattr(token, self.layer) for token in tokens)
        )


@dataclass(frozen=True)
class Reading:
    """A question on a context; the answer is slot `asked` of sentence `answer`, or nothing (None)."""

    context: tuple[Saying, ...]
    question: Saying
    answer: int | None

    def example(self, renderer: Renderer, identity: str) -> Question:
        """The item in one language."""
        sentences = [renderer.say(saying) for saying in self.context]
        context = " ".join(text(sentence) for sentence in sentences)
        answers: tuple[Answer, ...] = ()
        if self.answer is not None:
            before = sum(len(text(sentence)) + 1 for sentence in sentences[: self.answer])
            answers = (_span(sentences[self.answer], self.question.asked, before),)
        return Question(id=identity, context=context, question=text(renderer.say(self.question)), answers=answers)


def _span(tokens: Tokens, slot: str, before: int) -> Answer:
    """The slot's content words, in one piece: articles, particles and adpositions at its edges are left out."""
    places = [index for index, token in enumerate(tokens) if token.slot == slot and token.pos not in ("DET", "ADP")]
    first, last = min(places), max(places)
    start = before + sum(len(token.form) + 1 for token in tokens[:first])
    return Answer(text=text(tokens[first : last + 1]), start=start)


@dataclass(frozen=True)
class Options:
    """A prompt of sentences, and continuations that are sentences or phrases; the first is right until shuffled."""

    prompt: tuple[Saying, ...]
    choices: tuple[Saying | Phrase, ...]
    label: int

    def example(self, renderer: Renderer, identity: str) -> Choice:
        """The item in one language."""
        prompt = " ".join(text(renderer.say(saying)) for saying in self.prompt)
        choices = tuple(
            text(renderer.say(choice) if isinstance(choice, Saying) else renderer.phrase(choice))
            for choice in self.choices
        )
        return Choice(id=identity, prompt=prompt, choices=choices, label=self.label)


@dataclass(frozen=True)
class Aligned:
    """A sentence and its translation; a side that is None has no counterpart (comparable corpora)."""

    source: Saying | None
    target: Saying | None

    def example(self, renderer: Renderer, english: Renderer, identity: str) -> ParallelSentences:
        """The item in a language and English."""
        return ParallelSentences(
            source_id=identity if self.source else None,
            source=text(renderer.say(self.source)) if self.source else None,
            target_id=identity if self.target else None,
            target=text(english.say(self.target)) if self.target else None,
        )


Item = Pair | Sentence | Reading | Options
