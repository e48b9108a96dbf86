"""XNLI."""

from xstilts.tasks.task import Task

TASK = Task(
    name="xnli",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=("contradiction", "entailment", "neutral"),
    languages=("arb", "bul", "cmn", "deu", "ell", "eng", "fra", "hin", "rus", "spa", "swh", "tha", "tur", "urd", "vie"),
    training="xnli",
    metadata={
        "paper": "Conneau 2018",
        "licence": "CC BY-NC 4.0",
    },
)
