"""PAN-X: names of persons, organisations and places in Wikipedia, forty languages, trained on English.

Silver tags: WikiANN's automatic annotation, in the balanced splits of Rahimi et al. 2019. Upstream files write each
word as `language:word`. The link to the original archive (AmazonPhotos.zip) is dead; the Hub's copy is faithful. The
provided archive has English in full (WikiANN as published with WikiNEuRal) and, for the other languages, samples of
93 to 898 sentences from *training* splits, richer in names than the test: fit for zero-shot tests, not to compare
with published numbers. Its English sample lies within the English training set and is not used. The second archive has
XTREME's development sets of all languages but Thai: they stand in for the test sets (English keeps its own), without
the sentences that are there twice or are in the English training set, which are dropped and counted in `task.json`.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

LANGUAGES = {
    "afr": "af",
    "arb": "ar",
    "ben": "bn",
    "bul": "bg",
    "cmn": "zh",
    "deu": "de",
    "ell": "el",
    "eng": "en",
    "est": "et",
    "eus": "eu",
    "fin": "fi",
    "fra": "fr",
    "heb": "he",
    "hin": "hi",
    "hun": "hu",
    "ind": "id",
    "ita": "it",
    "jav": "jv",
    "jpn": "ja",
    "kat": "ka",
    "kaz": "kk",
    "kor": "ko",
    "mal": "ml",
    "mar": "mr",
    "mya": "my",
    "nld": "nl",
    "pes": "fa",
    "por": "pt",
    "rus": "ru",
    "spa": "es",
    "swh": "sw",
    "tam": "ta",
    "tel": "te",
    "tgl": "tl",
    "tha": "th",
    "tur": "tr",
    "urd": "ur",
    "vie": "vi",
    "yor": "yo",
    "zsm": "ms",
}
LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
SMALLER = {
    "afr": 1_000,
    "ben": 1_000,
    "hin": 1_000,
    "jav": 100,
    "kaz": 1_000,
    "mal": 1_000,
    "mar": 1_000,
    "mya": 100,
    "swh": 1_000,
    "tam": 1_000,
    "tel": 1_000,
    "tgl": 1_000,
    "urd": 1_000,
    "yor": 100,
    "zsm": 1_000,
}
SAMPLED = {
    "afr": 745,
    "arb": 688,
    "ben": 716,
    "bul": 739,
    "cmn": 766,
    "deu": 757,
    "ell": 827,
    "est": 745,
    "eus": 781,
    "fin": 787,
    "fra": 786,
    "heb": 649,
    "hin": 702,
    "hun": 844,
    "ind": 697,
    "ita": 819,
    "jav": 99,
    "jpn": 762,
    "kat": 816,
    "kaz": 458,
    "kor": 898,
    "mal": 815,
    "mar": 747,
    "mya": 96,
    "nld": 757,
    "pes": 711,
    "por": 737,
    "rus": 815,
    "spa": 757,
    "swh": 541,
    "tam": 817,
    "tel": 474,
    "tgl": 761,
    "tha": 719,
    "tur": 805,
    "urd": 757,
    "vie": 683,
    "yor": 93,
    "zsm": 601,
}
NUMBERED = {"count": 3, "word": 1, "tag": 2}
ENGLISH = "xtreme/panx/wikiann_full/en"
TOKENS = {"tokens": "tokens", "tags": "ner_tags", "names": LABELS}


def _files(name: str, split: str) -> tuple[FileSource, ...]:
    """A split as each language's own archive unpacks it, or as XTREME's download script moves it."""
    options = {"language": name}
    moved = FileSource((f"panx_dataset/{name}-{split}",), "tags", options)
    return (FileSource((f"panx_dataset/{name}/{split}",), "tags", options, otherwise=moved),)


TASK = Task(
    name="panx",
    shape="tagging",
    scorer="entities",
    metrics=("f1",),
    labels=LABELS,
    languages=tuple(LANGUAGES),
    training="panx",
    hub={
        "train": (HubSource("google/xtreme", "PAN-X.en", "train", "tags", options=TOKENS),),
        "validation": (HubSource("google/xtreme", "PAN-X.en", "validation", "tags", options=TOKENS),),
    }
    | {
        f"test/{code}": (HubSource("google/xtreme", f"PAN-X.{name}", "test", "tags", options=TOKENS),)
        for code, name in LANGUAGES.items()
    },
    files={"train": _files("en", "train"), "validation": _files("en", "dev")}
    | {f"test/{code}": _files(name, "test") for code, name in LANGUAGES.items()},
    archive={
        "train": (FileSource((f"{ENGLISH}/train.conllu",), "tags", NUMBERED),),
        "validation": (FileSource((f"{ENGLISH}/val.conllu",), "tags", NUMBERED),),
        "test/eng": (FileSource((f"{ENGLISH}/test.conllu",), "tags", NUMBERED),),
    }
    | {
        f"test/{code}": (FileSource((f"xtreme/panx/sample_from_train/{LANGUAGES[code]}.tsv",), "tags"),)
        for code in SAMPLED
    },
    archives={
        "test/eng": (FileSource((f"xtreme-data/{ENGLISH}/test.conllu",), "tags", NUMBERED, strict=True),),
    }
    | {
        f"test/{code}": (FileSource((f"xtreme-more/panx_xtreme/dev-{name}.tsv",), "tags", strict=True),)
        for code, name in LANGUAGES.items()
        if code not in ("eng", "tha")
    },
    counts={"train": 20_000, "validation": 10_000} | {f"test/{code}": SMALLER.get(code, 10_000) for code in LANGUAGES},
    archive_counts={"train": 20_000, "validation": 10_000, "test/eng": 10_000}
    | {f"test/{code}": count for code, count in SAMPLED.items()},
    archives_counts={f"test/{code}": SMALLER.get(code, 10_000) for code in LANGUAGES if code != "tha"},
    metadata={
        "description": "Named entity recognition in forty languages, tags made automatically",
        "paper": "Pan et al. 2017, aclanthology.org/P17-1178; splits: Rahimi et al. 2019, P19-1015",
        "licence": "ODC-BY; text of Wikipedia CC BY-SA 3.0",
        "homepage": "https://github.com/afshinrahimi/mmner",
        "obtain": "unpack each <language>.tar.gz of AmazonPhotos.zip into panx_dataset/<language>/ below data.root; "
        "its original place is gone, so ask the authors, or take data.origin: hub.",
    },
)
