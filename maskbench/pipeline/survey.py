"""Find which labels overlap in all tasks, before *rasterize* and *combine* have passed."""

from dataclasses import dataclass
from pathlib import Path

from maskbench.errors import DataError, MaskbenchError
from maskbench.labelstudio.stored import read_task
from maskbench.parallel.run import run_all
from maskbench.params import Params
from maskbench.pipeline.layout import Layout
from maskbench.regions.policies import TaskCombinations, find_combinations
from maskbench.regions.proposals import label_advice, unknown_problems


@dataclass(frozen=True)
class _Survey:
    """Looks at one task's file; workers get a copy."""

    params: Params

    def __call__(self, path: Path) -> TaskCombinations | None:
        return find_combinations(read_task(path), self.params)


def survey(params: Params, layout: Layout) -> list[TaskCombinations]:
    """Return the combinations of labels in each task of which an annotation counts.

    Raises:
        MaskbenchError: There are no fetched tasks.
        DataError: Labels have no class, or a task's file is damaged.
    """
    paths = sorted(layout.annotations.glob("*.json"))
    if not paths:
        raise MaskbenchError(
            f"{layout.annotations} holds no tasks: run `dvc repro fetch`, or `dvc pull fetch` in a "
            "clone"
        )
    found = [task for task in run_all(_Survey(params), paths, "rules") if task is not None]
    unknown = {task.task: task.unknown for task in found if task.unknown}
    if unknown:
        problems = unknown_problems(unknown, params.labels_map)
        what = f"{len(problems)} label{'s have' if len(problems) > 1 else ' has'} no class"
        raise DataError(what, problems, label_advice(unknown, params.labels_map))
    return found
