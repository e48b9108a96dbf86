"""csqa."""

from xstilts.tasks.task import Task

TASK = Task(
    name="csqa",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    metadata={
        "paper": "csqa",
        "licence": "see upstream",
    },
)
