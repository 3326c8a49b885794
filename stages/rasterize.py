"""Stage rasterize: see maskbench/pipeline/rasterize.py."""

from maskbench.pipeline.ahead import load_ahead
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.rasterize import rasterize
from maskbench.pipeline.run import end, run_stage

if __name__ == "__main__":
    load_ahead("rasterize", Layout().annotations, "maskbench.pipeline.label_sets")
    end(run_stage("rasterize", rasterize))
