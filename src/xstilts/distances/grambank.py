"""Distances on Grambank's features, from the table beside this module.

`grambank.csv` is no package's of PyPI: share of Grambank features on which a language differs from English (Hamming
distance on the features coded for both), with their number. Columns: `language` (ISO 639-3), `glottocode` (the row of
Grambank that was used), `hamming` (0 to 1), `shared` (features coded for both languages). Data: Grambank (Skirgård et
al. 2023, https://doi.org/10.1126/sciadv.adg6175), CC BY 4.0; computed once, kept with four decimals. Ten of XTREME's
languages have no row, since Grambank codes nothing under their glottocode: Afrikaans, Bengali, Bulgarian, German,
Gujarati, Kazakh, Romanian, Spanish, Urdu, Yoruba.
"""

from collections.abc import Mapping
from pathlib import Path

from xstilts.distances.from_english import GRAMBANK, Distance, marked
from xstilts.formats import csv_rows, fields
from xstilts.languages import table as languages

TABLE = Path(__file__).with_name("grambank.csv")
COLUMNS = ("language", "glottocode", "hamming", "shared")


def read(path: Path = TABLE) -> list[Distance]:
    """Share of Grambank features that differ from English's, from a table language,glottocode,hamming,shared.

    Raises:
        ValueError: other columns, an unknown language, a number out of its range, or a language given twice; the
            message names file and lines.
    """
    return csv_rows.built(csv_rows.read(path, COLUMNS), _read_row, lambda row: row.language)


def _read_row(row: Mapping[str, str]) -> Distance:
    raw, shared = csv_rows.field(row, "hamming", fields.between(0, 1)), csv_rows.field(row, "shared", fields.count)
    return marked(languages.parse(row["language"].strip()).code, GRAMBANK, raw, shared, shared, GRAMBANK)
