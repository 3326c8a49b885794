"""Stage split: see maskbench/pipeline/split.py."""

import gc

gc.set_threshold(100_000, 20, 50)  # a stage holds many small values and makes few cycles

from maskbench.pipeline.run import end, run_stage  # noqa: E402 - as above
from maskbench.pipeline.split import split  # noqa: E402 - loading makes many values, too

if __name__ == "__main__":
    end(run_stage("split", split))
