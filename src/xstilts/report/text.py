"""How numbers and names are written: the only place where anything is rounded."""

import re
import zlib

from markupsafe import Markup, escape

MINUS = "\N{MINUS SIGN}"
ABSENT = "\N{EN DASH}"
OUTCOMES = {"points": "gain (points)", "error_reduction": "relative error reduction (%)"}
TARGETS = {
    "xnli": "XNLI",
    "pawsx": "PAWS-X",
    "udpos": "UDPOS",
    "panx": "PAN-X",
    "xquad": "XQuAD",
    "mlqa": "MLQA",
    "tydiqa": "TyDiQA",
    "bucc2018": "BUCC",
    "tatoeba": "Tatoeba",
    "xcopa": "XCOPA",
    "sib200": "SIB-200",
    "ntrex128": "NTREX-128",
    "masakhapos": "MasakhaPOS",
    "masakhaner": "MasakhaNER",
    "xstorycloze": "XStoryCloze",
    "xwinograd": "XWinograd",
}
INTERMEDIATES = {
    "anli": "ANLI+",
    "mnli": "MNLI",
    "qqp": "QQP",
    "squad_v1": "SQuAD v1.1",
    "squad_v2": "SQuAD v2",
    "hellaswag": "HellaSwag",
    "ccg": "CCG",
    "cosmosqa": "Cosmos QA",
    "csqa": "CSQA",
    "siqa": "SIQA",
    "ecare": "e-CARE",
    "multitask": "multi-task",
    "mlm": "MLM alone",
    "p3": "P3 (English prompts of many tasks)",
    "nli_stsb": "NLI, then STS-B",
}
DISTANCES = {
    "syntactic": "syntactic, shared features",
    "syntactic_imputed": "syntactic, imputed",
    "syntactic_zero_filled": "syntactic, zero-filled as published",
    "syntactic_knn": "syntactic, kNN",
    "grambank": "Grambank",
    "geographic": "geographic",
    "phonological": "phonological",
    "inventory": "inventory",
    "featural": "featural",
    "genetic": "genetic",
}
_VARIANTS = {"_mlm": " + MLM", "_translated": " (translated)"}


def number(value: float | None, places: int = 1, *, signed: bool = False) -> str:
    """A number with a real minus sign; an en dash where nothing was computed."""
    if value is None:
        return ABSENT
    written = f"{value:+.{places}f}" if signed else f"{value:.{places}f}"
    if float(written) == 0:
        written = written.lstrip("+-")
    return written.replace("-", MINUS)


def gain(value: float | None) -> str:
    """A difference in points, with its sign."""
    return number(value, signed=True)


def correlation(value: float | None) -> str:
    """A correlation or a standardised slope, two places."""
    return number(value, 2, signed=True)


def probability(value: float | None) -> str:
    """A p or q value; below .001 it says so."""
    if value is None:
        return ABSENT
    return "<0.001" if value < 0.001 else f"{value:.2g}" if value < 0.01 else f"{value:.2f}"


def interval(low: float | None, high: float | None, places: int = 2) -> str:
    """`[low, high]`, or an en dash where either end is missing."""
    if low is None or high is None:
        return ABSENT
    return f"[{number(low, places, signed=True)}, {number(high, places, signed=True)}]"


def target(name: str) -> str:
    """A target as papers write it."""
    return "all targets" if name == "all" else TARGETS.get(name, name)


def intermediate(name: str) -> str:
    """An intermediate as papers write it."""
    if name == "all":
        return "mean of all"
    for suffix, words in _VARIANTS.items():
        if name.endswith(suffix) and name != suffix[1:]:
            return intermediate(name.removesuffix(suffix)) + words
    return INTERMEDIATES.get(name, name)


def distance(name: str) -> str:
    """A distance in words."""
    return DISTANCES.get(name, name.replace("_", " "))


def slug(name: str) -> str:
    """A name for files and addresses, of 48 characters at most: all but letters, digits, - and _ becomes a hyphen.

    A name that is changed so gets a digest, since `my study` and `my-study` are two studies.
    """
    written = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name[:48])
    return written if written == name else f"{written}-{zlib.crc32(name.encode()):08x}"


def prose(sentence: str) -> str:
    """A sentence of `results/` or `studies.yaml` with real minus signs, a capital and a full stop."""
    written = re.sub(r"(?<![\w.])-(?=[\d.])", MINUS, sentence.strip())
    if not written:
        return ""
    return written[0].upper() + written[1:] + ("" if written[-1] in ".!?" else ".")


def marked(sentence: str) -> Markup:
    """The same as HTML; what stands between backticks is code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(prose(sentence)))))


def markdown(name: str, *, code: bool = False) -> str:
    """A name as plain words of Markdown: no link, picture, mention, tag, heading or emphasis comes out of it.

    Args:
        name: as an experimenter or a table gave it.
        code: whether backticks keep their meaning.
    """
    line = "".join(letter for letter in " ".join(name.split()) if letter.isprintable())
    for letter, instead in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        line = line.replace(letter, instead)
    line = re.sub(r"[\\*_\[\]~|#]" if code else r"[\\`*_\[\]~|#]", r"\\\g<0>", line)
    return line.replace("@", "@\u200b")  # a space of no width: GitHub tells nobody


def cell(text: str) -> str:
    """Text that is safe inside a cell of a Markdown table; what is bold as a whole stays so."""
    bold = re.fullmatch(r"\*\*(.*)\*\*", text, re.DOTALL)
    return f"**{markdown(bold[1])}**" if bold else markdown(text)
