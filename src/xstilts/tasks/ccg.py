"""CCG supertagging: one lexical category of combinatory categorial grammar a word (English, Wall Street Journal).

CCGbank is sold by the Linguistic Data Consortium and is in no public place. Two forms are read: the bank itself
(`.auto` files; sections 02 to 21 train with 39,604 sentences, section 00 validates with 1,913), or, where it is not
there, two tab-separated columns (the paper's copy has 38,015 and 5,484 sentences). The labels are the tags of the
training data.
"""

from xstilts.tasks.task import FileSource, Task

TASK = Task(
    name="ccg",
    shape="tagging",
    scorer="accuracy_per_tag",
    metrics=("accuracy",),
    files={
        "train": (
            FileSource(
                (
                    "ccgbank_1_1/data/AUTO/0[2-9]/*.auto",
                    "ccgbank_1_1/data/AUTO/1?/*.auto",
                    "ccgbank_1_1/data/AUTO/2[01]/*.auto",
                ),
                "ccgbank",
                otherwise=FileSource(("ccg/train.tsv",), "two_columns"),
            ),
        ),
        "validation": (
            FileSource(
                ("ccgbank_1_1/data/AUTO/00/*.auto",),
                "ccgbank",
                otherwise=FileSource(("ccg/validation.tsv",), "two_columns"),
            ),
        ),
    },
    absent={
        "archive": "CCGbank is licensed by the LDC. Buy LDC2005T13, unpack it and use data.layout: upstream",
        "hub": "CCGbank (LDC2005T13) is licensed and not on the Hub. Buy it and use data.origin: files",
    },
    metadata={
        "description": "Supertagging: a rich syntactic category for each word",
        "paper": "Hockenmaier and Steedman 2007, aclanthology.org/J07-3004",
        "licence": "LDC user agreement for LDC2005T13, not free",
        "homepage": "https://catalog.ldc.upenn.edu/LDC2005T13",
        "obtain": "Buy it from catalog.ldc.upenn.edu/LDC2005T13; below data.root must lie "
        "ccgbank_1_1/data/AUTO/<section>/wsj_<number>.auto, or ccg/train.tsv and ccg/validation.tsv "
        "(the words of a sentence, a tab, their tags).",
    },
)
