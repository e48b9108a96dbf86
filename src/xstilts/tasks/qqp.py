"""QQP."""

from xstilts.tasks.task import Task

TASK = Task(
    name="qqp",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=("not_duplicate", "duplicate"),
    metadata={
        "paper": "Quora",
        "licence": "Quora terms",
    },
)
