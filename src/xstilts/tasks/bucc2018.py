"""BUCC 2018: find the translations in two comparable corpora, four languages against English; no training.

XTREME's test set is the shared task's *training-gold*, its development set *sample-gold*, which sets the threshold.
Rows: the foreign sentences in file order, each with its English counterpart or without one, then the English
sentences without one. A sentence in two gold pairs is in two rows: read ids once. On the Hub, `google/xtreme` has the
gold pairs alone and `mteb/BUCC` the test corpora without ids (there ids are positions) and without the development
set.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

LANGUAGES = {"cmn": "zh", "deu": "de", "fra": "fr", "rus": "ru"}
GOLD = {"cmn": (257, 1_899), "deu": (1_038, 9_580), "fra": (929, 9_086), "rus": (2_374, 14_435)}
MTEB = "414572247440f0ccacf7eb0bb70a31533a0e5443"


def _corpora(name: str, published: str, prepared: str) -> tuple[FileSource, ...]:
    """The three files of a corpus as published, or as XTREME's download script moves them."""
    ends = (name, "en", "gold")
    return (
        FileSource(
            tuple(f"bucc2018/{name}-en/{name}-en.{published}.{end}" for end in ends),
            "bucc",
            otherwise=FileSource(tuple(f"bucc2018/{name}-en.{prepared}.{end}" for end in ends), "bucc"),
        ),
    )


TASK = Task(
    name="bucc2018",
    shape="retrieval",
    scorer="mining",
    metrics=("f1",),
    languages=tuple(LANGUAGES),
    hub={
        f"test/{code}": (HubSource("mteb/BUCC", f"{name}-en", "test", "bucc", MTEB, {"language": name}),)
        for code, name in LANGUAGES.items()
    },
    files={f"dev/{code}": _corpora(name, "sample", "dev") for code, name in LANGUAGES.items()}
    | {f"test/{code}": _corpora(name, "training", "test") for code, name in LANGUAGES.items()},
    counts={f"dev/{code}": dev for code, (dev, _) in GOLD.items()}
    | {f"test/{code}": test for code, (_, test) in GOLD.items()},
    absent={
        "archive": "it holds nothing of BUCC. Unpack bucc2018-*-en.{sample,training}-gold.tar.bz2 and use "
        "data.layout: upstream",
        "hub": "the Hub has the test corpora (mteb/BUCC) but not the development set that the threshold is chosen on. "
        "Use data.origin: files, or set data.bucc2018_from_hub: true to have the test corpora alone",
    },
    metadata={
        "description": "Mining parallel sentences from comparable corpora",
        "paper": "Zweigenbaum et al. 2018, comparable.limsi.fr/bucc2018",
        "licence": "for research; Wikipedia (CC BY-SA 3.0) and News Commentary",
        "homepage": "https://comparable.limsi.fr/bucc2018/bucc2018-task.html",
        "obtain": "unpack bucc2018-<language>-en.{sample,training}-gold.tar.bz2 (comparable.limsi.fr/bucc2018) "
        "below data.root.",
    },
)
