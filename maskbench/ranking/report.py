"""Write a ranking as a table for the terminal, and as CSV."""

from pathlib import Path
from typing import Any

from maskbench.diff.report.terminal import aligned
from maskbench.files.csv import write_table
from maskbench.params import FetchParams
from maskbench.ranking.model import Ranked, Ranking
from maskbench.text import counted, escape_terminal

TEXT_COLUMNS = ("image", "group", "split")
"""Columns that hold no numbers."""


def heading(ranking: Ranking) -> str:
    """Say what was ranked, by what, and how many are in the batch."""
    aim = "look at again" if ranking.is_labelled else "label"
    images = counted(len(ranking.images), "image")
    return f"{images} by {ranking.by}; the first {ranking.batch} to {aim}"


def as_text(ranking: Ranking) -> str:
    """Return a heading, the batch as a table, and the notes."""
    names = ("#", "image", "task", "score", *detail_names(ranking))
    columns = [name if name in TEXT_COLUMNS else f">{name}" for name in names]
    rows = [
        (str(place), image.key, str(image.task), score_text(image.score), *details(image, ranking))
        for place, image in enumerate(ranking.first, 1)
    ]
    notes = map(escape_terminal, ranking.notes)
    return "\n".join([heading(ranking), *aligned(columns, rows), *notes])


def write_csv(path: Path, ranking: Ranking, fetch: FetchParams) -> None:
    """Write all images in order, each with the address of its task."""
    names = detail_names(ranking)
    rows = [_row(place, image, names, fetch) for place, image in enumerate(ranking.images, 1)]
    write_table(path, ("place", "key", "task", "project", "score", *names, "link"), rows)


def _row(place: int, image: Ranked, names: tuple[str, ...], fetch: FetchParams) -> dict[str, Any]:
    values = {
        "place": place,
        "key": image.key,
        "task": image.task,
        "project": image.project,
        "score": image.score,
        **{name: image.details[name] for name in names},
        "link": fetch.task_link(image.task, image.project),
    }
    return {name: "" if value is None else value for name, value in values.items()}


def detail_names(ranking: Ranking) -> tuple[str, ...]:
    """Return the columns beside the score."""
    if ranking.is_labelled:
        return ("split", "iou", "boundary_iou", "contradicted")
    return ("similarity", "group")


def details(image: Ranked, ranking: Ranking) -> list[str]:
    """Return the cells of the columns beside the score."""
    values = (image.details[name] for name in detail_names(ranking))
    return [score_text(v) if isinstance(v, float) else v or "" for v in values]


def score_text(value: float) -> str:
    """Return a score as it is shown."""
    return f"{value:.4f}"
