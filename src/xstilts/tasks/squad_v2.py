"""SQuAD v2.0."""

from xstilts.tasks.task import Task

TASK = Task(
    name="squad_v2",
    shape="span",
    scorer="squad_v2",
    metrics=("f1", "exact_match"),
    metadata={
        "paper": "Rajpurkar et al. 2018",
        "licence": "CC BY-SA 4.0",
    },
)
