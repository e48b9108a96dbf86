"""CommonsenseQA: which of five concepts answers the question (English, made from ConceptNet), random split."""

from xstilts.tasks.task import FileSource, HubSource, Task

TASK = Task(
    name="csqa",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    hub={
        "train": (HubSource("tau/commonsense_qa", None, "train", "csqa"),),
        "validation": (HubSource("tau/commonsense_qa", None, "validation", "csqa"),),
    },
    files={
        "train": (FileSource(("commonsenseqa/train_rand_split.jsonl",), "csqa"),),
        "validation": (FileSource(("commonsenseqa/dev_rand_split.jsonl",), "csqa"),),
    },
    archive={
        "train": (FileSource(("intermediate/commonsenseqa/train_rand_split.jsonl",), "csqa"),),
        "validation": (FileSource(("intermediate/commonsenseqa/dev_rand_split.jsonl",), "csqa"),),
    },
    counts={"train": 9_741, "validation": 1_221},
    archive_counts={"train": 9_741, "validation": 1_221},
    metadata={
        "description": "Commonsense questions with five choices",
        "paper": "Talmor et al. 2019, aclanthology.org/N19-1421",
        "licence": "MIT",
        "homepage": "https://www.tau-nlp.sites.tau.ac.il/commonsenseqa",
        "obtain": "put train_rand_split.jsonl and dev_rand_split.jsonl into commonsenseqa/ below data.root.",
    },
)
