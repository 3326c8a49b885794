"""Stage rasterize: see maskbench/pipeline/rasterize.py."""

import sys

from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.run import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("rasterize", rasterize))
