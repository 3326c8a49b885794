"""Stage combine: see maskbench/pipeline/combine.py."""

from maskbench.pipeline.combine import combine
from maskbench.pipeline.run import end, run_stage

if __name__ == "__main__":
    end(run_stage("combine", combine))
