"""NTREX-128: find each English sentence's translation among 1,997, 118 languages; no training.

The English news of WMT 2019, translated by professionals: longer sentences than Tatoeba's, the same in all languages.
Where a language is there in several varieties one is taken: French, Portuguese and Spanish of Europe, Chinese of the
mainland, Serbian in Cyrillic; Hmong, which is no single language, is left out. Filipino is Tagalog, as in other tasks.
"""

from xstilts.tasks.task import FileSource, Task

SAME = (
    "afr amh arb bak bel bem ben bod bos bul cat ces cym dan deu div dzo ell est eus ewe fao fij fin fra fuc gle "
    "glg guj hau heb hin hrv hun hye ibo ind isl ita jpn kan kat kaz khm kin kir kmr kor lao lit ltz mal mar mey "
    "mkd mlt mri mya nde nld nno nob nso nya pan pol por prs ron rus shi sin slk slv smo som spa ssw swe tah tam "
    "tat tel tha tir ton tsn tuk tur uig ukr urd ven vie wol xho yor yue zul"
)
OTHERS = {
    "als": "sqi",
    "azj": "aze-Latn",
    "ckb": "ckb-Arab",
    "cmn": "zho-CN",
    "gaz": "orm",
    "khk": "mon",
    "lvs": "lav",
    "npi": "nep",
    "pbt": "pus",
    "pes": "fas",
    "plt": "mlg",
    "sna": "sna-Latn",
    "snd": "snd-Arab",
    "srp": "srp-Cyrl",
    "swh": "swa",
    "tgk": "tgk-Cyrl",
    "tgl": "fil",
    "uzn": "uzb",
    "zsm": "msa",
}
LANGUAGES = dict(sorted(({code: code for code in SAME.split()} | OTHERS).items()))
ROWS = {f"test/{code}": 1_997 for code in LANGUAGES}


def _pairs(folder: str) -> dict[str, tuple[FileSource, ...]]:
    english = f"{folder}/newstest2019-src.eng.txt"
    return {
        f"test/{code}": (FileSource((f"{folder}/newstest2019-ref.{name}.txt", english), "tatoeba"),)
        for code, name in LANGUAGES.items()
    }


TASK = Task(
    name="ntrex128",
    shape="retrieval",
    scorer="nearest",
    metrics=("accuracy", "accuracy_reverse"),
    languages=tuple(LANGUAGES),
    files=_pairs("NTREX/NTREX-128"),
    archives=_pairs("xtreme-more/ntrex128"),
    counts=ROWS,
    archives_counts=ROWS,
    absent={
        "hub": "its reader reads files. Clone github.com/MicrosoftTranslator/NTREX and use "
        "data.origins: {ntrex128: files}",
        "world": "it makes nothing for this task. Use tatoeba, a target of the same shape",
        "archive": "it is in the second archive: use data.layout: archives",
    },
    metadata={
        "description": "Nearest-neighbour search for translations of news sentences",
        "paper": "Federmann et al. 2022, aclanthology.org/2022.sumeval-1.4",
        "licence": "CC BY-SA 4.0",
        "homepage": "https://github.com/MicrosoftTranslator/NTREX",
        "obtain": "clone github.com/MicrosoftTranslator/NTREX to NTREX/ below data.root.",
    },
)
