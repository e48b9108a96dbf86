"""A `results/` folder made from a seed, with every file of docs/results.md: what the report's tests read."""

import csv
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xstilts.languages import table as languages

DISTANCES = {
    "syntactic": "primary",
    "syntactic_zero_filled": "sensitivity",
    "syntactic_knn": "sensitivity",
    "grambank": "sensitivity",
    "geographic": "sensitivity",
    "phonological": "exploratory",
    "genetic": "description",
}
OUTCOMES = ("points", "error_reduction")
FEW = ("deu", "spa", "fra", "rus", "arb", "cmn")
QA = (*FEW, "ell", "hin", "tha", "tur", "vie")
EVERY = tuple(language.code for language in languages.xtreme() if language.code != "eng")


@dataclass(frozen=True)
class Plan:
    """One study: target → its languages without English."""

    name: str
    intermediates: tuple[str, ...]
    targets: Mapping[str, Sequence[str]]
    seeds: int = 2
    slope: float = 6.0


WORLD = Plan("world", ("csqa", "mnli", "squad_v1"), {"xnli": QA, "udpos": EVERY[:26], "pawsx": FEW, "tatoeba": EVERY})
PAPER = Plan(
    "xcopa_siqa", ("siqa",), {"xcopa": ("est", "hat", "ind", "ita", "quz", "swh", "tam", "tha", "tur", "vie")}, 1
)


def full_grid() -> Plan:
    """Twelve intermediates, nine targets, forty languages."""
    names = [
        "anli",
        "mnli",
        "qqp",
        "squad_v1",
        "squad_v2",
        "hellaswag",
        "ccg",
        "cosmosqa",
        "csqa",
        "multitask",
        "mlm",
        "mnli_mlm",
    ]
    counts = {"xnli": 14, "pawsx": 6, "udpos": 32, "panx": 39, "xquad": 10, "mlqa": 6, "tydiqa": 8, "bucc2018": 4}
    targets = {name: EVERY[:count] for name, count in counts.items()} | {"tatoeba": EVERY[:36]}
    return Plan("world_full", tuple(names), targets, 3)


def write(folder: Path, plans: Sequence[Plan] = (WORLD, PAPER), *, seed: int = 7) -> Path:
    """Write every file of docs/results.md for these studies; the same seed gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    maker = _Maker(np.random.default_rng(seed))
    for plan in plans:
        maker.study(plan)
    for name, rows in maker.tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows({key: "" if value is None else value for key, value in row.items()} for row in rows)
    method = {
        "seed": 1, "draws": 2000, "imputations": 20, "alpha": 0.05, "rule": 2, "bound": 0.3, "minimum_languages": 10,
        "primary_distance": "syntactic", "compared_distances": list(DISTANCES)[:4],
        "excluded": {"syntactic": ["jav", "kaz", "zsm"]}, "languages": list(EVERY),
        "versions": {"python": "3.11.2", "numpy": "2.4.6", "scipy": "1.17.1", "pandas": "3.1.1"},
    }  # fmt: skip
    for name, value in {"verdicts": maker.verdicts, "answers": maker.answers, "method": method}.items():
        (folder / f"{name}.json").write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return folder


class _Maker:
    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.verdicts: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.distance: dict[str, dict[str, float | None]] = defaultdict(dict)
        for language in languages.LANGUAGES:
            base = 0.08 + 0.25 * (language.family != "Indo-European") + 0.25 * rng.random()
            known = int(rng.integers(12, 100))
            for name in DISTANCES:
                value = None if name == "syntactic" and known < 30 else float(np.clip(base + rng.normal(0, 0.07), 0, 1))
                self.distance[name][language.code] = value
                self.tables["distances"].append(
                    {"language": language.code, "distance": name, "value": value, "shared": known - 3, "known": known,
                     "coverage_ok": int(value is not None)}
                )  # fmt: skip
        for name, role in DISTANCES.items():
            self.tables["coverage"].append(
                {"distance": name, "role": role, "languages": 36, "missing": "jav kaz zsm", "r_known": -0.2,
                 "r_log_cc100": -0.31, "r_kilometres": 0.52, "distinct": 35, "note": ""}
            )  # fmt: skip

    def study(self, plan: Plan) -> None:
        effect = {code: self.rng.normal(0, 1.2) for code in (*EVERY, "eng", "hat", "quz")}
        for target, codes in plan.targets.items():
            before = {code: float(self.rng.uniform(35, 80)) for code in (*codes, "eng")}
            for intermediate in (*plan.intermediates, "all"):
                self._cell(plan, intermediate, target, before, effect)
        for intermediate in (*plan.intermediates, "all"):
            for outcome in OUTCOMES:
                r = float(self.rng.uniform(-0.5, 0.1))
                self._verdict(plan, intermediate, "all", outcome, 40, r, 0.3)
                for family in ("", "Indo-European", "Uralic", "Turkic"):
                    self.tables["leave_one_family_out"].append(
                        {"study": plan.name, "intermediate": intermediate, "target": "all", "outcome": outcome,
                         "distance": "syntactic", "family": family, "languages": "", "n": 30,
                         "estimate": r + float(self.rng.normal(0, 0.05)) * bool(family), "low": None, "high": None}
                    )  # fmt: skip
                for adjustment in ("unadjusted", "adjusted"):
                    self.tables["pooled"].append(
                        {"study": plan.name, "intermediate": intermediate, "outcome": outcome, "distance": "syntactic",
                         "adjustment": adjustment, "primary": int(adjustment == "adjusted"),
                         "targets": len(plan.targets),
                         "languages": 40, "rows": 90, "slope": r, "slope_low": r - 0.3, "slope_high": r + 0.3,
                         "absent_low": r - 0.25, "absent_high": r + 0.25, "slope_units": r * 2, "p_naive": 0.01,
                         "p_family": 0.2, "p_max_t": 0.4 if intermediate != "all" else None, "sd_family": 0.4,
                         "sd_genus": 0.2, "sd_language": 0.1, "sd_slope": 0.1, "sd_residual": 0.7,
                         "covariates": "log_cc100 latin", "same_sign_lofo": 1, "same_sign_distances": 3,
                         "distances_compared": 4, "imputation_sd": 0.02, "note": ""}
                    )  # fmt: skip
        verdict = next(
            row for row in self.verdicts if row["study"] == plan.name and row["intermediate"] == row["target"] == "all"
        )
        self.answers[plan.name] = {
            "sentences": [f"In {plan.name}, no relation was established.", "One cell of twelve is supported."],
            "verdict": verdict["verdict"], "counts": {"supported": 1, "practically absent": 0, "inconclusive": 3},
        }  # fmt: skip
        self.tables["studies"].append(
            {"study": plan.name, "intermediates": len(plan.intermediates), "targets": len(plan.targets),
             "languages": 40, "seeds": " ".join(f"{target}:{plan.seeds}" for target in plan.targets), "scores": 999,
             "spare_seeds": 0, "tested_cells": 9, "note": ""}
        )  # fmt: skip

    def _cell(
        self, plan: Plan, intermediate: str, target: str, before: dict[str, float], effect: dict[str, float]
    ) -> None:
        key = {"study": plan.name, "intermediate": intermediate, "target": target}
        metric = "f1" if target in ("udpos", "panx", "xquad", "mlqa", "tydiqa", "bucc2018") else "accuracy"
        xs, ys, families = [], [], []
        for code in sorted(before):
            language, distance = languages.get(code), self.distance["syntactic"][code]
            gain = 2 - plan.slope * (distance or 0.4) + effect[code] + float(self.rng.normal(0, 1))
            gain = min(gain, 99 - before[code])
            used = int(code != "eng" and distance is not None)
            spread = abs(float(self.rng.normal(0.6, 0.2))) if plan.seeds > 1 else None
            room = 100 - before[code]
            self.tables["points"].append(
                {**key, "metric": metric, "headline": 1, "language": code, "name": language.name,
                 "family": language.family, "genus": language.genus, "script": language.script,
                 "latin": int(language.latin), "cc100": language.cc100, "english": int(code == "eng"),
                 "pretrained": int(language.pretrained), "seeds": plan.seeds, "before": before[code],
                 "after": before[code] + gain, "gain": gain, "gain_low": spread and gain - 2 * spread,
                 "gain_high": spread and gain + 2 * spread, "gain_se": spread, "error_reduction": 100 * gain / room,
                 "error_reduction_se": spread and 100 * spread / room, "examples": 500, "chance": 33.3,
                 "marks": "" if language.pretrained else "unseen", "distance": distance, "shared": 60, "known": 63,
                 "used": used}
            )  # fmt: skip
            for run in range(plan.seeds if intermediate != "all" else 0):
                noise = float(self.rng.normal(0, 0.5))
                self.tables["gains"].append(
                    {"study": plan.name, "intermediate": intermediate, "training": "t", "target": target,
                     "metric": metric, "language": code, "seed": run + 1, "headline": 1, "before": before[code],
                     "after": before[code] + gain + noise, "gain": gain + noise,
                     "error_reduction": 100 * gain / room, "spare_before": None, "examples": 500, "chance": 33.3}
                )  # fmt: skip
            if used:
                xs.append(distance)
                ys.append(gain)
                families.append(language.family)
        for outcome in OUTCOMES:
            self._statistics(plan, key, metric, outcome, np.array(xs), np.array(ys), np.array(families))
        if intermediate == "all":
            self.tables["selection"].append(
                {"study": plan.name, "target": target, "metric": metric, "chosen": plan.intermediates[0],
                 "chosen_on": "english", "english_before": before["eng"], "english_after": before["eng"] + 1,
                 "mean_before": 60, "mean_after": 61, "best": plan.intermediates[-1], "best_after": 62,
                 "none_chosen": 0}
            )  # fmt: skip

    def _statistics(
        self, plan: Plan, key: dict[str, str], metric: str, outcome: str, xs: Any, ys: Any, families: Any
    ) -> None:
        n, tested = len(xs), int(len(xs) >= 10)
        first = ("syntactic", "none", "all", "pearson")
        primary = float(np.corrcoef(xs, ys)[0, 1])
        half = 1.8 / max(n, 4) ** 0.5
        self._verdict(plan, key["intermediate"], key["target"], outcome, n, primary, half, tested)
        for distance, role in DISTANCES.items():
            r = primary if distance == "syntactic" else float(np.clip(primary + self.rng.normal(0, 0.1), -1, 1))
            for method in ("pearson", "spearman", "kendall", "slope"):
                value = r if method in ("pearson", "slope") else r * 0.9
                self.tables["correlations"].append(
                    {**key, "metric": metric, "outcome": outcome, "distance": distance, "method": method, "role": role,
                     "n": n, "families": len(set(families)), "estimate": value, "fisher_low": value - half * 0.8,
                     "fisher_high": value + half * 0.8, "bootstrap_low": None, "bootstrap_high": None,
                     "family_low": max(-1, value - half), "family_high": min(1, value + half),
                     "absent_low": max(-1, value - half * 0.9), "absent_high": min(1, value + half * 0.9),
                     "p_naive": 0.03, "p_family": 0.11 if tested else None, "q": 0.3 if tested else None,
                     "reliability": 0.6 if plan.seeds > 1 else None, "smallest_detectable": min(1, 2.5 / n**0.5),
                     "noise_ceiling": 0.77 if plan.seeds > 1 else None, "family_share": 0.4, "genus_share": 0.1,
                     "lofo_low": value - 0.1, "lofo_high": value + 0.1, "lofo_family": "Indo-European",
                     "lolo_low": value - 0.05, "lolo_high": value + 0.05,
                     "without_indo_european": value * 0.7, "n_without_indo_european": n // 2, "imputation_sd": 0.02,
                     "tested": tested, "flags": "" if tested else "few_languages",
                     "note": "" if tested else "Fewer than ten languages: points and no test."}
                )  # fmt: skip
            if distance == "syntactic":
                for family in ("", *sorted(set(families))):
                    self.tables["leave_one_family_out"].append(
                        {**key, "outcome": outcome, "distance": distance, "family": family, "languages": "deu fra",
                         "n": n - 2, "estimate": float(np.clip(r + self.rng.normal(0, 0.05) * bool(family), -1, 1)),
                         "low": max(-1, r - half), "high": min(1, r + half)}
                    )  # fmt: skip
            for covariates in ("none", "log_cc100", "latin", "log_cc100+latin"):
                for subset in ("all", "without_indo_european", "pretrained_only"):
                    for method in ("pearson", "spearman"):
                        value = float(np.clip(r + self.rng.normal(0, 0.12), -1, 1))
                        self.tables["specification"].append(
                            {**key, "outcome": outcome, "distance": distance, "covariates": covariates,
                             "languages": subset, "method": method, "n": n, "estimate": value,
                             "low": max(-1, value - half), "high": min(1, value + half), "p_naive": 0.2,
                             "same_sign": int(value * primary > 0),
                             "primary": int((distance, covariates, subset, method) == first)}
                        )  # fmt: skip
        for family in sorted(set(families)):
            mean = float(ys[families == family].mean())
            self.tables["families"].append(
                {**key, "metric": metric, "outcome": outcome, "family": family,
                 "languages": int((families == family).sum()),
                 "codes": "deu fra", "mean": mean, "shrunken": mean * 0.7, "low": mean * 0.7 - 1,
                 "high": mean * 0.7 + 1, "distance": float(xs[families == family].mean())}
            )  # fmt: skip
        self.tables["family_contrasts"].append(
            {**key, "outcome": outcome, "families": len(set(families)), "r_across_families": 0.2, "r_low": -0.5,
             "r_high": 0.7, "indo_european": 1.2, "rest": 0.8, "difference": 0.4, "p_permutation": 0.4,
             "p_floor": 1 / 7}
        )  # fmt: skip
        for predictor in ("syntactic", "log_cc100", "latin"):
            for model in ("alone", "together"):
                self.tables["predictors"].append(
                    {**key, "outcome": outcome, "predictor": predictor, "model": model, "n": n, "estimate": -0.2,
                     "low": -0.6, "high": 0.2, "p_naive": 0.3, "r2": 0.1, "note": ""}
                )  # fmt: skip

    def _verdict(
        self, plan: Plan, intermediate: str, target: str, outcome: str, n: int, r: float, half: float, tested: int = 1
    ) -> None:
        verdict = (
            "supported"
            if tested and abs(r) > 0.6
            else "practically absent"
            if tested and abs(r) < 0.05
            else "inconclusive"
        )
        self.verdicts.append(
            {"study": plan.name, "intermediate": intermediate, "target": target, "outcome": outcome,
             "distance": "syntactic", "slope": r, "slope_low": r - half, "slope_high": r + half,
             "n": n, "r": r, "r_low": max(-1, r - half), "r_high": min(1, r + half),
             "p_naive": 0.03, "p_family": 0.2 if tested else None, "q": 0.3 if tested else None, "verdict": verdict,
             "reason": f"The interval of r is wide for {n} languages.", "rows": n,
             "direction": "smaller with distance" if r < 0 else "larger with distance",
             "caveats": ["Every value rests on one seed."] if plan.seeds == 1 else []}
        )  # fmt: skip
