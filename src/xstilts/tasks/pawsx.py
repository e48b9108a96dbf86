"""PAWS-X: is a sentence a paraphrase of another with much the same words; seven languages, trained on English.

Development and test sets were translated by people; some rows of languages other than English hold the placeholder
"NS" or nothing, and stay in. `google/xtreme` on the Hub lost rows to CSV quoting, hence the other copy.

The two archives have no English training set (PAWS-Wiki's 49,401 pairs): there, the 2,000 pairs of the English
development set train, a tenth of them validates, and rows with the placeholder are dropped. Test labels of English,
Spanish, French and Japanese are taken from the other three languages' there, row by row.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

LANGUAGES = {"cmn": "zh", "deu": "de", "eng": "en", "fra": "fr", "jpn": "ja", "kor": "ko", "spa": "es"}
PAIR = {"first": "sentence1", "second": "sentence2", "label": "label", "names": ("0", "1")}
COLUMNS = {"header": ("id", "sentence1", "sentence2", "label"), "count": 4, "columns": (1, 2, 3)}
MORE = "xtreme-more/pawsx_xtreme"
HUB = "google-research-datasets/paws-x"

TASK = Task(
    name="pawsx",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=("0", "1"),
    languages=tuple(LANGUAGES),
    training="pawsx",
    hub={
        "train": (HubSource(HUB, "en", "train", "pair", options=PAIR),),
        "validation": (HubSource(HUB, "en", "validation", "pair", options=PAIR),),
    }
    | {f"test/{code}": (HubSource(HUB, name, "test", "pair", options=PAIR),) for code, name in LANGUAGES.items()},
    files={
        "train": (FileSource(("x-final/en/train.tsv",), "pairs", COLUMNS),),
        "validation": (FileSource(("x-final/en/dev_2k.tsv",), "pairs", COLUMNS),),
    }
    | {
        f"test/{code}": (FileSource((f"x-final/{name}/test_2k.tsv",), "pairs", COLUMNS),)
        for code, name in LANGUAGES.items()
    },
    archives={
        "train": (FileSource((f"{MORE}/dev-en.tsv",), "pairs", part=("train", 10)),),
        "validation": (FileSource((f"{MORE}/dev-en.tsv",), "pairs", part=("validation", 10)),),
    }
    | {
        f"test/{code}": (FileSource((f"{MORE}/test-{name}.tsv",), "pairs", {"placeholder": "NS"}),)
        for code, name in LANGUAGES.items()
    },
    counts={"train": 49_401, "validation": 2_000} | {f"test/{code}": 2_000 for code in LANGUAGES},
    archives_counts={"train": 1_810, "validation": 190} | {f"test/{code}": 2_000 for code in LANGUAGES},
    absent={
        "archive": "it has no English training set (49,401 pairs) and no test set, only development rows of six "
        "languages. Unpack x-final.tar.gz and use data.layout: upstream, or archives with the second archive",
    },
    metadata={
        "description": "Paraphrase identification with high word overlap in seven languages",
        "paper": "Yang et al. 2019, aclanthology.org/D19-1382",
        "licence": "free for any use, Google LLC to be acknowledged",
        "homepage": "https://github.com/google-research-datasets/paws/tree/master/pawsx",
        "obtain": "unpack x-final.tar.gz (storage.googleapis.com/paws/pawsx) below data.root.",
    },
)
