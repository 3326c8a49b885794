"""How a stage's processes use memory and threads."""

import gc
import os


def settle() -> None:
    """Set what makes a process quick that works on one image after the other."""
    gc.set_threshold(100_000, 20, 50)  # a stage holds many small values and makes few cycles
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start one a core, for nothing
    bytes(31 << 20)  # glibc then keeps so much memory, where it would get it anew for each image
