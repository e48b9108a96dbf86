"""XQuAD."""

from xstilts.tasks.task import Task

TASK = Task(
    name="xquad",
    shape="span",
    scorer="squad",
    metrics=("f1", "exact_match"),
    languages=("arb", "cmn", "deu", "ell", "eng", "hin", "rus", "spa", "tha", "tur", "vie"),
    training="squad_v1",
    metadata={
        "paper": "Artetxe 2020",
        "licence": "CC BY-SA 4.0",
    },
)
