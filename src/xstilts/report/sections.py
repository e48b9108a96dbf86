"""The tables of the page: they are there without JavaScript, for print and for reading aloud."""

from collections.abc import Sequence
from dataclasses import dataclass

from xstilts.languages import table as languages
from xstilts.report import text
from xstilts.report.tables import ALL, PRIMARY, ReportTables, Row, StudyView, number

OUTCOMES = ("points", "error_reduction")


@dataclass(frozen=True)
class PageTable:
    """A table as text.

    Attributes:
        caption: what it holds, in a few words.
        head: the names of its columns.
        rows: the cells.
        words: the columns of sentences.
        empty: what stands in its place without rows.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: frozenset[int] = frozenset()
    empty: str = ""


def correlations(study: StudyView) -> PageTable:
    """Every cell of the primary distance: n, the three estimates, intervals, p and q."""
    head = (
        "Intermediate → target", "Outcome", "n", "Families", "Slope (SD per SD)", "95 %", "p", "q",
        "Without Indo-European", "Without one family", "Without one language", "Smallest detectable |slope|",
        "Reliability of gains", "r (descriptive)", "95 % Fisher (independent)", "ρ", "τ", "p naive", "Verdict",
    )  # fmt: skip
    rows = []
    for arm in study.arms:
        for target in study.targets:
            for outcome in OUTCOMES:
                row = study.correlations.get((arm, target, outcome, PRIMARY, "slope"))
                if row is not None:
                    rows.append(_correlation(study, arm, target, outcome, row))
    return PageTable("Every slope", head, rows, empty="No slope: every target of this study has too few languages.")


def _correlation(study: StudyView, arm: str, target: str, outcome: str, row: Row) -> tuple[str, ...]:
    plain = {
        name: study.correlations.get((arm, target, outcome, PRIMARY, name), {})
        for name in ("pearson", "spearman", "kendall")
    }
    r = plain["pearson"]
    found = study.verdict(arm, target, outcome)
    without = number(row["without_indo_european"])
    tested = row["tested"] == "1"
    return (
        f"{text.intermediate(arm)} → {text.target(target)}",
        "points" if outcome == "points" else "error reduction",
        row["n"],
        row["families"],
        text.correlation(number(row["estimate"])),
        text.interval(number(row["family_low"]), number(row["family_high"])),
        text.probability(number(row["p_family"])) if tested else "no test",
        text.probability(number(row["q"])) if tested else "no test",
        f"{text.correlation(without)} (n = {row['n_without_indo_european']})" if without is not None else "too few",
        text.interval(number(row["lofo_low"]), number(row["lofo_high"])),
        text.interval(number(row["lolo_low"]), number(row["lolo_high"])),
        text.number(number(row["smallest_detectable"]), 2),
        text.number(number(row["reliability"]), 2) if row["reliability"] else "one seed",
        text.correlation(number(r.get("estimate"))),
        text.interval(number(r.get("fisher_low")), number(r.get("fisher_high"))),
        *(text.correlation(number(plain[name].get("estimate"))) for name in ("spearman", "kendall")),
        text.probability(number(r.get("p_naive"))),
        str(found["verdict"]) if found else text.ABSENT,
    )


def pooled(study: StudyView) -> PageTable:
    """The mixed model of each intermediate over all targets, adjusted and unadjusted side by side."""
    head = (
        "Intermediate", "Outcome", "Model", "Slope (standardised)", "95 %", "Per 0.1 of distance", "p family-aware",
        "p max-T", "Note",
    )  # fmt: skip
    rows = [
        (
            text.intermediate(arm),
            "points" if outcome == "points" else "error reduction",
            adjustment + (" (primary)" if row["primary"] == "1" else ""),
            text.correlation(number(row["slope"])),
            text.interval(number(row["slope_low"]), number(row["slope_high"])),
            text.number(number(row["slope_units"]), 2, signed=True),
            text.probability(number(row["p_family"])),
            text.probability(number(row["p_max_t"])),
            text.prose(row["note"]),
        )
        for arm in study.arms
        for outcome in OUTCOMES
        for adjustment in ("unadjusted", "adjusted")
        if (row := study.pooled.get((arm, outcome, adjustment))) is not None
    ]
    return PageTable("Pooled models", head, rows, frozenset({8}), "No pooled model was fitted for this study.")


def verdicts(study: StudyView) -> PageTable:
    """Every verdict with its reason in words."""
    rows = []
    for arm in study.arms:
        for target in (ALL, *study.targets):
            found = study.verdict(arm, target)
            if found is not None:
                rows.append(
                    (f"{text.intermediate(arm)} → {text.target(target)}", found["verdict"], text.prose(found["reason"]))
                )
    return PageTable("Every verdict", ("Intermediate → target", "Verdict", "Reason"), rows, frozenset({2}))


def gains(study: StudyView) -> dict[str, PageTable]:
    """Gains of every language, nearest first: title and table of each intermediate, a column per target."""
    parts = {}
    for arm in study.arms:
        by_code: dict[str, dict[str, Row]] = {}
        for target in study.targets:
            for row in study.points.get((arm, target), ()):
                by_code.setdefault(row["language"], {})[target] = row
        codes = sorted(by_code, key=lambda code: (_distance(by_code[code]), code))
        rows = [
            (
                f"{languages.get(code).name} ({code})",
                languages.get(code).family,
                text.number(number(next(iter(by_code[code].values()))["distance"]), 3),
                *(_gain(by_code[code].get(target)) for target in study.targets),
            )
            for code in codes
        ]
        head = ("Language", "Family", "Distance", *(text.target(target) for target in study.targets))
        parts[f"Gains with {text.intermediate(arm)}, nearest language first"] = PageTable(
            f"Gains with {text.intermediate(arm)}, in points", head, rows, frozenset({1})
        )
    return parts


def marks(study: StudyView) -> str:
    """What the letters beside gains mean."""
    return f"Points ± standard error over seeds{'' if study.seeds > 1 else ' (one seed: none)'}. {_MARKS}"


_SIGNS = {"near_chance": "c", "near_ceiling": "t", "unseen": "u"}
_MARKS = (
    "c = before and after within noise of chance (floor); t = both at 99 points or more (ceiling); u = not in the "
    "encoder's pretraining data. A dash: the target has no such language, or the distance rests on too few features."
)


def _distance(rows: dict[str, Row]) -> float:
    value = number(next(iter(rows.values()))["distance"])
    return 9.0 if value is None else value


def _gain(row: Row | None) -> str:
    if row is None:
        return text.ABSENT
    spread = number(row["gain_se"])
    written = text.gain(number(row["gain"])) + (f" ± {text.number(spread)}" if spread is not None else "")
    return " ".join([written, *(_SIGNS.get(mark, mark) for mark in row["marks"].split())])


def english(study: StudyView) -> PageTable:
    """English scores before and after, with the majority baseline or chance level beside them."""
    rows = []
    for target in study.targets:
        found = {arm: row for arm in study.arms for row in study.points.get((arm, target), ()) if row["english"] == "1"}
        if not found:
            continue
        first = next(iter(found.values()))
        scores = (text.number(number(found[arm]["after"])) if arm in found else text.ABSENT for arm in study.arms)
        chance = number(first["chance"])
        rows.append(
            (
                f"{text.target(target)}, {study.metrics[target].replace('_', ' ')}",
                text.number(chance) if chance is not None else "not defined",
                text.number(number(first["before"])),
                *scores,
            )
        )
    head = (
        "English, points",
        "Majority baseline or chance level",
        "no intermediate",
        *(text.intermediate(arm) for arm in study.arms),
    )
    return PageTable("English scores before and after", head, rows, empty="This study prints no English scores.")


def selection(study: StudyView) -> PageTable:
    """The intermediate that English would choose for each target."""
    head = (
        "Target",
        "Chosen on English",
        "English before → after",
        "Other languages before → after",
        "Best, had we known",
    )
    rows = [
        (
            text.target(row["target"]),
            text.intermediate(row["chosen"]) if row["chosen"] else "none",
            f"{text.number(number(row['english_before']))} → {text.number(number(row['english_after']))}",
            f"{text.number(number(row['mean_before']))} → {text.number(number(row['mean_after']))}",
            f"{text.intermediate(row['best'])} ({text.number(number(row['best_after']))})"
            if row["best"]
            else text.ABSENT,
        )
        for row in study.selection
    ]
    return PageTable(
        "The intermediate that English would choose",
        head,
        rows,
        empty="No selection: this study has no English scores.",
    )


def predictors(study: StudyView) -> PageTable:
    """Distance beside CC-100 size, script and what the data themselves tell, for the mean over intermediates."""
    arm = study.arms[0]
    rows = [
        (
            text.target(row["target"]),
            row["predictor"].replace("_", " "),
            row["model"],
            row["n"],
            text.correlation(number(row["estimate"])),
            text.interval(number(row["low"]), number(row["high"])),
            text.number(number(row["r2"]), 2),
        )
        for row in study.predictors
        if row["intermediate"] == arm and row["outcome"] == "points"
    ]
    head = ("Target", "Predictor", "Alone or together", "n", "Standardised slope", "95 % family-aware", "R²")
    return PageTable(
        "Distance beside other predictors",
        head,
        rows,
        empty="No regression on other predictors was fitted for this study.",
    )


def coverage(results: ReportTables) -> PageTable:
    """What each distance stands on."""
    head = ("Distance", "Role", "Languages", "r with features known", "r with log CC-100", "Not used for")
    rows = [
        (
            text.distance(row["distance"]),
            row["role"],
            row["languages"],
            text.correlation(number(row["r_known"])),
            text.correlation(number(row["r_log_cc100"])),
            row["missing"] or "none",
        )
        for row in results.coverage
    ]
    return PageTable("What each distance stands on", head, rows, frozenset({5}))
