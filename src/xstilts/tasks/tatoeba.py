"""Tatoeba: find each English sentence's translation among up to 1,000 sentences, 36 languages; no training.

LASER's cut of tatoeba.org, whose volunteers translated it. Its files are named by ISO 639-3 codes, four of them not
ours. The direction that XTREME scores is English to foreign, on English sentences sorted by code point. There is no
development set. The Hub's rows are in LASER's order and keep a line end, which is stripped.
"""

from xstilts.tasks.task import FileSource, HubSource, Task

LANGUAGES = {
    "afr": "afr",
    "arb": "ara",
    "ben": "ben",
    "bul": "bul",
    "cmn": "cmn",
    "deu": "deu",
    "ell": "ell",
    "est": "est",
    "eus": "eus",
    "fin": "fin",
    "fra": "fra",
    "heb": "heb",
    "hin": "hin",
    "hun": "hun",
    "ind": "ind",
    "ita": "ita",
    "jav": "jav",
    "jpn": "jpn",
    "kat": "kat",
    "kaz": "kaz",
    "kor": "kor",
    "mal": "mal",
    "mar": "mar",
    "nld": "nld",
    "pes": "pes",
    "por": "por",
    "rus": "rus",
    "spa": "spa",
    "swh": "swh",
    "tam": "tam",
    "tel": "tel",
    "tgl": "tgl",
    "tha": "tha",
    "tur": "tur",
    "urd": "urd",
    "vie": "vie",
}
SMALLER = {"jav": 205, "kat": 746, "kaz": 575, "mal": 687, "swh": 390, "tam": 307, "tel": 234, "tha": 548}
SIZES = {f"test/{code}": SMALLER.get(code, 1_000) for code in LANGUAGES}


def _pair(folder: str, name: str) -> tuple[str, str]:
    """The two aligned files of a language below a folder."""
    return f"{folder}/tatoeba.{name}-eng.{name}", f"{folder}/tatoeba.{name}-eng.eng"


TASK = Task(
    name="tatoeba",
    shape="retrieval",
    scorer="nearest",
    metrics=("accuracy", "accuracy_reverse"),
    languages=tuple(LANGUAGES),
    hub={
        f"test/{code}": (HubSource("google/xtreme", f"tatoeba.{name}", "validation", "tatoeba"),)
        for code, name in LANGUAGES.items()
    },
    files={
        f"test/{code}": (FileSource(_pair("LASER/data/tatoeba/v1", name), "tatoeba"),)
        for code, name in LANGUAGES.items()
    },
    archive={
        f"test/{code}": (FileSource(_pair("xtreme/tatoeba", name), "tatoeba"),) for code, name in LANGUAGES.items()
    },
    counts=SIZES,
    archive_counts=SIZES,
    metadata={
        "description": "Nearest-neighbour search for translations of short sentences",
        "paper": "Artetxe and Schwenk 2019, aclanthology.org/Q19-1038",
        "licence": "CC BY 2.0 FR",
        "homepage": "https://github.com/facebookresearch/LASER/tree/main/data/tatoeba/v1",
        "obtain": "clone github.com/facebookresearch/LASER to LASER/ below data.root.",
    },
)
