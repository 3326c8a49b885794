"""The mask value of pixels that do not count: one place for building, loading and scoring."""

IGNORE = 255
"""Mask value of void pixels; classes have the values 0 to 254."""
