"""Settings of the environment that make tests quick, also for the processes that they start.

Python keeps what it compiles. Where the environment forbids it, as in many containers, each run
rewrites the tests' assertions, and in a new repository each start of a stage compiles maskbench.

Libraries compute in one thread: tests run in a process a core, and threads of torch that share a
core wait for each other eight times as long as they compute.
"""

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
os.environ.setdefault("OMP_NUM_THREADS", "1")
