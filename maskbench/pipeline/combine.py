"""Stage *combine*: label sets become class masks by the rules, with the upright scenes beside."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskbench.codecs import LabelSetFile, read_label_set, write_mask
from maskbench.digests import Digests
from maskbench.errors import Problem
from maskbench.files import digest, json_text, sha256, sha256_file, write_text
from maskbench.ignore import IGNORE
from maskbench.images import SUFFIXES, write_upright
from maskbench.params import Params
from maskbench.pipeline.build import Built, Job, Outcome, Recipe, build, staging
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.memory import folder_digests
from maskbench.pipeline.tables import write_table
from maskbench.pixels import pixel_digest
from maskbench.rules import ClassRules, Combination, class_mask

COLUMNS = (
    "key", "task", "annotation", "scene", "mask", "width", "height", "classes",
    "mask_sha256", "scene_sha256",
)  # fmt: skip
"""Columns of ``data/combined.csv``; ``mask_sha256`` is of the pixels, ``scene_sha256`` of the file,
``classes`` a JSON object of pixels by class name."""


@dataclass(frozen=True)
class _Work:
    source: Path
    rules: ClassRules
    suffix: str
    images: Path
    target: Path
    reads: Sequence[Path] = ()  # files in ``images``, for workers that cannot see the folder


def combine(params: Params, layout: Layout) -> str:
    """Run the stage; returns its one-line summary.

    Raises:
        DataError: Label sets without a rule occur (all are listed), or an image is missing; the
            previous masks are left as they were.
    """
    recipe = Recipe("combine", _combine_task, ("benchmark/masks", "benchmark/scenes"), _unmatched)
    digests = folder_digests(layout, "label_sets")
    found = [name for name in digests if name.endswith(".tif")]
    built = build(recipe, layout, _jobs(found, digests, params, layout), len(found))
    digests.save()
    names = codes(params.labels_map)
    write_text(layout.benchmark / "codes.txt", "".join(f"{name}\n" for name in names))
    write_table(layout.combined, COLUMNS, (_row(key, fact) for key, fact in built.facts.items()))
    write_text(layout.metrics("combine"), json_text(_metrics(built, params.labels_map)))
    combinations = _by_combination(built.facts)
    columns = ("labels", "class", "pixels", "tasks")
    write_table(layout.plot("combinations"), columns, _combination_rows(combinations))
    return (
        f"{len(built.facts)} masks of {len(names)} classes, {len(combinations)} combinations of "
        f"labels; {built.made} masks made anew"
    )


def codes(labels_map: Mapping[str, int]) -> list[str]:
    """Class names by mask value, 0 first, as fastai's ``codes``; the ignore value has none.

    A value that no class has (a class that was removed without renumbering the others) is named
    ``unused_<value>``, so that each name stands on the line of its value.
    """
    names = {value: name for name, value in labels_map.items() if value != IGNORE}
    return [names.get(value, f"unused_{value}") for value in range(max(names) + 1)]


def _jobs(names: Sequence[str], digests: Digests, params: Params, layout: Layout) -> Iterator[Job]:
    rules = ClassRules(params.labels_map, params.rules, params.combine)
    shaping = digest(
        [
            sorted(params.labels_map.items()),
            sorted((sorted(rule.when), rule.then) for rule in params.rules),
            repr(params.combine),
        ]
    )
    target = staging(layout, "combine")
    suffix = f".{params.combine.mask_format}"
    for name in names:
        key = name.removesuffix(".tif")

        def work(name: str = name, key: str = key) -> _Work:
            reads = [layout.images / f"{key}{ending}" for ending in SUFFIXES.values()]
            source = layout.label_sets / name
            return _Work(source, rules, suffix, layout.images, target, reads)

        inputs = sha256(f"{digests.get(name)} {shaping}".encode())
        yield Job(key, inputs, work)


def _combine_task(work: _Work) -> Outcome:
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
    pixels, found = class_mask(source.label_set, work.rules)
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


_Facts = Mapping[str, Mapping[str, Any]]


def _by_combination(facts: _Facts) -> list[tuple[tuple[str, ...], str | None, int, list[int]]]:
    """(labels, class, pixels, tasks) of each combination that occurs, over all images."""
    pixels: Counter[tuple[str, ...]] = Counter()
    tasks: dict[tuple[str, ...], list[int]] = {}
    becomes: dict[tuple[str, ...], str | None] = {}
    for fact in facts.values():
        for names, count, result in fact["combinations"]:
            labels = tuple(names)
            pixels[labels] += count
            tasks.setdefault(labels, []).append(fact["task"])
            becomes[labels] = result
    ordered = sorted(pixels, key=lambda labels: (len(labels), labels))
    return [(labels, becomes[labels], pixels[labels], tasks[labels]) for labels in ordered]


def _unmatched(facts: _Facts) -> list[Problem]:
    """A problem for each combination without a rule."""
    return [
        Problem(
            f"no rule says what {' + '.join(labels)} together become: {pixels} pixels in "
            f"{len(tasks)} task{'s' * (len(tasks) > 1)} ({_some(tasks)}); add a rule with "
            f"when: [{', '.join(labels)}], or set combine.unmatched",
            param="multi_label_rules",
        )
        for labels, becomes, pixels, tasks in _by_combination(facts)
        if becomes is None
    ]


def _some(tasks: Sequence[int], most: int = 10) -> str:
    shown = ", ".join(str(task) for task in tasks[:most])
    return shown + (", …" if len(tasks) > most else "")


def _row(key: str, fact: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: fact[name] for name in COLUMNS if name in fact}
    return named | {"key": key, "classes": json.dumps(fact["classes"], sort_keys=True)}


def _combination_rows(
    combinations: Sequence[tuple[tuple[str, ...], str | None, int, list[int]]],
) -> Iterator[dict[str, Any]]:
    for labels, becomes, pixels, tasks in combinations:
        name = " + ".join(labels) or "(none)"
        yield {"labels": name, "class": becomes, "pixels": pixels, "tasks": len(tasks)}


def _metrics(built: Built, labels_map: Mapping[str, int]) -> dict[str, Any]:
    pixels: Counter[str] = Counter()
    images: Counter[str] = Counter()
    for fact in built.facts.values():
        pixels.update(fact["classes"])
        images.update(fact["classes"].keys())
    total = sum(pixels.values())
    return {
        "images": len(built.facts),
        "pixels": total,
        "classes": {
            name: {
                "images": images[name],
                "pixels": pixels[name],
                "share": round(pixels[name] / total, 6) if total else 0.0,
            }
            for name in labels_map
        },
        "combinations": {
            " + ".join(labels): count
            for labels, _, count, _ in _by_combination(built.facts)
            if len(labels) > 1
        },
    }
