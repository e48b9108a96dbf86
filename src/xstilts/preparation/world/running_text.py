"""Running text in the languages of a world: how much of it, and how clean."""

from xstilts.languages import table as known
from xstilts.preparation.world import documents as stories
from xstilts.preparation.world.events import Sampler, Saying
from xstilts.preparation.world.likeness import agreement
from xstilts.preparation.world.preparation import World
from xstilts.preparation.world.rendering import Renderer, text
from xstilts.preparation.world.settings import WorldSettings

# XLM-R's exponent of sampling: languages with little text are raised above their raw share.
_CC100_EXPONENT = 0.3


def documents(world: World, languages: tuple[str, ...], *, heldout: bool) -> dict[str, list[str]]:
    """Documents by language, one a line.

    Raises:
        ValueError: a language that this world does not have.
    """
    result = {}
    for code in languages:
        if code not in world.settings.languages:
            raise ValueError(
                f"the world has no language {code!r}; it has {', '.join(world.settings.languages)}: "
                "add it to data.world.languages in params.yaml"
            )
        size = world.settings.heldout if heldout else amount(code, world.settings)
        result[code] = _language(world, code, size, "heldout" if heldout else "text")
    return result


def amount(code: str, settings: WorldSettings) -> int:
    """How many documents a language has."""
    share = 1.0
    if settings.pretraining == "cc100" and code != "eng":
        sizes = [known.get(each).cc100 for each in (code, "eng")]
        share = (max(sizes[0], 0.05) / sizes[1]) ** _CC100_EXPONENT
    if settings.pretraining == "distance":
        share = max(0.1, agreement(code))
    return max(1, round(settings.documents * share))


def _language(world: World, code: str, size: int, split: str) -> list[str]:
    renderer = world.renderer(code)
    sampler = Sampler(f"{world.settings.seed}/{split}/{code}", world.names)
    vocabulary = sorted(renderer.lexicon.content.values())
    lines = []
    for _ in range(size):
        words = _line(renderer, sampler).split(" ")
        if world.settings.noise:
            words = [
                sampler.choose(vocabulary) if word.isalpha() and sampler.chance(world.settings.noise) else word
                for word in words
            ]
        lines.append(" ".join(words))
    return lines


def _line(renderer: Renderer, sampler: Sampler) -> str:
    parts = []
    for part in stories.document(sampler):
        if isinstance(part, Saying):
            parts.append(text(renderer.say(part)))
        elif isinstance(part, str):
            # A day: the answer to "when".
            parts.append((part if part.isdigit() else renderer.lexicon.word(part)) + " .")
        else:
            parts.append(text(renderer.phrase(part)) + " .")
    return " ".join(parts)
