"""A stage's worker processes load what their work needs while the stage loads what it needs itself.

numpy takes as long to load as all that a stage needs to find out what there is to do.
"""

import os
from contextlib import suppress
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path

from maskbench.errors import MaskbenchError
from maskbench.executor import FEW, workers
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.memory import memory_file
from maskbench.pipeline.settle import settle
from maskbench.processes import start_ahead


def load_ahead(stage: str, items: Path, module: str) -> None:
    """Start a stage's worker processes now, if all of many items are to be made.

    It does so where nothing is remembered of an earlier run; otherwise most often little is to do.

    Args:
        stage: The stage's name.
        items: The folder of what it reads, a file an item.
        module: What makes an item, for the workers to load.
    """
    settle()
    if os.environ.get("MASKBENCH_SCHEDULER") or memory_file(Layout(), stage).exists():
        return
    with suppress(MaskbenchError, OSError):  # the stage itself will say so
        if workers() > 1 and _many(items):
            start_ahead(workers(), partial(_load, module))


def _many(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return len(list(islice(entries, FEW + 1))) > FEW


def _load(module: str) -> None:
    import_module(module)
