"""The rows of correlations.csv, questions.csv, leave_one_family_out.csv and pooled.csv.

Separate because cells and pools, the rule and the files all speak of them. docs/results.md says what each column is.
"""

import math
from dataclasses import dataclass

NAN = math.nan
SLOPE = "slope"  # the method that is tested


@dataclass(frozen=True)
class Correlation:
    """One row of correlations.csv; docs/results.md says what each column is."""

    study: str
    intermediate: str
    target: str
    metric: str
    outcome: str
    distance: str
    method: str
    role: str
    n: int
    families: int
    estimate: float
    fisher_low: float = NAN
    fisher_high: float = NAN
    bootstrap_low: float = NAN
    bootstrap_high: float = NAN
    family_low: float = NAN
    family_high: float = NAN
    absent_low: float = NAN
    absent_high: float = NAN
    units: float = NAN
    units_low: float = NAN
    units_high: float = NAN
    unit: float = NAN
    p_naive: float = NAN
    p_family: float = NAN
    q: float = NAN
    smallest_detectable: float = NAN
    reliability: float = NAN
    reliability_low: float = NAN
    noise_ceiling: float = NAN
    family_share: float = NAN
    genus_share: float = NAN
    area_share: float = NAN
    lofo_low: float = NAN
    lofo_high: float = NAN
    lofo_family: str = ""
    lolo_low: float = NAN
    lolo_high: float = NAN
    lolo_language: str = ""
    lolo_strength: float = NAN
    outliers: tuple[str, ...] = ()
    adjusted: float = NAN
    without_indo_european: float = NAN
    n_without_indo_european: int = 0
    imputation_sd: float = 0.0
    floor: int = 0
    ceiling: int = 0
    tested: bool = False
    flags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class FamilyQuestion:
    """One row of questions.csv: a slope within or between families, or the bend of the relation."""

    study: str
    intermediate: str
    target: str
    outcome: str
    question: str
    estimate: float
    low: float
    high: float
    absent_low: float
    absent_high: float
    p: float


@dataclass(frozen=True)
class LeftOut:
    """One row of leave_one_family_out.csv; `family` is empty where none is left out."""

    study: str
    intermediate: str
    target: str
    outcome: str
    distance: str
    family: str
    languages: tuple[str, ...]
    n: int
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Pooled:
    """One row of pooled.csv; docs/results.md says what each column is."""

    study: str
    intermediate: str
    outcome: str
    distance: str
    adjustment: str
    primary: bool
    targets: int
    languages: int
    rows: int
    slope: float = math.nan
    slope_low: float = math.nan
    slope_high: float = math.nan
    absent_low: float = math.nan
    absent_high: float = math.nan
    slope_units: float = math.nan
    unit: float = math.nan
    p_naive: float = math.nan
    p_family: float = math.nan
    p_max_t: float = math.nan
    smallest_detectable: float = math.nan
    reliability: float = math.nan
    reliability_low: float = math.nan
    sd_family: float = math.nan
    sd_genus: float = math.nan
    sd_area: float = math.nan
    sd_language: float = math.nan
    sd_slope: float = math.nan
    sd_residual: float = math.nan
    area_km: float = math.nan
    covariates: tuple[str, ...] = ()
    same_sign_lofo: bool = False
    lolo_language: str = ""
    lolo_strength: float = math.nan
    same_sign_distances: int = 0
    distances_compared: int = 0
    imputation_sd: float = 0.0
    floor: int = 0
    ceiling: int = 0
    note: str = ""
