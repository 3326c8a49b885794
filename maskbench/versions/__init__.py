"""Versions of a benchmark: everything that speaks to git and DVC."""
