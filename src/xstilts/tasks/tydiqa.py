"""TyDiQA."""

from xstilts.tasks.task import Task

TASK = Task(
    name="tydiqa",
    shape="span",
    scorer="squad",
    metrics=("f1", "exact_match"),
    languages=("arb", "ben", "eng", "fin", "ind", "kor", "rus", "swh", "tel"),
    training="tydiqa",
    metadata={
        "paper": "Clark 2020",
        "licence": "Apache-2.0",
    },
)
