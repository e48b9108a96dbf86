"""SIB-200: what is a sentence about, one of seven topics, in 205 varieties of 197 languages; trained on English.

The sentences of FLORES-200, translated by professionals from English Wikinews, Wikijunior and Wikivoyage, so that all
languages have the same ones; no test sentence is a translation of one of the 701 English training sentences. Eight
languages are there in two scripts (Arabic in Latin letters, for one): each variety's 204 rows stand in the language's
test set, one variety after the other in the order of their names, so that the statistics see one language. A test set
of 204 rows has a standard error of about three points. 138 of the rows of Najdi Arabic are Standard Arabic's.
"""

from collections import defaultdict

from xstilts.tasks.task import FileSource, Task

# FLORES-200's names: languages in Latin script by their code alone, the others with their script.
LATIN = (
    "ace afr aka als arb ast ayr azj bam ban bem bjn bos bug cat ceb ces cjk crh cym dan deu dik dyu eng epo est "
    "eus ewe fao fij fin fon fra fur fuv gaz gla gle glg grn hat hau hrv hun ibo ilo ind isl ita jav kab kac kam "
    "kbp kea kik kin kmb kmr knc kon lij lim lin lit lmo ltg ltz lua lug luo lus lvs min mlt mos mri nld nno nob "
    "nso nus nya oci pag pap plt pol por quy ron run sag scn slk slv smo sna som sot spa srd ssw sun swe swh szl "
    "taq tgl tpi tsn tso tuk tum tur twi umb uzn vec vie war wol xho yor zsm zul"
)
OTHERS = (
    "ace_Arab acm_Arab acq_Arab aeb_Arab ajp_Arab amh_Ethi apc_Arab arb_Arab ars_Arab ary_Arab arz_Arab asm_Beng "
    "awa_Deva azb_Arab bak_Cyrl bel_Cyrl ben_Beng bho_Deva bjn_Arab bod_Tibt bul_Cyrl ckb_Arab dzo_Tibt ell_Grek "
    "guj_Gujr heb_Hebr hin_Deva hne_Deva hye_Armn jpn_Jpan kan_Knda kas_Arab kas_Deva kat_Geor kaz_Cyrl khk_Cyrl "
    "khm_Khmr kir_Cyrl knc_Arab kor_Hang lao_Laoo mag_Deva mai_Deva mal_Mlym mar_Deva min_Arab mkd_Cyrl mni_Beng "
    "mya_Mymr npi_Deva nqo_Nkoo ory_Orya pan_Guru pbt_Arab pes_Arab prs_Arab rus_Cyrl san_Deva sat_Olck shn_Mymr "
    "sin_Sinh snd_Arab srp_Cyrl tam_Taml taq_Tfng tat_Cyrl tel_Telu tgk_Cyrl tha_Thai tir_Ethi tzm_Tfng uig_Arab "
    "ukr_Cyrl urd_Arab ydd_Hebr yue_Hant zho_Hans zho_Hant"
)
INDIVIDUAL = {"zho": "cmn"}  # FLORES' Chinese is Mandarin in two scripts
LABELS = ("entertainment", "geography", "health", "politics", "science/technology", "sports", "travel")
UPSTREAM, ARCHIVES = "sib-200/data/annotated", "xtreme-more/sib200"


def _varieties() -> dict[str, tuple[str, ...]]:
    """FLORES' names of each language's varieties."""
    found = defaultdict(list)
    for name in sorted([*(f"{code}_Latn" for code in LATIN.split()), *OTHERS.split()]):
        found[INDIVIDUAL.get(name[:3], name[:3])].append(name)
    return {code: tuple(found[code]) for code in sorted(found)}


LANGUAGES = _varieties()
ROWS = {"train": 701, "validation": 99} | {f"test/{code}": 204 * len(names) for code, names in LANGUAGES.items()}


def _sources(folder: str) -> dict[str, tuple[FileSource, ...]]:
    english = {
        split: (FileSource((f"{folder}/eng_Latn/{name}.tsv",), "topics"),)
        for split, name in (("train", "train"), ("validation", "dev"))
    }
    return english | {
        f"test/{code}": tuple(
            FileSource((f"{folder}/{name}/test.tsv",), "topics", {"script": name[4:]}) for name in names
        )
        for code, names in LANGUAGES.items()
    }


TASK = Task(
    name="sib200",
    shape="classification",
    scorer="accuracy",
    metrics=("accuracy",),
    labels=LABELS,
    languages=tuple(LANGUAGES),
    alike=(("arb", "ars"),),
    training="sib200",
    files=_sources(UPSTREAM),
    archives=_sources(ARCHIVES),
    counts=ROWS,
    archives_counts=ROWS,
    absent={
        "hub": "its reader reads files. Clone github.com/dadelani/sib-200 and use data.origins: {sib200: files}",
        "world": "it makes nothing for this task. Use xnli, a target of the same shape",
        "archive": "it is in the second archive: use data.layout: archives",
    },
    metadata={
        "description": "Topics of sentences in 205 varieties of 197 languages",
        "paper": "Adelani et al. 2024, aclanthology.org/2024.eacl-long.14",
        "licence": "CC BY-SA 4.0",
        "homepage": "https://github.com/dadelani/sib-200",
        "obtain": "clone github.com/dadelani/sib-200 to sib-200/ below data.root.",
    },
)
