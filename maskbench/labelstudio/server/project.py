"""Look up a project, its labelling setup, and its tasks in pages; compare setup and labels_map.

The setup is read from ``parsed_label_config``, Label Studio's own reading of its XML. The XML
itself is never parsed here, so its entities, external or nested, can do no harm.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from maskbench.errors import Problem, SourceError, did_you_mean
from maskbench.files.hashing import digest
from maskbench.labelstudio.results import label_names
from maskbench.labelstudio.server.client import Client
from maskbench.labelstudio.server.errors import NotThereError
from maskbench.params import Rule, missing_label
from maskbench.regions.shapes import KINDS

PAGE = 1000
"""Tasks whose times are asked for at once (about a second on the smallest server)."""

_LABELLING = ("labels", *(f"{kind}labels" for kind in KINDS))


@dataclass(frozen=True)
class Control:
    """A control that labels regions of one kind.

    Attributes:
        name: Its name, which regions have as ``from_name``.
        kind: ``polygon``, ``brush`` …
        image: The name of the image tag that it labels.
        labels: Its labels, as annotations store them.
        tool: The name of the separate control that draws the regions, such as ``<Brush>`` beside
            ``<Labels>``; None: it draws them itself.
    """

    name: str
    kind: str
    image: str
    labels: tuple[str, ...]
    tool: str | None = None


@dataclass(frozen=True)
class Labeling:
    """The labelling setup of a project: what annotators can draw.

    Attributes:
        labels: The labels of all controls that label regions, as annotations store them, in the
            setup's order.
        fields: The field of a task's data behind each image tag, by the tag's name.
        lists: Names of image tags that show several images of a task.
        controls: The controls that label regions of one kind.
    """

    labels: Set[str]
    fields: Mapping[str, str]
    lists: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()


def parse_labeling(parsed: Any) -> Labeling:
    """Read a labelling setup from ``parsed_label_config``; unknown parts are skipped."""
    labels: list[str] = []
    fields: dict[str, str] = {}
    lists: set[str] = set()
    controls: list[Control] = []
    tools: list[Control] = []
    for name_of_control, control in parsed.items() if isinstance(parsed, Mapping) else ():
        if not isinstance(control, Mapping):
            continue
        kind, offered = str(control.get("type")).lower(), label_names(_listed(control, "labels"))
        if kind in _LABELLING:
            labels += offered
        if kind in (*_LABELLING, *KINDS) and (tags := _listed(control, "to_name")):
            own = kind.removesuffix("labels")
            found = Control(str(name_of_control), own, str(tags[0]), tuple(offered))
            (tools if kind in KINDS else controls).append(found)
        shows = zip(_listed(control, "to_name"), _listed(control, "inputs"), strict=False)
        for name, shown in shows:
            if not isinstance(shown, Mapping) or shown.get("type") != "Image":
                continue
            if shown.get("value"):
                fields[str(name)] = str(shown["value"])
            elif shown.get("valueList"):
                lists.add(str(name))
    names = dict.fromkeys(labels).keys()
    return Labeling(names, fields, tuple(sorted(lists)), tuple(_of_one_kind(controls, tools)))


def _of_one_kind(controls: Iterable[Control], tools: Sequence[Control]) -> Iterator[Control]:
    """Yield controls; ``<Labels>``, which has no kind itself, once for each tool beside it."""
    for control in controls:
        if control.kind:
            yield control
            continue
        for tool in tools:
            if tool.image == control.image:
                yield replace(control, kind=tool.kind, tool=tool.name)


def _listed(control: Mapping[str, Any], name: str) -> list[Any]:
    value = control.get(name)
    return value if isinstance(value, list) else []


@dataclass(frozen=True)
class Project:
    """A project as the server has it now.

    Attributes:
        id: Its id.
        title: Its title.
        total: How many tasks it has.
        latest: When a task was last changed (ISO 8601, as the server writes it); empty without
            tasks.
        setup: Digest of the labelling setup.
        labeling: The labelling setup.
        counts: The server's own counts, such as ``skipped_annotations_number``.
    """

    id: int
    title: str
    total: int
    latest: str
    setup: str
    labeling: Labeling
    counts: dict[str, int]

    def fingerprint(self) -> dict[str, Any]:
        """Return three small values that any change of labels, tasks or setup changes."""
        return {"tasks": self.total, "latest": self.latest, "setup": self.setup}


def read_project(client: Client, number: int) -> Project:
    """Look up a project.

    Raises:
        SourceError: The key's user sees no project with this id; the message lists those it sees.
    """
    try:
        raw = client.json(f"/api/projects/{number}/")
    except NotThereError:
        raise SourceError(
            f"fetch.project: {client.server} shows no project {number} to this key's user; "
            f"it shows: {visible_projects(client)}"
        ) from None
    if not isinstance(raw, dict):
        raise SourceError(f"{client.server} answered with something else than project {number}")
    newest = read_page(client, number, [], "-tasks:updated_at", size=1)
    tasks = newest["tasks"]
    return Project(
        id=number,
        title=str(raw.get("title") or ""),
        total=int(newest["total"]),
        latest=str(tasks[0]["updated_at"]) if tasks else "",
        setup=digest(str(raw.get("label_config")))[:12],
        labeling=parse_labeling(raw.get("parsed_label_config")),
        counts={name: v for name, v in raw.items() if type(v) is int},
    )


def visible_projects(client: Client) -> str:
    """Return ids and titles of the first projects that the key's user sees."""
    answer = client.json("/api/projects/", {"page_size": 20, "include": "id,title"})
    results = answer.get("results") if isinstance(answer, dict) else None
    listed = [p for p in results if isinstance(p, dict)] if isinstance(results, list) else []
    found = [f"{p.get('id')} ({p.get('title')})" for p in listed]
    count = answer.get("count") if found else 0
    rest = count - len(found) if isinstance(count, int) else 0
    return (", ".join(found) or "none") + (f" and {rest} more" if rest > 0 else "")


def greater_than(field: str, kind: str, value: Any) -> dict[str, Any]:
    """Return a filter for tasks of which a field is greater than a value.

    Args:
        field: The field, such as ``id``.
        kind: Label Studio's name for its type: ``Number`` or ``Datetime``.
        value: The value.
    """
    name = f"filter:tasks:{field}"
    return {"filter": name, "operator": "greater", "type": kind, "value": value}


def read_page(
    client: Client,
    project: int,
    filters: Sequence[dict[str, Any]],
    ordering: str = "tasks:id",
    size: int = PAGE,
) -> Any:
    """Return the first page of a project's tasks: ``total``, and ``tasks`` with id and time.

    Args:
        client: The server.
        project: The project's id.
        filters: Conditions on the tasks, see :func:`after`.
        ordering: Label Studio's name for their order.
        size: The most tasks to return.

    Raises:
        SourceError: The server does not give it.
    """
    query = {"filters": {"conjunction": "and", "items": filters}, "ordering": [ordering]}
    params = {
        "project": project,
        "page": 1,
        "page_size": size,
        "include": "id,updated_at",
        "query": json.dumps(query, separators=(",", ":")),
    }
    page = client.json("/api/tasks/", params)
    if not _is_page(page):
        raise SourceError(f"{client.server} answered with something else than a list of tasks")
    return page


def _is_page(page: Any) -> bool:
    if not isinstance(page, dict) or type(page.get("total")) is not int:
        return False
    tasks = page.get("tasks")
    return isinstance(tasks, list) and all(
        isinstance(task, dict) and type(task.get("id")) is int and _is_time(task.get("updated_at"))
        for task in tasks
    )


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


def compare_labels(
    offered: Iterable[str], labels_map: Mapping[str, int], rules: Iterable[Rule]
) -> list[Problem]:
    """Return where the labelling setups and ``labels_map`` disagree.

    A label that is offered but not mapped fails *rasterize* once somebody draws it; a class that
    no label, no rule and not the background makes never has a pixel.

    Args:
        offered: The labels of all projects together.
        labels_map: Class name → mask value.
        rules: The multi-label rules.
    """
    drawn = set(offered)
    made = {rule.then for rule in rules}
    problems = []
    for label in sorted(drawn - set(labels_map)):
        what = "the project's setup offers a label without a class: "
        problems.append(Problem(what + missing_label(label, labels_map), param="labels_map"))
    for label, value in labels_map.items():
        if value != 0 and label not in drawn | made:
            what = "no project's setup offers this label and no rule makes it; "
            problems.append(Problem(what + did_you_mean(label, drawn), param=f"labels_map.{label}"))
    return problems
