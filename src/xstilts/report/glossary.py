"""The words of statistics and of transfer that the page uses, each with a definition for a reader who knows neither.

`linked` turns the first use of each word in a text into a link to its definition; page_core.js shows it on hover.
"""

import re
from dataclasses import dataclass

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Term:
    """A word, how it may be written (a regular expression), and what it means."""

    name: str
    pattern: str
    meaning: str

    @property
    def anchor(self) -> str:
        """Its address inside the page."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


TERMS = (
    Term(
        "baseline",
        r"baselines?|no intermediate(?! is)",
        "The same target training without an intermediate task.",
    ),
    Term(
        "CC-100",
        r"CC-100",
        "The web text that XLM-R was pretrained on; its size by language says how much of a language XLM-R has read.",
    ),
    Term(
        "confidence interval",
        r"95 %(?: interval)?|90 %(?: intervals?)?",
        "The values of an effect that the data are compatible with. If the study were repeated, 95 of 100 "
        "such intervals would hold the true value.",
    ),
    Term(
        "correlation r",
        r"Pearson|\br(?= =|\b over)",
        "How closely two quantities follow a line: −1 and +1 are a perfect line, 0 is none.",
    ),
    Term(
        "encoder",
        r"[Ee]ncoder",
        "The pretrained language model that every run starts from.",
    ),
    Term(
        "family-aware",
        r"[Ff]amily-aware",
        "Computed so that languages of one family, which resemble each other, do not count as independent witnesses.",
    ),
    Term(
        "gain",
        r"[Gg]ains?",
        "Score with the intermediate task minus score without it, same target, language and seed, in points.",
    ),
    Term(
        "intermediate task",
        r"[Ii]ntermediate(?:s| task| tasks)?",
        "A task with English training data that the encoder learns before the target task.",
    ),
    Term(
        "max-T",
        r"max-T",
        "A correction for testing several intermediates: the largest effect is compared with the largest that "
        "chance would give.",
    ),
    Term(
        "naive",
        r"[Nn]aive",
        "Computed as if all languages were independent, which makes effects look surer than they are.",
    ),
    Term(
        "noise ceiling",
        r"[Nn]oise ceiling",
        "The largest standardised slope that could be seen, given how much of the gains is noise.",
    ),
    Term(
        "p value",
        r"(?:Monte Carlo |family-aware )?\bp(?= =|-value|$)|\bp values?",
        "How often chance alone would give an effect at least this large.",
    ),
    Term(
        "points",
        r"points",
        "Hundredths of a score: accuracy or F1 times 100.",
    ),
    Term(
        "pooled model",
        r"[Pp]ooled(?: models?)?",
        "One model over all targets, in which each target has a level and a slope of its own around a common slope.",
    ),
    Term(
        "q value",
        r"\bq(?= [<≥=]|$)",
        "A p value corrected for the number of cells that were tested.",
    ),
    Term(
        "relative error reduction",
        r"[Rr]elative error reduction|[Ee]rror reduction",
        "The gain as a share of the points that were missing to 100.",
    ),
    Term(
        "SD per SD",
        r"SD per SD",
        "Slope in standard deviations: by how many standard deviations the gain changes when the distance "
        "grows by one.",
    ),
    Term(
        "reliability",
        r"[Rr]eliability",
        "The share of the differences between languages that is not noise: it would show again with other seeds.",
    ),
    Term(
        "seed",
        r"[Ss]eeds?",
        "The number that starts all random choices of a training. Runs that differ only in their seed show "
        "how much is chance.",
    ),
    Term(
        "shrunken mean",
        r"[Ss]hrunken",
        "A mean that is pulled towards the overall mean, the more so the fewer languages it rests on.",
    ),
    Term(
        "slope",
        r"[Ss]lopes?",
        "By how much the gain changes when the distance grows by one unit; below zero: distant languages gain less.",
    ),
    Term(
        "smallest detectable",
        r"[Ss]mallest detectable \|slope\|",
        "The smallest slope that a study of this size would find four times out of five.",
    ),
    Term(
        "specification curve",
        r"[Ss]pecification curve",
        "The same question answered with every defensible choice of measure, to show how much the answer "
        "depends on the choice.",
    ),
    Term(
        "target",
        r"[Tt]argets?",
        "The task that is tested in all languages after training on English.",
    ),
    Term(
        "typological distance",
        r"[Tt]ypological distance",
        "The share of known grammatical features in which a language differs from English, as an angle: 0 is "
        "the same, 1 nothing in common.",
    ),
)

_WORDS = "|".join(f"(?P<t{number}>{term.pattern})" for number, term in enumerate(TERMS))
_ALL = re.compile(rf"(?<![\w-])(?:{_WORDS})(?![\w-])")
_TAGS = re.compile(r"(<[^>]*>|&[^;]*;)")


def linked(words: str | Markup) -> Markup:
    """A text with a link to its definition at the first use of each term; escaped, unless it is `Markup`."""
    used: set[str] = set()

    def link(found: re.Match[str]) -> str:
        term = TERMS[int(str(found.lastgroup)[1:])]
        if term.name in used:
            return found[0]
        used.add(term.name)
        return f'<a class="term" href="#{term.anchor}">{found[0]}</a>'

    done, closed = [], ""  # the tag whose end is awaited: links and code hold no links
    for part in _TAGS.split(str(escape(words))):
        if part == closed:
            closed = ""
        elif part.startswith(("<a ", "<code")):
            closed = f"</{part[1:].split('>')[0].split()[0]}>"
        plain = not closed and not part.startswith(("<", "&"))
        done.append(_ALL.sub(link, part) if plain else part)
    return Markup("".join(done))
