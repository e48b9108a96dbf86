"""ANLI+: ANLI (three rounds), MNLI and SNLI together, with one three-way head.

1,104,934 training pairs, the size that the paper prints. ANLI writes its labels e, n, c; SNLI marks pairs without a
gold label with "-" (on the Hub with -1): they are dropped and counted. ANLI's hypotheses were written by people to
fool a model. The archive holds ANLI's development sets, TaxiNLI's part of MNLI, and SNLI pairs with human revisions
(Kaushik et al. 2020) and from TextFooler's 1,000: a tenth of ANLI's and MNLI's premises is kept for validation. The
second archive brings more of MNLI (see `mnli`) and SNLI in their place: 8,998 pairs of SNLI's training set train, 9,831
of its development set validate.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

ROUNDS = ("1", "2", "3")
NLI = {
    "first": "premise",
    "second": "hypothesis",
    "label": "label",
    "names": ("entailment", "neutral", "contradiction"),
}
ANLI = {
    "fields": ("context", "hypothesis", "label"),
    "labels": {"e": "entailment", "n": "neutral", "c": "contradiction"},
}
REVISED = {"header": ("sentence1", "sentence2", "gold_label")}
TAXINLI = ("intermediate/mnli/mnli_train_part.tsv", "intermediate/mnli/mnli_dev_part.tsv")
DEVELOPMENT = tuple(f"intermediate/anli/R{number}_dev.jsonl" for number in ROUNDS)
MORE = "xtreme-more/derived_en"
MORE_MNLI = (f"{MORE}/mnli_train_gold.tsv", f"{MORE}/mnli_dev_gold.tsv")
COMBINED = "intermediate/snli/counterfactual_all_combined"

TASK = Task(
    name="anli",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=("contradiction", "entailment", "neutral"),
    hub={
        "train": (
            *(HubSource("facebook/anli", "plain_text", f"train_r{number}", "pair", options=NLI) for number in ROUNDS),
            HubSource("nyu-mll/glue", "mnli", "train", "pair", options=NLI),
            HubSource("stanfordnlp/snli", "plain_text", "train", "pair", options=NLI),
        ),
        "validation": (
            *(HubSource("facebook/anli", "plain_text", f"dev_r{number}", "pair", options=NLI) for number in ROUNDS),
            HubSource("nyu-mll/glue", "mnli", "validation_matched", "pair", options=NLI),
            HubSource("stanfordnlp/snli", "plain_text", "validation", "pair", options=NLI),
        ),
    },
    files={
        "train": (
            FileSource(tuple(f"anli_v1.0/R{number}/train.jsonl" for number in ROUNDS), "nli_json", ANLI),
            FileSource(("multinli_1.0/multinli_1.0_train.jsonl",), "nli_json"),
            FileSource(("snli_1.0/snli_1.0_train.jsonl",), "nli_json"),
        ),
        "validation": (
            FileSource(tuple(f"anli_v1.0/R{number}/dev.jsonl" for number in ROUNDS), "nli_json", ANLI),
            FileSource(("multinli_1.0/multinli_1.0_dev_matched.jsonl",), "nli_json"),
            FileSource(("snli_1.0/snli_1.0_dev.jsonl",), "nli_json"),
        ),
    },
    archive={
        "train": (
            FileSource(DEVELOPMENT, "nli_json", ANLI, part=("train", 10)),
            FileSource(TAXINLI, "pairs", part=("train", 10)),
            FileSource((f"{COMBINED}/train.tsv", f"{COMBINED}/test.tsv"), "pairs", REVISED),
            FileSource(("intermediate/snli/textfooler_snli_1000.txt",), "pairs", {"columns": (1, 2, 0)}),
        ),
        "validation": (
            FileSource(DEVELOPMENT, "nli_json", ANLI, part=("validation", 10)),
            FileSource(TAXINLI, "pairs", part=("validation", 10)),
            FileSource((f"{COMBINED}/dev.tsv",), "pairs", REVISED),
        ),
    },
    archives={
        "train": (
            FileSource(tuple(f"xtreme-data/{path}" for path in DEVELOPMENT), "nli_json", ANLI, part=("train", 10)),
            FileSource(MORE_MNLI, "pairs", part=("train", 10)),
            FileSource((f"{MORE}/snli_train_gold.tsv",), "pairs"),
        ),
        "validation": (
            FileSource(tuple(f"xtreme-data/{path}" for path in DEVELOPMENT), "nli_json", ANLI, part=("validation", 10)),
            FileSource(MORE_MNLI, "pairs", part=("validation", 10)),
            FileSource((f"{MORE}/snli_dev_fs.tsv",), "pairs"),
        ),
    },
    counts={"train": 1_104_934, "validation": 22_857},
    archive_counts={"train": 23_282, "validation": 2_317},
    archives_counts={"train": 45_033, "validation": 13_826},
    metadata={
        "description": "Natural language inference: adversarial, multi-genre and on image captions",
        "paper": "Nie et al. 2020 (2020.acl-main.441), Williams et al. 2018 (N18-1101), Bowman et al. 2015 (D15-1075)",
        "licence": "ANLI CC BY-NC 4.0, MNLI OANC and CC BY, SNLI CC BY-SA 4.0",
        "homepage": "https://github.com/facebookresearch/anli",
        "obtain": "unpack anli_v1.0.zip, multinli_1.0.zip and snli_1.0.zip below data.root.",
    },
)
