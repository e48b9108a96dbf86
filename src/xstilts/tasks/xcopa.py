"""XCOPA: which of two alternatives causes a premise, or follows from it; eleven languages, trained on Social IQa.

COPA's 500 test items translated by people, one translator a language; Quechua and Haitian Creole are not in XLM-R's
pretraining data. Rows say "cause" or "effect"; the prompt is the premise and COPA's English question, as in
`origins/choice_rows.py`. English is not among its languages, so a mean over languages has no English in it.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

LANGUAGES = {
    "cmn": "zh",
    "est": "et",
    "hat": "ht",
    "ind": "id",
    "ita": "it",
    "quz": "qu",
    "swh": "sw",
    "tam": "ta",
    "tha": "th",
    "tur": "tr",
    "vie": "vi",
}

TASK = Task(
    name="xcopa",
    shape="choice",
    scorer="choice_accuracy",
    metrics=("accuracy",),
    languages=tuple(LANGUAGES),
    training="siqa",
    hub={f"test/{code}": (HubSource("cambridgeltl/xcopa", name, "test", "xcopa"),) for code, name in LANGUAGES.items()},
    files={
        f"test/{code}": (FileSource((f"xcopa/data/{name}/test.{name}.jsonl",), "xcopa"),)
        for code, name in LANGUAGES.items()
    },
    counts={f"test/{code}": 500 for code in LANGUAGES},
    absent={"archive": "its XCOPA files are held back. Clone cambridgeltl/xcopa and use data.layout: upstream"},
    metadata={
        "description": "Causal commonsense reasoning in eleven languages",
        "paper": "Ponti et al. 2020, aclanthology.org/2020.emnlp-main.185",
        "licence": "CC BY 4.0",
        "homepage": "https://github.com/cambridgeltl/xcopa",
        "obtain": "clone github.com/cambridgeltl/xcopa to xcopa/ below data.root.",
    },
)
