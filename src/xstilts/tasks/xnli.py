"""XNLI: MNLI's task in fifteen languages, translated by professionals; trained on English MNLI.

Upstream, one table holds all languages. The training set is MNLI as XNLI-MT distributes it (its label "contradictory"
is contradiction). The archive lacks most test sets: there, the 2,490-row development set stands in, in full for
English, sampled (1,416 to 1,450 rows, tokenised text) for the others; training and validation are TaxiNLI's MNLI
pairs. With the second archive, training and validation are 36,832 pairs of MNLI (see `mnli`), and the development set
stands in for the test sets in full, as untokenised text.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

LANGUAGES = {
    "arb": "ar",
    "bul": "bg",
    "cmn": "zh",
    "deu": "de",
    "ell": "el",
    "eng": "en",
    "fra": "fr",
    "hin": "hi",
    "rus": "ru",
    "spa": "es",
    "swh": "sw",
    "tha": "th",
    "tur": "tr",
    "urd": "ur",
    "vie": "vi",
}
NLI = {
    "first": "premise",
    "second": "hypothesis",
    "label": "label",
    "names": ("entailment", "neutral", "contradiction"),
}
TAXINLI = ("intermediate/mnli/mnli_train_part.tsv", "intermediate/mnli/mnli_dev_part.tsv")
MNLI = ("xtreme-more/derived_en/mnli_train_gold.tsv", "xtreme-more/derived_en/mnli_dev_gold.tsv")
SAMPLED = {
    "arb": 1423,
    "bul": 1417,
    "cmn": 1429,
    "deu": 1432,
    "ell": 1433,
    "fra": 1441,
    "hin": 1438,
    "rus": 1450,
    "spa": 1423,
    "swh": 1438,
    "tha": 1435,
    "tur": 1429,
    "urd": 1419,
    "vie": 1416,
}

TASK = Task(
    name="xnli",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=("contradiction", "entailment", "neutral"),
    languages=tuple(LANGUAGES),
    training="xnli",
    hub={
        "train": (HubSource("facebook/xnli", "en", "train", "pair", options=NLI),),
        "validation": (HubSource("facebook/xnli", "en", "validation", "pair", options=NLI),),
    }
    | {
        f"test/{code}": (HubSource("facebook/xnli", name, "test", "pair", options=NLI),)
        for code, name in LANGUAGES.items()
    },
    files={
        "train": (
            FileSource(
                ("XNLI-MT-1.0/multinli/multinli.train.en.tsv",),
                "pairs",
                {"header": ("premise", "hypo", "label"), "labels": {"contradictory": "contradiction"}},
            ),
        ),
        "validation": (FileSource(("XNLI-1.0/xnli.dev.tsv",), "xnli", {"language": "en"}),),
    }
    | {
        f"test/{code}": (FileSource(("XNLI-1.0/xnli.test.tsv",), "xnli", {"language": name}),)
        for code, name in LANGUAGES.items()
    },
    archive={
        "train": (FileSource(TAXINLI, "pairs", part=("train", 10)),),
        "validation": (FileSource(TAXINLI, "pairs", part=("validation", 10)),),
        "test/eng": (FileSource(("xtreme/xnli/full/dev-en.tsv",), "pairs"),),
    }
    | {
        f"test/{code}": (FileSource((f"xtreme/xnli/dev_sample/dev-{LANGUAGES[code]}.tsv",), "pairs"),)
        for code in SAMPLED
    },
    archives={
        "train": (FileSource(MNLI, "pairs", part=("train", 10)),),
        "validation": (FileSource(MNLI, "pairs", part=("validation", 10)),),
    }
    | {
        f"test/{code}": (FileSource((f"xtreme-more/xnli_xtreme/dev-{name}.tsv",), "pairs"),)
        for code, name in LANGUAGES.items()
    },
    counts={"train": 392_702, "validation": 2_490} | {f"test/{code}": 5_010 for code in LANGUAGES},
    archive_counts={"train": 9_053, "validation": 1_018, "test/eng": 2_490}
    | {f"test/{code}": count for code, count in SAMPLED.items()},
    archives_counts={"train": 33_136, "validation": 3_696} | {f"test/{code}": 2_490 for code in LANGUAGES},
    metadata={
        "description": "Natural language inference in fifteen languages",
        "paper": "Conneau et al. 2018, aclanthology.org/D18-1269",
        "licence": "CC BY-NC 4.0",
        "homepage": "https://github.com/facebookresearch/XNLI",
        "obtain": "unpack XNLI-1.0.zip and XNLI-MT-1.0.zip (dl.fbaipublicfiles.com/XNLI) below data.root.",
    },
)
