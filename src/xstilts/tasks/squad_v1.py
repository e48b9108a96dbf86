"""SQuAD v1.1."""

from xstilts.tasks.task import Task

TASK = Task(
    name="squad_v1",
    shape="span",
    scorer="squad",
    metrics=("f1", "exact_match"),
    metadata={
        "paper": "Rajpurkar et al. 2016",
        "licence": "CC BY-SA 4.0",
    },
)
