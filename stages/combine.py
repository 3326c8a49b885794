"""Stage combine: see maskbench/pipeline/combine.py."""

import sys

from maskbench.pipeline.combine import combine
from maskbench.pipeline.run import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("combine", combine))
