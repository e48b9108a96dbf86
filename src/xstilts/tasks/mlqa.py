"""MLQA."""

from xstilts.tasks.task import Task

TASK = Task(
    name="mlqa",
    shape="span",
    scorer="mlqa",
    metrics=("f1", "exact_match"),
    languages=("arb", "cmn", "deu", "eng", "hin", "spa", "vie"),
    training="squad_v1",
    metadata={
        "paper": "Lewis 2020",
        "licence": "CC BY-SA 3.0",
    },
)
