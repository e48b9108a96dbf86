"""BUCC."""

from xstilts.tasks.task import Task

TASK = Task(
    name="bucc2018",
    shape="retrieval",
    scorer="mining",
    metrics=("f1",),
    languages=("cmn", "deu", "fra", "rus"),
    metadata={
        "paper": "Zweigenbaum 2018",
        "licence": "research",
    },
)
