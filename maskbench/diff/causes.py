"""Find why a mask changed: replay the pipeline, one difference at a time, from the old mask on.

The replay starts with the old task and the old params. Then the image's size, the annotations, each
label's alias, each *rasterize* parameter and the params of *combine* move to the new version, in
the pipeline's order; the pixels that change in a step are due to that difference. The replay has to
start at the old mask and end at the new one. Pixels where it does not are due to the code, or have
*no cause*: the mask was edited by hand, or built with another version of a library.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from maskbench.diff.class_names import NamedMask, Names, differing
from maskbench.diff.model import (
    ALIAS,
    ANNOTATION,
    CODE,
    COMBINE,
    IMAGE,
    LABELS_MAP,
    RASTERIZE,
    RULE,
    UNEXPLAINED,
    Cause,
)
from maskbench.diff.replay import class_name, deciding_param, replay_combine, replay_rasterize
from maskbench.errors import GeometryError
from maskbench.params import LEFT_OUT, ConsensusParams, Params, RasterizeParams
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rules import ClassRules
from maskbench.regions.task import Annotation, Image, Task, choose, choose_votes

NOT_GIVEN = "not what its annotation and params give"
"""Name of the cause :data:`maskbench.diff.model.UNEXPLAINED`."""


@dataclass(frozen=True)
class ItemVersion:
    """One version of one item.

    Attributes:
        task: Its stored task.
        params: The version's params.
        mask: Its mask by class name, shape (H, W).
        unexplained_kind: Kind of cause for pixels that task and params do not explain:
            ``unexplained``, or ``code`` if other code than the running code built the mask.
    """

    task: Task
    params: Params
    mask: NamedMask
    unexplained_kind: str


def explain(
    before: ItemVersion, after: ItemVersion, names: Names, same_code: bool = True
) -> tuple[Cause, ...]:
    """Return the causes for which two masks differ, in the pipeline's order.

    Args:
        before: The old version.
        after: The new version.
        names: Numbers of class names, as in both masks.
        same_code: Whether the same code built both, though perhaps not the running code. Then,
            if the replay gives one mask exactly, code cannot explain the other.
    """
    old_rules, new_rules = ClassRules.of(before.params), ClassRules.of(after.params)
    label_sets = _label_sets(before.task, before.params.rasterize)
    mask = _mask(label_sets, old_rules, names)
    at_start = _unexplained(before, mask)
    found: list[Cause] = []
    waiting: list[tuple[str, str]] = []
    current = before.mask if mask is None else mask
    for kind, name, task, params in _steps(before, after):
        label_sets = _label_sets(task, params)
        mask = _mask(label_sets, old_rules, names)
        waiting.append((kind, name))
        if mask is None:  # the new size with the old regions, say: count this step with the next
            continue
        changed = differing(current, mask)
        found += [Cause(kind, name, changed) for kind, name in waiting if changed]
        current, waiting = mask, []
    found += _combining(label_sets, old_rules, new_rules, names)
    at_end = _unexplained(after, _mask(label_sets, new_rules, names))
    if same_code and bool(at_start) != bool(at_end):
        at_start, at_end = _without_excuse(at_start), _without_excuse(at_end)
    return _merged([*at_start, *found, *at_end])


def explain_one(item: ItemVersion, names: Names) -> tuple[Cause, ...]:
    """Return why a mask differs from what its own task and params give; empty if it does not."""
    label_sets = _label_sets(item.task, item.params.rasterize)
    return tuple(_unexplained(item, _mask(label_sets, ClassRules.of(item.params), names)))


def _steps(
    before: ItemVersion, after: ItemVersion
) -> Iterator[tuple[str, str, Task, RasterizeParams]]:
    """Yield each difference before *combine*: its kind and name, and task and params after it."""
    task, params = before.task, before.params.rasterize
    size = _size(after.task.image)
    if size != _size(task.image):
        task = replace(task, image=after.task.image)
        yield IMAGE, size, task, params
    if task != after.task:
        for name, step in _annotation_steps(task, after.task, params):
            yield ANNOTATION, name, step, params
        task = after.task
    for name, aliases in _alias_steps(params, after.params.rasterize):
        params = params._replace(label_aliases=aliases)
        yield ALIAS, name, task, params
    for field in RasterizeParams._fields:
        value = getattr(after.params.rasterize, field)
        if value != getattr(params, field):
            params = params._replace(**{field: value})
            yield RASTERIZE, f"rasterize.{field}", task, params


def _annotation_steps(
    before: Task, after: Task, params: RasterizeParams
) -> Iterator[tuple[str, Task]]:
    """Yield the annotations that move to the new version: at once, or vote by vote."""
    votes = [choose_votes(t.annotations, params.criteria(t.key)) for t in (before, after)]
    if any(len(own) > 1 for own in votes):
        old, new = ({_identity(a): a for a in task.annotations} for task in (before, after))
        current = dict(old)
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) == new.get(key):
                continue
            current.pop(key, None)
            current |= {key: new[key]} if key in new else {}
            yield f"annotation {key[0]}", replace(after, annotations=tuple(current.values()))
    counted = choose(after.annotations, params.criteria(after.key))
    name = f"annotation {counted.id}" if counted else "no annotation counts"
    yield name, after


def _identity(annotation: Annotation) -> tuple[int, int]:
    return annotation.id, annotation.task or 0


def _alias_steps(
    before: RasterizeParams, after: RasterizeParams
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield each label with another alias, its new class, and the aliases from this step on."""
    old, new = before.label_aliases, after.label_aliases
    aliases = dict(old)
    for label in sorted(old.keys() | new.keys()):
        if old.get(label, label) == new.get(label, label):
            continue
        aliases[label] = other = new.get(label, label)
        yield f"{label} → {other or LEFT_OUT}", dict(aliases)


def _size(image: Image | None) -> str:
    return f"{image.width} x {image.height}" if image else ""


def _label_sets(task: Task, params: RasterizeParams) -> tuple[LabelSet, ...]:
    """Return the label sets of a task; empty if it cannot be drawn."""
    try:
        return replay_rasterize(task, params)
    except GeometryError:
        return ()


def _mask(label_sets: Sequence[LabelSet], rules: ClassRules, names: Names) -> NamedMask | None:
    return replay_combine(label_sets, rules, names)[0] if label_sets else None


def _unexplained(item: ItemVersion, replayed: NamedMask | None) -> list[Cause]:
    """Return the cause for pixels in which a mask is not what its own task and params give."""
    if replayed is None:
        return [Cause(item.unexplained_kind, "cannot be redrawn", item.mask.size)]
    changed = differing(item.mask, replayed)
    name = NOT_GIVEN if item.unexplained_kind == UNEXPLAINED else CODE
    return [Cause(item.unexplained_kind, name, changed)] if changed else []


def _without_excuse(unexplained: list[Cause]) -> list[Cause]:
    return [
        Cause(UNEXPLAINED, NOT_GIVEN if cause.name == CODE else cause.name, cause.pixels)
        for cause in unexplained
    ]


def _combining(
    label_sets: Sequence[LabelSet], old: ClassRules, new: ClassRules, names: Names
) -> list[Cause]:
    """Return which params of *combine* give pixels of these label sets another class."""
    if not label_sets or old == new:
        return []
    if len(label_sets) > 1:
        return list(_combining_votes(label_sets, old, new, names))
    causes = []
    for combination in replay_combine(label_sets, new, names)[1]:
        labels = frozenset(combination.labels)
        if class_name(old, labels) == class_name(new, labels):
            continue
        kind, name = deciding_param(new, labels)
        if kind != RULE and deciding_param(old, labels)[0] == RULE:
            kind, name = deciding_param(old, labels)  # the rule was removed
        causes.append(Cause(kind, name, combination.pixels))
    return causes


def _combining_votes(
    label_sets: Sequence[LabelSet], old: ClassRules, new: ClassRules, names: Names
) -> Iterator[Cause]:
    """Yield the same where annotators vote: one difference of the params after the other."""
    current = replay_combine(label_sets, old, names)[0]
    for kind, name, rules in _rule_steps(old, new):
        mask = replay_combine(label_sets, rules, names)[0]
        if changed := differing(current, mask):
            yield Cause(kind, name, changed)
        current = mask


def _rule_steps(old: ClassRules, new: ClassRules) -> Iterator[tuple[str, str, ClassRules]]:
    """Yield each difference of *combine*: its kind and name, and the rules after it."""
    rules, wanted = ({rule.name: rule for rule in own.rules} for own in (old, new))
    added = {n: value for n, value in new.labels_map.items() if n not in old.labels_map}
    step = replace(old, labels_map={**old.labels_map, **added})  # a rule may name a new class
    for name in sorted(rules.keys() | wanted.keys()):
        if rules.get(name) != wanted.get(name):
            rules.pop(name, None)
            rules |= {name: wanted[name]} if name in wanted else {}
            step = replace(step, rules=tuple(rules.values()))
            yield RULE, name, step
    for field in ("unmatched", "priority"):
        value = getattr(new.fallback, field)
        step = replace(step, fallback=step.fallback._replace(**{field: value}))
        yield COMBINE, f"combine.{field}", step
    for field in ConsensusParams._fields:
        value = getattr(new.fallback.consensus, field)
        consensus = step.fallback.consensus._replace(**{field: value})
        step = replace(step, fallback=step.fallback._replace(consensus=consensus))
        yield COMBINE, f"combine.consensus.{field}", step
    yield LABELS_MAP, "labels_map", new


def _merged(causes: list[Cause]) -> tuple[Cause, ...]:
    """Add up causes of the same kind and name; code comes first, alarms come last."""
    total: dict[tuple[str, str], int] = {}
    for cause in causes:
        total[cause.kind, cause.name] = total.get((cause.kind, cause.name), 0) + cause.pixels
    ordered = sorted(total, key=lambda key: (key[0] == UNEXPLAINED, key[0] != CODE))
    return tuple(Cause(kind, name, total[kind, name]) for kind, name in ordered)
