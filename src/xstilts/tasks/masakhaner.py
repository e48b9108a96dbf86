"""MasakhaNER 2.0: names in news of twenty African languages, annotated by their speakers; trained on English.

Its English training set is PAN-X's (WikiANN), so that training is on silver tags of Wikipedia and the test on gold tags
of news. WikiANN has no dates: tags of dates are read as no name.
"""

from xstilts.tasks.task import FileSource, Task

SIZES = {
    "bam": 1_274, "bbj": 966, "ewe": 1_001, "fon": 1_228, "hau": 1_633, "ibo": 2_181, "kin": 2_235, "lug": 1_412,
    "luo": 1_474, "mos": 1_294, "nya": 1_785, "pcm": 1_613, "sna": 1_773, "swh": 1_883, "tsn": 996, "twi": 1_211,
    "wol": 1_312, "xho": 1_633, "yor": 1_964, "zul": 1_670,
}  # fmt: skip
LANGUAGES = {code: "swa" if code == "swh" else code for code in SIZES}
LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
OPTIONS = {"separator": " ", "labels": {"B-DATE": "O", "I-DATE": "O"}}
NUMBERED = {"count": 3, "word": 1, "tag": 2}
ENGLISH = "xtreme-data/xtreme/panx/wikiann_full/en"


def _tests(folder: str) -> dict[str, tuple[FileSource, ...]]:
    return {
        f"test/{code}": (FileSource((f"{folder}/{name}/test.txt",), "tags", OPTIONS),)
        for code, name in LANGUAGES.items()
    }


ROWS = {"train": 20_000, "validation": 10_000} | {f"test/{code}": count for code, count in SIZES.items()}
TASK = Task(
    name="masakhaner",
    shape="tagging",
    scorer="entities",
    metrics=("f1",),
    labels=LABELS,
    languages=tuple(LANGUAGES),
    training="masakhaner",
    files={
        "train": (FileSource(("panx_dataset/en/train",), "tags", {"language": "en"}),),
        "validation": (FileSource(("panx_dataset/en/dev",), "tags", {"language": "en"}),),
    }
    | _tests("masakhane-ner/MasakhaNER2.0/data"),
    archives={
        "train": (FileSource((f"{ENGLISH}/train.conllu",), "tags", NUMBERED),),
        "validation": (FileSource((f"{ENGLISH}/val.conllu",), "tags", NUMBERED),),
    }
    | _tests("xtreme-more/masakhaner2"),
    counts=ROWS,
    archives_counts=ROWS,
    absent={
        "hub": "its reader reads files. Clone github.com/masakhane-io/masakhane-ner, put PAN-X's English beside it and "
        "use data.origins: {masakhaner: files}",
        "world": "it makes nothing for this task. Use panx, a target of the same shape",
        "archive": "it is in the second archive: use data.layout: archives",
    },
    metadata={
        "description": "Named entity recognition in twenty African languages",
        "paper": "Adelani et al. 2022, aclanthology.org/2022.emnlp-main.298",
        "licence": "CC BY-NC 4.0; WikiANN ODC-BY",
        "homepage": "https://github.com/masakhane-io/masakhane-ner",
        "obtain": "clone github.com/masakhane-io/masakhane-ner to masakhane-ner/, and unpack PAN-X's English files "
        "into panx_dataset/en/ (see panx), below data.root.",
    },
)
