"""MasakhaPOS: parts of speech in news of twenty African languages, annotated by their speakers; trained on English.

It has UD's tags, and its English training set is UDPOS' (four treebanks of Universal Dependencies 2.5). It has one
of its own here, so that it can stand among the targets without `udpos`.
"""

from xstilts.tasks.task import FileSource, Task

SIZES = {
    "bam": 619, "bbj": 599, "ewe": 582, "fon": 646, "hau": 601, "ibo": 642, "kin": 604, "lug": 586, "luo": 606,
    "mos": 604, "nya": 582, "pcm": 600, "sna": 596, "swh": 553, "tsn": 602, "twi": 628, "wol": 625, "xho": 601,
    "yor": 713, "zul": 601,
}  # fmt: skip
LANGUAGES = {code: "swa" if code == "swh" else code for code in SIZES}
LABELS = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"),
)


def _english(folder: str, split: str) -> tuple[FileSource, ...]:
    return (FileSource((f"{folder}/*/en_*-ud-{split}.conllu",), "conllu", {"language": "en"}),)


def _tests(folder: str) -> dict[str, tuple[FileSource, ...]]:
    return {
        f"test/{code}": (FileSource((f"{folder}/{name}/test.txt",), "tags", {"separator": " "}),)
        for code, name in LANGUAGES.items()
    }


UPSTREAM, ARCHIVES = "ud-treebanks-v2.5", "xtreme-data/xtreme/udpos"
ROWS = {"train": 21_253, "validation": 3_974} | {f"test/{code}": count for code, count in SIZES.items()}
TASK = Task(
    name="masakhapos",
    shape="tagging",
    scorer="chunks",
    metrics=("f1", "accuracy"),
    labels=LABELS,
    languages=tuple(LANGUAGES),
    training="masakhapos",
    files={"train": _english(UPSTREAM, "train"), "validation": _english(UPSTREAM, "dev")}
    | _tests("masakhane-pos/data"),
    archives={"train": _english(ARCHIVES, "train"), "validation": _english(ARCHIVES, "dev")}
    | _tests("xtreme-more/masakhapos"),
    counts=ROWS,
    archives_counts=ROWS,
    absent={
        "hub": "its reader reads files. Clone github.com/masakhane-io/masakhane-pos, unpack ud-treebanks-v2.5.tgz and "
        "use data.origins: {masakhapos: files}",
        "world": "it makes nothing for this task. Use udpos, a target of the same shape",
        "archive": "it is in the second archive: use data.layout: archives",
    },
    metadata={
        "description": "Universal parts of speech in twenty African languages",
        "paper": "Dione et al. 2023, aclanthology.org/2023.acl-long.609",
        "licence": "for research, see the repository; English treebanks CC BY-SA 4.0 and CC BY-NC-SA 4.0",
        "homepage": "https://github.com/masakhane-io/masakhane-pos",
        "obtain": "clone github.com/masakhane-io/masakhane-pos to masakhane-pos/ and unpack ud-treebanks-v2.5.tgz "
        "(hdl.handle.net/11234/1-3105) below data.root.",
    },
)
