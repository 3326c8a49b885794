"""Stage combine: see maskbench/pipeline/combine.py."""

import gc

gc.set_threshold(100_000, 20, 50)  # a stage holds many small values and makes few cycles

from maskbench.pipeline.combine import combine  # noqa: E402 - loading makes many values, too
from maskbench.pipeline.run import end, run_stage  # noqa: E402 - as above

if __name__ == "__main__":
    end(run_stage("combine", combine))
