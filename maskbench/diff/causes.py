"""Why a mask changed: the pipeline replayed, one difference at a time, from the old mask on.

The old task is drawn and combined under the old choices, then the image's size, the annotations,
each *rasterize* parameter and the combining choices move to the new version, in the pipeline's
order. What changes in a step is that difference's doing. The replay has to begin at the old mask
and to end at the new one; pixels where it does not are the code's doing, or have *no cause*: a mask
that was edited by hand, or built with another version of a library.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from maskbench.diff.class_names import Named, Names, differing
from maskbench.diff.model import (
    ANNOTATION,
    CODE,
    IMAGE,
    RASTERIZE,
    UNEXPLAINED,
    Cause,
)
from maskbench.diff.replay import Choices, replay_combine, replay_rasterize
from maskbench.errors import GeometryError
from maskbench.params import Params, RasterizeParams
from maskbench.regions.label_set import LabelSet
from maskbench.regions.task import Image, Task, choose


@dataclass(frozen=True)
class ItemVersion:
    """One version of one item.

    Attributes:
        task: Its stored task.
        params: The version's params.
        mask: Its mask by class name.
        unexplained_kind: Kind of cause for pixels in which the mask is not what its task and params
            give.
    """

    task: Task
    params: Params
    mask: Named
    unexplained_kind: str


@dataclass(frozen=True)
class _State:
    """What a replayed mask is made of."""

    task: Task
    image: Image
    rasterize: RasterizeParams
    choices: Choices


NOT_GIVEN = "not what its annotation and params give"
"""Name of the cause that is none."""


def explain(
    before: ItemVersion, after: ItemVersion, names: Names, same_code: bool = True
) -> tuple[Cause, ...]:
    """The causes for which two masks differ, in the pipeline's order; none if nothing accounts.

    Args:
        before: The old side.
        after: The new side.
        names: Numbers of class names, as in the sides' masks.
        same_code: One code built both, if perhaps not the one that runs here. If it replays one
            mask exactly, then it is no excuse for the other.
    """
    replay = _Replay(names)
    state = _state(before)
    image = replay.mask(state)
    first = _unexplained(before, image)
    found: list[Cause] = []
    waiting: list[tuple[str, str]] = []
    current = before.mask if image is None else image
    for kind, name, state in _steps(_state(before), after):
        waiting.append((kind, name))
        image = replay.mask(state)
        if image is None:  # cannot be drawn half-way; the next step tells for both
            continue
        changed = differing(current, image)
        found += [Cause(kind, name, changed) for kind, name in waiting if changed]
        current, waiting = image, []
    final = replace(state, choices=Choices.of(after.params))
    found += _combining(replay, state, final)
    last = _unexplained(after, replay.mask(final))
    if same_code and bool(first) != bool(last):
        first, last = _alarming(first), _alarming(last)
    return _united([*first, *found, *last])


def verify(side: ItemVersion, names: Names) -> tuple[Cause, ...]:
    """The causes for which one mask is not what its own task and params give; none if it is."""
    return tuple(_unexplained(side, _Replay(names).mask(_state(side))))


def _state(side: ItemVersion) -> _State:
    image = side.task.image
    assert image is not None  # noqa: S101 - an item with a mask has an image
    return _State(side.task, image, side.params.rasterize, Choices.of(side.params))


def _steps(state: _State, after: ItemVersion) -> Iterator[tuple[str, str, _State]]:
    """(kind, name, state after it) of each difference before *combine*."""
    target = _state(after)
    if _size(state.image) != _size(target.image):
        state = replace(state, image=target.image)
        yield IMAGE, f"{target.image.width} x {target.image.height}", state
    state = replace(state, task=target.task, image=target.image)
    counted = choose(state.task.annotations, state.rasterize.annotation)
    yield ANNOTATION, f"annotation {counted.id}" if counted else "no annotation counts", state
    for name in RasterizeParams._fields:
        value = getattr(target.rasterize, name)
        if value != getattr(state.rasterize, name):
            state = replace(state, rasterize=state.rasterize._replace(**{name: value}))
            yield RASTERIZE, f"rasterize.{name}", state


def _size(image: Image) -> tuple[int, int]:
    return image.width, image.height


class _Replay:
    """Draws states, and draws nothing twice."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._drawn: list[tuple[tuple[Task, Image, RasterizeParams], LabelSet | None]] = []

    def label_set(self, state: _State) -> LabelSet | None:
        """The label set of a state; None where it cannot be drawn."""
        wanted = (state.task, state.image, state.rasterize)
        for key, drawn in self._drawn:
            if key == wanted:
                return drawn
        try:
            drawn = replay_rasterize(*wanted)
        except GeometryError:
            drawn = None
        self._drawn = [*self._drawn[-2:], (wanted, drawn)]
        return drawn

    def mask(self, state: _State) -> Named | None:
        """The mask of a state by class name; None where it cannot be drawn."""
        drawn = self.label_set(state)
        return None if drawn is None else replay_combine(drawn, state.choices, self.names)[0]


def _unexplained(side: ItemVersion, replayed: Named | None) -> list[Cause]:
    """Pixels in which a mask is not what its own task and params give."""
    if replayed is None:
        return [Cause(side.unexplained_kind, "cannot be drawn anew", side.mask.size)]
    changed = differing(side.mask, replayed)
    name = NOT_GIVEN if side.unexplained_kind == UNEXPLAINED else CODE
    return [Cause(side.unexplained_kind, name, changed)] if changed else []


def _alarming(unexplained: list[Cause]) -> list[Cause]:
    return [
        Cause(UNEXPLAINED, NOT_GIVEN if cause.name == CODE else cause.name, cause.pixels)
        for cause in unexplained
    ]


def _combining(replay: _Replay, state: _State, final: _State) -> list[Cause]:
    """The combining choices that give a combination of labels in this image another class."""
    drawn = replay.label_set(state)
    if drawn is None or state.choices == final.choices:
        return []
    causes = []
    for combination in replay_combine(drawn, final.choices, replay.names)[1]:
        labels = frozenset(combination.labels)
        if state.choices.class_of(labels) == final.choices.class_of(labels):
            continue
        old, new = state.choices.reason(labels), final.choices.reason(labels)
        kind, name = old if old[0] == "rule" and new[0] != "rule" else new  # a rule that is gone
        causes.append(Cause(kind, name, combination.pixels))
    return causes


def _united(causes: list[Cause]) -> tuple[Cause, ...]:
    """One entry for each kind and name; code first, as it stands before all, alarms last."""
    total: dict[tuple[str, str], int] = {}
    for cause in causes:
        total[cause.kind, cause.name] = total.get((cause.kind, cause.name), 0) + cause.pixels
    ordered = sorted(total, key=lambda key: (key[0] == UNEXPLAINED, key[0] != CODE))
    return tuple(Cause(kind, name, total[kind, name]) for kind, name in ordered)
