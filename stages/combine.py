"""Stage combine: see maskbench/pipeline/combine.py."""

from maskbench.pipeline.ahead import load_ahead
from maskbench.pipeline.combine import combine
from maskbench.pipeline.layout import Layout
from maskbench.pipeline.run import end, run_stage

if __name__ == "__main__":
    load_ahead("combine", Layout().label_sets, "maskbench.pipeline.masks")
    end(run_stage("combine", combine))
