"""Stage *rasterize*: every region of the annotation that counts becomes pixels of a label set."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from maskbench.digests import Digests
from maskbench.files import digest, json_text, sha256, write_text
from maskbench.params import Params
from maskbench.pipeline.build import Built, Job, Recipe, build, staging
from maskbench.pipeline.label_sets import make_label_set
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.memory import folder_digests
from maskbench.pipeline.tables import write_table
from maskbench.pipeline.work import LabelSetWork
from maskbench.regions.build import REASONS


def rasterize(params: Params, layout: Layout) -> str:
    """Run the stage; returns its one-line summary.

    Raises:
        DataError: Regions cannot be rasterized; the previous label sets are left as they were.
    """
    recipe = Recipe("rasterize", make_label_set, ("label_sets",))
    digests = folder_digests(layout, "annotations")
    names = [name for name in digests if name.endswith(".json")]
    built = build(recipe, layout, _jobs(names, digests, params, layout), len(names))
    digests.save()
    metrics = _metrics(list(built.facts.values()))
    write_text(layout.metrics("rasterize"), json_text(metrics))
    _write_dropped(built, layout)
    regions = sum(metrics["regions"].values())
    dropped = sum(metrics["dropped"].values())
    tasks = metrics["tasks"]
    return (
        f"{tasks['counted']} of {tasks['all']} tasks count, {regions} labelled regions, "
        f"{dropped} dropped (plots/dropped.csv); {built.made} tasks rasterized anew"
    )


def _jobs(names: Sequence[str], digests: Digests, params: Params, layout: Layout) -> Iterator[Job]:
    settings = params.rasterize
    labels = tuple(sorted(params.labels_map))
    target, folder = staging(layout, "rasterize"), layout.annotations
    shaping = digest([repr(settings), labels])
    for name in names:
        seal = digests.get(name)

        def work(name: str = name, seal: str | None = seal) -> LabelSetWork:
            return LabelSetWork(folder / name, seal, labels, settings, target)

        yield Job(name.removesuffix(".json"), sha256(f"{seal} {shaping}".encode()), work)


def _metrics(facts: list[Mapping[str, Any]]) -> dict[str, Any]:
    counted = [fact for fact in facts if fact["annotation"] is not None]
    regions: Counter[str] = Counter()
    shapes: Counter[str] = Counter()
    for fact in counted:
        regions.update(fact["regions"])
        shapes.update(fact["shapes"])
    dropped = Counter(entry["reason"] for fact in counted for entry in fact["dropped"])
    return {
        "tasks": {
            "all": len(facts),
            "counted": len(counted),
            "without_annotation_that_counts": len(facts) - len(counted),
            "without_region": sum(not fact["regions"] for fact in counted),
        },
        "regions": dict(sorted(regions.items())),
        "shapes": dict(sorted(shapes.items())),
        "dropped": {reason: dropped[reason] for reason in REASONS},
        "reach_off_the_image": sum(fact["clipped"] for fact in counted),
    }


def _write_dropped(built: Built, layout: Layout) -> None:
    columns = ("key", "task", "annotation", "region", "label", "reason")
    rows = (
        {"key": key, **entry}
        for key, fact in built.facts.items()
        for entry in fact.get("dropped", ())
    )
    write_table(layout.plot("dropped"), columns, rows)
