"""XQuAD: 1,190 questions of SQuAD's development set, translated into ten languages; trained on English SQuAD 1.1.

Ids are the same in every language. The Hub's copy strips contexts without moving `answer_start`: answers are
realigned and counted. Scored with SQuAD's English normaliser in every language, as XTREME does.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

LANGUAGES = {
    "arb": "ar",
    "cmn": "zh",
    "deu": "de",
    "ell": "el",
    "eng": "en",
    "hin": "hi",
    "rus": "ru",
    "spa": "es",
    "tha": "th",
    "tur": "tr",
    "vie": "vi",
}

TASK = Task(
    name="xquad",
    shape="span",
    scorer="squad",
    metrics=("f1", "exact_match"),
    languages=tuple(LANGUAGES),
    training="squad_v1",
    hub={
        f"test/{code}": (HubSource("google/xquad", f"xquad.{name}", "validation", "squad"),)
        for code, name in LANGUAGES.items()
    },
    files={f"test/{code}": (FileSource((f"xquad/xquad.{name}.json",), "squad"),) for code, name in LANGUAGES.items()},
    archive={
        f"test/{code}": (FileSource((f"xtreme/xquad/xquad.{name}.json",), "squad"),) for code, name in LANGUAGES.items()
    },
    counts={f"test/{code}": 1_190 for code in LANGUAGES},
    archive_counts={f"test/{code}": 1_190 for code in LANGUAGES},
    metadata={
        "description": "Extractive question answering in eleven languages, parallel",
        "paper": "Artetxe et al. 2020, aclanthology.org/2020.acl-main.421",
        "licence": "CC BY-SA 4.0",
        "homepage": "https://github.com/google-deepmind/xquad",
        "obtain": "clone github.com/google-deepmind/xquad to xquad/ below data.root (the original files: XTREME's "
        "preparation removes the answers).",
    },
)
