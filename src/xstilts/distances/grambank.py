"""Distances on Grambank's features, from the table beside this module.

`grambank.csv` is no package's of PyPI: share of Grambank features on which a language differs from English (Hamming
distance on the features coded for both), with their number. Columns: `language` (ISO 639-3), `glottocode` (the row of
Grambank that was used), `hamming` (0 to 1), `shared` (features coded for both languages). Data: Grambank (Skirgård et
al. 2023, https://doi.org/10.1126/sciadv.adg6175), CC BY 4.0; computed once, kept with four decimals. Ten of XTREME's
languages have no row, since Grambank codes nothing under their glottocode: Afrikaans, Bengali, Bulgarian, German,
Gujarati, Kazakh, Romanian, Spanish, Urdu, Yoruba.
"""

import csv
from pathlib import Path

from xstilts.distances.from_english import GRAMBANK, Distance, marked
from xstilts.languages import table as languages

TABLE = Path(__file__).with_name("grambank.csv")


def read(path: Path = TABLE) -> list[Distance]:
    """Share of Grambank features that differ from English's, from a table language,glottocode,hamming,shared.

    Raises:
        ValueError: an unknown language, or a number that is none; the message names file and line.
    """
    rows = []
    with path.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                raw, shared = float(row["hamming"]), int(row["shared"])
                code = languages.get(row["language"]).code
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f"{path}, line {number}: {error}; expected language,glottocode,hamming,shared"
                ) from error
            rows.append(marked(code, GRAMBANK, raw, shared, shared, GRAMBANK))
    return rows
