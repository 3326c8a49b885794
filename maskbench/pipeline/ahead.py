"""Workers that load what they need while the stage loads what it needs itself."""

import os
from contextlib import suppress

from maskbench.errors import MaskbenchError
from maskbench.pipeline.layout import Layout
from maskbench.processes import scheduler, start_ahead, workers


def load_ahead(stage: str, source: str, module: str) -> None:
    """Start a stage's workers now if it has to make everything: they load while it does.

    Where something has been made before there may be nothing to do, and so nothing to load.

    Args:
        stage: The stage's name.
        source: The data folder with a file for each item.
        module: What workers load.
    """
    layout = Layout()
    if scheduler() or layout.memory(stage).exists():
        return
    with suppress(OSError, MaskbenchError):  # the stage finds and tells the same
        count = workers()
        if count > 1 and len(os.listdir(layout.data / source)) > 1:  # noqa: PTH208 - quick
            start_ahead(count, module)
