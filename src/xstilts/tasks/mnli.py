"""MNLI: does the second sentence follow from the first (English, ten genres).

Its machine translations into XNLI's fourteen other languages (XNLI-MT 1.0, by the authors of XNLI) are
`translated/<code>`. The archive holds the 10,071 pairs of TaxiNLI, 7,727 of them from MNLI's own development set: a
tenth of the premises is kept for validation. The second archive has 36,832 gold pairs, the union of several subsets of
training and development sets; 198 of them have characters from a damaged encoding and stay in.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

# XNLI's names for the languages of its translations.
LANGUAGES = {
    "arb": "ar",
    "bul": "bg",
    "cmn": "zh",
    "deu": "de",
    "ell": "el",
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
MORE = ("xtreme-more/derived_en/mnli_train_gold.tsv", "xtreme-more/derived_en/mnli_dev_gold.tsv")

TASK = Task(
    name="mnli",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=("contradiction", "entailment", "neutral"),
    hub={
        "train": (HubSource("nyu-mll/glue", "mnli", "train", "pair", options=NLI),),
        "validation": (HubSource("nyu-mll/glue", "mnli", "validation_matched", "pair", options=NLI),),
    }
    | {
        f"translated/{code}": (HubSource("facebook/xnli", name, "train", "pair", options=NLI),)
        for code, name in LANGUAGES.items()
    },
    files={
        "train": (FileSource(("multinli_1.0/multinli_1.0_train.jsonl",), "nli_json"),),
        "validation": (FileSource(("multinli_1.0/multinli_1.0_dev_matched.jsonl",), "nli_json"),),
    }
    | {
        f"translated/{code}": (
            FileSource(
                (f"XNLI-MT-1.0/multinli/multinli.train.{name}.tsv",),
                "pairs",
                {"header": ("premise", "hypo", "label"), "labels": {"contradictory": "contradiction"}},
            ),
        )
        for code, name in LANGUAGES.items()
    },
    archive={
        "train": (FileSource(TAXINLI, "pairs", part=("train", 10)),),
        "validation": (FileSource(TAXINLI, "pairs", part=("validation", 10)),),
    },
    archives={
        "train": (FileSource(MORE, "pairs", part=("train", 10)),),
        "validation": (FileSource(MORE, "pairs", part=("validation", 10)),),
    },
    counts={"train": 392_702, "validation": 9_815} | {f"translated/{code}": 392_702 for code in LANGUAGES},
    archive_counts={"train": 9_053, "validation": 1_018},
    archives_counts={"train": 33_136, "validation": 3_696},
    metadata={
        "description": "Natural language inference on ten genres of written and spoken English",
        "paper": "Williams et al. 2018, aclanthology.org/N18-1101; translations: Conneau et al. 2018, D18-1269",
        "licence": "OANC licence, parts CC BY 3.0 and CC BY-SA 3.0; translations CC BY-NC 4.0",
        "homepage": "https://cims.nyu.edu/~sbowman/multinli/",
        "obtain": "unpack multinli_1.0.zip (and, for translations, XNLI-MT-1.0.zip) below data.root.",
    },
)
