"""Stage fetch: see maskbench/pipeline/fetch.py."""

import sys

from maskbench.pipeline.fetch import fetch
from maskbench.pipeline.run import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("fetch", fetch))
