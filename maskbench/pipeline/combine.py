"""Run the stage *combine*: make class masks of label sets by the rules, and upright scenes."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from maskbench.errors import Problem
from maskbench.files.atomic import write_text
from maskbench.files.csv import write_table
from maskbench.files.hashing import Digests, digest, sha256, sha256_file
from maskbench.files.images import read_levels, write_upright
from maskbench.files.json import json_text
from maskbench.files.label_sets import LabelSetFile, read_label_sets
from maskbench.files.levels import Levels, describe_badly_seen
from maskbench.files.masks import Mask, count_values, pixel_digest, write_mask
from maskbench.params import IGNORE, IGNORED, Params
from maskbench.pipeline.combine_report import (
    Facts,
    combination_rows,
    combine_metrics,
    describe_consensus,
    describe_masks_without_class,
    no_class_at_all,
)
from maskbench.pipeline.incremental import (
    Job,
    Outcome,
    StageDefinition,
    build,
    folder_digests,
    staging,
)
from maskbench.pipeline.layout import Layout
from maskbench.regions.consensus import Agreed, agree
from maskbench.regions.label_set import LabelSet
from maskbench.regions.proposals import nestings, unmatched_advice, unmatched_problems
from maskbench.regions.rules import (
    ClassRules,
    Combination,
    CombinationTotal,
    add_up,
)
from maskbench.text import counted

COLUMNS = (
    "key", "task", "annotation", "scene", "mask", "width", "height", "classes",
    "mask_sha256", "scene_sha256", "scaling", "votes", "undecided",
)  # fmt: skip
"""Columns of ``data/combined.csv``, as in ``manifest.csv``; ``votes`` are the annotations' ids if
several count (``annotation`` is the last of them)."""


def combine(params: Params, layout: Layout) -> str:
    """Run the stage.

    Returns:
        Its one-line summary.

    Raises:
        DataError: Label sets without a rule occur (all are listed), or an image is missing; the
            previous masks are left as they were.
    """
    folders = ("benchmark/masks", "benchmark/scenes")
    definition = StageDefinition(
        "combine",
        make_mask,
        folders,
        lambda facts: find_unmatched(facts) or no_class_at_all(facts, params.labels_map),
        lambda facts: advise(facts, params),
    )
    digests = folder_digests(layout, "label_sets")
    found = [name for name in digests if name.endswith(".tif")]
    built = build(definition, layout, _jobs(found, digests, params, layout), len(found))
    digests.save()
    facts = dict(built.facts)  # parsed once for all that follows
    combinations = _total(facts)
    names = codes(params.labels_map)
    write_text(layout.benchmark / "codes.txt", "".join(f"{name}\n" for name in names))
    write_table(layout.combined, COLUMNS, (_row(key, fact) for key, fact in facts.items()))
    metrics = combine_metrics(facts, combinations, params.labels_map)
    write_text(layout.metrics("combine"), json_text(metrics))
    columns = ("labels", "class", "pixels", "tasks")
    write_table(layout.plot("combinations"), columns, combination_rows(combinations))
    badly_seen = {key: Levels(*f["badly_seen"]) for key, f in facts.items() if f["badly_seen"]}
    if warning := describe_badly_seen(badly_seen, params.combine.scaling):
        print(f"warning: {'; '.join(warning)}", file=sys.stderr)
    notes = [
        describe_masks_without_class(facts, params.labels_map),
        describe_consensus(metrics),
    ]
    return (
        f"{counted(len(facts), 'mask')} of {counted(len(names), 'class', 'classes')}, "
        f"{counted(len(combinations), 'combination')} of labels; "
        f"{counted(built.made, 'mask')} made in this run"
        + "".join(f" — {note}" for note in notes if note)
    )


class MaskWork(NamedTuple):
    """The inputs of one class mask.

    Attributes:
        source: The label set's file.
        rules: The params that decide the class of a set of labels.
        images: The folder of its image.
        target: The staging folder, which mirrors the data folder.
    """

    source: Path
    rules: ClassRules
    images: Path
    target: Path


def _jobs(names: Sequence[str], digests: Digests, params: Params, layout: Layout) -> Iterator[Job]:
    """Yield a job for each file in ``data/label_sets``."""
    shaping = digest(
        [
            sorted(params.labels_map.items()),
            sorted((sorted(rule.when), rule.then) for rule in params.rules),
            repr(params.combine),
        ]
    )
    rules, target = ClassRules.of(params), staging(layout, "combine")
    for name in names:
        source = layout.label_sets / name
        work = MaskWork(source, rules, layout.images, target)
        yield Job(source.stem, sha256(f"{digests.get(name)} {shaping}".encode()), work)


def make_mask(work: MaskWork) -> Outcome:
    """Write an image's class mask and scene into the staging folder."""
    key = work.source.stem
    try:
        sources = read_label_sets(work.source)
    except ValueError as error:
        what = f"{error}; run `dvc repro -f rasterize`"
        return Outcome(problems=(Problem(what, str(work.source)),))
    source = sources[-1]
    image = work.images / source.image["file"]
    if not image.is_file() or sha256_file(image) != source.image["sha256"]:
        what = "the image is missing or is not the one that was fetched; run `dvc checkout`"
        return Outcome(problems=(Problem(what, str(image), source.task),))
    scene = f"benchmark/scenes/{image.name}"
    mask = f"benchmark/masks/{key}.{work.rules.fallback.mask_format}"
    keeps_bytes = write_upright(image, work.target / scene)
    agreed = agree([LabelSet(own.labels, own.planes) for own in sources], work.rules)
    pixels = agreed.mask
    written = write_mask(work.target / mask, pixels)
    levels, scaling = read_levels(work.target / scene, work.rules.fallback.scaling)
    scene_digest = source.image["sha256"] if keeps_bytes else sha256_file(work.target / scene)
    facts = _facts(sources, agreed, work.rules.labels_map) | {
        "scene": Path(scene).name,
        "mask": Path(mask).name,
        "height": pixels.shape[0],
        "width": pixels.shape[1],
        "mask_sha256": pixel_digest(pixels),
        "scene_sha256": scene_digest,
        "scaling": scaling,
        "badly_seen": levels if levels and levels.is_badly_seen(scaling) else None,
    }
    return Outcome({mask: written, scene: scene_digest}, facts)


def _facts(
    sources: Sequence[LabelSetFile], agreed: Agreed, labels_map: Mapping[str, int]
) -> dict[str, Any]:
    several = len(sources) > 1
    return {
        "annotation": sources[-1].annotation,
        "votes": " ".join(str(own.annotation) for own in sources) if several else "",
        "tied": int(np.count_nonzero(agreed.tied)) if several else 0,
        "below_agreement": int(np.count_nonzero(agreed.below)) if several else 0,
        "undecided": agreed.undecided if several else "",
        "classes": _class_pixels(agreed.mask, labels_map),
        **combination_facts(sources[-1].task, agreed.combinations),
    }


def _class_pixels(mask: Mask, labels_map: Mapping[str, int]) -> dict[str, int]:
    """Count the pixels by class name, sorted by name; classes without a pixel are left out."""
    names = {IGNORE: IGNORED} | {value: name for name, value in labels_map.items()}
    pixels = count_values(mask)
    found = {name: pixels[value] for value, name in names.items() if pixels[value]}
    return dict(sorted(found.items()))


def combination_facts(task: int, found: Sequence[Combination]) -> dict[str, Any]:
    """Return the facts of an image that :func:`find_unmatched` needs."""
    return {
        "task": task,
        "combinations": [[list(c.labels), c.pixels, c.becomes] for c in found],
    }


def _total(facts: Facts) -> list[CombinationTotal]:
    """Add up each combination over all images."""
    return add_up((fact["task"], _found(fact)) for fact in facts.values() if fact)


def _found(fact: Mapping[str, Any]) -> list[Combination]:
    return [Combination(tuple(labels), *rest) for labels, *rest in fact["combinations"]]


def find_unmatched(facts: Facts) -> list[Problem]:
    """Return a problem for each combination without a rule, over all images."""
    return unmatched_problems(_total(facts))


def advise(facts: Facts, params: Params) -> str:
    """Return advice on combinations without a rule; empty if there are none."""
    unmatched = [total.labels for total in _total(facts) if total.becomes is None]
    if not unmatched:
        return ""
    pairs = nestings(_found(fact) for fact in facts.values() if fact)
    names = [rule.name for rule in params.rules]
    return unmatched_advice(unmatched, pairs, params.labels_map, names)


def codes(labels_map: Mapping[str, int]) -> list[str]:
    """Return the class names by mask value, as fastai's ``codes``; the ignore value has none.

    A value without a class (one that was removed without renumbering the others) is named
    ``unused_<value>``, so that each name stands on the line of its value.
    """
    names = {value: name for name, value in labels_map.items() if value != IGNORE}
    return [names.get(value, f"unused_{value}") for value in range(max(names) + 1)]


def _row(key: str, fact: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: fact[name] for name in COLUMNS if name in fact}
    scaling = "" if fact["scaling"] is None else json.dumps(fact["scaling"])
    classes = json.dumps(fact["classes"], sort_keys=True)
    return named | {"key": key, "classes": classes, "scaling": scaling}
