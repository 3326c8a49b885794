"""maskbench: what annotators draw in Label Studio becomes a versioned segmentation benchmark."""

__version__ = "0.1.0"
