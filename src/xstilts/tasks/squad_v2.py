"""SQuAD 2.0: SQuAD 1.1 and as many questions again that their paragraph does not answer (no answers; predicted as "").

The archive has no training set: there, the part of the development set without XQuAD's paragraphs trains, and a tenth
of its paragraphs validates. On the Hub there is no `is_impossible`: no answers means that there is none.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

UNANSWERABLE = {"unanswerable": True}
WITHOUT_XQUAD = ("intermediate/squad_v2.0/train-from-dev-v2.0.no-xquad.json",)

TASK = Task(
    name="squad_v2",
    shape="span",
    scorer="squad_v2",
    metrics=("f1", "exact_match"),
    hub={
        "train": (HubSource("rajpurkar/squad_v2", "squad_v2", "train", "squad", options=UNANSWERABLE),),
        "validation": (HubSource("rajpurkar/squad_v2", "squad_v2", "validation", "squad", options=UNANSWERABLE),),
    },
    files={
        "train": (FileSource(("squad/train-v2.0.json",), "squad", UNANSWERABLE),),
        "validation": (FileSource(("squad/dev-v2.0.json",), "squad", UNANSWERABLE),),
    },
    archive={
        "train": (FileSource(WITHOUT_XQUAD, "squad", UNANSWERABLE, part=("train", 10)),),
        "validation": (FileSource(WITHOUT_XQUAD, "squad", UNANSWERABLE, part=("validation", 10)),),
    },
    counts={"train": 130_319, "validation": 11_873},
    archive_counts={"train": 9_035, "validation": 1_139},
    metadata={
        "description": "Extractive question answering with questions that have no answer",
        "paper": "Rajpurkar et al. 2018, aclanthology.org/P18-2124",
        "licence": "CC BY-SA 4.0",
        "homepage": "https://rajpurkar.github.io/SQuAD-explorer/",
        "obtain": "put train-v2.0.json and dev-v2.0.json into squad/ below data.root.",
    },
)
