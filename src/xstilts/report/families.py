"""The colour and the shape of a language family, the same in every chart of every report.

Colours are Okabe and Ito's eight, safe for colour-blind readers, given to the families with most languages in XTREME.
Every other family is grey and told apart by its shape, so no chart needs more than eight hues.
"""

from dataclasses import dataclass

# Okabe and Ito 2008, with their yellow darkened (#F0E442 cannot be seen on white).
HUES = {
    "Indo-European": "#0072B2",
    "Austronesian": "#E69F00",
    "Uralic": "#009E73",
    "Dravidian": "#D55E00",
    "Afro-Asiatic": "#CC79A7",
    "Turkic": "#56B4E9",
    "Sino-Tibetan": "#B8A900",
    "Niger-Congo": "#111111",
}
OTHER = "#8A8A8A"
# On a dark page: the blues further apart and lighter, black as white, yellow as it was.
DARK_HUES = ("#3B8EDE", "#E69F00", "#19B98A", "#F0793A", "#DD92BB", "#A5DBFF", "#F0E442", "#F2F2F2")
DARK_OTHER = "#9A9A9A"

# Shape → (marker of matplotlib, its outline in units of the radius; empty = circle).
SHAPES: dict[str, tuple[str, tuple[tuple[float, float], ...]]] = {
    "circle": ("o", ()),
    "square": ("s", ((-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86))),
    "triangle": ("^", ((0, -1.15), (1.05, 0.8), (-1.05, 0.8))),
    "diamond": ("D", ((0, -1.2), (1.0, 0), (0, 1.2), (-1.0, 0))),
    "down": ("v", ((0, 1.15), (1.05, -0.8), (-1.05, -0.8))),
    "pentagon": ("p", ((0, -1.1), (1.05, -0.34), (0.65, 0.9), (-0.65, 0.9), (-1.05, -0.34))),
    "left": ("<", ((-1.15, 0), (0.8, -1.05), (0.8, 1.05))),
    "right": (">", ((1.15, 0), (-0.8, -1.05), (-0.8, 1.05))),
    "plus": (
        "P",
        (
            (-0.4, -1.1), (0.4, -1.1), (0.4, -0.4), (1.1, -0.4), (1.1, 0.4), (0.4, 0.4),
            (0.4, 1.1), (-0.4, 1.1), (-0.4, 0.4), (-1.1, 0.4), (-1.1, -0.4), (-0.4, -0.4),
        ),
    ),
    "star": (
        "*",
        (
            (0, -1.3), (0.34, -0.46), (1.24, -0.4), (0.55, 0.18), (0.76, 1.05),
            (0, 0.58), (-0.76, 1.05), (-0.55, 0.18), (-1.24, -0.4), (-0.34, -0.46),
        ),
    ),
}  # fmt: skip
_HUED_SHAPES = ("circle", "square", "triangle", "diamond", "down", "pentagon", "left", "plus")
_OTHER_SHAPES = {
    "Austro-Asiatic": "circle",
    "Basque": "square",
    "Creole": "pentagon",
    "Japonic": "triangle",
    "Kartvelian": "diamond",
    "Koreanic": "down",
    "Kra-Dai": "star",
    "Quechuan": "plus",
}


@dataclass(frozen=True)
class Look:
    """How a family is drawn. `hue` is 0 to 7, or 8 for grey; `shape` is a key of `SHAPES`."""

    hue: int
    shape: str

    @property
    def colour(self) -> str:
        """The colour on paper."""
        return [*HUES.values(), OTHER][self.hue]

    @property
    def marker(self) -> str:
        """The marker of matplotlib."""
        return SHAPES[self.shape][0]


def look(family: str) -> Look:
    """The look of a family; one that no table here names is a grey triangle pointing right."""
    names = list(HUES)
    if family in HUES:
        return Look(names.index(family), _HUED_SHAPES[names.index(family)])
    return Look(len(HUES), _OTHER_SHAPES.get(family, "right"))
