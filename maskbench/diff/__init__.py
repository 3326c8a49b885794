"""Compare two versions of a benchmark: find what changed, and why, and report it.

``compare`` finds what differs, ``causes`` explains it by ``replay``, ``model`` holds the result,
``report`` and ``page`` show it. ``blame`` does the same for one pixel.
"""
