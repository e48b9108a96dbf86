"""ANLI+: ANLI + MNLI + SNLI with one three-way head."""

from xstilts.tasks.task import Task

TASK = Task(
    name="anli",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=("contradiction", "entailment", "neutral"),
    metadata={
        "paper": "Nie et al. 2020",
        "licence": "CC BY-NC 4.0",
    },
)
