"""How a stage's process is set up before it loads anything."""

import gc
import os


def settle() -> None:
    """Set up this process, and those forked from it, for a stage's work."""
    gc.set_threshold(100_000, 20, 50)  # many small values and few cycles, in modules as in data
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start one a core, for nothing
    bytes(31 << 20)  # glibc then keeps so much memory, where it would get it anew for each image
