"""Stage split: see maskbench/pipeline/split.py."""

import sys

from maskbench.pipeline.run import run_stage
from maskbench.pipeline.split import split

if __name__ == "__main__":
    sys.exit(run_stage("split", split))
