"""HellaSwag: which of four sentences goes on with a description (English; the wrong ones are a model's).

Prompt: `ctx_a`; choices: `ctx_b` and an ending, as in jiant. The archive holds the validation set in a text form
without this split (the prompt is then the whole context) and without WikiHow's marks; a tenth of it validates, the
rest trains.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

FROM_TEXT = ("intermediate/hellaswag/hellaswag_val.from_text.jsonl",)

TASK = Task(
    name="hellaswag",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    hub={
        "train": (HubSource("Rowan/hellaswag", None, "train", "hellaswag"),),
        "validation": (HubSource("Rowan/hellaswag", None, "validation", "hellaswag"),),
    },
    files={
        "train": (FileSource(("hellaswag/hellaswag_train.jsonl",), "hellaswag"),),
        "validation": (FileSource(("hellaswag/hellaswag_val.jsonl",), "hellaswag"),),
    },
    archive={
        "train": (FileSource(FROM_TEXT, "hellaswag", part=("train", 10)),),
        "validation": (FileSource(FROM_TEXT, "hellaswag", part=("validation", 10)),),
    },
    counts={"train": 39_905, "validation": 10_042},
    archive_counts={"train": 9_041, "validation": 1_001},
    metadata={
        "description": "Commonsense sentence completion on video captions and WikiHow",
        "paper": "Zellers et al. 2019, aclanthology.org/P19-1472",
        "licence": "MIT",
        "homepage": "https://rowanzellers.com/hellaswag/",
        "obtain": "put hellaswag_train.jsonl and hellaswag_val.jsonl (github.com/rowanz/hellaswag) into hellaswag/ "
        "below data.root.",
    },
)
