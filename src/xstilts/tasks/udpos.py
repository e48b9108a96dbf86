"""UDPOS: parts of speech in the treebanks of Universal Dependencies 2.5, 33 languages, trained on English.

A language is all treebanks whose file names begin with its code, so Greek is without Ancient Greek (`grc`) and
Chinese without Classical Chinese (`lzh`). Multiword tokens are fused as XTREME fuses them
(`origins/files/conllu.py`). Kazakh, Thai, Tagalog and Yoruba have test sets alone. The Hub's copy is not the
benchmark's: it takes in Ancient Greek, Classical Chinese, Swiss German and others, and splits multiword tokens.
XTREME never printed sizes: they are UD's, where all text is public. The archive lacks test files over 4 MiB
(Arabic-PADT, Hindi-HDTB, Russian-SynTagRus, German-HDT).
"""

from xstilts.tasks.task import FileSource, HubSource, Task

# The code that file names begin with, and the Hub's name of the language.
LANGUAGES = {
    "afr": ("af", "Afrikaans"),
    "arb": ("ar", "Arabic"),
    "bul": ("bg", "Bulgarian"),
    "cmn": ("zh", "Chinese"),
    "deu": ("de", "German"),
    "ell": ("el", "Greek"),
    "eng": ("en", "English"),
    "est": ("et", "Estonian"),
    "eus": ("eu", "Basque"),
    "fin": ("fi", "Finnish"),
    "fra": ("fr", "French"),
    "heb": ("he", "Hebrew"),
    "hin": ("hi", "Hindi"),
    "hun": ("hu", "Hungarian"),
    "ind": ("id", "Indonesian"),
    "ita": ("it", "Italian"),
    "jpn": ("ja", "Japanese"),
    "kaz": ("kk", "Kazakh"),
    "kor": ("ko", "Korean"),
    "mar": ("mr", "Marathi"),
    "nld": ("nl", "Dutch"),
    "pes": ("fa", "Persian"),
    "por": ("pt", "Portuguese"),
    "rus": ("ru", "Russian"),
    "spa": ("es", "Spanish"),
    "tam": ("ta", "Tamil"),
    "tel": ("te", "Telugu"),
    "tgl": ("tl", "Tagalog"),
    "tha": ("th", "Thai"),
    "tur": ("tr", "Turkish"),
    "urd": ("ur", "Urdu"),
    "vie": ("vi", "Vietnamese"),
    "yor": ("yo", "Yoruba"),
}
SIZES = {
    "afr": 425,
    "bul": 1_116,
    "cmn": 3_455,
    "ell": 456,
    "eng": 5_440,
    "est": 3_760,
    "eus": 1_799,
    "fin": 4_422,
    "heb": 491,
    "hun": 449,
    "ind": 1_557,
    "ita": 3_518,
    "kaz": 1_047,
    "kor": 4_276,
    "mar": 47,
    "nld": 1_471,
    "pes": 600,
    "por": 2_681,
    "spa": 3_147,
    "tam": 120,
    "tel": 146,
    "tgl": 55,
    "tha": 1_000,
    "tur": 4_785,
    "urd": 535,
    "vie": 800,
    "yor": 100,
}
# Treebanks that the archive lacks, or whose text is partly withheld: the size of the full test set is not known.
PARTIAL = {"arb": 1_000, "deu": 3_899, "fra": 4_997, "hin": 1_000, "jpn": 2_372, "rus": 2_485}
LABELS = (
    "ADJ",
    "ADP",
    "ADV",
    "AUX",
    "CCONJ",
    "DET",
    "INTJ",
    "NOUN",
    "NUM",
    "PART",
    "PRON",
    "PROPN",
    "PUNCT",
    "SCONJ",
    "SYM",
    "VERB",
    "X",
)
TOKENS = {"tokens": "tokens", "tags": "pos_tags", "names": LABELS}
UPSTREAM, ARCHIVE = "ud-treebanks-v2.5", "xtreme/udpos"


def _treebanks(folder: str, name: str, split: str) -> tuple[FileSource, ...]:
    """All treebanks of a language in a folder of treebanks."""
    return (FileSource((f"{folder}/*/{name}_*-ud-{split}.conllu",), "conllu", {"language": name}),)


TASK = Task(
    name="udpos",
    shape="tagging",
    scorer="chunks",
    metrics=("f1", "accuracy"),
    labels=LABELS,
    languages=tuple(LANGUAGES),
    training="udpos",
    hub={
        "train": (HubSource("google/xtreme", "udpos.English", "train", "tags", options=TOKENS),),
        "validation": (HubSource("google/xtreme", "udpos.English", "validation", "tags", options=TOKENS),),
    }
    | {
        f"test/{code}": (HubSource("google/xtreme", f"udpos.{hub}", "test", "tags", options=TOKENS),)
        for code, (_, hub) in LANGUAGES.items()
    },
    files={"train": _treebanks(UPSTREAM, "en", "train"), "validation": _treebanks(UPSTREAM, "en", "dev")}
    | {f"test/{code}": _treebanks(UPSTREAM, name, "test") for code, (name, _) in LANGUAGES.items()},
    archive={"train": _treebanks(ARCHIVE, "en", "train"), "validation": _treebanks(ARCHIVE, "en", "dev")}
    | {f"test/{code}": _treebanks(ARCHIVE, name, "test") for code, (name, _) in LANGUAGES.items()},
    counts={"train": 21_253, "validation": 3_974} | {f"test/{code}": count for code, count in SIZES.items()},
    archive_counts={"train": 21_253, "validation": 3_974}
    | {f"test/{code}": count for code, count in (SIZES | PARTIAL).items()},
    absent={
        "hub": "google/xtreme on the Hub is not the benchmark's UDPOS: it mixes in other languages (Ancient Greek, "
        "Classical Chinese, …) and splits multiword tokens, so its scores compare with nothing. Use data.origin: files "
        "with ud-treebanks-v2.5.tgz, or set data.udpos_from_hub: true where the numbers need not compare",
    },
    metadata={
        "description": "Universal parts of speech in 33 languages",
        "paper": "Nivre et al. 2020, aclanthology.org/2020.lrec-1.497; treebanks: hdl.handle.net/11234/1-3105",
        "licence": "per treebank: CC BY-SA, CC BY-NC-SA, LGPL-LR and others",
        "homepage": "https://universaldependencies.org",
        "obtain": "unpack ud-treebanks-v2.5.tgz (hdl.handle.net/11234/1-3105) below data.root.",
    },
)
