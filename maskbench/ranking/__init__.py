"""Say what to label next, and which labels to look at again, from a model's predictions."""

UNLABELLED = ("entropy", "margin", "disagreement", "rarity")
"""Measures of images without labels, see :mod:`maskbench.ranking.uncertainty`."""

LABELLED = ("iou", "boundary", "contradicted")
"""Measures of labelled images, see :mod:`maskbench.ranking.labelled`."""
