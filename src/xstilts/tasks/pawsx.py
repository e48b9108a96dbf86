"""PAWS-X."""

from xstilts.tasks.task import Task

TASK = Task(
    name="pawsx",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=("0", "1"),
    languages=("cmn", "deu", "eng", "fra", "jpn", "kor", "spa"),
    training="pawsx",
    metadata={
        "paper": "Yang 2019",
        "licence": "free",
    },
)
