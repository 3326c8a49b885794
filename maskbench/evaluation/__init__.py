"""Score predictions: count pixels, compute figures and intervals, and write the report."""
