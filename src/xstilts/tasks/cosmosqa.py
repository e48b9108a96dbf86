"""cosmosqa."""

from xstilts.tasks.task import Task

TASK = Task(
    name="cosmosqa",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    metadata={
        "paper": "cosmosqa",
        "licence": "see upstream",
    },
)
