"""siqa."""

from xstilts.tasks.task import Task

TASK = Task(
    name="siqa",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    metadata={
        "paper": "siqa",
        "licence": "see upstream",
    },
)
