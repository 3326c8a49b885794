"""Read and write every format, one module each: whole files with deterministic bytes."""
