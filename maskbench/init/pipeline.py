"""Bring dvc.yaml up to date, and keep what a team added to it."""

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from maskbench.files.yaml import parse_yaml
from maskbench.files.yaml_edit import with_copies
from maskbench.init.files import STAGES
from maskbench.params import Params


def with_additions(new: str, old: str, params: Params) -> str:
    """Return the text of a new dvc.yaml with what the old one has besides maskbench's.

    These are stages, plots and other sections of the team's own, such as ``vars``, and the
    dependencies of maskbench's stages on what ``params.yaml`` names.

    Args:
        new: The text of maskbench's dvc.yaml.
        old: The text of the repository's dvc.yaml.
        params: The params, which name tables and predictions.

    Returns:
        The old text, if it says the same.

    Raises:
        ValueError: The old one cannot be read, or is written in a way that cannot be copied.
    """
    ours = parse_yaml(new)
    plots = {_name(plot) for plot in ours["plots"]}
    text = with_copies(new, (), old, lambda section: section not in ours)
    text = with_copies(text, ("stages",), old, lambda stage: stage not in STAGES)
    text = with_copies(text, ("plots",), old, lambda plot: _name(plot) not in plots)
    for stage, names in _named(params).items():
        text = _with_dependencies(text, old, stage, names - set(ours["stages"][stage]["deps"]))
    return old if parse_yaml(old) == parse_yaml(text) else text


def _with_dependencies(new: str, old: str, stage: str, names: Collection[str]) -> str:
    return with_copies(new, ("stages", stage, "deps"), old, lambda dep: str(dep) in names)


def _name(plot: Any) -> str:
    """Return the name of an entry of ``plots``: a file, or a mapping with one key."""
    return str(next(iter(plot), None) if isinstance(plot, dict) else plot)


def _named(params: Params) -> Mapping[str, set[str]]:
    """Return by stage how dvc.yaml may write the files and folders that the params name."""
    files = {
        "rasterize": (params.rasterize.table, "rasterize.annotation"),
        "split": (params.split.table, "split.published.file"),
        "quality": (params.quality.predictions, "quality.predictions"),
    }
    return {
        stage: {name, f"${{{param}}}", *map(str, PurePosixPath(name).parents)}
        for stage, (name, param) in files.items()
        if name is not None
    }
