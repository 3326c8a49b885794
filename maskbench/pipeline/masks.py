"""What *combine* does with one label set: a class mask by the rules, the upright scene beside."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maskbench.codecs import LabelSetFile, read_label_set, write_mask
from maskbench.errors import Problem
from maskbench.files import sha256_file
from maskbench.images import write_upright
from maskbench.mask import pixel_digest
from maskbench.pipeline.work import MaskWork, Outcome
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rules import ClassRules, Combination, class_mask


def make_mask(work: MaskWork) -> Outcome:
    """Write an image's class mask and scene."""
    key = work.source.stem
    try:
        source = read_label_set(work.source)
    except ValueError as error:
        what = f"{error}; run `dvc repro -f rasterize`"
        return Outcome(problems=(Problem(what, str(work.source)),))
    image = work.images / source.image["file"]
    if not image.is_file() or sha256_file(image) != source.image["sha256"]:
        what = "the image is missing or is not the one that was fetched; run `dvc checkout`"
        return Outcome(problems=(Problem(what, str(image), source.task),))
    scene = f"benchmark/scenes/{image.name}"
    mask = f"benchmark/masks/{key}{work.suffix}"
    as_it_was = write_upright(image, work.target / scene)
    rules = ClassRules(work.labels_map, work.rules, work.fallback)
    pixels, found = class_mask(LabelSet(source.labels, source.planes), rules)
    written = write_mask(work.target / mask, pixels)
    scene_digest = source.image["sha256"] if as_it_was else sha256_file(work.target / scene)
    facts = _facts(source, found) | {
        "scene": Path(scene).name,
        "mask": Path(mask).name,
        "height": pixels.shape[0],
        "width": pixels.shape[1],
        "mask_sha256": pixel_digest(pixels),
        "scene_sha256": scene_digest,
    }
    return Outcome({mask: written, scene: scene_digest}, facts)


def _facts(source: LabelSetFile, found: Sequence[Combination]) -> dict[str, Any]:
    classes: Counter[str] = Counter()
    for combination in found:
        if combination.becomes is not None:
            classes[combination.becomes] += combination.pixels
    return {
        "task": source.task,
        "annotation": source.annotation,
        "classes": dict(sorted(classes.items())),
        "combinations": [[list(c.labels), c.pixels, c.becomes] for c in found],
    }
