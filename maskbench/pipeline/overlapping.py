"""Find which labels overlap in all tasks, even if *rasterize* and *combine* would stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from maskbench.errors import DataError
from maskbench.labelstudio.stored import read_task
from maskbench.parallel.run import run_all
from maskbench.params import Params
from maskbench.pipeline.layout import require_tasks
from maskbench.regions.policies import TaskCombinations, find_combinations
from maskbench.regions.proposals import Proposal, label_advice, propose_labels, unknown_problems


@dataclass(frozen=True)
class Survey:
    """The labels in all tasks of which an annotation counts.

    Attributes:
        unknown: Regions by label without a class, by task id.
        labels: The proposal for these labels.
        params: The params with the proposal added.
        tasks: The combinations of labels in each task, under these params.
    """

    unknown: Mapping[int, Mapping[str, int]]
    labels: Proposal
    params: Params
    tasks: list[TaskCombinations]


def find_overlaps(params: Params, paths: Sequence[Path]) -> Survey:
    """Look at fetched tasks.

    Args:
        params: The params.
        paths: The tasks' files.

    Raises:
        MaskbenchError: There are none.
        DataError: A task's file is damaged, or there are more labels than mask values.
    """
    require_tasks(paths)
    found, labels = _look(params, paths), Proposal()
    unknown = _unknown(found)
    if unknown:
        names = sorted({label for counts in unknown.values() for label in counts})
        labels = propose_labels(names, params.labels_map)
        params = _with(params, labels)
        found = _look(params, paths)
    if left := _unknown(found):
        what = "there are more labels than mask values (0 to 254): give some of them an alias"
        advice = label_advice(left, params.labels_map)
        raise DataError(what, unknown_problems(left, params.labels_map), advice)
    return Survey(unknown, labels, params, found)


def _look(params: Params, paths: Sequence[Path]) -> list[TaskCombinations]:
    found = run_all(partial(_combinations, params), paths, "rules")
    return [task for task in found if task is not None]


def _combinations(params: Params, path: Path) -> TaskCombinations | None:
    return find_combinations(read_task(path), params)


def _unknown(found: list[TaskCombinations]) -> dict[int, Mapping[str, int]]:
    return {task.task: task.unknown for task in found if task.unknown}


def _with(params: Params, labels: Proposal) -> Params:
    """Return the params with classes and aliases added."""
    aliases = labels.get("rasterize", {}).get("label_aliases", {})
    rasterize = params.rasterize._replace(
        label_aliases={**params.rasterize.label_aliases, **aliases}
    )
    labels_map = {**params.labels_map, **labels.get("labels_map", {})}
    return params._replace(labels_map=labels_map, rasterize=rasterize)
