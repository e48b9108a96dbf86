"""TyDiQA-GoldP: questions asked by people who did not know the answer, in nine languages; trained on its English part.

Nothing is translated. The training file mixes nine languages (49,881 questions); XTREME trains on the 3,696 whose ids
begin with `english-`, and any other number is an error. Ids are kept whole; XTREME cuts training ids, which then
collide. The test sets are GoldP's development sets: there is no other English set to validate on, so SQuAD 1.1's
stands in.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

# TyDiQA's names of the languages, as question ids begin.
LANGUAGES = {
    "arb": "arabic",
    "ben": "bengali",
    "eng": "english",
    "fin": "finnish",
    "ind": "indonesian",
    "kor": "korean",
    "rus": "russian",
    "swh": "swahili",
    "tel": "telugu",
}
SIZES = {"arb": 921, "ben": 113, "eng": 440, "fin": 782, "ind": 565, "kor": 276, "rus": 812, "swh": 499, "tel": 669}
HUB = "google-research-datasets/tydiqa"
ARCHIVE = "xtreme/tydiqa_goldp"
WITHOUT_XQUAD = ("intermediate/squad_v1.1/train-from-dev-v1.1.no-xquad.json",)

TASK = Task(
    name="tydiqa",
    shape="span",
    scorer="squad",
    metrics=("f1", "exact_match"),
    languages=tuple(LANGUAGES),
    training="tydiqa",
    hub={
        "train": (HubSource(HUB, "secondary_task", "train", "squad", options={"only": "english"}),),
        "validation": (HubSource("rajpurkar/squad", "plain_text", "validation", "squad"),),
    }
    | {
        f"test/{code}": (HubSource(HUB, "secondary_task", "validation", "squad", options={"only": name}),)
        for code, name in LANGUAGES.items()
    },
    files={
        "train": (FileSource(("tydiqa/tydiqa-goldp-v1.1-train.json",), "squad", {"only": "english"}),),
        "validation": (FileSource(("squad/dev-v1.1.json",), "squad"),),
    }
    | {
        f"test/{code}": (
            FileSource((f"tydiqa/tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-{name}.json",), "squad", {"must": name}),
        )
        for code, name in LANGUAGES.items()
    },
    archive={
        "train": (FileSource((f"{ARCHIVE}/train/english_tydiqa_train.json",), "squad", {"must": "english"}),),
        "validation": (FileSource(WITHOUT_XQUAD, "squad", part=("validation", 10)),),
    }
    | {
        f"test/{code}": (FileSource((f"{ARCHIVE}/dev/{name}_tydiqa_dev.json",), "squad", {"must": name}),)
        for code, name in LANGUAGES.items()
    },
    counts={"train": 3_696, "validation": 10_570} | {f"test/{code}": count for code, count in SIZES.items()},
    archive_counts={"train": 3_696, "validation": 982} | {f"test/{code}": count for code, count in SIZES.items()},
    metadata={
        "description": "Extractive question answering in nine languages, not translated",
        "paper": "Clark et al. 2020, aclanthology.org/2020.tacl-1.30",
        "licence": "Apache-2.0; text of Wikipedia CC BY-SA 3.0",
        "homepage": "https://github.com/google-research-datasets/tydiqa",
        "obtain": "put tydiqa-goldp-v1.1-train.json and the unpacked tydiqa-goldp-v1.1-dev.tgz "
        "(storage.googleapis.com/tydiqa/v1.1) into tydiqa/, and SQuAD's dev-v1.1.json into squad/, below data.root.",
    },
)
