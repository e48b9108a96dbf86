"""MLQA: questions on Wikipedia in seven languages, translated by people; trained on English SQuAD 1.1.

Only the pairs with context and question in one language, as in XTREME. Scored with MLQA's own normaliser, which knows
each language's articles and splits Chinese into characters. The second archive has the development sets alone (500 to
1,148 questions), which stand in for the test sets.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

LANGUAGES = {"arb": "ar", "cmn": "zh", "deu": "de", "eng": "en", "hin": "hi", "spa": "es", "vie": "vi"}
SIZES = {"arb": 5_335, "cmn": 5_137, "deu": 4_517, "eng": 11_590, "hin": 4_918, "spa": 5_253, "vie": 5_495}
# Of the development sets.
DEVELOPMENT = {"arb": 517, "cmn": 504, "deu": 512, "eng": 1_148, "hin": 507, "spa": 500, "vie": 511}

TASK = Task(
    name="mlqa",
    shape="span",
    scorer="mlqa",
    metrics=("f1", "exact_match"),
    languages=tuple(LANGUAGES),
    training="squad_v1",
    hub={
        f"test/{code}": (HubSource("facebook/mlqa", f"mlqa.{name}.{name}", "test", "squad"),)
        for code, name in LANGUAGES.items()
    },
    files={
        f"test/{code}": (FileSource((f"MLQA_V1/test/test-context-{name}-question-{name}.json",), "squad"),)
        for code, name in LANGUAGES.items()
    },
    archives={
        f"test/{code}": (FileSource((f"xtreme-more/mlqa/dev/dev-context-{name}-question-{name}.json",), "squad"),)
        for code, name in LANGUAGES.items()
    },
    archives_counts={f"test/{code}": count for code, count in DEVELOPMENT.items()},
    counts={f"test/{code}": count for code, count in SIZES.items()},
    absent={
        "archive": "it holds 512 German development questions and no test set. Unpack MLQA_V1.zip and use "
        "data.layout: upstream, or archives with the second archive, which has all development sets",
    },
    metadata={
        "description": "Extractive question answering in seven languages",
        "paper": "Lewis et al. 2020, aclanthology.org/2020.acl-main.653",
        "licence": "CC BY-SA 3.0",
        "homepage": "https://github.com/facebookresearch/MLQA",
        "obtain": "unpack MLQA_V1.zip (dl.fbaipublicfiles.com/MLQA) below data.root.",
    },
)
