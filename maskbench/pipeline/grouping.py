"""Find the group of each image, and the subset that is published for it.

Images of one group stay in one subset. A group is what ``split.group_by`` reads from each task;
without it, and for tasks that may be alone, it is the image itself, by the digest of its bytes.
Groups that hold the same image are joined, so that no picture is in two subsets.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from maskbench.errors import Problem, did_you_mean
from maskbench.labelstudio.image_names import reference_parts, without_upload_prefix
from maskbench.params import SplitParams, ValueFrom
from maskbench.pipeline.published import published_subsets
from maskbench.pipeline.splits import GroupedImage
from maskbench.regions.task import Annotation, Task
from maskbench.text import some


class Grouping(NamedTuple):
    """The groups of all images.

    Attributes:
        groups: The group of each image, by key.
        published: The published subset, by key, of images that have one.
        problems: Why the images cannot be split.
        notes: Remarks for people, one sentence each.
    """

    groups: Mapping[str, str]
    published: Mapping[str, str]
    problems: Sequence[Problem]
    notes: Sequence[str]


def read_groups(task: Task, annotation: Annotation, params: SplitParams) -> GroupedImage:
    """Read the image's group and subset from a task and its annotation that counts."""
    if task.image is None:
        raise ValueError(f"task {task.id} has no image, and so no group")
    path = _image_path(task)
    group = published = fault = None
    try:
        group = _read(params.group_by, task, annotation, path)
        published = _read(params.published, task, annotation, path)
    except ValueError as error:
        fault = str(error)
    hint = "" if group is not None else _hint(params.group_by, task, annotation, path)
    return GroupedImage(task.key, task.id, task.image.sha256, path, group, published, fault, hint)


def group_of(task: Task, params: SplitParams) -> str | None:
    """Return the value that groups a task which nobody has annotated; None if it has none yet."""
    nobody = Annotation(0, None, None, None, False, False, ())
    return _read(params.group_by, task, nobody, _image_path(task))


def _image_path(task: Task) -> str:
    try:
        *folders, name = reference_parts(task.reference or "")
    except ValueError:  # the image itself stands in the data
        return task.key
    return "/".join([*folders, without_upload_prefix(name)])


def _read(
    source: str | ValueFrom | None, task: Task, annotation: Annotation, path: str
) -> str | None:
    """Return the value that groups; None if there is none.

    Raises:
        ValueError: Regions say different things.
    """
    if source is None or (isinstance(source, ValueFrom) and source.kind == "file"):
        return None
    if isinstance(source, str):
        value = {**task.data, **annotation.answers}.get(source)
        return _chosen(source, annotation) if value is None else _text(value)
    if source.kind == "field":
        return _text(task.data.get(source.what))
    if source.kind == "choice":
        return _chosen(source.what, annotation)
    found = re.search(source.what, _part(source, path))
    return _text(found[1]) if found else None


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _chosen(control: str, annotation: Annotation) -> str | None:
    """Return what was chosen by a control, for the whole image or its regions.

    Raises:
        ValueError: Regions say different things.
    """
    answers = [annotation.answers, *(region.answers for region in annotation.regions)]
    values = sorted({text for entry in answers if (text := _text(entry.get(control)))})
    if len(values) > 1:
        raise ValueError(
            f"the choice {control!r} has several values in one annotation: {some(values)}; choose "
            "one of them everywhere"
        )
    return values[0] if values else None


def _part(source: ValueFrom, path: str) -> str:
    """Return the part of an image's path that an expression is applied to: name or folder."""
    folder, _, name = path.rpartition("/")
    return name if source.kind == "name" else folder


def _hint(source: str | ValueFrom | None, task: Task, annotation: Annotation, path: str) -> str:
    """Say what there is in place of a missing value."""
    if source is None:
        return ""
    if isinstance(source, str):
        return did_you_mean(source, map(str, {**task.data, **annotation.answers}))
    if source.kind in ("name", "folder"):
        return repr(_part(source, path))
    answers = [annotation.answers, *(region.answers for region in annotation.regions)]
    names = task.data if source.kind == "field" else {name for entry in answers for name in entry}
    return did_you_mean(source.what, map(str, names))


def group_images(
    images: Sequence[GroupedImage], params: SplitParams, root: Path, is_all: bool = True
) -> Grouping:
    """Find the group and the published subset of each image, and what is wrong with them.

    Args:
        images: What each task says of its image.
        params: The section ``split``.
        root: The folder that the file of ``split.published`` is relative to.
        is_all: Whether these are all images; if not, a missing value may be in the others.
    """
    problems = [
        Problem(image.fault, task=image.task, param="split.group_by")
        for image in images
        if image.fault is not None
    ]
    problems += _without_group(images, params, is_all)
    names, joins = _joined(images)
    if params.same_image == "error":
        problems += joins
    published, wrong, notes = published_subsets(images, params, root, names, is_all)
    problems += wrong
    if joins and params.same_image == "join":
        notes = [f"joined: {some(join.what for join in joins)}", *notes]
    groups = {image.key: names[image.name] for image in images}
    return Grouping(groups, published, problems, notes)


def _without_group(
    images: Sequence[GroupedImage], params: SplitParams, is_all: bool
) -> Iterable[Problem]:
    """Yield a problem for each task without the value that groups, if that is one."""
    by = params.group_by
    lacking = [image for image in images if image.group is None and image.fault is None]
    nobody_has = is_all and len(lacking) == len(images)
    if by is None or not lacking or (params.without_group == "alone" and not nobody_has):
        return
    kind, name = ("field", by) if isinstance(by, str) else by
    what = {
        "field": f"its data has no field {name!r}",
        "choice": f"its annotation has no choice {name!r}",
        "name": f"its image's name does not match '{name}'",
        "folder": f"its image's folder does not match '{name}'",
    }[kind]
    cure = (
        "no task has what groups: correct it"
        if nobody_has
        else "give it a value, or set split.without_group: alone"
    )
    for image in lacking:
        yield Problem(
            f"{what} ({lacking[0].hint}); {cure}", task=image.task, param="split.group_by"
        )


def _joined(images: Sequence[GroupedImage]) -> tuple[dict[str, str], list[Problem]]:
    """Join groups that hold the same image.

    Returns:
        The name of the joined group by the name of each group (named groups before digests, then
        the first in alphabetical order), and a problem for each picture that joins named groups.
    """
    digests = {image.image for image in images if image.group is None}
    holders: dict[str, dict[str, int]] = {}  # image → group → a task
    for image in images:
        holders.setdefault(image.image, {}).setdefault(image.name, image.task)
    joined = {image.name: {image.name} for image in images}
    told = []
    for groups in holders.values():
        together = set().union(*(joined[group] for group in groups))
        for group in together:
            joined[group] = together
        if len(named := {g: task for g, task in groups.items() if g not in digests}) > 1:
            tasks = " and ".join(str(task) for task in sorted(named.values()))
            groups_named = " and ".join(map(repr, sorted(named)))
            what = f"tasks {tasks} show the same picture in the groups {groups_named}"
            told.append(Problem(what, task=min(named.values()), param="split.group_by"))
    names = {
        group: min(others, key=lambda name: (name in digests, name))
        for group, others in joined.items()
    }
    return names, told
