"""Find regions that no prediction supports: either the label or the model is wrong."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from maskbench.errors import DataError, Problem, count_problems
from maskbench.files.hashing import Digests, digest
from maskbench.files.manifest import read_manifest
from maskbench.files.masks import Mask, read_mask
from maskbench.labelstudio.stored import read_task
from maskbench.params import IGNORE, Params, RasterizeParams
from maskbench.pipeline.combine import codes
from maskbench.pipeline.incremental import Job, Outcome, StageDefinition, build
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.tables import undeclared
from maskbench.predictions.folder import find_files, read_prediction
from maskbench.quality.checks import UNSUPPORTED
from maskbench.quality.checks.shapes import Hit
from maskbench.quality.findings import Finding
from maskbench.quality.hits import finding, where
from maskbench.regions.draw import RegionResult, draw_regions
from maskbench.regions.task import choose_votes


class SupportWork(NamedTuple):
    """An image with its prediction.

    Attributes:
        task: The stored task.
        mask: The true mask.
        prediction: The predicted mask, or probabilities.
        rasterize: How regions become pixels, and which annotation counts.
        classes: The names of the classes by value.
        threshold: The share of a region's pixels that must be predicted as labelled.
    """

    task: Path
    mask: Path
    prediction: Path
    rasterize: RasterizeParams
    classes: Sequence[str]
    threshold: float


def unsupported_by_params(params: Params, layout: Layout, digests: Digests) -> list[Finding]:
    """Find unsupported regions with the predictions that ``quality.predictions`` names, if any.

    Raises:
        DataError: As :func:`unsupported`; or the folder is missing, or DVC does not know of it.
    """
    if params.quality.predictions is None:
        return []
    if problems := folder_problems(params, layout):
        raise DataError(f"quality: {count_problems(problems)}; nothing was changed", problems)
    return unsupported(layout.root / params.quality.predictions, params, layout, digests)


def folder_problems(params: Params, layout: Layout) -> list[Problem]:
    """Find out whether the folder that ``quality.predictions`` names is there, and known to DVC."""
    name, param = params.quality.predictions, "quality.predictions"
    if name is None:
        return []
    problems = undeclared(layout, "quality", name, param)
    if not (layout.root / name).is_dir():
        what = f"there is no folder {name!r}; put predicted masks there, or remove this line"
        if (layout.root / f"{name}.dvc").is_file():
            what = f"there is no folder {name!r}; run `dvc pull {name}`"
        problems.append(Problem(what, param=param))
    return problems


def describe_unasked(params: Params) -> list[str]:
    """Say that the check is in ``quality.fail`` but has no predictions; otherwise nothing."""
    if UNSUPPORTED not in params.quality.fail or params.quality.predictions is not None:
        return []
    return [f"{UNSUPPORTED} in quality.fail stops nothing: name a folder in quality.predictions"]


def unsupported(folder: Path, params: Params, layout: Layout, digests: Digests) -> list[Finding]:
    """Find the regions with too few pixels that are predicted with their class.

    If annotators vote on the mask, the regions of each are compared with it. Images that did not
    change are not compared again.

    Args:
        folder: A prediction for each image, ``<key>.png`` or another form that :func:`find_files`
            finds; images without one are skipped.
        params: The params; the threshold is ``quality.checks.unsupported``.
        layout: The repository, with a built benchmark.
        digests: The digests of the stored tasks.

    Raises:
        DataError: The predictions or the benchmark cannot be read; all problems together.
    """
    threshold = params.quality.checks.get(UNSUPPORTED)
    if threshold is None:
        return []
    files = find_files(folder)
    rows = read_manifest(layout.benchmark / "manifest.csv")
    keys = sorted(files.keys() & rows.keys())
    if not keys:
        raise DataError(f"{folder}: has no mask for an image of the benchmark; predict some first")
    predicted = Digests(folder, layout.work("digests") / "predictions.json")
    classes = codes(params.labels_map)
    jobs = []
    for key in keys:
        criteria = params.rasterize.criteria(key)
        work = SupportWork(
            task=layout.annotations / f"{key}.json",
            mask=layout.benchmark / "masks" / rows[key].mask,
            prediction=files[key],
            rasterize=params.rasterize._replace(annotation=criteria, choices={}),
            classes=classes,
            threshold=threshold,
        )
        contents = [digests.get(f"{key}.json"), predicted.get(files[key].name)]
        shaping = [rows[key].mask_sha256, repr(work.rasterize), classes, threshold]
        jobs.append(Job(key, digest([*contents, *shaping]), work))
    definition = StageDefinition("quality", find_unsupported, (), last_run=UNSUPPORTED)
    facts = build(definition, layout, jobs, len(jobs)).facts
    predicted.save()
    return [
        finding(UNSUPPORTED, Hit(*hit), key, ids, (rows[key].width, rows[key].height))
        for key, fact in facts.items()
        for ids, hits in fact["hits"]
        for hit in hits
    ]


def find_unsupported(work: SupportWork) -> Outcome:
    """Compare the regions of one image with its prediction; the hits are the facts."""
    task = read_task(work.task)
    try:
        truth = read_mask(work.mask)
    except (OSError, ValueError) as error:
        what = f"the mask cannot be read ({error}); run `dvc checkout`"
        return Outcome(problems=(Problem(what, str(work.mask), task.id),))
    try:
        predicted = read_prediction(work.prediction, truth.shape[::-1], work.classes).mask
    except ValueError as error:
        return Outcome(problems=(Problem(str(error), str(work.prediction)),))
    hits = []
    for vote in choose_votes(task.annotations, work.rasterize.annotation):
        if task.image is not None:
            drawn = draw_regions(vote.regions, task.image, work.rasterize)
            found = unsupported_regions(drawn, truth, predicted, work.threshold)
            hits.append([where(task, vote), [list(hit) for hit in found]])
    return Outcome(facts={"hits": hits})


def unsupported_regions(
    drawn: Iterator[RegionResult], truth: Mask, predicted: Mask, threshold: float
) -> Iterator[Hit]:
    """Yield the regions whose share of pixels predicted with their class is below the threshold.

    Args:
        drawn: An annotation's regions.
        truth: The classes of the mask, shape (H, W), uint8; 0 (unlabelled) and 255 do not count.
        predicted: The predicted classes, the same shape.
        threshold: The share of a region's pixels.
    """
    for result in drawn:
        if result.pixels is None:
            continue
        pixels = result.pixels
        own, other = (mask[pixels.window][pixels.inside] for mask in (truth, predicted))
        counts = (own != 0) & (own != IGNORE)
        if not counts.any():
            continue
        share = float(np.mean(own[counts] == other[counts]))
        if share < threshold:
            rows, columns = pixels.inside.shape
            box = (pixels.left, pixels.top, pixels.left + columns, pixels.top + rows)
            what = f"only {share:.0%} of the region is predicted as it is labelled"
            label = " + ".join(result.region.labels)
            yield Hit(share, (result.region.id,), label, what, box)
