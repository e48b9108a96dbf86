"""The figure of a calibration: every run's slope with its interval, by truth, coloured by verdict."""

from collections.abc import Sequence
from pathlib import Path

from xstilts.commands.calibration.table import RunRow

COLOURS = {"supported": "#0072b2", "practically absent": "#009e73", "inconclusive": "#999999"}
WRONG = "#d55e00"


def draw(path: Path, rows: Sequence[RunRow]) -> None:
    """Write the figure as SVG; runs that were judged a miss or a false alarm are ringed."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.lines import Line2D

    with mpl.rc_context({"svg.hashsalt": "xstilts", "font.size": 9}):
        figure, axes = plt.subplots(figsize=(8, 1 + 0.16 * len(rows)), layout="constrained")
        names = list(dict.fromkeys(row.truth for row in rows))
        ordered = sorted(rows, key=lambda row: (names.index(row.truth), row.slope))
        for place, row in enumerate(ordered):
            colour = COLOURS[row.verdict]
            axes.plot([row.low, row.high], [place, place], color=colour, linewidth=1)
            wrong = row.judged in ("miss", "false alarm")
            axes.plot(row.slope, place, "o", markersize=5, color=colour, markeredgecolor=WRONG if wrong else colour,
                      markeredgewidth=1.6)  # fmt: skip
        middles = {name: [place for place, row in enumerate(ordered) if row.truth == name] for name in names}
        axes.set_yticks([sum(places) / len(places) for places in middles.values()], names)
        for places in middles.values():
            axes.axhline(max(places) + 0.5, color="#dddddd", linewidth=0.8)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_xlabel("slope of the gain (points) on syntactic distance, SD per SD, 95 %")
        handles = [Line2D([], [], color=colour, marker="o", label=verdict) for verdict, colour in COLOURS.items()]
        handles.append(Line2D([], [], color="white", marker="o", markeredgecolor=WRONG, label="miss or false alarm"))
        axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False)
        axes.set_ylim(-1, len(ordered) + 1.5)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
