"""Read ``params.yaml`` into typed, checked values.

The whole file is checked before a stage starts, and all problems are shown together with their YAML
path. A stage is handed only the sections that its entry in ``dvc.yaml`` declares.
"""

from collections.abc import Callable, Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from maskbench.errors import ParamsError, count_problems
from maskbench.files.choices import read_choices
from maskbench.files.masks import IGNORE
from maskbench.params.checker import Checker, missing_label
from maskbench.params.model import (
    EXCLUDED,
    IGNORED,
    LEFT_OUT,
    SUBSETS,
    CombineParams,
    ConsensusParams,
    FetchParams,
    Params,
    QualityParams,
    RasterizeParams,
    Rule,
    SplitParams,
    ValueFrom,
)
from maskbench.params.quality import check_quality
from maskbench.params.sections import (
    check_combine,
    check_fetch,
    check_labels_map,
    check_rasterize,
    check_rules,
)
from maskbench.params.split import check_split

__all__ = [
    "EXCLUDED",
    "IGNORE",
    "IGNORED",
    "LEFT_OUT",
    "SUBSETS",
    "Checker",
    "CombineParams",
    "ConsensusParams",
    "FetchParams",
    "Params",
    "QualityParams",
    "RasterizeParams",
    "Rule",
    "SplitParams",
    "ValueFrom",
    "load_params",
    "missing_label",
    "parse_params",
    "read_params",
    "with_choices",
]

_SECTIONS = ("fetch", "labels_map", "multi_label_rules", "rasterize", "combine", "split")


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check a params file.

    Raises:
        ParamsError: It cannot be read, or breaks a rule; all problems together.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ParamsError(f"{path.name} cannot be read: {error}") from None

    def read(name: str) -> bytes | None:
        file = path.parent / name
        return file.read_bytes() if file.is_file() else None

    return with_choices(read_params(content, path.name), read)


def with_choices(params: Params, read: Callable[[str], bytes | None]) -> Params:
    """Return the params with the table of ``rasterize.annotation``, if they name one.

    Args:
        params: What ``params.yaml`` says.
        read: Returns the bytes of a file of the repository; None if it is not there.

    Raises:
        ParamsError: The table is missing or damaged; all problems together.
    """
    table = params.rasterize.table
    if table is None:
        return params
    choices, problems = read_choices(read(table), table)
    if problems:
        raise ParamsError(f"{table}: {count_problems(problems)}", problems)
    return params._replace(rasterize=params.rasterize._replace(choices=choices))


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
    labels_map = check_labels_map(checks["labels_map"], sections.get("labels_map"))
    params = Params(
        fetch=check_fetch(checks["fetch"], sections.get("fetch")),
        labels_map=labels_map,
        rules=check_rules(check, sections.get("multi_label_rules"), labels_map),
        rasterize=check_rasterize(checks["rasterize"], sections.get("rasterize"), labels_map),
        combine=check_combine(checks["combine"], sections.get("combine"), labels_map),
        split=check_split(checks["split"], sections.get("split")),
        quality=check_quality(check, sections.get("quality")),
    )
    _check_aliased(check, params)
    _check_places(check, sections)
    if check.problems:
        raise ParamsError(f"{name}: {count_problems(check.problems)}", check.problems)
    return params


def _check_places(check: Checker, sections: Collection[str]) -> None:
    """Record names at the top of the file that belong into a section, where they would count."""
    homes = {
        name: section
        for section, entries in (
            ("fetch", FetchParams._fields),
            ("rasterize", RasterizeParams._fields),
            ("combine", CombineParams._fields),
            ("split", SplitParams._fields),
            ("quality", ("checks", "fail", "accept")),  # a team's own section may be `predictions`
        )
        for name in entries
        if name != "choices"  # is read from a table
    }
    for name in sections:
        section, dot, rest = name.partition(".")
        if dot and section in (*_SECTIONS, "quality"):
            check.add(name, f"belongs into the section {section}, as `{rest}: …`")
        elif "quality" not in sections and get_close_matches(name.lower(), ["quality"], 1, 0.85):
            check.add(name, "unknown name; did you mean 'quality'?")
        elif name in homes:
            check.add(name, f"belongs into the section {homes[name]}, indented as its lines are")


def _check_aliased(check: Checker, params: Params) -> None:
    """Record where a rule or the priority names a label that never occurs: an alias replaces it."""
    named = [(f"multi_label_rules.{r.name}.when", label) for r in params.rules for label in r.when]
    named += [("combine.priority", label) for label in params.combine.priority]
    for path, label in sorted(named):
        if label in params.rasterize.label_aliases:
            other = params.rasterize.label_aliases[label]
            what = f"becomes {other!r}" if other is not None else "is left out"
            check.add(path, f"names {label!r}, which {what} by rasterize.label_aliases")
