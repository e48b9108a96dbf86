"""MNLI."""

from xstilts.tasks.task import Task

TASK = Task(
    name="mnli",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=("contradiction", "entailment", "neutral"),
    metadata={
        "paper": "Williams et al. 2018",
        "licence": "OANC",
    },
)
