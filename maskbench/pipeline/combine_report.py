"""Say what *combine* made: its metrics, and masks that have no pixel of a class."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from maskbench.errors import Problem, TaskLink, see
from maskbench.params import IGNORE
from maskbench.regions.rules import CombinationTotal
from maskbench.text import counted, some

Facts = Mapping[str, Mapping[str, Any]]
"""What *combine* found out about each image, by key."""


def masks_without_class(facts: Facts, labels_map: Mapping[str, int]) -> dict[str, list[str]]:
    """Find the masks that hold nothing but background or ignored pixels although labels lie there.

    Args:
        facts: The ``combinations`` of each mask, by key.
        labels_map: Class names and their values.

    Returns:
        Which labels become what, by key.
    """
    found = {}
    for key, fact in facts.items():
        drawn = [(labels, becomes) for labels, _, becomes in fact.get("combinations", ()) if labels]
        if drawn and all(labels_map.get(becomes) in (0, IGNORE) for _, becomes in drawn):
            found[key] = [f"{' + '.join(labels)} → {becomes}" for labels, becomes in drawn]
    return found


def no_class_at_all(facts: Facts, labels_map: Mapping[str, int]) -> list[Problem]:
    """Find out why no mask would have a pixel of a class; empty if one has, or nothing is drawn."""
    empty = masks_without_class(facts, labels_map)
    drawn = [
        key for key, fact in facts.items() if any(part[0] for part in fact.get("combinations", ()))
    ]
    if not empty or len(empty) < len(drawn):
        return []
    causes = sorted({cause for found in empty.values() for cause in found})
    what = (
        f"no mask has a pixel of a class although regions were drawn ({', '.join(causes)}); "
        "correct labels_map, multi_label_rules or combine.unmatched"
    )
    return [Problem(what, task=facts[key]["task"]) for key in empty]


def describe_masks_without_class(
    facts: Facts, labels_map: Mapping[str, int], link: TaskLink | None = None
) -> str:
    """Say which masks have no pixel of a class although labels lie there; empty if none.

    ``link`` finds the address of a task: that of the first is given, if it is known.
    """
    empty = masks_without_class(facts, labels_map)
    named = [f"{key} ({', '.join(causes)})" for key, causes in empty.items()]
    masks = counted(len(named), "mask has", "masks have")
    what = f"{masks} no pixel of a class although regions were drawn"
    first = next((facts[key]["task"] for key in empty), None)
    return f"{what}: {some(named)}{see(link, first, None)}" if named else ""


def combination_rows(
    combinations: Sequence[CombinationTotal],
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``plots/combinations.csv``."""
    for labels, becomes, pixels, tasks in combinations:
        name = " + ".join(labels) or "(none)"
        yield {"labels": name, "class": becomes, "pixels": pixels, "tasks": len(tasks)}


def combine_metrics(
    facts: Facts, combinations: Sequence[CombinationTotal], labels_map: Mapping[str, int]
) -> dict[str, Any]:
    """Return the content of ``metrics/combine.json``, from the facts about each mask."""
    pixels: Counter[str] = Counter()
    images: Counter[str] = Counter()
    for fact in facts.values():
        pixels.update(fact["classes"])
        images.update(fact["classes"].keys())
    total = sum(pixels.values())
    return {
        "images": len(facts),
        "pixels": total,
        "classes": {
            name: {
                "images": images[name],
                "pixels": pixels[name],
                "share": round(pixels[name] / total, 6) if total else 0.0,
            }
            for name in labels_map
        },
        "without_class": len(masks_without_class(facts, labels_map)),
        **_consensus(facts),
        "combinations": {
            " + ".join(labels): count for labels, _, count, _ in combinations if len(labels) > 1
        },
    }


def _consensus(facts: Facts) -> dict[str, Any]:
    """Count what the votes of several annotators did not decide; nothing without a consensus."""
    several = [fact for fact in facts.values() if fact["votes"]]
    if not several:
        return {}
    pixels = sum(fact["height"] * fact["width"] for fact in several)
    found = {name: sum(fact[name] for fact in several) for name in ("tied", "below_agreement")}
    share = round(sum(found.values()) / pixels, 6)
    return {"consensus": {"images": len(several), "pixels": pixels, **found, "undecided": share}}


def describe_consensus(metrics: Mapping[str, Any]) -> str:
    """Say how much of the images on which annotators voted is undecided; empty without one.

    Args:
        metrics: The content of ``metrics/combine.json``.
    """
    found = metrics.get("consensus")
    if not found:
        return ""
    images = counted(found["images"], "image")
    return f"several annotators voted on {images}: {found['undecided']:.2%} of the pixels undecided"
