"""SQuAD 1.1: a span of a Wikipedia paragraph answers the question; English, also the training of XQuAD and MLQA.

`translated/<code>` is MLQA's translate-train: SQuAD machine-translated, answers projected, rows whose answer was lost
left out. XQuAD's English paragraphs are 240 of SQuAD's development set, so selection on it has seen them; XTREME
takes the last step. The archive has no training set: there, the part of the development set without XQuAD's
paragraphs trains, a tenth of its paragraphs validates, and the variant `squadshifts` adds new Wikipedia articles,
Amazon reviews and Reddit posts. The second archive adds 4,000 questions of the training set; their answers begin at the
first occurrence in the paragraph, which is one of several for 453 of them.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

LANGUAGES = {"arb": "ar", "cmn": "zh", "deu": "de", "hin": "hi", "spa": "es", "vie": "vi"}
WITHOUT_XQUAD = ("intermediate/squad_v1.1/train-from-dev-v1.1.no-xquad.json",)

TASK = Task(
    name="squad_v1",
    shape="span",
    scorer="squad",
    metrics=("f1", "exact_match"),
    hub={
        "train": (HubSource("rajpurkar/squad", "plain_text", "train", "squad"),),
        "validation": (HubSource("rajpurkar/squad", "plain_text", "validation", "squad"),),
    }
    | {
        f"translated/{code}": (HubSource("facebook/mlqa", f"mlqa-translate-train.{name}", "train", "squad"),)
        for code, name in LANGUAGES.items()
    },
    files={
        "train": (FileSource(("squad/train-v1.1.json",), "squad"),),
        "validation": (FileSource(("squad/dev-v1.1.json",), "squad"),),
    }
    | {
        f"translated/{code}": (
            FileSource((f"mlqa-translate-train/{name}_squad-translate-train-train-v1.1.json",), "squad"),
        )
        for code, name in LANGUAGES.items()
    },
    archive={
        "train": (FileSource(WITHOUT_XQUAD, "squad", part=("train", 10)),),
        "train+squadshifts": (FileSource(("intermediate/squadshifts/*_v1.0.json",), "squad"),),
        "validation": (FileSource(WITHOUT_XQUAD, "squad", part=("validation", 10)),),
    },
    archives={
        "train": (
            FileSource(tuple(f"xtreme-data/{path}" for path in WITHOUT_XQUAD), "squad", part=("train", 10)),
            FileSource(("xtreme-more/derived_en/squad_v1.1_train_part.json",), "squad"),
        ),
    },
    counts={"train": 87_599, "validation": 10_570},
    archive_counts={"train": 8_398, "train+squadshifts": 27_626, "validation": 982},
    archives_counts={"train": 12_398},
    metadata={
        "description": "Extractive question answering on English Wikipedia",
        "paper": "Rajpurkar et al. 2016, aclanthology.org/D16-1264; translations: Lewis et al. 2020, 2020.acl-main.653",
        "licence": "CC BY-SA 4.0; translations CC BY-SA 3.0",
        "homepage": "https://rajpurkar.github.io/SQuAD-explorer/",
        "obtain": "put train-v1.1.json and dev-v1.1.json into squad/ below data.root; for translations unpack "
        "mlqa-translate-train.tar.gz (dl.fbaipublicfiles.com/MLQA).",
    },
)
