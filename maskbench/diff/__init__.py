"""What changed between two versions of a benchmark, and why: read, compare, explain, render."""
