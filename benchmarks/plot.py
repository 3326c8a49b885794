"""Draw the tools' times as bars with their wrong pixels: ``plot.py FIGURES OUT``.

Runs in the peers' environment, which has matplotlib. Equal figures give equal bytes.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "maskbench", "svg.fonttype": "none", "font.size": 9})
from matplotlib import pyplot

COLOURS = {"maskbench": "#0b6e4f", "recipe": "#6b8f71", "floor": "#b8b8b8"}
PEER = "#d08c60"
BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
"""The background of figures, which hides the line at 1."""


def panel(axes: Any, name: str, rows: list[dict[str, Any]]) -> None:
    """Draw one workload: a bar for each tool, as a multiple of maskbench's time."""
    base = next(row["seconds"] for row in rows if row["tool"] == "maskbench")
    tools = [row["tool"] for row in rows]
    ratios = [row["seconds"] / base for row in rows]
    axes.barh(tools, ratios, color=[COLOURS.get(tool, PEER) for tool in tools])
    for place, (row, ratio) in enumerate(zip(rows, ratios, strict=True)):
        wrong = f", {row['wrong']:.2f} % wrong" if "wrong" in row else ""
        axes.text(
            ratio * 1.1,
            place,
            f"{ratio:.1f}\N{MULTIPLICATION SIGN}{wrong}",
            va="center",
            fontsize=7,
            bbox=BOX,
        )
    axes.set(title=name, xscale="log", xlabel="time, maskbench = 1")
    axes.set_xlim(min(ratios) / 2, max(ratios) * 30)
    axes.axvline(1, color="#444444", linewidth=0.6)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)


def main(figures: Path, out: Path) -> None:
    """Write the plot."""
    rows = json.loads(figures.read_text())
    names = sorted({row["workload"] for row in rows})
    figure, axes = pyplot.subplots(1, len(names), figsize=(11, 3.4), squeeze=False, sharey=False)
    for place, name in zip(axes[0], names, strict=True):
        panel(place, name, [row for row in rows if row["workload"] == name])
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
