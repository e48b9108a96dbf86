"""e-CARE: which of two hypotheses causes a premise, or follows from it; English, in COPA's form.

An extra intermediate, which Phang et al. 2020 do not have: causal commonsense, as XCOPA asks for it. The prompt is the
premise and COPA's English question. 282 of the 2,132 development rows have a premise that the training set has.
"""

from xstilts.tasks.task import FileSource, Task

ROWS = {"train": 14_928, "validation": 2_132}


def _sources(folder: str) -> dict[str, tuple[FileSource, ...]]:
    names = {"train": "train", "validation": "dev"}
    return {split: (FileSource((f"{folder}/{name}.jsonl",), "ecare"),) for split, name in names.items()}


TASK = Task(
    name="ecare",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    files=_sources("e-CARE/dataset/Causal_Reasoning"),
    archives=_sources("xtreme-more/ecare"),
    counts=ROWS,
    archives_counts=ROWS,
    absent={
        "hub": "its reader reads files. Clone github.com/Waste-Wood/e-CARE and use data.origins: {ecare: files}",
        "world": "it makes nothing for this task. Use siqa, an intermediate of the same shape",
        "archive": "it is in the second archive: use data.layout: archives",
    },
    metadata={
        "description": "Causal commonsense reasoning in English",
        "paper": "Du et al. 2022, aclanthology.org/2022.acl-long.33",
        "licence": "MIT",
        "homepage": "https://github.com/Waste-Wood/e-CARE",
        "obtain": "clone github.com/Waste-Wood/e-CARE to e-CARE/ below data.root.",
    },
)
