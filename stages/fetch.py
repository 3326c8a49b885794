"""Stage fetch: see maskbench/pipeline/fetch.py."""

from maskbench.pipeline.settle import settle

if __name__ == "__main__":
    settle()

from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.run import end, run_stage

if __name__ == "__main__":
    end(run_stage("fetch", fetch))
