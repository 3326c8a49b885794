"""Work on many items at once: processes of this machine, or the workers of a Dask scheduler."""
