"""XCOPA."""

from xstilts.tasks.task import Task

TASK = Task(
    name="xcopa",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    languages=("cmn", "est", "hat", "ind", "ita", "quz", "swh", "tam", "tha", "tur", "vie"),
    training="siqa",
    metadata={
        "paper": "Ponti 2020",
        "licence": "CC BY 4.0",
    },
)
