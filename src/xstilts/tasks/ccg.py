"""CCG."""

from xstilts.tasks.task import Task

TASK = Task(
    name="ccg",
    shape="tagging",
    scorer="accuracy_per_tag",
    metrics=("accuracy",),
    metadata={
        "paper": "Hockenmaier and Steedman 2007",
        "licence": "LDC",
    },
)
