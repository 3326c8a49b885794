"""Check the sections of ``params.yaml``, a function for each.

*split* and *quality* have modules of their own.
"""

import re
from collections.abc import Mapping
from typing import Any

from maskbench.errors import did_you_mean
from maskbench.files.images import MOST_LOADED, MOST_PIXELS
from maskbench.files.levels import HIGHEST, LOWEST, SCALINGS
from maskbench.files.masks import IGNORE
from maskbench.params.checker import Checker, missing_label
from maskbench.params.model import (
    CombineParams,
    ConsensusParams,
    FetchParams,
    RasterizeParams,
    Rule,
)

ANNOTATION_CHOICES = ("ground_truth", "latest", "earliest", "consensus")
_ANNOTATION_PATTERN = re.compile(r"annotator:\d{1,15}|file:\S.*|consensus:[1-9]\d{0,5}")
_PAGE = re.compile(r"(https?://[^\s?#]+?)/(?:projects|tasks/\d+|user/\w+)(?:[/?#]\S*)?")
"""What a browser shows: of a project, a task, the account."""


def check_address(check: Checker, server: str) -> None:
    """Check that a text can be a server's address."""
    if re.match(r"https?://[^/]*@", server):  # not shown: a password
        check.add("fetch.server", "the address holds a login; the key comes from the environment")
    elif page := _PAGE.fullmatch(server):
        check.add("fetch.server", f"{server!r} is a page of Label Studio; its address is {page[1]}")
    elif not re.fullmatch(r"https?://[^/\s?#\\]+(/[^\s?#]*)?", server):
        check.add("fetch.server", f"{server!r} is not an address such as http://localhost:8080")


def check_fetch(check: Checker, raw: Any) -> FetchParams:
    """Return the checked section ``fetch``."""
    known = ("project", *(name for name in FetchParams._fields if name != "projects"))
    section = check.mapping(raw, "fetch", known=known)
    server = check.text(section.get("server"), "fetch.server", optional=True)
    if server is not None:
        check_address(check, server)
    project = section.get("project")
    ids = project if isinstance(project, list) else [] if project is None else [project]
    if not all(isinstance(i, int) and not isinstance(i, bool) and i > 0 for i in ids):
        check.add("fetch.project", f"{project!r} is not a project id (a number) or list of ids")
        ids = []
    if server is not None and not ids:
        check.add("fetch.project", "with a server, name a project id or a list of ids")
    if len(set(ids)) != len(ids):
        check.add("fetch.project", f"{project!r} names a project twice")
    return FetchParams(
        server=server.rstrip("/") if server else None,
        projects=tuple(ids),
        folder=_folder(check, section, server),
        snapshot=check.text(section.get("snapshot", ""), "fetch.snapshot", empty=True) or "",
        private_hosts=_private_hosts(check, section.get("private_hosts")),
        image_field=_image_field(check, section.get("image_field")),
        missing_images=check.choice(
            section.get("missing_images", "error"), "fetch.missing_images", ("error", "skip")
        ),
        max_pixels=check.number(
            section.get("max_pixels", MOST_PIXELS),
            "fetch.max_pixels",
            "number of pixels",
            MOST_LOADED,
        ),
        same_image=check.choice(
            section.get("same_image", "separate"), "fetch.same_image", ("separate", "one")
        ),
    )


def _folder(check: Checker, section: Mapping[str, Any], server: str | None) -> str:
    """Return the folder, which may be missing or empty with a server."""
    if server is None and "folder" not in section:
        check.add("fetch.folder", "is missing")
        return ""
    return check.text(section.get("folder"), "fetch.folder", optional=server is not None) or ""


def _image_field(check: Checker, raw: Any) -> dict[str, str] | None:
    path = "fetch.image_field"
    if raw is None:
        return None
    if not isinstance(raw, dict) or not raw:
        what = "an image tag and the data field that it shows are expected, such as {img2: second}"
        check.add(path, f"{what}, not {raw!r}")
        return None
    fields = check.mapping(raw, path)
    return {tag: check.text(field, f"{path}.{tag}") or "" for tag, field in fields.items()}


_HOST = re.compile(r"([\w-]+(\.[\w-]+)*|\[[0-9A-Fa-f:.]+\])(:(?P<port>\d{1,5}))?")


def _private_hosts(check: Checker, raw: Any) -> tuple[str, ...]:
    entries = check.sequence([] if raw is None else raw, "fetch.private_hosts")
    for i, entry in enumerate(entries):
        found = _HOST.fullmatch(entry) if isinstance(entry, str) else None
        if found is None or not 0 < int(found["port"] or 1) < 1 << 16:
            example = "such as minio.lan:9000, 10.0.0.5 or '[fd00::5]:9000'"
            check.add(f"fetch.private_hosts[{i}]", f"{entry!r} is not a host {example}")
    return tuple(str(entry) for entry in entries)


def check_labels_map(check: Checker, raw: Any) -> dict[str, int]:
    """Return the checked classes and their values."""
    labels: dict[str, int] = {}
    owner: dict[int, str] = {}
    for label, value in check.mapping(raw, "labels_map").items():
        path = f"labels_map.{label}"
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= IGNORE:
            check.add(path, f"{value!r} is not a mask value: 0…254, or 255 for pixels to ignore")
            continue
        if value in owner:
            check.add(path, f"the value {value} belongs to {owner[value]!r} already")
        if label.splitlines() != [label] or not label.strip():
            check.add(path, "a class name is one line of text")
        owner.setdefault(value, label)
        labels[label] = value
    if isinstance(raw, dict) and 0 not in owner:
        check.add("labels_map", "no class has the value 0, which pixels without a label get")
    return labels


def _class(check: Checker, path: str, name: Any, labels_map: Mapping[str, int]) -> str:
    if not isinstance(name, str) or name not in labels_map:
        check.add(path, missing_label(name, labels_map))
        return ""
    return name


def check_rules(check: Checker, raw: Any, labels_map: Mapping[str, int]) -> tuple[Rule, ...]:
    """Return the checked multi-label rules, one for each set of labels."""
    rules: dict[frozenset[str], Rule] = {}
    for name, body in check.mapping(raw if raw is not None else {}, "multi_label_rules").items():
        path = f"multi_label_rules.{name}"
        section = check.mapping(body, path, known=("when", "then"), required=("when", "then"))
        if not {"when", "then"} <= section.keys():
            continue
        labels = check.sequence(section["when"], f"{path}.when", empty=False)
        names = [
            _class(check, f"{path}.when[{i}]", label, labels_map) for i, label in enumerate(labels)
        ]
        then = _class(check, f"{path}.then", section["then"], labels_map)
        rule = Rule(name, frozenset(names), then)
        if len(rule.when) != len(names) and "" not in names:
            check.add(f"{path}.when", "names a label twice")
        if rule.when in rules and "" not in rule.when:
            check.add(f"{path}.when", f"has the same labels as the rule {rules[rule.when].name!r}")
        rules.setdefault(rule.when, rule)
    return tuple(rules.values())


def _label_aliases(
    check: Checker, raw: Any, labels_map: Mapping[str, int]
) -> dict[str, str | None]:
    path = "rasterize.label_aliases"
    aliases = check.mapping({} if raw is None else raw, path)
    for label, other in aliases.items():
        if isinstance(other, str) and other in aliases:
            what = "itself" if other == label else f"{other!r}, which is an alias, too"
            check.add(f"{path}.{label}", f"stands for {what}: name a class")
        elif other is not None:
            _class(check, f"{path}.{label}", other, labels_map)
    return aliases


def check_rasterize(check: Checker, raw: Any, labels_map: Mapping[str, int]) -> RasterizeParams:
    """Return the checked section ``rasterize``."""
    default = RasterizeParams()
    known = [name for name in RasterizeParams._fields if name != "choices"]
    section = check.mapping(raw, "rasterize", known=known)
    choices = check.sequence(
        section.get("annotation", list(default.annotation)), "rasterize.annotation", empty=False
    )
    for i, choice in enumerate(choices):
        if choice not in ANNOTATION_CHOICES and not _ANNOTATION_PATTERN.fullmatch(str(choice)):
            patterns = ("consensus:N", "annotator:ID", "file:TABLE")
            hint = did_you_mean(str(choice), (*ANNOTATION_CHOICES, *patterns))
            check.add(f"rasterize.annotation[{i}]", f"{choice!r} is unknown; {hint}")
    if sum(str(choice).startswith("file:") for choice in choices) > 1:
        check.add("rasterize.annotation", "names several files: put all lines into one")
    return RasterizeParams(
        annotation=tuple(str(choice) for choice in choices),
        overlap=check.choice(
            section.get("overlap", default.overlap),
            "rasterize.overlap",
            ("keep", "top", "smallest"),
        ),
        all_touched=check.flag(
            section.get("all_touched", default.all_touched), "rasterize.all_touched"
        ),
        brush_threshold=check.number(
            section.get("brush_threshold", default.brush_threshold),
            "rasterize.brush_threshold",
            "alpha value",
            255,
        ),
        label_aliases=_label_aliases(check, section.get("label_aliases"), labels_map),
        strict=check.flag(section.get("strict", default.strict), "rasterize.strict"),
    )


def check_combine(check: Checker, raw: Any, labels_map: Mapping[str, int]) -> CombineParams:
    """Return the checked section ``combine``."""
    section = check.mapping(raw, "combine", known=CombineParams._fields)
    unmatched = section.get("unmatched", "error")
    choices = ("error", "priority", *labels_map)
    labels = check.sequence(section.get("priority") or [], "combine.priority")
    priority = tuple(
        _class(check, f"combine.priority[{i}]", label, labels_map) for i, label in enumerate(labels)
    )
    if len(set(priority)) != len(priority) and "" not in priority:
        check.add("combine.priority", "names a label twice")
    if unmatched == "priority" and not priority:
        check.add("combine.priority", "unmatched: priority needs the labels here, strongest first")
    return CombineParams(
        unmatched=check.choice(unmatched, "combine.unmatched", choices),
        priority=priority,
        mask_format=check.choice(
            section.get("mask_format", "png"), "combine.mask_format", ("png", "tif")
        ),
        scaling=_scaling(check, section.get("scaling")),
        consensus=_consensus(check, section.get("consensus"), labels_map),
    )


def _consensus(check: Checker, raw: Any, labels_map: Mapping[str, int]) -> ConsensusParams:
    path, default = "combine.consensus", ConsensusParams()
    section = check.mapping({} if raw is None else raw, path, known=ConsensusParams._fields)
    share = check.share(section.get("agreement", default.agreement), f"{path}.agreement")
    return ConsensusParams(
        method=check.choice(
            section.get("method", default.method), f"{path}.method", ("majority", "staple")
        ),
        agreement=default.agreement if share is None else share,
        otherwise=check.choice(
            section.get("otherwise", default.otherwise),
            f"{path}.otherwise",
            ("ignore", *labels_map),
        ),
    )


def _scaling(check: Checker, raw: Any) -> str | tuple[int, int] | None:
    if raw is None or raw in SCALINGS:
        return raw  # type: ignore[no-any-return]
    numbers = raw if isinstance(raw, list) else []
    if len(numbers) == 2 and all(type(number) is int for number in numbers):
        low, high = numbers
        if LOWEST <= low < high <= HIGHEST:
            return low, high
    what = "is neither range nor percentile nor two whole numbers [low, high] such as [0, 4095]"
    check.add("combine.scaling", f"{raw!r} {what}")
    return None
