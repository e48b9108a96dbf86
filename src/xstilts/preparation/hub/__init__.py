"""The `hub` origin: data sets of the Hugging Face Hub at recorded commits."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import datasets

from xstilts.formats.examples import Example
from xstilts.languages import table as languages
from xstilts.preparation import Prepared
from xstilts.preparation.assembly import finish
from xstilts.preparation.checks import accept
from xstilts.preparation.hub.readers import READERS
from xstilts.preparation.hub.repository import Repositories
from xstilts.preparation.rows import Notes
from xstilts.preparation.selection import wanted
from xstilts.tasks.task import Task

WIKIPEDIA = "wikimedia/wikipedia"
WIKIPEDIA_DUMP = "20231101"
TEXT_SENTENCES = 50_000  # of each language, unless `data.text_sentences` says otherwise
SENTENCE_END = re.compile(r"(?<=[.!?।؟])\s+|(?<=[。！？])")
SHORTEST = 10  # characters; shorter lines of Wikipedia are headings and remains of lists


def load(task: Task, settings: Mapping[str, Any]) -> Prepared:
    """The examples of one task from the Hub.

    Args:
        task: what to read, and what must come out.
        settings: `params.yaml: data`: `revisions` (id: commit), `saved` (a folder of saved data sets), `translated`,
            `allow_count_mismatch` and `limits` as in the `files` origin, and `<task>_from_hub: true` for a task whose
            copy on the Hub is known to be wrong.

    Raises:
        ValueError: the task is not on the Hub or not as the benchmark has it, a table cannot be had or is not what it
            should be.
    """
    accepted = settings.get(f"{task.name}_from_hub") is True
    if not task.hub or ("hub" in task.absent and not accepted):
        why = task.absent.get("hub", "its task file declares no source there")
        raise ValueError(f"{task.name} cannot be prepared from the Hub: {why}")
    chosen, counts = wanted(task, task.hub, task.counts, settings)
    splits: dict[str, list[Example]] = {}
    notes: dict[str, Notes] = {}
    tables: dict[str, dict[str, str]] = {}
    repositories = Repositories(settings)
    for split, sources in chosen.items():
        notes[split] = Notes()
        splits[split] = []
        for source in sources:
            found = repositories.table(source)
            rows = READERS[source.reader](found, source.options, notes[split])
            splits[split] += [row.example for row in accept(task, split, rows, notes[split])]
            if found.name not in tables:
                tables[found.name] = {"revision": found.revision, "sha256": found.sha256()}
    about: dict[str, Any] = {"origin": "hub", "tables": tables}
    if accepted and "hub" in task.absent:
        about["defect"] = task.absent["hub"]
    return finish(task, splits, about, settings, counts, notes)


def text(languages_wanted: tuple[str, ...], settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """Plain text for MLM: the first sentences of each language's Wikipedia, streamed, without repetitions.

    `data.text_sentences` is how many of each language; without `languages_wanted`, XTREME's forty.
    """
    count = int(settings.get("text_sentences") or TEXT_SENTENCES)
    revision = (settings.get("revisions") or {}).get(WIKIPEDIA)
    found = {}
    for code in languages_wanted or [language.code for language in languages.xtreme()]:
        config = f"{WIKIPEDIA_DUMP}.{languages.get(code).alpha2}"
        articles = datasets.load_dataset(WIKIPEDIA, config, split="train", streaming=True, revision=revision)
        found[code] = list(islice(_sentences(articles), count))
        if not found[code]:
            raise ValueError(f"no text of {code} for MLM in {WIKIPEDIA} {config}. Take the language out, or use files")
    return found


def _sentences(articles: Any) -> Iterator[str]:
    seen = set()
    for article in articles:
        for line in article["text"].split("\n"):
            for sentence in SENTENCE_END.split(line):
                stripped = sentence.strip()
                if len(stripped) >= SHORTEST and stripped not in seen:
                    seen.add(stripped)
                    yield stripped
