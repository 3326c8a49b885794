"""Stage rasterize: see maskbench/pipeline/rasterize.py."""

from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.run import end, run_stage

if __name__ == "__main__":
    end(run_stage("rasterize", rasterize))
