"""Read ``manifest.csv`` as typed rows, one for each image. Needs the standard library only."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from maskbench.errors import DataError, Problem
from maskbench.files.csv import table_rows
from maskbench.files.levels import HIGHEST, LOWEST, Scaling


@dataclass(frozen=True)
class Row:
    """One image's line in the manifest.

    Attributes:
        key: The image's name in all files of the benchmark.
        split: ``train``, ``valid`` or ``test``; ``excluded`` if ``split.exclude_accepted`` keeps it
            out of its group's subset.
        group: Images of one group are in one split.
        task: Label Studio's task id.
        project: Label Studio's project id, if the export has it.
        annotation: The id of the annotation that counted.
        annotator: The annotator's user id.
        ground_truth: The annotation was marked as ground truth.
        updated_at: When it was last saved, ISO 8601.
        scene: File name in ``scenes/``.
        mask: File name in ``masks/``.
        width: Width of scene and mask in pixels.
        height: Height of scene and mask in pixels.
        classes: Pixels by class name; classes without a pixel are not in it.
        mask_sha256: :func:`maskbench.files.masks.pixel_digest` of the mask.
        scene_sha256: Digest of the scene's file.
        scaling: The values of a scene of 16 bits that become 0 and 255; None if it has no scaling.
        published: The subset that ``split.published`` names; empty if it names none.
        annotators: How many people annotated the image, in any of the tasks that show it; None if
            the version is too old to say.
        origin: Where the labels come from: ``drawn``, ``corrected`` or ``accepted``
            (:func:`maskbench.regions.task.labels_origin`).
        parent_prediction: The id of the prediction that the annotation began as.
        model_version: The version of the model that predicted that; empty if it is not known.
        voters: The user ids of those whose annotations made the mask together, separated by
            spaces; empty if a single annotation counted. Then ``annotation``, ``annotator`` and
            ``updated_at`` are of the one saved last.
        undecided: Pixels that their votes did not decide.
    """

    key: str
    split: str
    group: str
    task: int
    project: int | None
    annotation: int
    annotator: int | None
    ground_truth: bool
    updated_at: str
    scene: str
    mask: str
    width: int
    height: int
    classes: Mapping[str, int]
    mask_sha256: str
    scene_sha256: str
    scaling: Scaling | None = None
    published: str = ""
    annotators: int | None = None
    origin: str = "drawn"
    parent_prediction: int | None = None
    model_version: str = ""
    voters: str = ""
    undecided: int = 0

    @property
    def authors(self) -> list[str]:
        """Return the user ids of those whose annotations made the mask."""
        return self.voters.split() or ([] if self.annotator is None else [str(self.annotator)])


_DAMAGE = (
    OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError, csv.Error,
)  # fmt: skip
"""Errors that reading a damaged table raises."""


def read_manifest(path: Path) -> dict[str, Row]:
    """Read the rows of ``manifest.csv`` by key, in the file's order.

    Raises:
        DataError: The file is missing, lacks a column, or holds something other than it should.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return {values["key"]: _row(values) for values in table_rows(stream)}
    except FileNotFoundError:
        what = "is missing; get it with `dvc pull split`, or build it with `dvc repro`"
    except KeyError as error:
        what = f"lacks the column {error}; it is of another version of maskbench: run `dvc repro`"
    except _DAMAGE as error:
        what = f"cannot be read ({error}); run `dvc checkout`"
    raise DataError("the benchmark's manifest cannot be used", [Problem(what, str(path))])


def _row(values: Mapping[str, str]) -> Row:
    return Row(
        key=values["key"],
        split=values["split"],
        group=values["group"],
        task=int(values["task"]),
        project=_optional(values["project"]),
        annotation=int(values["annotation"]),
        annotator=_optional(values["annotator"]),
        ground_truth=values["ground_truth"] == "true",
        updated_at=values["updated_at"],
        scene=values["scene"],
        mask=values["mask"],
        width=int(values["width"]),
        height=int(values["height"]),
        classes={str(name): int(count) for name, count in json.loads(values["classes"]).items()},
        mask_sha256=values["mask_sha256"],
        scene_sha256=values["scene_sha256"],
        scaling=_scaling(values.get("scaling") or ""),
        published=values.get("published", ""),  # earlier versions had no such columns
        annotators=_optional(values.get("annotators", "")),
        origin=values.get("origin") or "drawn",
        parent_prediction=_optional(values.get("parent_prediction", "")),
        model_version=values.get("model_version", ""),
        voters=values.get("voters", ""),
        undecided=int(values.get("undecided") or 0),
    )


def _scaling(text: str) -> Scaling | None:
    """Read ``[low, high]``; manifests of versions before 0.2 have no such column."""
    if not text:
        return None
    low, high = (int(number) for number in json.loads(text))
    if not LOWEST <= low <= high <= HIGHEST:
        raise ValueError(f"{text} is not a scaling")
    return low, high


def _optional(text: str) -> int | None:
    return int(text) if text else None
