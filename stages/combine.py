"""Stage combine: see maskbench/pipeline/combine.py."""

from maskbench.pipeline.ahead import load_ahead
from maskbench.pipeline.settle import settle

if __name__ == "__main__":
    settle()
    load_ahead("combine", "label_sets", "maskbench.pipeline.masks")

from maskbench.pipeline.combine import combine
from maskbench.pipeline.run import end, run_stage

if __name__ == "__main__":
    end(run_stage("combine", combine))
