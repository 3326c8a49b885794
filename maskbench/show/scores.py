"""Read the scores of an evaluation, to sort images by."""

from pathlib import Path

from maskbench.errors import DataError, Problem
from maskbench.files.csv import csv_rows


def read_scores(folder: Path) -> dict[str, float | None]:
    """Return each image's mean IoU over its true classes, by key, from ``maskbench evaluate``.

    Raises:
        DataError: There is no such file, or it is something else.
    """
    path = folder / "images.csv"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return {row["key"]: _number(row["true_iou"]) for row in csv_rows(stream)}
    except (OSError, ValueError, KeyError) as error:
        what = f"cannot be read ({error}); write it with `maskbench evaluate PREDICTIONS`"
        raise DataError("there are no scores to sort by", [Problem(what, str(path))]) from None


def _number(text: str) -> float | None:
    return float(text) if text else None
