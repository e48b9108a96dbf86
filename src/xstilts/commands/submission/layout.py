"""XTREME's folder: its nine tasks, their languages in XTREME's two-letter codes, file names, sizes and groups.

Source: evaluate.py of google-research/xtreme @ 838c13b (`TASK_LANGS`, `GROUP2TASK`); sizes from the data sets' papers.
UDPOS sizes were never published by the benchmark.
"""

from pathlib import Path

from xstilts import tasks
from xstilts.languages import table as languages
from xstilts.tasks.task import Task

TASKS = ("xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "tydiqa", "bucc2018", "tatoeba")
GROUPS = {
    "classification": ("pawsx", "xnli"),
    "tagging": ("udpos", "panx"),
    "qa": ("xquad", "mlqa", "tydiqa"),
    "retrieval": ("bucc2018", "tatoeba"),
}
MANIFEST = "manifest.json"
_PANX_THOUSAND = ("af", "bn", "hi", "kk", "ml", "mr", "ms", "sw", "ta", "te", "tl", "ur")
_PANX_SMALL = dict.fromkeys(_PANX_THOUSAND, 1000) | dict.fromkeys(("jv", "my", "yo"), 100)
_TATOEBA_SMALL = {"jv": 205, "ka": 746, "kk": 575, "ml": 687, "sw": 390, "ta": 307, "te": 234, "th": 548}
_MLQA = {"en": 11590, "ar": 5335, "de": 4517, "es": 5253, "hi": 4918, "vi": 5495, "zh": 5137}
_TYDIQA = {"ar": 921, "bn": 113, "en": 440, "fi": 782, "id": 565, "ko": 276, "ru": 812, "sw": 499, "te": 669}


def task(name: str) -> Task:
    """A task of the benchmark."""
    return tasks.get(name)


def codes(name: str) -> dict[str, str]:
    """The languages of a task: XTREME's two-letter code to ISO 639-3, sorted by the former."""
    return dict(sorted((languages.get(code).alpha2, code) for code in task(name).languages))


def file(name: str, language: str) -> Path:
    """A task's file in one language (two letters), below the submission or the label folder."""
    return Path(name, f"test-{language}.{'json' if task(name).shape == 'span' else 'tsv'}")


def everything() -> list[Path]:
    """The 162 files of a complete submission."""
    return [file(name, language) for name in TASKS for language in codes(name)]


def size(name: str, language: str) -> int | None:
    """Test examples of a task in one language (two letters); None where the benchmark does not say."""
    if name == "panx":
        return _PANX_SMALL.get(language, 10000)
    if name == "tatoeba":
        return _TATOEBA_SMALL.get(language, 1000)
    fixed = {"xnli": 5010, "pawsx": 2000, "xquad": 1190}
    return fixed.get(name) or {"mlqa": _MLQA, "tydiqa": _TYDIQA}.get(name, {}).get(language)
