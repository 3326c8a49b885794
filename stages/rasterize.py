"""Stage rasterize: see maskbench/pipeline/rasterize.py."""

from maskbench.pipeline.ahead import load_ahead
from maskbench.pipeline.settle import settle

if __name__ == "__main__":
    settle()
    load_ahead("rasterize", "annotations", "maskbench.pipeline.label_sets")

from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.run import end, run_stage

if __name__ == "__main__":
    end(run_stage("rasterize", rasterize))
