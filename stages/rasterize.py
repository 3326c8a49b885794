"""Stage rasterize: see maskbench/pipeline/rasterize.py."""

import sys

from maskbench.pipeline.run import run_stage
from maskbench.pipeline.rasterize import rasterize

if __name__ == "__main__":
    sys.exit(run_stage("rasterize", rasterize))
