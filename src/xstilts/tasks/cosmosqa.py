"""Cosmos QA: which of four answers about causes and effects fits a paragraph of a blog (English).

Prompt: the paragraph; choices: the question and an answer. The paper prints 25,588 training questions, the published
file has 25,262. The archive holds the validation file alone: a tenth of its paragraphs validates, the rest trains.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

VALID = ("intermediate/cosmosqa/valid.csv",)

TASK = Task(
    name="cosmosqa",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    hub={
        "train": (HubSource("allenai/cosmos_qa", None, "train", "cosmosqa"),),
        "validation": (HubSource("allenai/cosmos_qa", None, "validation", "cosmosqa"),),
    },
    files={
        "train": (FileSource(("cosmosqa/train.csv",), "cosmosqa"),),
        "validation": (FileSource(("cosmosqa/valid.csv",), "cosmosqa"),),
    },
    archive={
        "train": (FileSource(VALID, "cosmosqa", part=("train", 10)),),
        "validation": (FileSource(VALID, "cosmosqa", part=("validation", 10)),),
    },
    counts={"train": 25_262, "validation": 2_985},
    archive_counts={"train": 2_689, "validation": 296},
    metadata={
        "description": "Commonsense reading comprehension on personal narratives",
        "paper": "Huang et al. 2019, aclanthology.org/D19-1243",
        "licence": "CC BY 4.0",
        "homepage": "https://wilburone.github.io/cosmos/",
        "obtain": "put train.csv and valid.csv (github.com/wilburOne/cosmosqa, data/) into cosmosqa/ below data.root.",
    },
)
