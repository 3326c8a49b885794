"""Compare learning curves of several seeds, and say whether the difference could be chance."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import stats

from maskbench.files.atomic import replacing
from maskbench.files.csv import write_table

RANK, RANDOM = "rank", "random"
ARMS = (RANK, RANDOM)
"""How batches are chosen: by ``maskbench rank``, or at random."""

FEWEST = 4
"""Seeds from which the interval decides: of two or three, it is narrow now and then by chance."""

Scores = dict[str, list[list[float]]]
"""The curves of each arm: a list of scores for each seed."""


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the mean of independent values, by Student's t."""
    if len(values) < 2:
        return float("-inf"), float("inf")
    found = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    return float(found.low), float(found.high)


def report(labels: list[int], scores: Scores) -> str:
    """Return a table of means, the paired differences with intervals, and what they tell.

    Args:
        labels: How many images were labelled at each point of the curves.
        scores: The curves; seeds in the same order in both arms.
    """
    ranked, random = (np.array(scores[arm]) for arm in ARMS)
    seeds = f"{len(ranked)} seed{'s' if len(ranked) > 1 else ''}"
    lines = [f"labels   {RANK}  {RANDOM}  difference, 95 % interval over {seeds}"]
    for i, count in enumerate(labels):
        means = f"{ranked[:, i].mean():.3f}   {random[:, i].mean():.3f}"
        lines.append(f"{count:6}  {means}  {_difference(ranked[:, i] - random[:, i])}")
    gains = (ranked - random)[:, 1:].mean(axis=1)
    lines += ["", f"mean over the rounds: {_difference(gains)}; {_verdict(gains)}"]
    return "\n".join(lines)


def _difference(values: np.ndarray) -> str:
    low, high = interval(values)
    shown = f" ({low:+.3f} to {high:+.3f})" if np.isfinite(low) else " (no interval of one seed)"
    return f"{values.mean():+.3f}{shown}"


def _verdict(gains: np.ndarray) -> str:
    low, high = interval(gains)
    if len(gains) < FEWEST:
        return "too few seeds to tell"
    if low > 0:
        return "ranking is better"
    return "random choice is better" if high < 0 else "this could be chance: try more seeds"


def write(out: Path, labels: list[int], scores: Scores) -> None:
    """Write the curves of all seeds as a table, and their means as a picture."""
    out.mkdir(parents=True, exist_ok=True)
    rows = [
        {"chosen": arm, "seed": seed, "labels": count, "mean_iou": round(value, 6)}
        for arm in ARMS
        for seed, curve in enumerate(scores[arm])
        for count, value in zip(labels, curve, strict=True)
    ]
    write_table(out / "curve.csv", ("chosen", "seed", "labels", "mean_iou"), rows)
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for arm, colour in zip(ARMS, ("#0b6fa4", "#c4570c"), strict=True):
        curves = np.array(scores[arm])
        axes.plot(labels, curves.T, color=colour, alpha=0.25, linewidth=1)
        axes.plot(labels, curves.mean(axis=0), color=colour, marker="o", label=arm)
    axes.set(xlabel="labelled images", ylabel="mean IoU on the test images", xticks=labels)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    FigureCanvasAgg(figure)
    with replacing(out / "curve.png") as temporary:
        figure.savefig(temporary, format="png", dpi=120)
