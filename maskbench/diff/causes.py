"""Find why a mask changed: replay the pipeline, one difference at a time, from the old mask on.

The replay starts with the old task and the old params. Then the image's size, the annotations, each
label's alias, each *rasterize* parameter and the params of *combine* move to the new version, in
the pipeline's order; the pixels that change in a step are due to that difference. The replay has to
start at the old mask and to end at the new one. Pixels where it does not are due to the code, or
have *no cause*: the mask was edited by hand, or built with another version of a library.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from maskbench.diff.class_names import NamedMask, Names, differing
from maskbench.diff.model import ALIAS, ANNOTATION, CODE, IMAGE, RASTERIZE, RULE, UNEXPLAINED, Cause
from maskbench.diff.replay import class_name, deciding_param, replay_combine, replay_rasterize
from maskbench.errors import GeometryError
from maskbench.params import LEFT_OUT, Params, RasterizeParams
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rules import ClassRules
from maskbench.regions.task import Image, Task, choose

NOT_GIVEN = "not what its annotation and params give"
"""Name of the cause :data:`maskbench.diff.model.UNEXPLAINED`."""


@dataclass(frozen=True)
class ItemVersion:
    """One version of one item.

    Attributes:
        task: Its stored task.
        params: The version's params.
        mask: Its mask by class name, shape (H, W).
        unexplained_kind: Kind of cause for pixels in which the mask is not what its task and params
            give: ``unexplained``, or ``code`` if other code than the running one built it.
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
        same_code: The same code built both, though perhaps not the code that runs here. If the
            replay gives one mask exactly, then the code is no excuse for the other.
    """
    old_rules, new_rules = ClassRules.of(before.params), ClassRules.of(after.params)
    label_set = _label_set(before.task, before.params.rasterize)
    mask = _mask(label_set, old_rules, names)
    at_start = _unexplained(before, mask)
    found: list[Cause] = []
    waiting: list[tuple[str, str]] = []
    current = before.mask if mask is None else mask
    for kind, name, task, params in _steps(before, after):
        label_set = _label_set(task, params)
        mask = _mask(label_set, old_rules, names)
        waiting.append((kind, name))
        if mask is None:  # the new size with the old regions, say: count this step with the next
            continue
        changed = differing(current, mask)
        found += [Cause(kind, name, changed) for kind, name in waiting if changed]
        current, waiting = mask, []
    found += _combining(label_set, old_rules, new_rules, names)
    at_end = _unexplained(after, _mask(label_set, new_rules, names))
    if same_code and bool(at_start) != bool(at_end):
        at_start, at_end = _without_excuse(at_start), _without_excuse(at_end)
    return _merged([*at_start, *found, *at_end])


def verify(item: ItemVersion, names: Names) -> tuple[Cause, ...]:
    """Return why one mask is not what its own task and params give; empty if it is."""
    label_set = _label_set(item.task, item.params.rasterize)
    return tuple(_unexplained(item, _mask(label_set, ClassRules.of(item.params), names)))


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
        task = after.task
        counted = choose(task.annotations, params.criteria(task.key))
        name = f"annotation {counted.id}" if counted else "no annotation counts"
        yield ANNOTATION, name, task, params
    for name, aliases in _alias_steps(params, after.params.rasterize):
        params = params._replace(label_aliases=aliases)
        yield ALIAS, name, task, params
    for field in RasterizeParams._fields:
        value = getattr(after.params.rasterize, field)
        if value != getattr(params, field):
            params = params._replace(**{field: value})
            yield RASTERIZE, f"rasterize.{field}", task, params


def _alias_steps(
    before: RasterizeParams, after: RasterizeParams
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield what each label that has another alias becomes, and the aliases from then on."""
    old, new = before.label_aliases, after.label_aliases
    aliases = dict(old)
    for label in sorted(old.keys() | new.keys()):
        if old.get(label, label) == new.get(label, label):
            continue
        aliases[label] = other = new.get(label, label)
        yield f"{label} → {other or LEFT_OUT}", dict(aliases)


def _size(image: Image | None) -> str:
    return f"{image.width} x {image.height}" if image else ""


def _label_set(task: Task, params: RasterizeParams) -> LabelSet | None:
    """Return the label set of a task; None if it cannot be drawn."""
    try:
        return replay_rasterize(task, params)
    except GeometryError:
        return None


def _mask(label_set: LabelSet | None, rules: ClassRules, names: Names) -> NamedMask | None:
    return None if label_set is None else replay_combine(label_set, rules, names)[0]


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
    label_set: LabelSet | None, old: ClassRules, new: ClassRules, names: Names
) -> list[Cause]:
    """Return which params of *combine* give pixels of this label set another class."""
    if label_set is None or old == new:
        return []
    causes = []
    for combination in replay_combine(label_set, new, names)[1]:
        labels = frozenset(combination.labels)
        if class_name(old, labels) == class_name(new, labels):
            continue
        kind, name = deciding_param(new, labels)
        if kind != RULE and deciding_param(old, labels)[0] == RULE:
            kind, name = deciding_param(old, labels)  # the rule was removed
        causes.append(Cause(kind, name, combination.pixels))
    return causes


def _merged(causes: list[Cause]) -> tuple[Cause, ...]:
    """Add up causes of the same kind and name; code comes first, alarms come last."""
    total: dict[tuple[str, str], int] = {}
    for cause in causes:
        total[cause.kind, cause.name] = total.get((cause.kind, cause.name), 0) + cause.pixels
    ordered = sorted(total, key=lambda key: (key[0] == UNEXPLAINED, key[0] != CODE))
    return tuple(Cause(kind, name, total[kind, name]) for kind, name in ordered)
