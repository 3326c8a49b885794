"""Stage split: see maskbench/pipeline/split.py."""

from maskbench.pipeline.settle import settle

if __name__ == "__main__":
    settle()

from maskbench.pipeline.run import end, run_stage
from maskbench.pipeline.split import split

if __name__ == "__main__":
    end(run_stage("split", split))
