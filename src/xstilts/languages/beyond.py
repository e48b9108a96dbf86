"""Languages without a row in the table: any that ISO 639-3 names and URIEL knows.

Their names come from ISO 639-3 (python-iso639), families and genera from Glottolog's tree as URIEL ships it, under the
names that the table has. Scripts are those of FLORES-200 and NTREX-128 (one where a language has several), sizes of
CC-100 those of Conneau et al. 2020 (arXiv 1911.02116), table 6. XLM-R's corpora are of standard languages: Iraqi Arabic
is unseen, although Arabic is not, and Norwegian counts for Bokmål, Chinese for Mandarin.
"""

import functools

import numpy as np

from xstilts.languages import uriel
from xstilts.languages.table import Language

# Nodes of the tree whose name in the table is another; a genus is the largest node of a language that is named here,
# else the second of its tree.
FAMILIES = {
    "Atlantic-Congo": "Niger-Congo",
    "Austroasiatic": "Austro-Asiatic",
    "Tai-Kadai": "Kra-Dai",
    "Artificial Language": "Artificial",
}
GENERA = {
    "Adamawa-Ubangi": "Ubangi",
    "Eastern Baltic": "Baltic",
    "Greater Barito": "Barito",
    "Greater Central Philippine": "Greater Central Philippine",
    "Gur": "Gur",
    "Defoid": "Defoid",
    "Dravidian": "Dravidian",
    "Igboid": "Igboid",
    "Indo-Aryan": "Indic",
    "Iranian": "Iranian",
    "Italic": "Romance",
    "Kwa Volta-Congo": "Kwa",
    "Malayo-Sumbawan": "Malayo-Sumbawan",
    "Mundaic": "Munda",
    "Narrow Bantu": "Bantu",
    "Northern Luzon": "Northern Luzon",
    "Oceanic": "Oceanic",
    "Peul-Serer": "Peul-Serer",
    "Quechuan": "Quechuan",
    "Sinitic": "Chinese",
    "Slavic": "Slavic",
    "South Sulawesi": "South Sulawesi",
    "Turkic": "Turkic",
    "Wide Grassfields": "Wide Grassfields",
    "Wolof": "Wolof",
}
# Where the tree puts a language under the one that gave it its words, as the table does not.
CREOLES = frozenset({"kea", "pap", "pcm", "tpi"})
# Languages that the tree lacks, and the nearest that it has; a macro-language of ISO 639 is tried first.
NEAREST = {"ltg": "lav", "nqo": "emk"}
SCRIPTS = {
    "Latn": (
        "ace aka als ast ayr bam ban bbj bem bjn bos bug cat ceb ces cjk crh cym dan dik dyu epo ewe fao fij "
        "fon fur fuv gaz gla gle glg grn hau hrv ibo ilo isl kab kac kam kbp kea kik kin kmb kmr knc kon lij "
        "lim lin lmo ltg ltz lua lug luo lus lvs min mlt mos mri nno nob nso nus nya oci pag pap pcm plt quy "
        "run sag scn slk slv smo sna som sot srd ssw sun swe szl taq tpi tsn tso tuk tum twi umb uzn vec war "
        "xho zul fuc nde tah ton ven"
    ),
    "Arab": "acm acq aeb ajp apc ars ary arz azb ckb kas mey pbt prs shi snd uig",
    "Cyrl": "bak bel khk kir mkd srp tat tgk",
    "Deva": "awa bho hne mag mai npi san",
    "Beng": "asm mni",
    "Ethi": "amh tir",
    "Tibt": "bod dzo",
    "Armn": "hye",
    "Hant": "yue",
    "Hebr": "ydd",
    "Khmr": "khm",
    "Knda": "kan",
    "Laoo": "lao",
    "Mymr": "shn",
    "Nkoo": "nqo",
    "Olck": "sat",
    "Orya": "ory",
    "Sinh": "sin",
    "Tfng": "tzm",
    "Thaa": "div",
}
UNKNOWN = "Zzzz"  # ISO 15924: a script that is not known
CC100 = {
    "als": 5.4, "amh": 0.8, "asm": 0.1, "bel": 4.3, "bos": 0.1, "bre": 0.1, "cat": 10.1, "ces": 16.3, "cym": 0.8,
    "dan": 45.6, "epo": 0.9, "fry": 0.2, "gaz": 0.1, "gla": 0.1, "gle": 0.5, "glg": 2.9, "hau": 0.3, "hrv": 20.5,
    "hye": 5.5, "isl": 3.2, "kan": 3.3, "khk": 3.0, "khm": 1.5, "kir": 1.2, "kmr": 0.4, "lao": 0.6, "lat": 2.5,
    "lvs": 8.8, "mkd": 4.8, "nob": 49.0, "npi": 3.8, "ory": 0.6, "pbt": 0.7, "plt": 0.2, "san": 0.3, "sin": 3.6,
    "slk": 23.2, "slv": 10.3, "snd": 0.4, "som": 0.4, "srp": 9.1, "sun": 0.1, "swe": 85.0, "uig": 0.4, "uzn": 0.7,
    "xho": 0.1, "ydd": 0.3,
}  # fmt: skip
# Of the languages whose script is known, those that XLM-R never read.
UNSEEN = frozenset(code for codes in SCRIPTS.values() for code in codes.split()) - CC100.keys()


@functools.cache
def language(code: str) -> Language | None:
    """The language of an ISO 639-3 code, or None where ISO 639-3 or URIEL has none."""
    from iso639 import Language as Iso  # a fifth of a second
    from iso639 import LanguageNotFoundError

    try:
        entry = Iso.from_part3(code)
    except LanguageNotFoundError:
        return None
    if code not in uriel.arrays("family").places:
        return None
    tree = next(filter(None, map(nodes, (code, entry.macrolanguage or "", NEAREST.get(code, "")))), ())
    family, genus = ("Creole", "Creoles and Pidgins") if code in CREOLES else _branch(tree, entry.name)
    script = next((script for script, codes in SCRIPTS.items() if code in codes.split()), UNKNOWN)
    size = CC100.get(code, 0.0)
    return Language(code, entry.part1 or "", entry.name.partition(" (")[0], family, genus, script, size, xtreme=False)


def nodes(code: str) -> tuple[str, ...]:
    """The nodes of the family tree above a language, the largest first; empty where the tree lacks it."""
    tree = uriel.arrays("family")
    if code not in tree.places:
        return ()
    found = np.flatnonzero(tree.row(code) > 0)
    return tuple(
        tree.names[index].removeprefix("F_") for index in sorted(found, key=lambda node: (-_sizes()[node], node))
    )


@functools.cache
def _sizes() -> np.ndarray:
    """How many languages each node of the tree has."""
    sizes: np.ndarray = (uriel.arrays("family").union > 0).sum(axis=0)
    return sizes


def _branch(tree: tuple[str, ...], name: str) -> tuple[str, str]:
    """Family and genus; a language of its own where the tree has nothing above it."""
    if not tree:
        return name, name
    family = FAMILIES.get(tree[0], tree[0])
    named = next((GENERA[node] for node in tree if node in GENERA), None)
    return family, named or (tree[1] if len(tree) > 1 else family)
