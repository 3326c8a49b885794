"""The shell around a stage: params in, summary or clear error out."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path

from maskbench.errors import MaskbenchError
from maskbench.params import Params, load_params
from maskbench.pipeline.layout import Layout


def run_stage(stage: str, function: Callable[[Params, Layout], str]) -> int:
    """Run a stage in the current folder, print its summary or its error; returns the exit status.

    0: done; 1: other errors; 2: params.yaml is wrong; 3: the source cannot be read; 4: data breaks
    a rule; 130: interrupted.
    """
    gc.set_threshold(100_000, 20, 50)  # a stage holds many small values and makes few cycles
    try:
        print(f"{stage}: {function(load_params(Path('params.yaml')), Layout())}")
    except MaskbenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:  # disk full, no permission: the message names the file
        print(f"error: {stage}: {error}; the previous outputs are kept", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{stage}: interrupted; the previous outputs are kept", file=sys.stderr)
        return 130
    return 0
