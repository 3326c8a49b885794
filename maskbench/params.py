"""Read ``params.yaml`` as typed, checked values: every choice that shapes the masks.

The whole file is checked before a stage starts, and all problems are shown together with their YAML
path. A stage is handed only the sections that its entry in ``dvc.yaml`` declares.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from maskbench.errors import ParamsError, Problem, count_problems, did_you_mean
from maskbench.files.levels import LEAST, MOST, SCALINGS
from maskbench.text import counted

IGNORE = 255
"""Mask value of void pixels; classes have the values 0 to 254."""

LEFT_OUT = "(left out)"
"""What reports say of a label whose alias is null."""

ANNOTATION_CHOICES = ("ground_truth", "latest", "earliest")
_ANNOTATOR = re.compile(r"annotator:\d{1,15}")
SUBSETS = ("train", "valid", "test")
"""The subsets of a benchmark, in the order in which people list them."""

_SECTIONS = ("fetch", "labels_map", "multi_label_rules", "rasterize", "combine", "split")


class FetchParams(NamedTuple):
    """Section ``fetch``: where annotations and images come from.

    Attributes:
        server: Label Studio's address, or None to read ``folder``.
        projects: Ids of the server's projects; empty without a server.
        folder: Folder with Label Studio JSON exports and their images; not read with a server.
        snapshot: Name of this take; another name takes the server's labels again.
        private_hosts: Hosts, perhaps with a port, that images may lie on although they are on a
            private network.
        image_field: The field of a task's data that an image tag shows, by tag; None: the labelling
            setup or the tag's name tells.
        missing_images: ``error``, or ``skip`` to leave out tasks whose images are missing.
        max_pixels: Pixels beyond which an image is refused: a file of kilobytes can claim billions.
    """

    server: str | None
    projects: tuple[int, ...]
    folder: str
    snapshot: str
    private_hosts: tuple[str, ...] = ()
    image_field: Mapping[str, str] | None = None
    missing_images: str = "error"
    max_pixels: int = 1 << 29

    def task_link(self, task: int, project: int | None) -> str | None:
        """Return a task's address in Label Studio; None if server or project are not known."""
        if project is None and len(self.projects) == 1:
            project = self.projects[0]
        if self.server is None or project is None:
            return None
        return f"{self.server}/projects/{project}/data?task={task}"


class RasterizeParams(NamedTuple):
    """Section ``rasterize``: which annotation counts and which pixels a region gets.

    Attributes:
        annotation: Criteria in order of preference: ``ground_truth``, ``latest``, ``earliest`` or
            ``annotator:ID``; the first that an annotation meets chooses.
        overlap: ``keep`` every label, or let the ``top`` (later) or ``smallest`` region win.
        all_touched: Count every pixel that a region touches instead of those whose centre it holds.
        brush_threshold: Alpha (1…255) from which a brush pixel counts.
        label_aliases: Label as drawn → the class name that it stands for, or None: it is left out.
            They apply before anything else is decided.
        strict: Stop where a region has no label, no pixel or no area, instead of dropping it.
    """

    annotation: tuple[str, ...] = ("ground_truth", "latest")
    overlap: str = "keep"
    all_touched: bool = False
    brush_threshold: int = 128
    label_aliases: Mapping[str, str | None] = {}
    strict: bool = False


class Rule(NamedTuple):
    """One multi-label rule: pixels with exactly the labels ``when`` become class ``then``."""

    name: str
    when: frozenset[str]
    then: str


class CombineParams(NamedTuple):
    """Section ``combine``: how label sets without a rule are treated, and the mask's file format.

    Attributes:
        unmatched: ``error``, ``priority``, or the name of a class.
        priority: Label names, strongest first, for ``unmatched: priority``.
        mask_format: ``png`` or ``tif``.
        scaling: How grey images of 16 bits become 8 in loaders: None for the upper 8 bits,
            ``range``, ``percentile``, or the values that become 0 and 255.
    """

    unmatched: str
    priority: tuple[str, ...]
    mask_format: str
    scaling: str | tuple[int, int] | None = None


class ValueFrom(NamedTuple):
    """Where a value of each image is read from.

    Attributes:
        kind: ``field`` of the task's data, ``choice`` in the annotation or its regions, regular
            expression on the image's file ``name`` or ``folder``, or CSV ``file``.
        what: The field, choice, expression (with one group) or path.
    """

    kind: str
    what: str


class SplitParams(NamedTuple):
    """Section ``split``: shares of train, valid and test, and what stays together.

    Attributes:
        ratios: Share by subset name; they add up to 1.
        group_by: What images of one group share: a value from somewhere, or the name of a choice of
            the whole image, else of a field; None: only equal images stay together.
        salt: Any text; another one draws other subsets.
        without_group: What becomes of tasks without that value: ``error``, or ``alone`` (each a
            group by itself).
        same_image: What becomes of groups that hold the same image: ``join`` or ``error``.
        published: What fixes the subset of images; None: all are drawn.
    """

    ratios: Mapping[str, float]
    group_by: str | ValueFrom | None
    salt: str
    without_group: str = "error"
    same_image: str = "join"
    published: ValueFrom | None = None


class Params(NamedTuple):
    """All of ``params.yaml``. ``labels_map`` maps class names to mask values (0…254, 255 void)."""

    fetch: FetchParams
    labels_map: Mapping[str, int]
    rules: tuple[Rule, ...]
    rasterize: RasterizeParams
    combine: CombineParams
    split: SplitParams


class Checker:
    """Collects the problems of a params file; each check returns a usable value all the same.

    Attributes:
        problems: What was wrong so far, in file order.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, path: str, what: str) -> None:
        """Record that the value at the YAML path is wrong."""
        self.problems.append(Problem(what, param=path or "(top level)"))

    def mapping(
        self,
        value: Any,
        path: str,
        known: Collection[str] | None = None,
        required: Collection[str] = (),
    ) -> dict[str, Any]:
        """Return the mapping at ``path``; an empty one if it is something else."""
        if not isinstance(value, dict):
            self.add(path, f"a mapping (name: value lines) is expected, not {value!r}")
            return {}
        for key in value:
            if not isinstance(key, str):
                self.add(path, f"the name {key!r} is not text: put it in quotes")
            elif known is not None and key not in known:
                self.add(f"{path}.{key}", f"unknown name; {did_you_mean(key, known)}")
        for key in required:
            if key not in value:
                self.add(f"{path}.{key}".lstrip("."), "is missing")
        return {key: entry for key, entry in value.items() if isinstance(key, str)}

    def sequence(self, value: Any, path: str, empty: bool = True) -> list[Any]:
        """Return the list at ``path``; an empty one if it is something else."""
        if not isinstance(value, list) or not (value or empty):
            self.add(path, f"a list is expected, not {value!r}")
            return []
        return value

    def text(
        self, value: Any, path: str, optional: bool = False, empty: bool = False
    ) -> str | None:
        """Return the text at ``path``; None if it is optional and absent, or something else."""
        if value is None and optional:
            return None
        if not isinstance(value, str) or not (value or empty):
            self.add(path, f"text is expected, not {value!r}")
            return None
        return value

    def choice(self, value: Any, path: str, choices: Collection[str]) -> str:
        """Return one of ``choices``; an empty text if the value is none of them."""
        if not isinstance(value, str) or value not in choices:
            self.add(path, f"{value!r} is unknown; {did_you_mean(str(value), choices)}")
            return ""
        return value

    def number(self, value: Any, path: str, noun: str, most: int) -> int:
        """Return a whole number from 1 to ``most``; 1 if the value is something else."""
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            self.add(path, f"{value!r} is no {noun} from 1 to {most:,}")
            return 1
        return value

    def flag(self, value: Any, path: str) -> bool:
        """Return true or false; false if the value is something else."""
        if not isinstance(value, bool):
            self.add(path, f"true or false is expected, not {value!r}")
            return False
        return value


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check a params file.

    Raises:
        ParamsError: It cannot be read, or breaks a rule; all problems together.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ParamsError(f"{path.name} cannot be read: {error}") from None
    return read_params(content, path.name)


def read_params(content: bytes, name: str = "params.yaml") -> Params:
    """Read and check the content of a params file; raise as :func:`load_params` does."""
    from maskbench.files.yaml import parse_yaml

    try:
        raw = parse_yaml(content.decode("utf-8"))
    except ValueError as error:
        raise ParamsError(f"{name} cannot be read: {error}") from None
    return parse_params(raw, name)


def parse_params(raw: Any, name: str = "params.yaml") -> Params:
    """Check the parsed YAML value of a params file.

    Args:
        raw: The value.
        name: The file's name, for messages.

    Raises:
        ParamsError: It breaks a rule; all problems together.
    """
    check = Checker()
    sections = check.mapping(raw, "", required=_SECTIONS)
    # A missing section is reported once: what its own checks find goes to a checker of its own.
    checks = {name: check if name in sections else Checker() for name in _SECTIONS}
    labels_map = _labels_map(checks["labels_map"], sections.get("labels_map"))
    params = Params(
        fetch=_fetch(checks["fetch"], sections.get("fetch")),
        labels_map=labels_map,
        rules=_rules(check, sections.get("multi_label_rules"), labels_map),
        rasterize=_rasterize(checks["rasterize"], sections.get("rasterize"), labels_map),
        combine=_combine(checks["combine"], sections.get("combine"), labels_map),
        split=_split(checks["split"], sections.get("split")),
    )
    _check_aliased(check, params)
    if "label_aliases" in sections:
        check.add("label_aliases", "belongs into the section rasterize: rasterize.label_aliases")
    if check.problems:
        raise ParamsError(f"{name}: {count_problems(check.problems)}", check.problems)
    return params


def _check_aliased(check: Checker, params: Params) -> None:
    """Record where a rule or the priority names a label that never occurs: an alias replaces it."""
    named = [(f"multi_label_rules.{r.name}.when", label) for r in params.rules for label in r.when]
    named += [("combine.priority", label) for label in params.combine.priority]
    for path, label in sorted(named):
        if label in params.rasterize.label_aliases:
            other = params.rasterize.label_aliases[label]
            what = f"becomes {other!r}" if other is not None else "is left out"
            check.add(path, f"names {label!r}, which {what} by rasterize.label_aliases")


def check_address(check: Checker, server: str) -> None:
    """Check that a text can be a server's address."""
    if re.match(r"https?://[^/]*@", server):  # not shown: a password
        check.add("fetch.server", "the address holds a login; the key comes from the environment")
    elif not re.fullmatch(r"https?://[^/\s?#\\]+(/[^\s?#]*)?", server):
        check.add("fetch.server", f"{server!r} is no address such as http://localhost:8080")


def _fetch(check: Checker, raw: Any) -> FetchParams:
    known = ("project", *(name for name in FetchParams._fields if name != "projects"))
    section = check.mapping(raw, "fetch", known=known)
    server = check.text(section.get("server"), "fetch.server", optional=True)
    if server is not None:
        check_address(check, server)
    project = section.get("project")
    ids = project if isinstance(project, list) else [] if project is None else [project]
    if not all(isinstance(i, int) and not isinstance(i, bool) and i > 0 for i in ids):
        check.add("fetch.project", f"{project!r} is no project id (a number) or list of ids")
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
            section.get("max_pixels", 1 << 29), "fetch.max_pixels", "number of pixels", 1 << 31
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
            check.add(f"fetch.private_hosts[{i}]", f"{entry!r} is no host {example}")
    return tuple(str(entry) for entry in entries)


def _labels_map(check: Checker, raw: Any) -> dict[str, int]:
    labels: dict[str, int] = {}
    owner: dict[int, str] = {}
    for label, value in check.mapping(raw, "labels_map").items():
        path = f"labels_map.{label}"
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= IGNORE:
            check.add(path, f"{value!r} is no mask value: 0…254, or 255 for pixels to ignore")
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


def missing_label(label: object, labels: Iterable[str]) -> str:
    """Say that a label is not in ``labels_map``, and which one may be meant.

    Args:
        label: The label.
        labels: The labels that ``labels_map`` has.
    """
    return f"{label!r} is not in labels_map; {did_you_mean(str(label), labels)}"


def _class(check: Checker, path: str, name: Any, labels_map: Mapping[str, int]) -> str:
    if not isinstance(name, str) or name not in labels_map:
        check.add(path, missing_label(name, labels_map))
        return ""
    return name


def _rules(check: Checker, raw: Any, labels_map: Mapping[str, int]) -> tuple[Rule, ...]:
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
        if other in aliases:
            what = "itself" if other == label else f"{other!r}, which is an alias, too"
            check.add(f"{path}.{label}", f"stands for {what}: name a class")
        elif other is not None:
            _class(check, f"{path}.{label}", other, labels_map)
    return aliases


def _rasterize(check: Checker, raw: Any, labels_map: Mapping[str, int]) -> RasterizeParams:
    default = RasterizeParams()
    section = check.mapping(raw, "rasterize", known=RasterizeParams._fields)
    choices = check.sequence(
        section.get("annotation", list(default.annotation)), "rasterize.annotation", empty=False
    )
    for i, choice in enumerate(choices):
        if choice not in ANNOTATION_CHOICES and not _ANNOTATOR.fullmatch(str(choice)):
            hint = did_you_mean(str(choice), (*ANNOTATION_CHOICES, "annotator:ID"))
            check.add(f"rasterize.annotation[{i}]", f"{choice!r} is unknown; {hint}")
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


def _combine(check: Checker, raw: Any, labels_map: Mapping[str, int]) -> CombineParams:
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
    )


def _scaling(check: Checker, raw: Any) -> str | tuple[int, int] | None:
    if raw is None or raw in SCALINGS:
        return raw  # type: ignore[no-any-return]
    numbers = raw if isinstance(raw, list) else []
    if len(numbers) == 2 and all(type(number) is int for number in numbers):
        low, high = numbers
        if LEAST <= low < high <= MOST:
            return low, high
    what = "is neither range nor percentile nor two whole numbers [low, high] such as [0, 4095]"
    check.add("combine.scaling", f"{raw!r} {what}")
    return None


def _split(check: Checker, raw: Any) -> SplitParams:
    section = check.mapping(raw, "split", known=SplitParams._fields)
    grouped, published = section.get("group_by"), section.get("published")
    is_plain = not isinstance(grouped, dict)
    return SplitParams(
        ratios=_ratios(check, section),
        group_by=check.text(grouped, "split.group_by", optional=True)
        if is_plain
        else _value_from(check, grouped, "split.group_by", _VALUES),
        salt=check.text(section.get("salt", "maskbench"), "split.salt", empty=True) or "",
        without_group=check.choice(
            section.get("without_group", "error"), "split.without_group", ("error", "alone")
        ),
        same_image=check.choice(
            section.get("same_image", "join"), "split.same_image", ("join", "error")
        ),
        published=None
        if published is None
        else _value_from(check, published, "split.published", (*_VALUES, "file")),
    )


def _ratios(check: Checker, section: Mapping[str, Any]) -> dict[str, float]:
    default = {"train": 0.7, "valid": 0.15, "test": 0.15}
    ratios: dict[str, float] = {}
    for name, share in check.mapping(
        section.get("ratios", default), "split.ratios", known=SUBSETS
    ).items():
        number = isinstance(share, int | float) and not isinstance(share, bool)
        if not number or not 0 <= share <= 1:
            check.add(f"split.ratios.{name}", f"{share!r} is no share from 0 to 1")
            return default
        ratios[name] = float(share)
    if not math.isclose(sum(ratios.values()), 1, abs_tol=1e-6):
        check.add("split.ratios", f"they add up to {sum(ratios.values()):g}, not to 1")
    return {name: ratios.get(name, 0.0) for name in SUBSETS}


_VALUES = ("field", "choice", "name", "folder")


def _value_from(check: Checker, raw: Any, path: str, kinds: Sequence[str]) -> ValueFrom | None:
    """Return where a value is read from: one of the kinds, such as ``{field: patient}``."""
    entries = list(raw.items()) if isinstance(raw, dict) else []
    if len(entries) != 1 or entries[0][0] not in kinds:
        choices = " or ".join(f"{{{kind}: …}}" for kind in kinds)
        check.add(path, f"{choices} is expected, not {raw!r}")
        return None
    [(kind, value)] = entries
    what = check.text(value, f"{path}.{kind}")
    if what is not None and kind in ("name", "folder") and (fault := _pattern_fault(what)):
        check.add(f"{path}.{kind}", fault)
    return None if what is None else ValueFrom(kind, what)


def _pattern_fault(pattern: str) -> str | None:
    try:
        groups = re.compile(pattern).groups
    except (re.error, OverflowError) as error:
        return f"'{pattern}' is no regular expression: {error}"
    if groups == 1:
        return None
    return (
        f"'{pattern}' has {counted(groups, 'group')}; put round brackets around the one part that "
        r"counts, as in '(\w+)_\d+' (others can be written (?:…))"
    )
