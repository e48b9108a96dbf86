"""hellaswag."""

from xstilts.tasks.task import Task

TASK = Task(
    name="hellaswag",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    metadata={
        "paper": "hellaswag",
        "licence": "see upstream",
    },
)
