"""Stage quality: see maskbench/quality/stage.py."""

import sys

from maskbench.pipeline.run import run_stage
from maskbench.quality.stage import quality

if __name__ == "__main__":
    sys.exit(run_stage("quality", quality))
