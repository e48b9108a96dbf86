"""QQP: are two questions of quora.com the same, in the cut of the GLUE benchmark.

The archive holds a balanced development set and a balanced test set of 10,000 pairs each, some bytes of which are not
UTF-8: the first and four fifths of the second train, the rest validates. The second archive adds 17,648 pairs to
the training set, none of them among these.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

PAIR = {"first": "question1", "second": "question2", "label": "label", "names": ("not_duplicate", "duplicate")}
NAMES = {"0": "not_duplicate", "1": "duplicate"}
GLUE = {
    "header": ("id", "qid1", "qid2", "question1", "question2", "is_duplicate"),
    "count": 6,
    "columns": (3, 4, 5),
    "labels": NAMES,
}
PLAIN = {"columns": (1, 2, 0), "count": 4, "labels": NAMES, "errors": "replace"}

TASK = Task(
    name="qqp",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=("not_duplicate", "duplicate"),
    hub={
        "train": (HubSource("nyu-mll/glue", "qqp", "train", "pair", options=PAIR),),
        "validation": (HubSource("nyu-mll/glue", "qqp", "validation", "pair", options=PAIR),),
    },
    files={
        "train": (FileSource(("QQP/train.tsv",), "pairs", GLUE),),
        "validation": (FileSource(("QQP/dev.tsv",), "pairs", GLUE),),
    },
    archive={
        "train": (
            FileSource(("intermediate/qqp/dev.tsv",), "pairs", PLAIN),
            FileSource(("intermediate/qqp/test.tsv",), "pairs", PLAIN, part=("train", 5)),
        ),
        "validation": (FileSource(("intermediate/qqp/test.tsv",), "pairs", PLAIN, part=("validation", 5)),),
    },
    archives={
        "train": (
            FileSource(("xtreme-data/intermediate/qqp/dev.tsv",), "pairs", PLAIN),
            FileSource(("xtreme-data/intermediate/qqp/test.tsv",), "pairs", PLAIN, part=("train", 5)),
            FileSource(("xtreme-more/derived_en/qqp_extra_gold.tsv",), "pairs", {"labels": NAMES}),
        ),
    },
    counts={"train": 363_846, "validation": 40_430},
    archive_counts={"train": 17_926, "validation": 2_074},
    archives_counts={"train": 35_574},
    metadata={
        "description": "Paraphrase identification on questions of Quora",
        "paper": "Wang et al. 2019 (GLUE), aclanthology.org/W18-5446",
        "licence": "Quora's terms of service, non-commercial",
        "homepage": "https://quoradata.quora.com/First-Quora-Dataset-Release-Question-Pairs",
        "obtain": "unpack GLUE's QQP.zip (dl.fbaipublicfiles.com/glue/data/QQP-clean.zip) below data.root.",
    },
)
