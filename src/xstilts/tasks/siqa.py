"""Social IQa: what follows from, precedes or explains what somebody did, one of three answers; trains XCOPA.

Prompt: context and question; choices: the answers. The files name the right answer by its letter, the Hub counts from
1.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

TASK = Task(
    name="siqa",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    hub={
        "train": (HubSource("allenai/social_i_qa", None, "train", "siqa"),),
        "validation": (HubSource("allenai/social_i_qa", None, "validation", "siqa"),),
    },
    files={
        "train": (FileSource(("siqa/socialIQa_v1.4_trn.jsonl",), "siqa"),),
        "validation": (FileSource(("siqa/socialIQa_v1.4_dev.jsonl",), "siqa"),),
    },
    counts={"train": 33_410, "validation": 1_954},
    absent={"archive": "it holds nothing of Social IQa. Unpack socialIQa_v1.4.tgz and use data.layout: upstream"},
    metadata={
        "description": "Commonsense reasoning about social situations",
        "paper": "Sap et al. 2019, aclanthology.org/D19-1454",
        "licence": "CC BY 4.0",
        "homepage": "https://maartensap.github.io/social-iqa/",
        "obtain": "unpack socialIQa_v1.4.tgz into siqa/ below data.root.",
    },
)
